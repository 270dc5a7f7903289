"""Many projections side by side: layers across, checkpoints down, one legend for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from layerwise.figures.color import classes_of
from layerwise.figures.scatter import (
    class_entries,
    draw_points,
    point_colors,
    points,
    wrong_rows,
)
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, characters, fit, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Labels, Points

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
    >>> square = [[0.0, 0], [0, 1], [1, 0], [1, 1]]
    >>> figure = small_multiples([Panel(square, caption="NH 100 %")] * 2, columns=["relu1", "relu2"])
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
    names = _names(name, panels, class_names)

    n_blocks = math.ceil(len(columns) / MOST_COLUMNS)
    width = math.ceil(len(columns) / n_blocks)
    side = min((WIDTH - 0.3) / width, 3.6)
    lines = max((fit(p.caption, side, SMALL).count("\n") + 1 if p.caption else 0)
                for p in panels if p)  # fmt: skip
    height = side * 0.95 + 0.17 * lines + 0.1
    figure = new_figure(
        width * side + 0.3, n_blocks * (len(rows) * height + 0.3) + 0.3 * legend + 0.35 * bool(title),
        title,
    )  # fmt: skip
    spec = figure.add_gridspec(n_blocks * len(rows), width)
    seen: set[int] = set()
    n_wrong, unlabelled = 0, False
    for place, panel in enumerate(panels):
        if panel is None:
            continue
        row, column = divmod(place, len(columns))
        block, across = divmod(column, width)
        ax = figure.add_subplot(spec[block * len(rows) + row, across])
        if row == 0:
            longest = characters(side, TEXT)
            ax.set_title(shorten(columns[column], longest), fontsize=TEXT, color=INK)
        if across == 0 and rows[row]:
            text = shorten(rows[row], characters(side, TEXT))
            ax.set_ylabel(text, fontsize=TEXT, color=INK)
