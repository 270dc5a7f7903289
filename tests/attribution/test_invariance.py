"""Invariance: reference (a literal double loop), law, contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.attribution import invariance, transformed
from layerwise.foundation.checks import NotFound, UserError


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(180, 4))


def pictures(n: int = 3) -> torch.Tensor:
    return torch.rand(n, 2, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("batch_size", [2, 5, 128])
@pytest.mark.parametrize(("kind", "sizes"), [("rotation", [0, 40, 90]), ("scale", [0.8, 1.0])])
def test_reference_distances_and_probabilities_are_those_of_a_double_loop(kind, sizes, batch_size):
    model, x, classes = net().eval(), pictures(), [0, 3, 1]
    found = invariance(model, x, classes, ["1", "3"], kind=kind, sizes=sizes, batch_size=batch_size)
    with torch.no_grad():
        for k in range(3):
            own = {"1": model[:2](x[k : k + 1]), "3": model(x[k : k + 1])}
            for t, size in enumerate(sizes):
                moved = transformed(x[k : k + 1], kind, size)
                for layer, depth in (("1", 2), ("3", 4)):
                    away = float((own[layer] - model[:depth](moved)).norm())
                    assert found.distances[layer][k, t] == pytest.approx(away, abs=1e-4)
                    assert found.norms[layer][k] == pytest.approx(float(own[layer].norm()))
                p = model(moved)[0].softmax(0)
                assert found.probability[k, t] == pytest.approx(float(p[classes[k]]), abs=1e-6)
                assert found.predicted[k, t] == int(p.argmax())
    np.testing.assert_allclose(
        found.relative("1"), found.distances["1"] / found.norms["1"][:, None]
    )
    assert found.classes.tolist() == classes


def test_law_a_global_mean_does_not_feel_a_quarter_turn():
    class Mean(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.pool(x).flatten(1))

    found = invariance(Mean(), pictures(), 0, ["pool", "fc"], kind="rotation", sizes=[90, 180, 45])
    assert found.relative("pool")[:, :2].max() < 1e-6
    assert found.relative("pool")[:, 2].min() > 1e-3
    assert np.ptp(found.probability[:, :2], axis=1).max() < 1e-6


def test_closed_form_a_silent_layer_has_no_relative_distance():
    model = net()
    with torch.no_grad():
        model[0].bias.fill_(-100)
    found = invariance(model, pictures(), 0, ["1"], sizes=[1])
    assert np.isnan(found.relative("1")).all()
    assert not found.distances["1"].any()


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"kind": "shear"}, UserError, "invariance: kind must be one of translation"),
        ({"layers": []}, UserError, "layers must be a list of one layer or more"),
        ({"layers": "1"}, UserError, "layers must be a list of one layer or more"),
        ({"layers": ["9"]}, NotFound, "no layer '9'"),
        ({"classes": [1, 2]}, UserError, "for 3 observations"),
        ({"classes": 4}, UserError, "below 4, the number of classes"),
        ({"sizes": []}, UserError, "sizes must be a list of numbers"),
        ({"inputs": torch.rand(2, 180)}, UserError, "failed on a batch|must be"),
    ],
)
def test_contract_what_cannot_be_is_one_sentence_and_the_model_stays(options, error, sentence):
    model = net().train()
    given = {"inputs": pictures(), "classes": 1, "layers": ["1"], **options}
    with pytest.raises(error, match=sentence):
        invariance(model, **given)
    assert model.training
    assert all(p.requires_grad for p in model.parameters())


class ChannelsLast(nn.Module):
    """A network that takes (n, height, width, channels)."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = net()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x.permute(0, 3, 1, 2))


def test_law_channels_last_is_the_same():
    model, x = ChannelsLast(), pictures()
    settings = {"sizes": [-1.0, 2.0], "fill": "mean"}
    found = invariance(
        model, x.permute(0, 2, 3, 1), [0, 3, 1], ["inner.1"], axes={"input": -1}, **settings
    )
    expected = invariance(model.inner, x, [0, 3, 1], ["1"], **settings)
    np.testing.assert_allclose(found.distances["inner.1"], expected.distances["1"], rtol=1e-5)


def test_law_what_comes_in_does_not_depend_on_the_batch():
    found = [
        invariance(net(), pictures(), [0, 3, 1], ["1"], sizes=[2], fill="grey", batch_size=size)
        for size in (1, 128)
    ]
    np.testing.assert_allclose(found[0].distances["1"], found[1].distances["1"], rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_outcome_networks_of_other_precisions(dtype):
    found = invariance(net().to(dtype), pictures(), [0, 3, 1], ["1"], sizes=[0, 1])
    assert np.isfinite(found.distances["1"]).all()
    assert ((found.probability >= 0) & (found.probability <= 1)).all()


@pytest.mark.parametrize("n", [1, 3])
def test_contract_features_cannot_be_moved(n):
    flat = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    with pytest.raises(UserError, match=r"inputs must be pictures, .*; got shape"):
        invariance(flat, torch.rand(n, 6), [0] * n, ["1"])
