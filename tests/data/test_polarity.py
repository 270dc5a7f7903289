"""Edges and polarity: reference (SciPy picture by picture), laws, closed forms, real pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter, sobel

from layerwise.data import edges, load, polarity
from layerwise.foundation.checks import UserError

seeds = st.integers(0, 2**32 - 1)
orders = st.sampled_from(["blur first", "edges first"])


def pictures(seed, n=5, height=11, width=9, channels=3):
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, channels), np.uint8)


def literal_edges(picture, sigma, order):
    """Draw the edges of one picture (height, width, 3) with SciPy's own Sobel, unscaled."""
    grey = 0.299 * picture[..., 0] + 0.587 * picture[..., 1] + 0.114 * picture[..., 2]

    def blur(field):
        return gaussian_filter(field, sigma, mode="nearest") if sigma else field

    def magnitude(field):
        return np.sqrt(sum(sobel(field, axis, mode="nearest") ** 2 for axis in (0, 1)))

    return magnitude(blur(grey)) if order == "blur first" else blur(magnitude(grey))


@pytest.mark.parametrize("order", ["blur first", "edges first"])
@pytest.mark.parametrize("sigma", [0, 0.5, 1, 3])
def test_reference_edges(sigma, order):
    batch = pictures(0)
    drawn = edges(batch, sigma=sigma, order=order)
    scaled = edges(batch, sigma=sigma, order=order, normalize=True)
    assert drawn.shape == scaled.shape == (5, 11, 9, 1)
    assert drawn.dtype == scaled.dtype == np.uint8
    for picture, fixed, own in zip(batch, drawn[..., 0], scaled[..., 0], strict=True):
        expected = literal_edges(picture, sigma, order)
        np.testing.assert_allclose(fixed, np.minimum(expected / 4, 255), atol=0.5001)
        np.testing.assert_allclose(own, expected / expected.max() * 255, atol=0.5001)


def test_reference_grey_is_that_of_pillow():
    red, green, blue = np.eye(3) * 255
    for colour in (red, green, blue, (10, 200, 90)):
        batch = np.zeros((1, 5, 9, 3), np.uint8)
        batch[..., 3:6, :] = colour  # the middle third; without blur its sides have this height
        grey = Image.fromarray(batch[0]).convert("L").getpixel((4, 2))
        assert edges(batch, sigma=0).max() == pytest.approx(grey, abs=1)


@settings(deadline=None, max_examples=50)
@given(seed=seeds, sigma=st.floats(0, 3), order=orders, normalize=st.booleans())
def test_law_a_negative_has_the_same_edges(seed, sigma, order, normalize):
    batch = pictures(seed)
    drawn, negative = (
        edges(each, sigma=sigma, order=order, normalize=normalize).astype(int)
        for each in (batch, 255 - batch)
    )
    assert np.abs(drawn - negative).max() <= 1  # one step of rounding
    assert (drawn == negative).mean() > 0.99


@settings(deadline=None, max_examples=50)
@given(seed=seeds, channels=st.sampled_from([1, 3]))
def test_law_a_negative_has_the_negative_polarity(seed, channels):
    batch = pictures(seed, channels=channels)
    values = polarity(batch)
    assert (np.abs(values) <= 1).all()
    np.testing.assert_allclose(polarity(255 - batch), -values, atol=1e-12)
    np.testing.assert_allclose(polarity(batch[:, ::-1, ::-1]), values, atol=1e-12)


@settings(deadline=None, max_examples=50)
@given(seed=seeds, order=orders, normalize=st.booleans())
def test_law_each_picture_is_on_its_own_and_turns_with_its_edges(seed, order, normalize):
    batch = pictures(seed)
    drawn = edges(batch, order=order, normalize=normalize)
    for row in range(len(batch)):
        alone = edges(batch[row : row + 1], order=order, normalize=normalize)
        np.testing.assert_array_equal(alone[0], drawn[row])
    turned = edges(batch.transpose(0, 2, 1, 3), order=order, normalize=normalize).astype(int)
    assert np.abs(turned.transpose(0, 2, 1, 3) - drawn).max() <= 1


def test_law_many_pictures_are_done_in_blocks():
    batch = pictures(0, n=2500, height=4, width=5, channels=1)
    rows = [0, 1023, 1024, 2499]
    np.testing.assert_array_equal(edges(batch)[rows], edges(batch[rows]))
    np.testing.assert_allclose(polarity(batch)[rows], polarity(batch[rows]))


def step(low, high):
    columns = np.repeat([low, high], 8).astype(np.uint8)
    return np.broadcast_to(columns[None, None, :, None], (1, 6, 16, 1)).copy()


