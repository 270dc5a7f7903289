"""Numbers as pixels: reference (interpolation by hand), laws of scale and of zero, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb

from layerwise import figures
from layerwise.foundation.checks import UserError
from layerwise.units.pictures import pixels

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)
PALE = [220, 220, 220]


def by_hand(share: float, colors: tuple[str, ...], low: float) -> list[int]:
    """Return the colour of a share of the limit, between its two neighbouring anchors."""
    place = (min(max(share, low), 1) - low) / (1 - low) * (len(colors) - 1)
    left = min(int(place), len(colors) - 2)
    ends = [np.array(to_rgb(colors[k])) * 255 for k in (left, left + 1)]
    return list(ends[0] + (place - left) * (ends[1] - ends[0]))


@given(numbers, st.floats(1e-3, 1e6))
def test_reference_each_number_lies_between_its_two_anchors(values, limit):
    for paint, colors, low in (
        (pixels.signed, pixels.SIGNED, -1), (pixels.positive, pixels.POSITIVE, 0),
    ):  # fmt: skip
        found = paint(values, limit)
        expected = [by_hand(value / limit, colors, low) for value in values]
        np.testing.assert_allclose(found, expected, atol=0.51)
        assert found.dtype == np.uint8


@given(numbers, st.integers(-20, 20))
def test_law_scaling_numbers_and_limit_together_changes_nothing(values, power):
    factor, limit = 2.0**power, max(map(abs, values))
    scaled = np.array(values) * factor
    np.testing.assert_array_equal(
        pixels.signed(values, limit), pixels.signed(scaled, limit * factor)
    )
    np.testing.assert_array_equal(
        pixels.positive(values, limit), pixels.positive(scaled, limit * factor)
    )


@given(st.floats(0, 1e30))
def test_law_zero_has_one_colour_on_every_scale(limit):
    assert pixels.signed([0.0, -0.0], limit).tolist() == [PALE, PALE]
    assert pixels.positive(0.0, limit).tolist() == PALE
    assert pixels.rgb([0.0, 0.0, 0.0], limit).tolist() == [128, 128, 128]


@given(numbers)
def test_law_signs_are_mirrored_in_rgb(values):
    limit = max(map(abs, values)) or 1.0
    colours = np.repeat(np.array(values)[:, None], 3, axis=1)
    both = pixels.rgb(colours, limit).astype(int) + pixels.rgb(-colours, limit)
    assert set(np.unique(both)) <= {255, 256}  # halves are rounded up


def test_contract_beyond_the_limit_is_its_end_and_missing_is_grey():
    assert pixels.signed([-9.0, 9.0], 1).tolist() == pixels.signed([-1.0, 1.0], 1).tolist()
    assert pixels.signed(np.nan, 1).tolist() == [187, 187, 187]
    assert pixels.positive([np.nan, -3.0], 1).tolist() == [[187, 187, 187], PALE]
    assert pixels.signed([[1.0], [1.0]], np.array([[1.0], [2.0]])).shape == (2, 1, 3)
    assert pixels.signed(np.float32(3e38), 1e-45).tolist() == pixels.signed(1.0, 1).tolist()


def test_contract_the_ramps_of_the_figures_are_these():
    for x in np.linspace(0, 1, 9):
        expected = np.array(figures.DIVERGING(x)[:3]) * 255
        np.testing.assert_allclose(pixels.signed(2 * x - 1, 1), expected, atol=3)  # of 256 levels
        expected = np.array(figures.SEQUENTIAL(x)[:3]) * 255
        np.testing.assert_allclose(pixels.positive(x, 1), expected, atol=3)  # of 256 levels
    assert figures.MISSING == pixels.MISSING


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: pixels.signed([1.0], -1), "signed: limit must be finite and >= 0; got -1."),
        (lambda: pixels.positive([1.0], np.inf), "positive: limit must be finite and >= 0; "
         "got inf."),
        (lambda: pixels.rgb([1.0, 2.0], 1), "rgb: values must be of shape (..., 3); "
         "got shape (2,)."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(make, sentence):
    with pytest.raises(UserError) as error:
        make()
    assert str(error.value) == sentence
