"""Inputs as pictures: closed forms of the pixels, contract of shapes."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.foundation.checks import UserError
from layerwise.units.pictures.inputs import input_images, strips
from layerwise.units.pictures.pixels import rgb, signed


def test_closed_form_within_the_range_they_are_as_they_are() -> None:
    x = np.linspace(-1, 1, 12).reshape(1, 3, 2, 2)
    found = input_images(x, value_range=(-1, 1))
    assert found.ramp == ""
    np.testing.assert_array_equal(
        found.pixels[0, :, :, 1], np.rint(255 * (x[0, 1] + 1) / 2).astype(np.uint8)
    )


def test_closed_form_a_range_for_each_channel() -> None:
    mean, deviation = np.array([0.5, 0.4, 0.3]), np.array([0.2, 0.3, 0.1])
    grey = np.full((1, 3, 2, 2), 0.6)
    normalised = (grey - mean[:, None, None]) / deviation[:, None, None]
    ends = ((0 - mean) / deviation, (1 - mean) / deviation)
    assert (input_images(normalised, value_range=ends).pixels == 153).all()


def test_closed_form_beyond_the_range_they_are_drawn_around_0_each_on_its_own_scale() -> None:
    x = np.array([[[[-2.0, 0.0, 1.0]]], [[[0.0, 0.5, 0.1]]]])
    found = input_images(x)
    assert found.ramp == "signed"
    np.testing.assert_array_equal(found.pixels[0], signed(x[0, 0], 2))
    np.testing.assert_array_equal(found.pixels[1], signed(x[1, 0], 0.5))
    colors = np.moveaxis(np.array([[[[3.0]], [[-3.0]], [[0.0]]]]), 1, -1)
    found = input_images(np.moveaxis(colors, -1, 1))
    assert found.ramp == "rgb"
    np.testing.assert_array_equal(found.pixels, rgb(colors, 3.0))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((4, 7), (4, 1, 7, 3)), ((4, 2, 7), (4, 2, 7, 3)), ((4, 5, 6, 7), (4, 30, 7, 3)),
     ((4, 1, 6, 7), (4, 6, 7, 1)), ((4, 3, 6, 7), (4, 6, 7, 3))],
)  # fmt: skip
def test_contract_shapes(shape: tuple[int, ...], expected: tuple[int, ...]) -> None:
    found = input_images(np.random.default_rng(0).random(shape))
    assert found.pixels.shape == expected
    assert found.pixels.dtype == np.uint8
    assert found.ramp == ("signed" if expected[1:] != (*shape[2:], shape[1]) else "")


def test_closed_form_large_pictures_are_means_of_blocks() -> None:
    x = np.zeros((1, 1, 4, 6))
    x[0, 0, :2, :2] = [[1.0, 0.0], [1.0, 0.0]]
    found = input_images(x, side=3).pixels[0, :, :, 0]
    assert found.tolist() == [[128, 0, 0], [0, 0, 0]]
    assert input_images(np.zeros((1, 1, 2, 100)), side=10).pixels.shape == (1, 1, 10, 1)
    assert input_images(np.zeros((1, 3, 230, 100)), side=88).pixels.shape == (1, 76, 33, 3)


def test_closed_form_strips_have_white_between_the_pictures() -> None:
    grey, color = np.zeros((2, 3, 1), np.uint8), np.full((2, 3, 3), 9, np.uint8)
    (found,) = strips([[grey, color, color]], gap=1)
    white = [255] * 3
    assert found[0, :, 0].tolist() == [0, 0, 0, *white[:2], 9, 9, 9, 255, 9, 9, 9]


@pytest.mark.parametrize(
    ("inputs", "ends", "words"),
    [
        (np.zeros(3), None, r"inputs must be \(n, ...\), at least one"),
        (np.zeros((0, 1, 2, 2)), None, "at least one"),
        (np.zeros((1, 3, 2, 2)), (0, [1, 1]), "one for each of 3 channels"),
        (np.zeros((1, 1, 2, 2)), (0, np.nan), "value_range must be numbers"),
    ],
)
def test_bad_input_is_one_sentence(inputs: np.ndarray, ends: object, words: str) -> None:
    with pytest.raises(UserError, match=words):
        input_images(inputs, value_range=ends)


def test_closed_form_strips_are_averaged_along_their_line_alone() -> None:
    x = np.zeros((1, 2, 7))
    x[0, 0, :2], x[0, 1, 5] = [3.0, 1.0], -2.0
    found = input_images(x, side=4)
    np.testing.assert_array_equal(found.pixels[0], signed([[2.0, 0, 0], [0, 0, -1.0]], 2))
    assert input_images(np.ones((1, 9, 5, 6)), side=10).pixels.shape == (1, 9, 6, 3)
