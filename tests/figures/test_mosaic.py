"""Mosaics: closed form of places, empty places stay empty."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.figures.mosaic import LEAST, mosaic, side_of, slant
from layerwise.figures.style import new_figure


def test_closed_form_every_map_stands_at_its_row_and_column():
    colors = np.zeros((2, 3, 4, 5, 3))
    colors[1, 2] = np.nan  # an empty place
    colors[0, 1] = 1
    ax = new_figure(3, 3).add_subplot()
    mosaic(ax, colors, 0.8, ["a", "b"], ["x", "y", "z"])
    centres = [
        (sum(image.get_extent()[:2]) / 2, sum(image.get_extent()[2:]) / 2) for image in ax.images
    ]
    assert np.allclose(centres, [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)])
    assert [bool(image.get_array().all()) for image in ax.images] == [0, 1, 0, 0, 0]
    assert ax.get_aspect() == 0.8
    top, bottom = ax.get_ylim()[1], ax.get_ylim()[0]
    assert top < bottom  # the first row is the upper one


@pytest.mark.parametrize("size", [(1, 1), (28, 28), (1, 500), (500, 1), (3, 4)])
@pytest.mark.parametrize("side", [0.3, 0.75])
def test_law_a_map_fits_its_cell_and_leaves_room_for_a_name(size, side):
    wide, high = side_of(size, side)
    assert LEAST <= wide <= max(side, LEAST)
    assert LEAST <= high <= max(side, LEAST)
    assert max(wide, high) == side


def test_long_names_are_slanted_and_short_ones_are_not():
    for names, angle in ((["0", "1"], 0), (["a long name", "b"], 40)):
        ax = new_figure(3, 3).add_subplot()
        mosaic(ax, np.zeros((1, 2, 2, 2, 3)), 1.0, ["a"], names)
        slant(ax, 0.5)
        assert {tick.get_rotation() for tick in ax.get_xticklabels()} == {angle}
