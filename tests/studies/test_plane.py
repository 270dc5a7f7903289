"""Two inputs of anything: closed form of scales, reference of components, round trip of layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import data, models, units
from layerwise.foundation.checks import UserError
from layerwise.studies.plane import on_plane, rectified_layers


@pytest.fixture(scope="module")
def digits():
    return {split: data.load("digits", split=split) for split in ("test", "train")}


def test_two_features_are_taken_as_they_are_and_standardised_by_the_training_set(digits):
    found, names = on_plane(digits, [20, 43])
    assert names == ("feature 20, standardised", "feature 43, standardised")
    train, test = (digits[s].inputs().reshape(-1, 64)[:, [20, 43]] for s in ("train", "test"))
    np.testing.assert_allclose(found["train"].observations.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(found["train"].observations.std(axis=0), 1, atol=1e-5)
    expected = (test - train.mean(axis=0)) / train.std(axis=0)
    np.testing.assert_allclose(found["test"].observations, expected, atol=1e-5)
    np.testing.assert_array_equal(found["test"].labels["digit"], digits["test"].labels["digit"])
    plain, names = on_plane(digits, [20, 43], scaled=False)
    assert names == ("feature 20", "feature 43")
    np.testing.assert_array_equal(plain["test"].observations, test)


def test_reference_components_are_those_of_the_training_set(digits):
    found, names = on_plane(digits, "pca")
    assert names[0] == "component 1, standardised"
    train, test = (digits[s].inputs().reshape(-1, 64).astype(float) for s in ("train", "test"))
    _, _, rows = np.linalg.svd(train - train.mean(axis=0), full_matrices=False)
    components = (test - train.mean(axis=0)) @ rows[:2].T
    for k in range(2):
        r = np.corrcoef(components[:, k], found["test"].observations[:, k])[0, 1]
        assert abs(r) == pytest.approx(1, abs=1e-5)
    assert on_plane(digits)[1] == names
    moons = {split: data.load("moons", split=split) for split in ("test", "train")}
    assert on_plane(moons)[1] == ("feature 0, standardised", "feature 1, standardised")


@pytest.mark.parametrize("wrong", [[1], [1, 1], [1, 64], [-1, 2], [1, 2, 3], "tsne"])
def test_other_features_are_refused(digits, wrong):
    with pytest.raises(UserError, match=r"features must be two different columns in \[0, 63\]"):
        on_plane(digits, wrong)


def test_a_constant_feature_is_refused(digits):
    with pytest.raises(UserError, match="two that vary; got feature 0, constant"):
        on_plane(digits, [0, 20])


class Plain(nn.Module):
    """Rectifies by a function, has no bias at the end and a submodule of its own."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Linear(2, 5), nn.Identity())
        self.second, self.last = nn.Linear(5, 4), nn.Linear(4, 3, bias=False)

    def forward(self, x):
        return self.last(torch.relu(self.second(torch.relu(self.first(x)))))


@pytest.mark.parametrize("build", [
    Plain,
    lambda: Plain().double(),
    lambda: nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Dropout(0.5), nn.Linear(4, 2)),
    lambda: models.mlp((2,), 3, hidden=(7, 6, 5), dropout=(0.1, 0, 0)),
])  # fmt: skip
def test_round_trip_the_layers_compute_what_the_network_does(build):
    torch.manual_seed(0)
    model = build()
    X = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    _, outputs = units.responses(*rectified_layers(model, X), X)
    np.testing.assert_allclose(outputs, models.predict(model, X), rtol=1e-4, atol=1e-6)
    assert model.training


@pytest.mark.parametrize(("build", "got"), [
    (lambda: nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)),
     "Sequential of Linear, Tanh, whose outputs differ from that"),
    (lambda: nn.Sequential(nn.Linear(2, 4), nn.LeakyReLU(), nn.Linear(4, 2)), "whose outputs"),
    (lambda: nn.Sequential(nn.Linear(2, 4), nn.Linear(4, 2)), "whose outputs differ"),
    (lambda: nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2), nn.ReLU()), "outputs"),
    (lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), "Linear, ReLU. For"),
    (lambda: nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)), "BatchNorm1d"),
    (lambda: nn.Linear(2, 2), "Linear of nothing"),
])  # fmt: skip
def test_other_networks_are_refused_in_one_sentence(build, got):
    torch.manual_seed(0)
    with pytest.raises(UserError, match=f"Linear layers with ReLU between them; got .*{got}"):
        rectified_layers(build(), np.zeros((1, 2)))