def test_closed_form_a_step_has_its_height_and_nothing_else_has_edges():
    flat = np.full((1, 6, 16, 1), 200, np.uint8)
    assert not edges(flat).any()
    colours = np.broadcast_to(pictures(0, n=200, height=1, width=1), (200, 6, 16, 3))
    assert not edges(colours, normalize=True).any()  # nor has the rounding of their blur
    for low, high in ((0, 255), (255, 0), (50, 90)):
        drawn = edges(step(low, high), sigma=0)[0, ..., 0]
        assert (drawn[:, [7, 8]] == abs(high - low)).all()
        assert not np.delete(drawn, [7, 8], axis=1).any()


def test_closed_form_normalised_steps_have_one_contrast():
    weak, strong = (edges(step(*pair), normalize=True) for pair in ((50, 90), (0, 255)))
    assert weak.max() == 255
    assert np.abs(weak.astype(int) - strong).max() <= 1
    assert edges(step(50, 90)).max() < 50


def test_closed_form_corners_are_cut_at_white():
    square = np.zeros((1, 9, 9, 1), np.uint8)
    square[:, 3:, 3:] = 255  # Sobel makes sqrt(3^2 + 3^2) / 4 of its outer corner
    assert edges(square, sigma=0)[0, [2, 3], [2, 3], 0].tolist() == [90, 255]
    square //= 3
    assert edges(square, sigma=0)[0, 3, 3, 0] == round(85 * 18**0.5 / 4)


def test_closed_form_faint_edges_are_not_blown_up():
    faint = edges(step(100, 101), sigma=3, normalize=True)
    slope = 2 / (3 * np.sqrt(2 * np.pi))  # of a step of 1, over two pixels
    assert faint.max() == pytest.approx(255 * slope, abs=3)


def test_closed_form_blur_before_and_after_differ():
    line = np.zeros((1, 9, 9, 1), np.uint8)
    line[:, :, 4] = 255
    first, last = (edges(line, order=order)[0, 4, :, 0] for order in ("blur first", "edges first"))
    assert first[4] == 0  # the two flanks of a blurred line, and a valley
    assert last[4] > 50  # filled by the blur


@pytest.mark.parametrize("channels", [1, 3])
def test_closed_form_polarity(channels):
    digit = np.zeros((3, 32, 32, channels), np.uint8)
    digit[0, 4:28, 11:21] = 255  # exactly the centre
    digit[1, 4:28, 11:16] = 204  # half of it, at 0.8
    digit[2] = 77
    np.testing.assert_allclose(polarity(digit), [1, 0.4, 0], atol=1e-12)
    np.testing.assert_allclose(polarity(255 - digit), [-1, -0.4, 0], atol=1e-12)


@pytest.mark.parametrize(("height", "width"), [(1, 3), (3, 3), (4, 5), (5, 4), (1, 50)])
def test_closed_form_the_smallest_pictures_have_a_centre_and_a_border(height, width):
    batch = np.zeros((1, height, width, 1), np.uint8)
    batch[:, :, [0, -1]] = 100
    assert -1 < polarity(batch)[0] < 0


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: edges(pictures(0).astype(np.float32)),
            "edges: pictures must be a uint8 array; got float32.",
        ),
        (
            lambda: polarity([[0]]),
            "polarity: pictures must be a uint8 array; got list.",
        ),
        (
            lambda: polarity(pictures(0)[..., 0]),
            "polarity: pictures must be of shape (n_observations, height, width, 1 or 3), not "
            "empty; got shape (5, 11, 9). Channels come last, as in DataSet.observations.",
        ),
        (
            lambda: polarity(pictures(0, width=2)),
            "polarity: pictures must be at least 3 pixels wide; got 2.",
        ),
        (
            lambda: edges(pictures(0), sigma=-1),
            "edges: sigma must be a number in [0, 11]; got -1.",
        ),
        (
            lambda: edges(pictures(0), order="sobel"),
            "edges: order must be one of blur first, edges first; got 'sobel'.",
        ),
    ],
)
def test_contract_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == sentence


@pytest.mark.needs_data
def test_outcome_the_sign_on_street_numbers_as_judged_by_eye(shared_data):
    light = [2, 5, 6, 9, 13, 20, 23, 28, 31, 33, 55, 62, 70, 81, 83, 93, 99, 104, 109, 111]
    dark = [0, 7, 19, 24, 27, 32, 38, 39, 47, 52, 59, 60, 74, 80, 86, 92, 103, 106, 114, 118]
    test = load("svhn", split="test", data_dir=shared_data)
    rows = np.sort(np.random.default_rng(5).choice(len(test), 120, replace=False))
    values = polarity(test.observations[rows])
    right = np.concatenate([values[light] > 0, values[dark] < 0])
    assert right.mean() >= 0.9
    np.testing.assert_allclose(polarity(255 - test.observations[rows]), -values)
