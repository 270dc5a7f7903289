"""Nearest real inputs: reference by brute force, laws of ties and batches, contract of input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.data import DataSet
from layerwise.foundation.checks import UserError
from layerwise.synthesis import nearest

rng = np.random.default_rng(0)
IMAGES = rng.normal(size=(4, 2, 3, 3)).astype(np.float32)
DATA = rng.normal(size=(50, 2, 3, 3)).astype(np.float32)


def literally(images: np.ndarray, data: np.ndarray, metric: str, n: int) -> tuple[list, list]:
    """Compare every image with every observation, one number after the other."""
    rows, distances = [], []
    for x in images.reshape(len(images), -1).astype(float):
        found = []
        for row, y in enumerate(data.reshape(len(data), -1).astype(float)):
            if metric == "euclidean":
                found.append((sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) ** 0.5, row))
            else:
                product = sum(a * b for a, b in zip(x, y, strict=True))
                lengths = sum(a * a for a in x) ** 0.5 * sum(b * b for b in y) ** 0.5
                found.append((1 - product / lengths, row))
        found.sort()
        rows.append([row for _, row in found[:n]])
        distances.append([distance for distance, _ in found[:n]])
    return rows, distances


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("batch_size", [7, 128])
def test_reference_every_image_against_every_observation(metric: str, batch_size: int) -> None:
    found = nearest(IMAGES, DATA, metric=metric, batch_size=batch_size)
    rows, distances = literally(IMAGES, DATA, metric, 10)
    assert found.rows.tolist() == rows
    np.testing.assert_allclose(found.distances, distances, rtol=1e-6)


def test_reference_in_a_layer() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 5, 2), nn.ReLU(), nn.Flatten(), nn.Linear(20, 3)).train()
    found = nearest(IMAGES, DATA, model=net, layer="1", metric="euclidean", n=6, batch_size=9)
    with torch.no_grad():
        A, B = (net[:2](torch.from_numpy(x)).numpy() for x in (IMAGES, DATA))
    rows, distances = literally(A, B, "euclidean", 6)
    assert found.rows.tolist() == rows
    np.testing.assert_allclose(found.distances, distances, rtol=1e-5)
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_law_equal_observations_stand_in_the_order_of_their_rows() -> None:
    data = np.concatenate([DATA[:5], DATA[:5], DATA[:5]])
    for metric in ("cosine", "euclidean"):
        found = nearest(DATA[3:4], data, metric=metric, n=3, batch_size=4)
        assert found.rows.tolist() == [[3, 8, 13]]
        assert found.distances.tolist() == [[0.0, 0.0, 0.0]]


def test_law_scale_does_not_count_by_cosine_and_counts_by_distance() -> None:
    by_angle = nearest(IMAGES, DATA).rows
    assert (nearest(1000 * IMAGES, DATA).rows == by_angle).all()
    assert (nearest(IMAGES, 0.01 * DATA).rows == by_angle).all()
    assert not (
        nearest(1000 * IMAGES, DATA, metric="euclidean").rows
        == nearest(IMAGES, DATA, metric="euclidean").rows
    ).all()


def test_closed_form_an_input_of_zeros_is_at_a_right_angle_to_all_others() -> None:
    data = np.array([[0.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])
    found = nearest([[2.0, 0.0], [0.0, 0.0]], data, n=3)
    assert found.rows.tolist() == [[0, 2, 1], [0, 2, 1]]
    assert found.distances.tolist() == [[1.0, 1.0, 2.0], [0.0, 0.0, 1.0]]


def test_contract_fewer_observations_than_asked_and_pictures_of_a_data_set() -> None:
    pictures = rng.integers(0, 255, (6, 4, 4, 1), np.uint8)
    data = DataSet("six", pictures, {"kind": np.arange(6)}, {"kind": tuple("abcdef")})
    found = nearest(data.inputs()[[4, 1]], data)
    assert found.rows.shape == (2, 6)
    assert found.rows[:, 0].tolist() == [4, 1]
    np.testing.assert_allclose(found.distances[:, 0], 0, atol=1e-7)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metric": "manhattan"}, "metric must be one of cosine, euclidean; got 'manhattan'"),
        ({"n": 0}, "n must be an integer >= 1; got 0"),
        ({"layer": "0"}, "layer must be given together with model"),
        ({"images": np.zeros((2, 5))}, "images must be of the shape of the data"),
        ({"model": nn.Flatten(), "layer": "nine"}, "no layer 'nine'"),
    ],
)
def test_bad_input_is_one_sentence(changes: dict, words: str) -> None:
    arguments = {"images": IMAGES, "data": DATA, **changes}
    with pytest.raises(UserError, match=words):
        nearest(**arguments)


def test_contract_what_is_not_finite() -> None:
    data = DATA.copy()
    data[2, 0] = np.nan
    found = nearest(IMAGES, data, n=len(data))
    assert (found.rows[:, -1] == 2).all()
    with pytest.raises(UserError, match="images must be finite; got NaN or infinity in 1 rows, f"):
        nearest(data[1:3], DATA)
    with pytest.raises(UserError, match=f"got {DATA[0].size - 1} values each"):
        nearest(DATA.reshape(len(DATA), -1)[:, :-1], DATA)
