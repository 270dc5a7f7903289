"""Figures of what excites units: every unit named, silent ones told, text readable."""

from __future__ import annotations

import numpy as np
import pytest
from tests.topped import CHECKPOINTS, classes, found

from layerwise import analysis, figures
from layerwise.foundation.checks import InvalidValue

LAST = CHECKPOINTS[-1]


def words(figure) -> str:
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


def test_outcome_units_are_named_with_their_class_and_silent_ones_told(assert_readable) -> None:
    layers = {name: analysis.top_images(one) for name, one in found()[LAST].items()}
    told = {
        name: analysis.top_classes(analysis.top_table(one.top, classes()))
        for name, one in found()[LAST].items()
    }
    figure = figures.top_patches(layers, classes=told, observations="60 digits", title="Digits")
    assert_readable(figure)
    said = words(figure)
    for name in layers:
        assert f"{name}: the 5 of 60 digits that excite each unit most" in said
    assert "silent, so without a picture: unit 1" in said
    assert "each unit has its own scale" in said
    one = told["fc"].set_index("unit").loc[3]
    assert f"3: class {one['class']}, {one['agree']} of {one['n']}" in said
    assert len(figure.axes[0].images) == len(layers["relu1"].units)


def test_contract_without_classes_numbers_stand_alone_and_many_silent_are_counted() -> None:
    images = analysis.TopImages(
        np.zeros((1, 30, 68, 3), np.uint8), np.array([4]), np.ones((1, 2)), np.arange(9),
        np.ones(1), "rgb", 9,
    )  # fmt: skip
    said = words(figures.top_patches({"conv": images}))
    assert "without a picture: 9 units" in said
    assert "0 is mid grey in each colour" in said
    with pytest.raises(InvalidValue, match="layers must be at least one"):
        figures.top_patches({})
