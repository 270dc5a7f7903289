"""A projection as a picture: one dot an observation, coloured by its class or by one number.

Dots are painted in the order of the rows, not class by class, so that no class hides another by
its number alone. Misclassified observations have a glyph of their own, on top: colour is never the
only carrier. Axes have neither ticks nor scale, since a projection's directions mean nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerwise.figures.color import MISSING, SEQUENTIAL, class_colors, classes_of
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, bare, fit, new_figure, shorten
from layerwise.figures.thumbnails import draw_thumbnails
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, GreyImages, Images, Labels, PerObservation, Points

LONGEST_NAME = 22
MOST_ENTRIES = 20
"""Rows of a legend; what is beyond is counted, not listed."""


def scatter(
    Y: Points,
    labels: Labels | None = None,
    *,
    values: PerObservation | None = None,
    values_name: str = "activation",
    class_names: Sequence[str] | None = None,
    correct: Labels | None = None,
    title: str = "",
    legend: bool = True,
    images: Images | GreyImages | None = None,
) -> Figure:
    """Draw one projection.

    Parameters
    ----------
    Y : (n_observations, 2)
    labels : (n_observations,), optional
        Class of each observation; missing ones (None, NaN) are grey.
    values : (n_observations,), optional
        One number each, in place of labels: the activation of a neuron, on a ramp with its scale.
    values_name : str
    class_names : sequence of str, optional
        Names of classes 0, 1, ... if labels are integers, else the order of the names.
    correct : (n_observations,) of bool, optional
        False marks a misclassified observation by a cross; the legend counts them.
    title : str
    legend : bool
    images : (n_observations, height, width[, channels]) uint8, optional
        Lays as many small pictures on the points as fit without overlap, misclassified first.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If shapes disagree, or both `labels` and `values` are given.

    Examples
    --------
    >>> Y, labels = np.array([[0.0, 0], [1, 1], [2, 0]]), np.array(["cat", "dog", "cat"])
    >>> figure = scatter(Y, labels, title="two classes")
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['cat', 'dog']
    """
    name = "scatter"
    Y = points(name, Y)
    wrong = wrong_rows(name, correct, len(Y))
    if labels is not None and values is not None:
        raise checks.invalid(name, "labels", "left out if values are given", "both")
    if images is not None and len(images) != len(Y):
        raise checks.invalid(name, "images", f"one per point ({len(Y)})", f"{len(images)} images")
    counted = f"misclassified ({int(wrong.sum()):,})" if wrong.any() else ""
    keyed = legend and (labels is not None or bool(wrong.any()))
    figure = new_figure(WIDTH * (0.8 if keyed or values is not None else 0.62), 5.6)
    ax = figure.add_subplot()
    ax.set_title(fit(title, WIDTH * 0.55, TEXT + 1), fontsize=TEXT + 1, color=INK)
    if values is not None:
        numbers = np.asarray(checks.labels(name, values, len(Y), "values"), dtype=float)
        if not np.isfinite(numbers).any():
            raise checks.invalid(name, "values", "finite somewhere", "none that is")
        shown = draw_points(ax, Y, wrong, numbers=numbers)
        bar = figure.colorbar(shown, ax=ax, shrink=0.6, aspect=30)
        bar.set_label(values_name, fontsize=TEXT, color=INK)
        bar.ax.tick_params(labelsize=SMALL, colors=INK)
        bar.outline.set_visible(False)
        edges = SEQUENTIAL(shown.norm(numbers))
        entries = class_entries(np.zeros(0, int), [], counted)
    else:
        codes, names = (
            (np.full(len(Y), -1), []) if labels is None
            else classes_of(name, labels, len(Y), class_names)
        )  # fmt: skip
        edges = point_colors(codes, len(names))
        draw_points(ax, Y, wrong, colors=edges)
        entries = class_entries(codes if labels is not None else codes[:0], names, counted)
    if images is not None:
        draw_thumbnails(ax, Y, np.asarray(images), edges, first=wrong)
    if legend and entries:
        figure.legend(
            handles=entries, fontsize=TEXT, frameon=False, handletextpad=0.3, labelcolor=INK,
            loc="outside right upper" if values is None else "outside lower center",
        )  # fmt: skip
    return figure


def points(function: str, Y: object) -> Array:
    """Return `Y` as a checked (n, 2) array."""
    Y = checks.matrix(function, "Y", Y)
    if Y.shape[1] != 2:
        raise checks.invalid(
            function, "Y", "of shape (n_observations, 2)", f"shape {Y.shape}",
            "Project the activations to two dimensions first.",
        )  # fmt: skip
    return Y


def wrong_rows(function: str, correct: object, n: int) -> Array:
    """Return True where `correct` says False; nowhere if it is None."""
    if correct is None:
        return np.zeros(n, dtype=bool)
    return ~checks.labels(function, correct, n, "correct").astype(bool)


def point_colors(codes: Array, n_classes: int) -> Array:
    """Return the colour of each class number; the last one, index -1, is for missing."""
    palette: Array = np.array([*class_colors(n_classes), MISSING])
    return palette[codes]


def draw_points(
    ax: Axes, Y: Array, wrong: Array, *, colors: Array | None = None, numbers: Array | None = None
) -> Any:
    """Draw dots and crosses into the axes; the dots of `colors`, or `numbers` on the ramp."""
    bare(ax)
    ax.set_aspect("equal", adjustable="datalim")
    ax.margins(0.04)
    inches = ax.get_position().width * ax.figure.get_figure(root=True).get_figwidth()
    size = float(np.clip(4000 * inches / len(Y), 0.6, 30))
    style: dict[str, Any] = {"cmap": SEQUENTIAL} if numbers is not None else {}
    limits: dict[str, Any] = {}
    if numbers is not None:
        limits = {"vmin": np.nanmin(numbers), "vmax": np.nanmax(numbers)}
    paint = numbers if numbers is not None else colors
    right = ~wrong
    dots = ax.scatter(
        Y[right, 0], Y[right, 1], s=size, c=None if paint is None else paint[right],
        linewidths=0, alpha=0.85, rasterized=True, **style, **limits,
    )  # fmt: skip
    if wrong.any():
        ax.scatter(
            Y[wrong, 0], Y[wrong, 1], s=float(np.clip(2.2 * size, 12, 40)), marker="X",
            c=None if paint is None else paint[wrong], edgecolors=INK, linewidths=0.6,
            rasterized=True, zorder=3, **style, **limits,
        )  # fmt: skip
    return dots


def class_entries(codes: Array, names: Sequence[str], cross: str) -> list[Line2D]:
    """Return the legend: classes that occur, how many more there are, missing, and the cross."""
    colors = class_colors(len(names))
    present = np.unique(codes[codes >= 0]).tolist()
    listed = present if len(present) <= MOST_ENTRIES else present[: MOST_ENTRIES - 1]
    entries = [_entry(shorten(names[k], LONGEST_NAME), color=colors[k]) for k in listed]
    if len(present) > len(listed):
        entries.append(_entry(f"… and {len(present) - len(listed)} more", marker=""))
    if (codes < 0).any():
        entries.append(_entry("no label", color=MISSING))
    if cross:
        entries.append(_entry(cross, marker="X", color="white", edge=INK))
    return entries


def _entry(label: str, *, color: str = INK, marker: str = "o", edge: str = "none") -> Line2D:
    return Line2D(
        [], [], linestyle="", marker=marker, markersize=8, markerfacecolor=color,
        markeredgecolor=edge, label=label,
    )  # fmt: skip
