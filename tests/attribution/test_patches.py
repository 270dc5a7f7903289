"""Patches are receptive fields, at the borders too, and lie beside their projections."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.networks import Signals
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from layerwise.attribution import patches, project, top_patches
from layerwise.foundation.checks import InvalidValue, UserError
from layerwise.network import receptive_fields
from layerwise.recording import Top, top


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 5, 3, padding=1),
        nn.ReLU(),
    )  # fmt: skip


def test_reference_a_patch_is_what_the_unit_depends_on(net: nn.Sequential) -> None:
    torch.manual_seed(1)
    for module in net:
        if isinstance(module, nn.Conv2d):
            nn.init.uniform_(module.weight, 0.1, 1)  # so that every pixel of a field may count
    x = torch.rand(30, 1, 12, 12)
    found = top(net, x, "4")["4"]
    shown = top_patches(net, x, found)
    size = shown.patches.shape[3]
    assert size == 8
    with torch.no_grad():
        for unit in range(5):
            for rank in (0, 8):
                row, place = found.rows[unit, rank], tuple(found.positions[unit, rank])
                image = x[row].repeat(144, 1, 1, 1)
                image.view(144, 144)[torch.arange(144), torch.arange(144)] += 5.0
                moved = net(image)[(slice(None), unit, *place)] - found.values[unit, rank]
                rows, columns = np.nonzero(moved.abs().reshape(12, 12).numpy() > 1e-4)
                box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
                patch = shown.patches[unit, rank, 0]
                inside = ~np.isnan(patch)
                np.testing.assert_allclose(
                    patch[inside], np.rint(255 * x[row, 0][box].numpy()).ravel() / 255, atol=1e-6
                )


def test_closed_form_at_borders_patches_are_padded_not_shrunk(net: nn.Sequential) -> None:
    field = receptive_fields(net, torch.zeros(1, 1, 12, 12), "4")["4"]
    x = np.arange(144.0, dtype=np.float32).reshape(1, 1, 12, 12).repeat(3, 0)
    cut = patches(field, x, np.zeros(3, int), np.array([[0, 0], [3, 2], [5, 5]]))
    assert cut.shape == (3, 1, 8, 8)
    first, middle, last = cut[:, 0]
    whole = x[0, 0]
    np.testing.assert_array_equal(first[3:, 3:], whole[:5, :5])
    assert np.isnan(first[:3]).all()
    assert np.isnan(first[:, :3]).all()
    np.testing.assert_array_equal(middle, whole[3:11, 1:9])
    np.testing.assert_array_equal(last[:5, :5], whole[7:, 7:])
    assert np.isnan(last[5:]).all()


class Inception(nn.Module):
    """A 1x1 and a 5x5 branch side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 5, padding=2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.a(x), self.b(x)], 1)


def test_closed_form_channels_that_see_less_stand_in_the_middle() -> None:
    net, x = Inception(), np.arange(81.0, dtype=np.float32).reshape(1, 1, 9, 9)
    field = receptive_fields(net, torch.zeros(1, 1, 9, 9), "output")["output"]
    small = patches(field, x, np.array([0]), np.array([[4, 3]]))[0, 0]
    wide = patches(field, x, np.array([1]), np.array([[4, 3]]))[0, 0]
    np.testing.assert_array_equal(wide, x[0, 0, 2:7, 1:6])
    assert small[2, 2] == 39
    assert np.isnan(small).sum() == 24


def test_reference_projections_are_those_of_each_activation_alone(net: nn.Sequential) -> None:
    x = torch.rand(25, 1, 12, 12)
    found = top(net, x, "4", n=4)["4"]
    shown = top_patches(net, x, found, [3, 1], batch_size=3)
    assert shown.units.tolist() == [3, 1]
    assert shown.is_picture
    for k, unit in enumerate((3, 1)):
        for rank in range(4):
            row, place = found.rows[unit, rank], found.positions[unit, rank]
            whole = project(net, "4", unit, x[row : row + 1], place)
            expected = patches(found.field, whole, np.array([unit]), place[None])[0]
            np.testing.assert_allclose(shown.projections[k, rank], expected, atol=1e-6)
            assert np.isnan(shown.patches[k, rank]).sum() == np.isnan(expected).sum()


def test_outcome_signals_features_and_dense_layers_show_the_whole_input() -> None:
    torch.manual_seed(0)
    x = torch.randn(12, 2, 40)
    found = top(Signals(), x, ["conv2", "fc"], n=3)
    conv2 = top_patches(Signals(), x, found["conv2"])
    assert conv2.patches.shape == conv2.projections.shape == (6, 3, 2, 13)
    assert not conv2.is_picture
    fc = top_patches(Signals(), x, found["fc"])
    assert fc.patches.shape == (3, 3, 2, 40)
    mlp, features = nn.Sequential(nn.Linear(5, 4), nn.ReLU()), torch.randn(20, 5)
    rows = top(mlp, features, "1", n=2)["1"]
    shown = top_patches(mlp, features, rows)
    assert shown.patches.shape == (4, 2, 5)
    for unit in range(4):
        if rows.values[unit, 0] > 0:
            expected = features[rows.rows[unit, 0]].numpy()
            np.testing.assert_array_equal(shown.patches[unit, 0], expected)


def test_outcome_silent_units_have_no_patch() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU())
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1)
        net[0].bias[:] = 0
    x = torch.rand(10, 1, 4, 4)
    x[2:] = 0
    shown = top_patches(net, x, top(net, x, "1", n=4)["1"])
    there = ~np.isnan(shown.projections).all(axis=(2, 3, 4))
    assert there.tolist() == [[True, True, False, False], [False] * 4]
    np.testing.assert_array_equal(there, ~np.isnan(shown.patches).all(axis=(2, 3, 4)))
    none = top_patches(net, x, top(net, x, "1", n=4)["1"], [1])
    assert np.isnan(none.patches).all()


def test_contract_large_patches_are_shrunk_and_padding_stays_padding() -> None:
    net = nn.Sequential(nn.Conv2d(3, 2, 41, padding=20), nn.ReLU())
    torch.manual_seed(0)
    x = torch.rand(4, 3, 60, 60)
    found = top(net, x, "1", n=2)["1"]
    shown = top_patches(net, x, found, largest_side=10)
    assert shown.patches.shape == (2, 2, 3, 10, 10)
    corner = Top("1", "ReLU", found.rows, np.zeros_like(found.positions), np.abs(found.values) + 1,
                 4, found.field)  # fmt: skip
    cut = top_patches(net, x, corner, largest_side=10)
    assert np.isnan(cut.patches[0, 0, :, :5]).all()
    assert not np.isnan(cut.patches[0, 0, :, 5:, 5:]).any()


def test_contract_data_of_every_form_and_errors(net: nn.Sequential) -> None:
    x = torch.rand(20, 1, 12, 12)
    found = top(net, x, "4", n=3)["4"]
    expected = top_patches(net, x, found)
    other = top_patches(net, TensorDataset(x, torch.zeros(20)), found)
    np.testing.assert_array_equal(other.patches, expected.patches)
    pair = top_patches(net, (x,), found, ranks=2)
    np.testing.assert_array_equal(pair.patches, expected.patches[:, :2])
    with pytest.raises(InvalidValue, match=r"data must be the 20 observations of top"):
        top_patches(net, x[:5], found)
    with pytest.raises(UserError, match=r"units must be an integer in \[0, 4\]; got 5"):
        top_patches(net, x, found, [5])
    with pytest.raises(InvalidValue, match="values must be of"):
        patches(found.field, np.zeros((1, 1, 5, 5)), np.array([0]), np.array([[0, 0]]))
