"""Figures of covered and moved pictures: text readable, colours mean what the legend says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex

from layerwise.analysis import OcclusionMaps
from layerwise.figures import class_colors, correspondence, invariance, occlusion_maps
from layerwise.foundation.checks import InvalidValue, NotFound


def maps(n: int = 2, most: int = 3) -> OcclusionMaps:
    draw = np.random.default_rng(0)
    shape = (n, 5, 7)
    return OcclusionMaps(
        layer="features.denseblock3.conv2", channels=np.arange(n) + 100, classes=np.arange(n),
        starts=(np.array([0, 2, 4, 6, 7]), np.arange(0, 14, 2)), window=(3, 2), size=(10, 14),
        activity=draw.random(shape) * 1e4, probability=draw.random(shape),
        predicted=draw.integers(0, most, shape), whole_activity=draw.random(n),
        whole_probability=draw.random(n), whole_predicted=np.zeros(n, int),
    )  # fmt: skip


def legend(figure) -> dict[str, str]:
    found = figure.legends[0]
    return {
        text.get_text(): to_hex(line.get_markerfacecolor()).upper()
        for text, line in zip(found.get_texts(), found.legend_handles, strict=True)
    }


@pytest.mark.parametrize("whole", [False, True])
def test_outcome_everything_is_named_and_readable(assert_readable, whole):
    pictures = np.zeros((2, 10, 14, 3), np.uint8)
    figure = occlusion_maps(
        maps(), pictures=pictures if whole else None, projections=pictures if whole else None,
        names=["mnist test 7 (digit 9)", "imagenet 3 (class Staffordshire bullterrier)"],
        class_names=["tabby cat", "Staffordshire bullterrier, Staffordshire", "dog"], title="Two",
    )  # fmt: skip
    assert_readable(figure)
    assert set(legend(figure)) == {"tabby cat", "Staffordshi…ffordshire", "dog"}


def test_closed_form_maps_lie_where_the_middle_of_the_square_was():
    figure = occlusion_maps(maps(1))
    mesh = next(one for one in figure.axes[0].collections if isinstance(one, QuadMesh))
    corners = mesh.get_coordinates()
    np.testing.assert_allclose(corners[:, 0, 1], [0, 2, 4, 6, 7.5, 8.5])
    np.testing.assert_allclose(corners[0, :, 0], np.arange(-0.5, 14, 2))


def test_closed_form_the_classes_have_the_colours_of_the_legend():
    found = maps(1)
    figure = occlusion_maps(found, class_names=["a", "b", "c", "d"])
    figure.draw_without_rendering()
    known = legend(figure)
    assert known == dict(zip("abc", class_colors(4), strict=False))
    mesh = next(one for one in figure.axes[2].collections if isinstance(one, QuadMesh))
    colors = [to_hex(color).upper() for color in mesh.get_facecolors().reshape(-1, 4)]
    assert colors == [known["abc"[code]] for code in found.predicted[0].ravel()]


def test_outcome_of_many_classes_those_that_occur_most_are_named(assert_readable):
    figure = occlusion_maps(maps(1, most=1000), class_names=[f"class {k}" for k in range(1000)])
    assert_readable(figure)
    known = legend(figure)
    (rest,) = [name for name in known if "other class" in name]
    assert len(known) == 13
    assert int(rest.split()[0]) == len(np.unique(maps(1, most=1000).predicted)) - 12


def curves(n: int, checkpoints: tuple[str, ...] = ("untrained", "trained")) -> pd.DataFrame:
    rows = [
        (transform, unit, layer, measure, k, f"test {k} (digit {k})", size, k + abs(size), at)
        for at in checkpoints
        for transform, unit in (("translation", "pixels down"), ("rotation", "degrees"))
        for layer, measure in (
            ("relu1", "relative distance"), ("fc1", "relative distance"), ("", "probability"),
            ("relu1", "distance"),
        )
        for k in range(n)
        for size in (0.0, -1.0, 1.0)
    ]  # fmt: skip
    names = ["transform", "unit", "layer", "measure", "observation", "name", "size", "value"]
    return pd.DataFrame(rows, columns=[*names, "checkpoint"])


def test_outcome_few_observations_are_drawn_one_by_one_and_many_as_a_mean(assert_readable):
    few = invariance(curves(5), title="Five pictures")
    assert_readable(few)
    words = [text.get_text() for text in few.legends[0].get_texts()]
    assert words == [*(f"test {k} (digit {k})" for k in range(5)), "untrained: mean of all"]
    assert len(few.axes) == 6
    assert len(few.axes[0].lines) == 6
    many = invariance(curves(20))
    assert_readable(many)
    assert [text.get_text() for text in many.legends[0].get_texts()] == [
        "trained: mean and standard deviation", "untrained: mean and standard deviation",
    ]  # fmt: skip
    line = many.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), [-1, 0, 1])
    np.testing.assert_allclose(line.get_ydata(), [10.5, 9.5, 10.5])
    assert many.axes[0].get_ylim() == many.axes[1].get_ylim()


def test_outcome_parts_and_controls_of_every_layer(assert_readable):
    parts = ["left eye", "right eye", "nose", "mouth", "same place", "random"]
    table = pd.DataFrame([
        (layer, part, 0.1 * k, 0.02, 0.01, at)
        for at in ("untrained", "trained") for layer in ("relu1", "relu2", "relu3", "fc1")
        for k, part in enumerate(parts)
    ], columns=["layer", "occluded", "delta", "spread", "p", "checkpoint"])  # fmt: skip
    figure = correspondence(table, title="Faces")
    assert_readable(figure)
    assert [tick.get_text() for tick in figure.axes[0].get_yticklabels()] == parts
    assert len(figure.axes) == 4


def test_contract_what_cannot_be_drawn_is_one_sentence():
    with pytest.raises(InvalidValue, match="maps must be of 1 to 8 pictures"):
        occlusion_maps(maps(9))
    with pytest.raises(InvalidValue, match="names must be 2, one an observation; got 1"):
        occlusion_maps(maps(), names=["one"])
    with pytest.raises(InvalidValue, match="class_names must be at least 3; got 1"):
        occlusion_maps(maps(), class_names=["one"])
    with pytest.raises(NotFound, match="no column 'size' in invariance's table"):
        invariance(curves(2).drop(columns="size"))
    with pytest.raises(NotFound, match="no layer 'relu9'"):
        invariance(curves(2), layers=["relu9"])
    with pytest.raises(NotFound, match="no measure 'angle'"):
        invariance(curves(2), measure="angle")
    with pytest.raises(NotFound, match="no column 'delta' in correspondence's table"):
        correspondence(pd.DataFrame({"layer": ["a"], "occluded": ["nose"]}))
