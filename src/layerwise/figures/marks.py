"""Dots, crosses and trails on a panel.

Dots are painted in the order of the rows, not class by class, so that no class hides another by
its number alone; strong ones come last. Misclassified observations have a glyph of their own, on
top, and points without a class or value are rings: colour is never the only carrier. Axes have
neither ticks nor scale, since a projection's directions mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from layerwise.figures.color import fade
from layerwise.figures.style import INK, bare
from layerwise.foundation.shapes import Array

OPACITY = 0.85

SHADES = 12
"""Steps from early to late; more are not told apart, and each costs a path a trail."""

EARLIEST = 0.15
"""Strength of the first step, so that a trail's beginning has a trace of its class."""


@dataclass(frozen=True)
class Marks:
    """What one panel shows, one row a point that has a place.

    Attributes
    ----------
    places : (n, 2), or (n, n_places, 2) for trails
    colors : (n, 3), RGB
    hollow : (n,) of bool, a ring
    wrong : (n,) of bool, a cross
    strength : (n,), the strongest lie on top
    rows : (n,) of int, which of the points that were given these are
    """

    places: Array
    colors: Array
    hollow: Array
    wrong: Array
    strength: Array
    rows: Array


def draw(ax: Axes, marks: Marks, frame: Array | None = None) -> None:
    """Draw trails if there are, and each point's (last) place, where all of `frame` is seen."""
    bare(ax)
    square(ax, marks.places.reshape(-1, 2) if frame is None else frame)
    inches = ax.get_position().width * ax.figure.get_figure(root=True).get_figwidth()
    size = float(np.clip(4000 * inches / len(marks.places), 0.6, 30))
    Y = marks.places
    if Y.ndim == 3:
        _draw_trails(ax, Y, marks.colors)
        Y, size = Y[:, -1], size / 3
    faces = np.column_stack([marks.colors, np.where(marks.hollow, 0, OPACITY)])
    edges = np.column_stack([marks.colors, np.full(len(Y), OPACITY)])
    order = np.argsort(marks.strength, kind="stable")
    right, wrong = order[~marks.wrong[order]], order[marks.wrong[order]]
    rings: Any = {"edgecolors": edges[right], "linewidths": np.where(marks.hollow[right], 0.8, 0)}
    ax.scatter(
        Y[right, 0], Y[right, 1], s=size, c=faces[right], rasterized=True, zorder=2.5, **rings
    )  # fmt: skip
    if len(wrong):
        ax.scatter(
            Y[wrong, 0], Y[wrong, 1], s=float(np.clip(2.2 * size, 12, 40)), marker="X",
            c=faces[wrong], edgecolors=INK, linewidths=0.6, rasterized=True, zorder=3,
        )  # fmt: skip


def square(ax: Axes, places: Array) -> None:
    """Show all places in a square, with equal scales and a margin.

    Set here, once: matplotlib would widen the limits at every step of its layout.
    """
    low, high = places.min(axis=0), places.max(axis=0)
    middle, half = (low + high) / 2, 0.54 * float((high - low).max()) or 1.0
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_box_aspect(1)
    ax.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))


def _draw_trails(ax: Axes, T: Array, colors: Array) -> None:
    """Draw each trail from a pale shade of its colour to the full one, all late parts on top."""
    n, n_places = T.shape[:2]
    shades = min(SHADES, n_places - 1)
    cuts = np.linspace(0, n_places - 1, shades + 1).round().astype(int)
    parts = [part for first, last in pairwise(cuts) for part in T[:, first : last + 1]]
    steps = np.linspace(1, EARLIEST, shades)[::-1].repeat(n)
    width, opacity = np.clip(np.array([30, 12]) / np.sqrt(n), (0.8, 0.2), (1.8, 0.9))
    lines = LineCollection(
        parts, colors=fade(np.tile(colors, (shades, 1)), steps), linewidths=width, alpha=opacity,
        capstyle="butt", rasterized=True,
    )  # fmt: skip
    ax.add_collection(lines)
