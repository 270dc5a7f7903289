"""Maps in colour: closed forms of where a scale ends."""

from __future__ import annotations

import numpy as np

from layerwise.units.pictures.heat import CLIPPED, heat_images
from layerwise.units.pictures.pixels import MISSING, anchors, positive, signed


def test_closed_form_a_scale_ends_where_few_values_lie_beyond() -> None:
    values = np.arange(1000.0).reshape(1, 25, 40)
    found = heat_images(values)
    assert (values > found.limits[0]).mean() <= CLIPPED
    assert found.limits[0] == 995
    np.testing.assert_array_equal(found.pixels, positive(values, 995))
    assert found.name(0) == "0–1e+03"
    np.testing.assert_array_equal(heat_images(-values).pixels, signed(-values, 995))


def test_closed_form_one_value_among_zeros_is_seen() -> None:
    values = np.zeros((1, 30, 30))
    values[0, 3, 4] = 2
    assert heat_images(values).limits.tolist() == [2]


def test_closed_form_what_is_no_number_does_not_stretch_the_scale() -> None:
    values = np.ones((1, 4, 4))
    values[0, 0] = [np.nan, np.inf, -np.inf, 1]
    found = heat_images(values)
    assert found.limits.tolist() == [1]
    assert found.pixels[0, 0, 0].tolist() == anchors((MISSING,))[0].tolist()
    np.testing.assert_array_equal(found.pixels[0, 0, 1:], signed([1.0, -1.0, 1.0], 1))
