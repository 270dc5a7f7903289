"""The plane: what is drawn where, readable text, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from tests.networks_of_two import layers

from layerwise.figures import Plane, class_colors, plane
from layerwise.foundation.checks import UserError
from layerwise.units import partition, window_around

POINTS = np.random.default_rng(0).normal(size=(60, 2))
LABELS = np.arange(60) % 3


def parts(ax, kind):
    return [each for each in ax.collections if type(each) is kind]


def test_every_panel_has_one_window_its_lines_and_its_decisions():
    panels = [Plane(*layers(2, 7, 3, seed=seed), f"iteration {seed}", "x") for seed in range(3)]
    figure = plane(panels, POINTS, LABELS, ["a", "b", "c"])
    window = window_around(POINTS)
    for ax, panel in zip(figure.axes, panels, strict=True):
        assert (ax.get_xlim(), ax.get_ylim()) == window
        found = partition(panel.weights, panel.biases, window)
        lines, ticks = parts(ax, LineCollection)
        drawn = np.array(lines.get_segments())
        expected = found.boundaries[["x0", "y0", "x1", "y1"]].to_numpy().reshape(-1, 2, 2)
        np.testing.assert_allclose(drawn, expected)
        assert len(ticks.get_segments()) >= len(lines.get_segments())
        (tint,) = parts(ax, PolyCollection)
        assert len(tint.get_paths()) == len(found.decisions())
        (dots,) = parts(ax, PathCollection)
        np.testing.assert_allclose(dots.get_offsets(), POINTS)
        assert {tuple(c) for c in dots.get_facecolors()[:, :3]} == set(map(to_rgb, class_colors(3)))


def test_closed_form_ticks_are_on_the_active_side_and_the_tint_is_the_class_s():
    # One unit, x > 0; class 1 where it is active.
    net = Plane([np.array([[1.0, 0]]), np.array([[0.0], [1]])], [np.zeros(1), np.array([0.1, 0])])
    figure = plane([net], np.array([[-1.0, -1], [1, 1]]), np.array([0, 1]), ["a", "b"])
    (ax,) = figure.axes
    _, ticks = parts(ax, LineCollection)
    for foot, tip in ticks.get_segments():
        assert foot[0] == pytest.approx(0)
        assert tip[0] > 0
        assert tip[1] == pytest.approx(foot[1])
    (tint,) = parts(ax, PolyCollection)
    for path, color in zip(tint.get_paths(), tint.get_facecolors(), strict=True):
        middle = path.vertices[:-1].mean(axis=0)
        nearest = [np.abs(color[:3] - (1 - 0.28 * (1 - np.array(to_rgb(c))))).max()
                   for c in class_colors(2)]  # fmt: skip
        assert np.argmin(nearest) == (middle[0] > 0.05)


def test_deeper_units_are_dashed_and_said():
    figure = plane([Plane(*layers(2, 6, 5, 2))], POINTS, LABELS % 2)
    first, _, second, _ = parts(figure.axes[0], LineCollection)
    assert first.get_linestyles() != second.get_linestyles()
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts[:4] == ["0", "1", "unit of layer 1 (tick: active side)", "unit of layer 2"]


@pytest.mark.parametrize("n", [1, 2, 17])
def test_text_is_readable(assert_readable, n):
    panels = [
        Plane(*layers(2, 20, 3, seed=k), f"iteration {k}",
              "train 42.2 %   163 cells   1 outside   1 never active") for k in range(n)
    ]  # fmt: skip
    axes = ("component 1, standardised", "component 2, standardised")
    assert_readable(plane(panels, POINTS, LABELS, ["a", "b", "a longer name"], axes=axes))


def test_long_names_of_checkpoints_are_shortened_to_their_panel(assert_readable):
    name = "a-checkpoint-with-a-name-that-goes-on-and-on-and-on-at-step-9999"
    assert_readable(plane([Plane(*layers(2, 3, 2), name, "")] * 5, POINTS, LABELS))


def test_bad_input_is_one_sentence():
    with pytest.raises(UserError, match="plane: panels must be at least one panel"):
        plane([], POINTS, LABELS)
    with pytest.raises(UserError, match="of a network with two inputs"):
        plane([Plane(*layers(3, 4, 2))], POINTS, LABELS)
    with pytest.raises(UserError, match="columns must be an integer >= 1"):
        plane([Plane(*layers(2, 4, 2))], POINTS, LABELS, columns=0)
