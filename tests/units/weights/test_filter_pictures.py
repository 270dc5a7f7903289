"""Filters as pictures: reference (tile by tile), laws of scale and of order, odd shapes, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise import units
from layerwise.foundation.checks import UserError
from layerwise.units.pictures import pixels

rng = np.random.default_rng(0)


def layer(*shape, zeros=0.0):
    weights = rng.normal(size=shape).astype(np.float32)
    return np.where(rng.random(shape) < zeros, np.float32(0), weights)


@given(st.integers(0, 2**32), st.integers(-12, 12))
@settings(max_examples=25, deadline=None)
def test_law_scaling_the_weights_changes_norms_only(seed, power):
    W = np.random.default_rng(seed).normal(size=(7, 4, 3, 3)).astype(np.float32)
    factor = 2.0**power
    one, other = units.filter_statistics(W), units.filter_statistics(W * factor)
    np.testing.assert_allclose(other["norm"], one["norm"] * factor)
    assert (other[["zeros", "state", "twin"]] == one[["zeros", "state", "twin"]]).all(axis=None)
    assert units.effective_rank(W * factor) == pytest.approx(units.effective_rank(W))
    for scale in ("filter", "layer"):
        here = units.filter_images(W, scale=scale)
        there = units.filter_images(W * factor, scale=scale)
        np.testing.assert_array_equal(here.pixels, there.pixels)
        np.testing.assert_allclose(there.limits, here.limits * factor)


SHAPES = {
    "rgb": (6, 3, 5, 5), "signed": (6, 1, 3, 3), "tiles": (6, 4, 3, 3), "strips": (6, 4, 9),
    "matrix": (6, 4),
}  # fmt: skip


@pytest.mark.parametrize("kind", SHAPES)
def test_law_permuting_filters_permutes_pictures(kind):
    W = layer(*SHAPES[kind])
    order = rng.permutation(6)
    one, other = units.filter_images(W), units.filter_images(W[order])
    assert one.kind == other.kind == kind
    rows = one.pixels[0] if kind == "matrix" else one.pixels
    permuted = other.pixels[0] if kind == "matrix" else other.pixels
    np.testing.assert_array_equal(permuted, rows[order])
    named = units.filter_images(W, filters=order.tolist())
    np.testing.assert_array_equal(named.pixels, other.pixels)
    np.testing.assert_allclose(units.filter_statistics(W[order])["norm"],
                               units.filter_statistics(W)["norm"][order])  # fmt: skip


@pytest.mark.parametrize("scale", ["filter", "layer", 0.5])
@pytest.mark.parametrize("kind", SHAPES)
def test_law_zero_is_the_middle_colour_on_every_scale(kind, scale):
    W = layer(*SHAPES[kind])
    W[2] = 0
    images = units.filter_images(W, scale=scale)
    picture = images.pixels[0, 2] if kind == "matrix" else images.pixels[2]
    middle = 128 if kind == "rgb" else 220
    assert set(np.unique(picture)) <= {middle, 255}  # paper lies between the tiles of a block


def test_reference_limits_by_filter_by_layer_and_given():
    W = layer(5, 2, 3, 3)
    most = [max(abs(float(w)) for w in one.ravel()) for one in W]
    np.testing.assert_allclose(units.filter_images(W).limits, most, rtol=1e-6)
    assert units.filter_images(W).limit is None
    np.testing.assert_allclose(units.filter_images(W, scale="layer").limits, max(most), rtol=1e-6)
    # The choice of what is drawn does not move the scale.
    some = units.filter_images(W, scale="layer", filters=[3], inputs=[1])
    assert some.limit == pytest.approx(max(most))
    assert units.filter_images(W, scale=7.0).limit == 7


def test_reference_a_block_has_a_tile_for_each_input():
    W = layer(2, 7, 3, 4)
    images = units.filter_images(W, inputs=[6, 0, 1, 2, 5])
    assert images.pixels.shape == (2, 2 * 4 - 1, 3 * 5 - 1, 3)
    for place, number in enumerate([6, 0, 1, 2, 5]):
        y, x = divmod(place, 3)
        tile = images.pixels[1, 4 * y : 4 * y + 3, 5 * x : 5 * x + 4]
        np.testing.assert_array_equal(tile, pixels.signed(W[1, number], np.abs(W[1]).max()))
    assert (images.pixels[:, 3] == 255).all()
    assert (images.pixels[:, 4:, 10:] == 255).all()  # five of six places
    assert images.caption == "all 2 filters, each a block of inputs 6, 0, 1, 2 and 5 of 7"


def test_contract_inputs_in_their_order_are_red_green_and_blue():
    W = layer(4, 3, 5, 5)
    plain, turned = units.filter_images(W), units.filter_images(W, inputs=[2, 1, 0])
    assert plain.kind == turned.kind == "rgb"
    np.testing.assert_array_equal(turned.pixels, plain.pixels[..., ::-1])
    assert units.filter_images(W, inputs=[1]).kind == "signed"
    assert units.filter_images(W, inputs=[1, 2]).kind == "tiles"
    assert units.filter_images(layer(4, 3, 5, 5), groups=2).kind == "tiles"


def test_contract_strongest_come_first_and_the_caption_says_so():
    W = layer(40, 30, 3, 3)
    W[17] *= 9
    W[:, 4] *= 5
    images = units.filter_images(W, filters=3, inputs=1)
    assert images.filters.numbers[0] == 17
    assert images.inputs.numbers.tolist() == [4]
    assert images.names[0] == "17"
    assert images.caption == (
        "the 3 strongest of 40 filters by norm, each on the 1 strongest of 30 inputs by norm"
    )
    everything = units.filter_images(W, filters=99)
    assert everything.filters.words == "all 40 filters, strongest by norm first"
    assert len(units.filter_images(W, filters=list(range(30))).pixels) == 30


@pytest.mark.parametrize(
    ("shape", "groups", "kind", "picture"),
    [
        ((1, 1, 3, 3), 1, "signed", (1, 3, 3, 3)),
        ((2048, 1, 3, 3), 2048, "signed", (128, 3, 3, 3)),
        ((2048, 512, 3, 3), 1, "tiles", (24, 15, 15, 3)),
        ((2048, 512, 1, 1), 1, "matrix", (1, 256, 256, 3)),
        ((64, 1, 1, 1), 64, "matrix", (1, 64, 1, 3)),
        ((1, 3, 7, 7), 1, "rgb", (1, 7, 7, 3)),
        ((6, 2, 4, 5), 3, "tiles", (6, 4, 11, 3)),
        ((32, 40, 400), 1, "strips", (32, 40, 400, 3)),
        ((6, 1, 9), 6, "strips", (6, 1, 9, 3)),
        ((8, 5, 1), 1, "matrix", (1, 8, 5, 3)),
        ((1, 1), 1, "matrix", (1, 1, 1, 3)),
    ],
)
def test_contract_odd_shapes(shape, groups, kind, picture):
    W = layer(*shape)
    images = units.filter_images(W, groups=groups)
    assert (images.kind, images.pixels.shape) == (kind, picture)
    assert len(images.names) == len(images.pixels)
    assert len(images.limits) == len(images.filters.numbers)
    assert ("of its group" in images.inputs.words) == (groups > 1)
    assert len(units.filter_statistics(W, groups)) == shape[0]
    if shape[0] == 1:
        assert "the only filter" in images.caption
    if len(images.filters.numbers) < shape[0]:
        assert f"the first {len(images.filters.numbers)} of {shape[0]:,}" in images.caption


def test_contract_linear_layers_on_images():
    W = layer(10, 784)
    images = units.filter_images(W, image_shape=(1, 28, 28))
    assert images.kind == "signed"
    expected = pixels.signed(W[3].reshape(28, 28), np.abs(W[3]).max())
    np.testing.assert_array_equal(images.pixels[3], expected)
    np.testing.assert_array_equal(units.filter_images(W, image_shape=(28, 28)).pixels,
                                  images.pixels)  # fmt: skip
    assert units.filter_images(layer(5, 192), image_shape=(3, 8, 8)).kind == "rgb"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"weights": np.zeros((2, 1, 3, 3, 3))}, "weights must be of one or two dimensions in "
         "space; got filters of 3 x 3 x 3. Draw one slice of each, weights[:, :, k]."),
        ({"weights": np.zeros(3)}, "weights must be (n_filters, n_inputs, *size); got shape (3,)."),
        ({"weights": np.full((2, 2), np.nan)}, "weights must be finite; got NaN or infinity in 2 "
         "rows, first 0. Drop these observations, or find the layer where the values blow up."),
        ({"weights": np.zeros((4, 2)), "groups": 3}, "groups must be a divisor of 4 filters; "
         "got 3."),
        ({"weights": np.zeros((4, 2)), "scale": "unit"}, "scale must be one of filter, layer; "
         "got 'unit'."),
        ({"weights": np.zeros((4, 2)), "filters": [4]}, "filters must be an integer in [0, 3]; "
         "got 4."),
        ({"weights": np.zeros((4, 2)), "filters": [1, 1]}, "filters must be numbers, each once; "
         "got 1, 1."),
        ({"weights": np.zeros((4, 2)), "inputs": []}, "inputs must be numbers, each once; "
         "got none."),
        ({"weights": np.zeros((4, 2)), "filters": 0}, "filters must be an integer >= 1; got 0."),
        ({"weights": np.zeros((4, 9)), "image_shape": (2, 4)}, "image_shape must be [channels,] "
         "height and width of 9 inputs; got 2 x 4."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(arguments, sentence):
    with pytest.raises(UserError) as error:
        units.filter_images(**arguments)
    assert str(error.value) == "filter_images: " + sentence
