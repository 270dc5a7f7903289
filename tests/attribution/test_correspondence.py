"""Correspondence: reference (literal Hamming), outcome of the test under the null, contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from layerwise import data
from layerwise.attribution import correspondence
from layerwise.attribution.correspondence import hamming, permutation_p
from layerwise.foundation.checks import NotFound, UserError


def faces(n: int = 6) -> tuple[torch.Tensor, dict[str, np.ndarray]]:
    some = torch.from_numpy(data.load("faces").take(range(n)).inputs())
    return some, {part: where[:n] for part, where in data.face_parts("test").items()}


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3), nn.ReLU()
    )


def test_reference_hamming_is_that_of_a_literal_loop():
    signs = torch.randint(-1, 2, (7, 301), generator=torch.Generator().manual_seed(0))
    found = hamming(signs.to(torch.int8))
    for i in range(7):
        for j in range(7):
            differ = sum(int(a) != int(b) for a, b in zip(signs[i], signs[j], strict=True))
            assert found[i, j] == pytest.approx(differ / 301, abs=1e-12)


@pytest.mark.parametrize("batch_size", [3, 128])
def test_reference_delta_is_the_papers_mean_over_pairs(batch_size):
    x, parts = faces(4)
    model, window = net().eval(), 7
    found = correspondence(
        model, x, {"nose": parts["nose"]}, ["1", "4"], window=window, baseline=0.5, n_random=2,
        n_permutations=9, batch_size=batch_size,
    )  # fmt: skip
    for layer, depth in (("1", 2), ("4", 5)):
        signs = []
        with torch.no_grad():
            for k, (y, left) in enumerate(parts["nose"]):
                covered = x[k : k + 1].clone()
                first, second = (round(at - (window - 1) / 2) for at in (y, left))
                covered[..., first : first + window, second : second + window] = 0.5
                whole = model[:depth](x[k : k + 1])
                change = (whole - model[:depth](covered)).numpy().ravel()
                change[np.abs(change) <= 1e-5 * float(whole.abs().max())] = 0
                signs.append(np.sign(change))
        pairs = [np.mean(signs[i] != signs[j]) for i in range(4) for j in range(4) if i != j]
        row = found[(found["layer"] == layer) & (found["occluded"] == "nose")].iloc[0]
        assert row["delta"] == pytest.approx(np.mean(pairs), abs=1e-9)
        assert row["spread"] == pytest.approx(np.std(pairs), abs=1e-9)
    counted = correspondence(
        model, x, {"nose": parts["nose"]}, ["1"], window=window, baseline=0.5, n_random=2,
        n_permutations=9, normalize=False,
    )  # fmt: skip
    n_units = 4 * 30 * 30
    assert counted["delta"].iloc[0] == pytest.approx(found["delta"].iloc[0] * n_units)


def test_outcome_the_test_is_uniform_under_the_null():
    draw = np.random.default_rng(0)
    found = []
    for seed in range(300):
        signs = torch.from_numpy(draw.integers(-1, 2, (6 * 5, 40)).astype(np.int8))
        H = hamming(signs).reshape(6, 5, 6, 5)
        found.append(permutation_p(H, 99, random_state=seed))
    assert stats.kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) < 0.1
    assert min(found) >= 0.01


def test_outcome_a_part_that_changes_everything_alike_is_found():
    draw = np.random.default_rng(0)
    signs = draw.integers(-1, 2, (8, 6, 200)).astype(np.int8)
    signs[:, 0] = signs[0, 0]
    H = hamming(torch.from_numpy(signs.reshape(48, 200))).reshape(8, 6, 8, 6)
    assert permutation_p(H, 999) == 0.001


def test_contract_the_same_seed_gives_the_same_table_and_the_batch_does_not_matter():
    x, parts = faces()
    tables = [
        correspondence(net(), x, parts, ["4"], n_random=4, n_permutations=50, batch_size=batch,
                       random_state=seed)
        for batch, seed in ((128, 1), (5, 1), (128, 2))
    ]  # fmt: skip
    assert tables[0].equals(tables[1])
    assert not tables[0]["delta"].equals(tables[2]["delta"])
    assert tables[0]["occluded"].tolist() == [*parts, "same place", "random"]
    assert tables[0]["p"].isna().tolist() == [False] * 4 + [True] * 2
    assert (tables[0]["window"] == "6x6").all()


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"layers": []}, UserError, "layers must be a list"),
        ({"layers": ["9"]}, NotFound, "no layer '9'"),
        ({"parts": {"nose": np.zeros((2, 2))}}, UserError, r"parts\['nose'\] must be \(6, 2\)"),
        ({"parts": {"nose": np.full((6, 2), 40)}}, UserError, r"inside pictures of \(32, 32\)"),
        ({"parts": {"nose": np.full((6, 2), np.nan)}}, UserError, "rows and columns inside"),
        ({"inputs": torch.rand(1, 1, 32, 32)}, UserError, "two pictures or more"),
        ({"window": 33}, UserError, "window must be a side, or two"),
        ({"n_random": 0}, UserError, "n_random must be an integer >= 1"),
    ],
)
def test_contract_what_cannot_be_is_one_sentence(options, error, sentence):
    x, parts = faces()
    with pytest.raises(error, match=sentence):
        correspondence(net(), **{"inputs": x, "parts": parts, "layers": ["1"], **options})


class ChannelsLast(nn.Module):
    """A network that takes (n, height, width, channels)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x.permute(0, 3, 1, 2))


def test_law_channels_last_is_the_same():
    x, parts = faces(4)
    model, settings = ChannelsLast(), {"n_random": 3, "n_permutations": 9}
    found = correspondence(
        model, x.permute(0, 2, 3, 1), parts, ["inner.4"], axes={"input": -1}, **settings
    )
    expected = correspondence(model.inner, x, parts, ["4"], **settings)
    np.testing.assert_allclose(found["delta"], expected["delta"], atol=1e-6)
    assert found["window"].tolist() == expected["window"].tolist()


def test_contract_a_part_is_not_called_like_a_control():
    x, parts = faces(4)
    with pytest.raises(UserError, match="parts must be of other names than the controls"):
        correspondence(net(), x, {"random": parts["nose"]}, ["4"])
