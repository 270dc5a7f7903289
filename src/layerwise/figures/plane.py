"""A network with two inputs, drawn in the plane of its inputs: units as lines, decisions as tint.

Every panel shows the same window. A unit's line carries short ticks on the side where the unit is
active; a unit of a deeper layer is a line with bends, dashed.

Source: after the demonstration in F. Fleuret, EE-559 Deep Learning, lecture 8.1, EPFL 2018.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerwise.figures import legend
from layerwise.figures.color import classes_of, point_colors
from layerwise.figures.lines import DASHES
from layerwise.figures.style import (
    INK,
    SMALL,
    TEXT,
    WIDTH,
    bare,
    characters,
    fit,
    new_figure,
    shorten,
)
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Labels, Points
from layerwise.units import Partition, Window, partition, window_around

TINT = 0.28
"""Strength of the decision behind the points, which have the full colour of their class."""

TICK = 0.022
"""Length of a tick, as a share of the window."""

LARGEST = 4.4
"""Inches: side of a panel that stands alone."""


@dataclass(frozen=True, eq=False)
class Plane:
    """A network at one time.

    Attributes
    ----------
    weights, biases : of each layer, (n_units, n_inputs) and (n_units,); all but the last rectified
    name : over the panel, such as "iteration 272"
    caption : under it, such as "train 99.0 %   cells 121"
    """

    weights: Sequence[Array]
    biases: Sequence[Array]
    name: str = ""
    caption: str = ""


def plane(
    panels: Sequence[Plane],
    points: Points,
    labels: Labels,
    class_names: Sequence[str] | None = None,
    *,
    window: Window | None = None,
    axes: Sequence[str] = ("", ""),
    columns: int = 5,
    title: str = "",
) -> Figure:
    """Draw where each hidden unit turns on and what the network decides, over the data.

    Parameters
    ----------
    panels : sequence of :class:`Plane`
        For example one network at successive iterations.
    points : (n_observations, 2)
    labels : (n_observations,)
        Class k is output k of the network if there are class names.
    class_names : sequence of str, optional
    window : ((x0, x1), (y0, y1)), optional
        That of the points and a margin if left out; the same for all panels.
    axes : two names, what the inputs are
    columns : int
        Panels side by side, at most.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UserError
        If there is no panel, a network has not two inputs, or numbers are not finite.

    Examples
    --------
    >>> net = Plane([np.eye(2), np.eye(2)], [np.zeros(2), np.zeros(2)], "untrained", "4 cells")
    >>> figure = plane([net], np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([1, 0]), ["a", "b"])
    >>> [(ax.get_title(), ax.get_xlabel()) for ax in figure.axes]
    [('untrained', '4 cells')]
    """
    name = "plane"
    if not panels:
        raise checks.invalid(name, "panels", "at least one panel", "none")
    window = window or window_around(points)
    codes, names = classes_of(name, labels, len(points), class_names)
    n_outputs = max(len(panel.weights[-1]) for panel in panels)
    shades = point_colors(np.arange(max(n_outputs, len(names))), max(n_outputs, len(names)))
    across = min(len(panels), checks.integer(name, "columns", columns, 1))
    side = min((WIDTH - 0.3) / across, LARGEST)
    texts = [fit(panel.caption, side, SMALL) for panel in panels]
    lines = max(text.count("\n") + bool(text) for text in texts)
    down = math.ceil(len(panels) / across)
    entries = _entries(codes, names, max(len(panel.weights) for panel in panels) - 1)
    if any(axes):
        entries += [legend.note(f"across: {axes[0]}"), legend.note(f"up: {axes[1]}")]
    width = max(across * side + 0.3, 3.2)
    under = math.ceil(len(entries) / legend.n_columns(entries, width))
    height = down * (side + 0.28 + 0.17 * lines) + 0.25 * under + 0.1
    figure = new_figure(width, height + 0.4 * bool(title), title)
    grid = figure.add_gridspec(down, across)
    for place, (panel, text) in enumerate(zip(panels, texts, strict=True)):
        ax = figure.add_subplot(grid[place // across, place % across])
        bare(ax)
        found = partition(panel.weights, panel.biases, window)
        _decisions(ax, found, shades)
        _points(ax, points, shades[codes] if len(names) else None, side)
        _units(ax, found, window, side)
        ax.set(xlim=window[0], ylim=window[1], aspect="equal")
        ax.set_title(shorten(panel.name, characters(side, TEXT)), fontsize=TEXT, color=INK)
        ax.set_xlabel(text, fontsize=SMALL, color=INK)
    legend.below(figure, entries)
    return figure


def _decisions(ax: Axes, found: Partition, shades: Array) -> None:
    """Tint each place with the class that the network decides for there."""
    polygons, outputs = zip(*found.decisions(), strict=True)
    tints = 1 - TINT * (1 - shades[list(outputs)])
    # Edges of the same colour close the seams that are left between neighbours.
    ax.add_collection(
        PolyCollection(polygons, facecolors=tints, edgecolors=tints, linewidths=0.4, zorder=0)
    )


def _points(ax: Axes, points: Points, colors: Array | None, side: float) -> None:
    size = float(np.clip(900 * side / len(points), 0.8, 16))
    ax.scatter(
        points[:, 0], points[:, 1], s=size, c=INK if colors is None else colors, linewidths=0,
        rasterized=True, zorder=2,
    )  # fmt: skip


def _units(ax: Axes, found: Partition, window: Window, side: float) -> None:
    """Draw where each unit is zero, with ticks towards where it is active."""
    width = 0.25 + 0.15 * side
    for layer in found.boundaries["layer"].unique().tolist():
        part = found.boundaries[found.boundaries["layer"] == layer]
        ends = part[["x0", "y0", "x1", "y1"]].to_numpy().reshape(-1, 2, 2)
        ax.add_collection(
            LineCollection(
                list(ends), colors=INK, linewidths=width, linestyles=[DASHES[layer % 4]],
                zorder=3,
            )
        )  # fmt: skip
        ax.add_collection(
            LineCollection(list(_ticks(ends, window)), colors=INK, linewidths=width, zorder=3)
        )


def _ticks(ends: Array, window: Window) -> Array:
    """Return short lines (n, 2, 2) from the middle of each line to its left: the active side.

    Left is at a right angle in the window as it is drawn, a square.
    """
    along = ends[:, 1] - ends[:, 0]
    length = np.linalg.norm(along, axis=1, keepdims=True)
    reach = TICK * (window[0][1] - window[0][0])
    left = along[:, ::-1] * (-1, 1) / np.where(length > 0, length, 1) * reach
    # Three to a long line, one to a short piece; pieces shorter than a tick have none.
    places = [(ends[:, 0] + at * along, length[:, 0] > least * reach)
              for at, least in ((1 / 6, 12), (1 / 2, 2), (5 / 6, 12))]  # fmt: skip
    return np.concatenate(
        [np.stack([foot[shown], (foot + left)[shown]], axis=1) for foot, shown in places]
    )


def _entries(codes: Array, names: Sequence[str], n_hidden: int) -> list[legend.Entry]:
    """Return the classes, and what the lines are."""
    entries = legend.class_entries(codes, names)
    for layer in range(n_hidden):
        of = f"unit of layer {layer + 1}" if n_hidden > 1 else "hidden unit"
        line = Line2D([], [], color=INK, linewidth=1, linestyle=DASHES[layer % 4])
        line.set_label(f"{of} (tick: active side)" if layer == 0 else of)
        entries.append(line)
    return entries
