"""Pictures moved, scaled and turned: closed form against slices, numpy and scipy; law; contract."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from layerwise.attribution import transformed
from layerwise.attribution.moves import KINDS
from layerwise.foundation.checks import UserError


def pictures(height: int = 8, width: int = 8, channels: int = 2) -> torch.Tensor:
    draw = torch.Generator().manual_seed(0)
    return torch.rand(3, channels, height, width, generator=draw, dtype=torch.float64)


def test_closed_form_whole_pixels_are_shifts():
    x = pictures(6, 9)
    down = transformed(x, "translation", 2, fill=7.0)
    np.testing.assert_allclose(down[:, :, 2:], x[:, :, :-2], atol=1e-12)
    np.testing.assert_allclose(down[:, :, :2], 7)
    left = transformed(x, "horizontal translation", -3)
    np.testing.assert_allclose(left[..., :-3], x[..., 3:], atol=1e-12)
    np.testing.assert_allclose(left[..., -3:], x[..., -1:].expand(-1, -1, -1, 3), atol=1e-12)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_closed_form_quarter_turns_are_numpys(turns):
    x = pictures()
    expected = np.rot90(x.numpy(), turns, axes=(2, 3))
    np.testing.assert_allclose(transformed(x, "rotation", 90 * turns), expected, atol=1e-12)


@pytest.mark.parametrize(("kind", "size"), [("rotation", 25.0), ("scale", 1.3), ("scale", 0.7)])
def test_reference_scipy_interpolates_the_same(kind, size):
    x = pictures(7, 10)
    matrix = np.array(KINDS[kind].matrix(size))[::-1, 1::-1]  # rows first, as scipy has it
    middle = (np.array(x.shape[2:]) - 1) / 2
    found = transformed(x, kind, size).numpy()
    for k in range(3):
        expected = ndimage.affine_transform(
            x[k, 0].numpy(), matrix, middle - matrix @ middle, order=1, mode="nearest"
        )
        np.testing.assert_allclose(found[k, 0], expected, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_law_the_identity_changes_nothing_and_each_picture_has_its_own_size(kind):
    x, how = pictures(), KINDS[kind]
    np.testing.assert_allclose(transformed(x, kind, how.identity), x, atol=1e-12)
    sizes = np.array([how.identity, 1.2, 1.4])
    mixed = transformed(x, kind, sizes)
    for k, size in enumerate(sizes):
        alone = transformed(x[k : k + 1], kind, size)
        np.testing.assert_allclose(mixed[k], alone[0], atol=1e-12)
    usual = how.usual(28)
    assert len(usual) <= 24
    assert how.identity in usual


def test_contract_what_cannot_be_moved_is_refused():
    x = pictures()
    for wrong, sentence in (
        ((x, "shear", 1), "kind must be one of translation"),
        ((x[0], "scale", 2), r"pictures must be \(n, channels, height, width\) of floats"),
        ((x.to(torch.uint8), "scale", 2), "of floats; got torch.uint8"),
        ((x, "scale", 0), "size must be finite numbers > 0"),
        ((x, "rotation", np.nan), "size must be finite numbers"),
        ((x, "rotation", [1.0, 2.0]), f"one for all or {len(x)}; got"),
        ((x, "rotation", "far"), "size must be finite numbers"),
    ):
        with pytest.raises(UserError, match=sentence):
            transformed(*wrong)
    with pytest.raises(UserError, match="baseline must be one of grey, mean"):
        transformed(x, "scale", 2, fill="black")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_law_whole_pixels_are_exact_in_every_precision(dtype):
    x = (torch.arange(60 * 60).reshape(1, 1, 60, 60) % 7).to(dtype)
    found = transformed(x, "translation", 3)
    assert found.dtype == dtype
    assert torch.allclose(found[:, :, 3:], x[:, :, :-3], atol=1e-4)
