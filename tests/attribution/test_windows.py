"""Windows on inputs: closed form of their places, law of their cover, contract of refusals."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from layerwise.attribution.windows import Windows, baseline_of
from layerwise.foundation.checks import InvalidValue, UserError


def test_closed_form_the_default_is_a_fifth_of_the_shorter_side_and_a_32nd():
    photo = Windows.over("test", (224, 300), None, None)
    assert (photo.window, photo.stride) == ((45, 45), (7, 7))
    assert photo.starts[0].tolist() == [*range(0, 180, 7), 179]
    assert Windows.over("test", (8, 8), None, None).window == (2, 2)
    assert Windows.over("test", (3,), None, None).n == 3


@given(
    sides=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=3),
    step=st.integers(1, 4),
)
def test_law_windows_of_one_size_cover_everything(sides, step):
    size = [whole for whole, _ in sides]
    window = [min(part, whole) for whole, part in sides]
    stride = [min(step, part) for part in window]
    windows = Windows.over("test", size, window, stride)
    masks = windows.masks(np.arange(windows.n + 1))
    assert masks.shape == (windows.n + 1, *size)
    assert masks[:-1].any(dim=0).all()
    assert (masks[:-1].flatten(1).sum(1) == np.prod(window)).all()
    assert not masks[-1].any()


def test_reference_masks_are_those_of_slices():
    windows = Windows.over("test", (5, 7), (2, 3), (2, 1))
    masks = windows.masks(np.arange(windows.n)).reshape(*windows.shape, 5, 7)
    for i, y in enumerate(windows.starts[0]):
        for j, x in enumerate(windows.starts[1]):
            literal = torch.zeros(5, 7, dtype=torch.bool)
            literal[y : y + 2, x : x + 3] = True
            assert torch.equal(masks[i, j], literal)


@pytest.mark.parametrize(
    ("size", "window", "stride", "sentence"),
    [
        ((4, 6), 5, None, r"window must be at most \(4, 6\), the size of the input"),
        ((4, 6), 2, 3, "stride must be at most the window, 2 along axis 0; got 3"),
        ((4, 6), (1, 2, 3), None, "window must be a number >= 1, or 2 of them"),
        ((4, 6), 0, None, "window must be a number >= 1"),
        ((4, 6), 1.5, None, "window must be a number >= 1"),
    ],
)
def test_contract_windows_that_cannot_be_are_refused(size, window, stride, sentence):
    with pytest.raises(InvalidValue, match=sentence):
        Windows.over("test", size, window, stride)


def test_closed_form_baselines_are_in_the_scale_of_each_channel():
    x = torch.tensor([[[0.0, 1.0], [-3.0, 5.0]], [[0.5, 0.5], [1.0, 1.0]]])
    assert baseline_of("test", x, "grey", 1).flatten().tolist() == [0.5, 1.0]
    assert baseline_of("test", x, "mean", 1).flatten().tolist() == [0.5, 1.0]
    assert baseline_of("test", x, "grey", 2).shape == (1, 1, 2)
    assert baseline_of("test", x, [2, 3], 1).flatten().tolist() == [2, 3]
    assert baseline_of("test", x[:, 0], "grey", 0).item() == 0.5
    for wrong in ("black", [1, 2, 3], float("nan"), None):
        with pytest.raises(UserError, match="baseline must be"):
            baseline_of("test", x, wrong, 1)
