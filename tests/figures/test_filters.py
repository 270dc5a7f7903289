"""Filters of layers at checkpoints: contract of groups and keys, readable, one and very many."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import figures
from layerwise.figures import Key
from layerwise.foundation.checks import UserError
from layerwise.units import filter_images

rng = np.random.default_rng(0)


def images(*shape, **choice):
    return filter_images(rng.normal(size=shape), **choice)


def test_contract_the_same_layer_stands_under_itself_at_every_checkpoint():
    pictures = {
        "conv1": {"epoch-000": images(8, 3, 5, 5), "epoch-009": images(8, 3, 5, 5)},
        "conv2": {"epoch-000": images(8, 8, 1, 1), "epoch-009": images(8, 8, 1, 1)},
    }
    figure = figures.filter_sheet(pictures, title="Filters")
    groups = [ax for ax in figure.axes if ax.get_label() == "tiles"]
    assert [len(ax.images) for ax in groups] == [8, 8, 1, 1]
    np.testing.assert_array_equal(
        groups[1].images[7].get_array(), pictures["conv1"]["epoch-009"].pixels[7]
    )
    captions = [t.get_text() for t in figure.texts if ": " in t.get_text()]
    assert captions == [
        "conv1, epoch-000: all 8 filters, inputs 0, 1 and 2 as red, green and blue",
        "conv1, epoch-009: all 8 filters, inputs 0, 1 and 2 as red, green and blue",
        "conv2, epoch-000: all 8 filters, a row each from the top; across: all 8 inputs",
        "conv2, epoch-009: all 8 filters, a row each from the top; across: all 8 inputs",
    ]
    assert len([ax for ax in figure.axes if ax.get_label() == "key"]) == 2


def test_contract_the_key_tells_own_scales_from_a_shared_one():
    own, row = images(4, 1, 3, 3), images(4, 6)
    shared = images(4, 3, 3, 3, scale=0.5)
    assert figures.filter_tiles("a", "", own).key == Key("signed", None, "picture")
    assert figures.filter_tiles("a", "", row).key == Key("signed", None, "row")
    assert figures.filter_tiles("a", "", shared).key == Key("rgb", 0.5, "picture")
    assert figures.filter_tiles("a", "", own).caption == "a: all 4 filters"


@pytest.mark.parametrize(
    ("shape", "groups", "n"),
    [((1, 1, 3, 3), 1, 1), ((2048, 1, 3, 3), 2048, 128), ((2048, 512, 1, 1), 1, 1),
     ((96, 3, 7, 7), 1, 96), ((64, 32, 5, 5), 1, 24), ((40, 12, 9), 1, 40), ((1, 1, 1, 1), 1, 1)],
)  # fmt: skip
def test_outcome_readable_from_one_filter_to_2048(shape, groups, n, assert_readable):
    over = {f"epoch-{k:03d}": images(*shape, groups=groups) for k in (0, 15)}
    figure = figures.filter_sheet({"features.denseblock3.conv2": over}, title="Filters")
    assert [len(ax.images) for ax in figure.axes if ax.get_label() == "tiles"] == [n, n]
    assert_readable(figure)


def test_contract_nothing_to_draw_is_one_sentence():
    with pytest.raises(UserError, match="filter_sheet: pictures must be of at least one layer"):
        figures.filter_sheet({})
