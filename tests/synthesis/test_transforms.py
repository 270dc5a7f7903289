"""Transforms: what numpy and scipy make of the same image, their gradients, any shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import scipy.ndimage
import torch
from torch import Tensor

from layerwise.foundation.checks import InvalidValue
from layerwise.synthesis.transforms import Draw, Jitter, Pad, Rotate, Scale, Transform


def drawn(*values: float) -> Draw:
    return lambda low, high: torch.tensor(values, dtype=torch.double)


def uniform(n: int) -> Draw:
    rng = np.random.default_rng(0)
    return lambda low, high: torch.from_numpy(rng.uniform(low, high, n))


EACH = [Jitter(0.2), Scale(0.8, 1.2), Rotate(20.0), Pad(0.2, 0.5)]


def test_reference_jitter_mirrors_at_the_border() -> None:
    x = torch.arange(20.0).view(1, 1, 4, 5)
    padded = np.pad(x[0, 0].numpy(), 2, mode="symmetric")
    moved = Jitter(0.5)(x, drawn(2.2))[0, 0]
    np.testing.assert_array_equal(moved, padded[4:8, 4:9])
    back = Jitter(0.5)(x, drawn(-0.7))[0, 0]
    np.testing.assert_array_equal(back, padded[1:5, 1:6])
    with pytest.raises(InvalidValue, match=r"Jitter: share must be a number in \[0, 1\]"):
        Jitter(3)


def test_law_jitter_draws_every_shift_equally_often() -> None:
    x = torch.arange(10.0).expand(4000, 1, 10)
    middle = Jitter(0.2)(x, uniform(4000))[:, 0, 5]
    values, counts = np.unique(middle, return_counts=True)
    assert values.tolist() == [3, 4, 5, 6, 7]
    assert counts.min() > 700


@pytest.mark.parametrize("size", [(9, 9), (8, 13)])
def test_reference_rotation_and_zoom_are_scipys_inside(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    image = scipy.ndimage.gaussian_filter(rng.normal(size=size), 1)
    x = torch.from_numpy(image)[None, None]
    inside = (slice(3, -3), slice(3, -3))
    angle = np.deg2rad(10)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    cases: list[tuple[Transform, float, np.ndarray]] = [
        (Rotate(10.0), 10.0, turn), (Scale(1.0, 1.2), 1.2, np.eye(2) / 1.2),
    ]  # fmt: skip
    for transform, value, matrix in cases:
        middle = (np.array(size) - 1) / 2
        expected = scipy.ndimage.affine_transform(image, matrix, middle - matrix @ middle, order=1)
        found = transform(x, drawn(value))[0, 0].numpy()
        np.testing.assert_allclose(found[inside], expected[inside], atol=1e-6)


def test_law_nothing_drawn_nothing_changed() -> None:
    x = torch.rand(2, 3, 8, 6, dtype=torch.double)
    for transform, value in ((Jitter(0.2), 0.0), (Scale(0.5, 2), 1.0), (Rotate(9.0), 0.0)):
        torch.testing.assert_close(transform(x, drawn(value, value)), x)


def test_outcome_padding_shows_all_of_the_image_in_a_frame() -> None:
    seen = Pad(0.5, value=2.0)(torch.ones(1, 1, 8, 8), drawn(0.0))[0, 0]
    assert seen.shape == (8, 8)
    assert float(seen[2:6, 2:6].max()) == 1
    assert float(seen[0].min()) == 2


@pytest.mark.parametrize("shape", [(1, 5, 5), (2, 3, 4), (2, 8), (1, 2, 3, 4), (5,), (1, 1, 1)])
@pytest.mark.parametrize("transform", EACH)
def test_contract_any_shape_with_gradients(
    transform: Callable[[Tensor, Draw], Tensor], shape: tuple[int, ...]
) -> None:
    x = torch.rand(2, *shape, dtype=torch.double, requires_grad=True)
    assert transform(x, uniform(2)).shape == x.shape
    assert torch.autograd.gradcheck(lambda x: transform(x, uniform(2)), (x,))


@pytest.mark.parametrize("transform", EACH)
def test_law_each_image_by_its_own_draw(transform: Callable[[Tensor, Draw], Tensor]) -> None:
    x = torch.rand(1, 1, 10, 10, dtype=torch.double).expand(2, -1, -1, -1)
    values = {Jitter: (2.0, -1.0), Scale: (0.8, 1.1), Rotate: (5.0, -9.0), Pad: (0.0, 0.0)}
    draws = values[type(transform)]
    together = transform(x, drawn(*draws))
    for i, value in enumerate(draws):
        torch.testing.assert_close(together[i : i + 1], transform(x[:1], drawn(value)))


def test_contract_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(InvalidValue, match="Scale: low must be a number in"):
        Scale(0.0, 1.0)
    with pytest.raises(InvalidValue, match=r"Scale: high must be a number in \[1.2, inf\]"):
        Scale(1.2, 0.8)
    with pytest.raises(InvalidValue, match="Rotate: degrees must be a number in"):
        Rotate(-5.0)
    with pytest.raises(InvalidValue, match="Pad: share must be a number in"):
        Pad(-0.1)
