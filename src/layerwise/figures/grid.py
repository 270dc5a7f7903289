"""Many projections side by side: layers across, checkpoints down, one legend for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerwise.figures.color import classes_of
from layerwise.figures.scatter import (
    class_entries,
    draw_points,
    point_colors,
    points,
    wrong_rows,
)
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

MOST_COLUMNS = 5
"""Panels side by side; more wrap to the next block. Five leave 1.8 inches each."""


@dataclass(frozen=True)
class Panel:
    """One projection in a grid.

    Attributes
    ----------
    Y : (n_observations, 2)
    labels : (n_observations,), class of each observation, or None
    correct : (n_observations,) of bool, False marks a misclassified one, or None
    caption : under the panel, for example "NH 2-D 93.7 %   n-D 95.1 %"; two or more spaces are
        where it breaks if it is too wide
    """

    Y: Points
    labels: Labels | None = None
    correct: Labels | None = None
    caption: str = ""


def small_multiples(
    panels: Sequence[Panel | None],
    *,
    columns: Sequence[str],
    rows: Sequence[str] = ("",),
    class_names: Sequence[str] | None = None,
    title: str = "",
    legend: bool = True,
) -> Figure:
    """Draw projections in a grid, for example layers across and before / after training down.

    Parameters
    ----------
    panels : sequence of :class:`Panel`, row by row
        ``len(rows) * len(columns)`` of them; None leaves a place empty.
    columns, rows : sequences of str
        Names at the top and at the left. More than :data:`MOST_COLUMNS` columns wrap into blocks
        that repeat the rows.
    class_names : sequence of str, optional
        As in :func:`scatter`; without it classes are the sorted labels of all panels.
    title : str
    legend : bool

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If the number of panels is not rows x columns, or no panel is given.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> figure = small_multiples([Panel(square), Panel(square)], columns=["relu1", "relu2"])
    >>> [ax.get_title() for ax in figure.axes]
    ['relu1', 'relu2']
    """
    name = "small_multiples"
    if not columns or len(panels) != len(rows) * len(columns):
        raise checks.invalid(
            name, "panels", f"{len(rows)} rows x {len(columns)} columns", f"{len(panels)} panels"
        )
    if all(panel is None for panel in panels):
        raise checks.invalid(name, "panels", "at least one panel", "none")
    codes, names = _shared_classes(name, panels, class_names)

    n_blocks = math.ceil(len(columns) / MOST_COLUMNS)
    across = math.ceil(len(columns) / n_blocks)
    side = min((WIDTH - 0.3) / across, 3.6)
    captions = [fit(panel.caption, side, TEXT) if panel else "" for panel in panels]
    lines = max(caption.count("\n") + 1 if caption else 0 for caption in captions)
    height = side + 0.18 * lines
    entries = _legend(codes, names, panels) if legend else []
    width = across * side + 0.3
    beside = _legend_columns(entries, width)
    figure = new_figure(
        width,
        n_blocks * (len(rows) * height + 0.3) + 0.4 * bool(title)
        + 0.22 * math.ceil(len(entries) / beside),
        title,
    )  # fmt: skip
    spec = figure.add_gridspec(n_blocks * len(rows), across)
    for place, panel in enumerate(panels):
        row, column = divmod(place, len(columns))
        block, left = divmod(column, across)
        ax = figure.add_subplot(spec[block * len(rows) + row, left])
        if panel is None:
            bare(ax)
            ax.spines[:].set_visible(False)
        else:
            wrong = wrong_rows(name, panel.correct, len(panel.Y))
            colors = point_colors(codes[place], len(names))
            draw_points(ax, points(name, panel.Y), wrong, colors=colors)
        if row == 0:
            heading = shorten(columns[column], characters(side, TEXT))
            ax.set_title(heading, fontsize=TEXT, color=INK)
        if left == 0:
            heading = shorten(rows[row], characters(side, TEXT))
            ax.set_ylabel(heading, fontsize=TEXT, color=INK)
        ax.set_xlabel(captions[place], fontsize=TEXT, color=INK)
    if entries:
        figure.legend(
            handles=entries, loc="outside lower center", ncols=beside, fontsize=SMALL,
            frameon=False, handletextpad=0.2, columnspacing=1.2, labelcolor=INK,
        )  # fmt: skip
    return figure


def _shared_classes(
    function: str, panels: Sequence[Panel | None], class_names: Sequence[str] | None
) -> tuple[list[Array], list[str]]:
    """Return the class numbers of every panel's points, numbered over all panels together."""
    codes = [np.full(len(panel.Y) if panel else 0, -1) for panel in panels]
    given = [k for k, panel in enumerate(panels) if panel and panel.labels is not None]
    if not given:
        return codes, []
    labels = [checks.labels(function, panels[k].labels, len(codes[k])) for k in given]  # type: ignore[union-attr]
    together = np.concatenate(labels)
    numbers, names = classes_of(function, together, len(together), class_names)
    ends = np.cumsum([len(part) for part in labels])[:-1]
    for k, part in zip(given, np.split(numbers, ends), strict=True):
        codes[k] = part
    return codes, names


def _legend(codes: list[Array], names: list[str], panels: Sequence[Panel | None]) -> list[Line2D]:
    labelled = [
        c for c, panel in zip(codes, panels, strict=True) if panel and panel.labels is not None
    ]
    wrong = any(
        panel and panel.correct is not None and not np.all(panel.correct) for panel in panels
    )
    together = np.concatenate(labelled) if labelled else np.zeros(0, int)
    return class_entries(together, names, "misclassified" if wrong else "")


def _legend_columns(entries: Sequence[Line2D], width: float) -> int:
    """Return how many entries fit side by side."""
    longest = max((len(str(entry.get_label())) for entry in entries), default=1)
    return max(1, min(len(entries), characters(width - 0.3, SMALL) // (longest + 6)))
