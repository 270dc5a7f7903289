"""Pictures of one layer's channels: closed forms of colours, choices and words."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.foundation.checks import InvalidValue
from layerwise.units import map_images, strength
from layerwise.units.pictures import pixels

PALE, DARK, BLUE = pixels.signed([0.0, 1.0, -1.0], 1).tolist()


def test_closed_form_a_rectified_layer_on_one_scale_with_zero_pale() -> None:
    values = np.zeros((3, 1, 2))
    values[1, 0] = 2, 4
    values[2, 0] = 0, 1
    images = map_images(values)
    assert images.kind == "maps"
    assert images.channels.numbers.tolist() == [1, 2, 0]
    assert (images.signed, images.limit, images.names) == (False, 4.0, ["1", "2", "0"])
    assert images.pixels[0, 0, 1].tolist() == DARK
    assert images.pixels[2].tolist() == [[PALE, PALE]]
    np.testing.assert_array_equal(images.pixels[1, 0, 1], pixels.positive(1, 4))


def test_closed_form_each_channel_on_its_own_scale_and_signs_in_two_colours() -> None:
    images = map_images(np.array([[[-8.0, 0]], [[0, 0.5]]]), scale="channel")
    assert images.signed
    assert images.limit is None
    assert images.limits.tolist() == [8.0, 0.5]
    assert images.pixels[0].tolist() == [[BLUE, PALE]]
    assert images.pixels[1].tolist() == [[PALE, DARK]]


def test_outcome_signals_and_tokens_are_one_matrix_dense_layers_one_strip() -> None:
    matrix = map_images(np.arange(30.0).reshape(3, 10), tokens=True)
    assert matrix.pixels.shape == (1, 3, 10, 3)
    assert matrix.caption == "all 3 channels, a row each from the top; across: 10 tokens"
    wide = map_images(np.random.default_rng(0).random((768, 10)))
    assert wide.pixels.shape == (1, 64, 10, 3)
    assert wide.caption.startswith("the 64 strongest of 768 channels by largest activation, a row")
    strip = map_images(np.arange(10.0))
    assert strip.pixels.shape == (1, 1, 10, 3)
    assert strip.caption == "all 10 units from the left"
    rows = map_images(np.ones(100))
    assert rows.pixels.shape == (1, 2, 64, 3)
    assert rows.pixels[0, 1, 35].tolist() == DARK
    assert rows.pixels[0, 1, 36].tolist() == [255, 255, 255]  # paper: there is no unit 100
    assert rows.caption == "all 100 units, row by row of 64 from the top left"


def test_contract_channels_by_number_and_by_strength() -> None:
    values = np.stack([np.full((2, 2), k) for k in (1.0, -5, 3)])
    assert strength(values).tolist() == [1, 5, 3]
    assert map_images(values, channels=1).channels.numbers.tolist() == [1]
    assert map_images(values, channels=[2, 0]).caption == "channels 2 and 0 of 3"
    assert map_images(values, channels=2, when=" at epoch-5").caption == (
        "the 2 strongest of 3 channels by largest activation at epoch-5"
    )


def test_outcome_odd_values_are_drawn() -> None:
    assert map_images(np.zeros((2, 3, 3))).limit == 0
    missing = map_images(np.array([[[np.nan, 1.0]]]))
    assert missing.pixels[0, 0].tolist() == [[187, 187, 187], DARK]
    assert map_images(np.ones((1, 1, 1))).caption == "the only channel"


def test_contract_what_does_not_fit_is_one_sentence() -> None:
    with pytest.raises(InvalidValue, match=r"map_images: values must be .*shape \(2, 2, 2, 2\)"):
        map_images(np.zeros((2, 2, 2, 2)))
    with pytest.raises(InvalidValue, match=r"channels must be an integer in \[0, 2\]; got 3"):
        map_images(np.zeros((3, 2, 2)), channels=[3])
    with pytest.raises(InvalidValue, match="scale must be one of layer, channel"):
        map_images(np.zeros((3, 2, 2)), scale="filter")
