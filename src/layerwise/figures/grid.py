"""Many projections side by side: layers across, checkpoints down, one legend for all.

Panels may differ in kind: observations by class left and units by a number right, or the trails
of several methods. Classes and the scale of numbers are one for the whole figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from layerwise.figures import legend as keys
from layerwise.figures.marks import draw
from layerwise.figures.panel import Panel, read
from layerwise.figures.style import (
    INK,
    TEXT,
    WIDTH,
    bare,
    characters,
    fit,
    new_figure,
    shorten,
)
from layerwise.foundation import checks

MOST_COLUMNS = 5
"""Panels side by side; more wrap to the next block. Five leave 1.8 inches each."""


def small_multiples(
    panels: Sequence[Panel | None],
    *,
    columns: Sequence[str],
    rows: Sequence[str] = ("",),
    class_names: Sequence[str] | None = None,
    same_frame: bool = False,
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
    same_frame : bool
        Give all panels of a row the same limits: for maps that are laid over each other, in which
        a place means the same everywhere.
    title : str
    legend : bool

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If the number of panels is not rows x columns, no panel is given, or their values are of
        different names.

    Examples
    --------
    >>> import numpy as np
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
    reading = read(name, panels, class_names)
    entries = reading.entries if legend else []

    n_blocks = math.ceil(len(columns) / MOST_COLUMNS)
    across = math.ceil(len(columns) / n_blocks)
    beyond = 0.3 + keys.BAR * (reading.scale is not None)
    side = min((WIDTH - beyond) / across, 3.6)
    captions = [fit(panel.caption, side, TEXT) if panel else "" for panel in panels]
    lines = max(caption.count("\n") + 1 if caption else 0 for caption in captions)
    height = n_blocks * (len(rows) * (side + 0.2 * lines) + 0.4)
    width = across * side + beyond
    under = math.ceil(len(entries) / keys.n_columns(entries, width)) if entries else 0
    figure = new_figure(width, height + 0.4 * bool(title) + 0.25 * under, title)
    frames = [
        np.concatenate([m.places.reshape(-1, 2) for m in found if m is not None])
        if same_frame and any(m is not None for m in found) else None
        for found in (reading.marks[k : k + len(columns)]
                      for k in range(0, len(panels), len(columns)))
    ]  # fmt: skip
    spec = figure.add_gridspec(n_blocks * len(rows), across)
    for place, marks in enumerate(reading.marks):
        row, column = divmod(place, len(columns))
        block, left = divmod(column, across)
        ax = figure.add_subplot(spec[block * len(rows) + row, left])
        if marks is None:
            bare(ax)
            ax.spines[:].set_visible(False)
        else:
            draw(ax, marks, frames[row])
        if row == 0:
            heading = shorten(columns[column], characters(side, TEXT))
            ax.set_title(heading, fontsize=TEXT, color=INK)
        if left == 0:
            heading = shorten(rows[row], characters(side, TEXT))
            ax.set_ylabel(heading, fontsize=TEXT, color=INK)
        ax.set_xlabel(captions[place], fontsize=TEXT, color=INK)
    if reading.scale is not None:
        keys.color_bar(figure, reading.scale, figure.axes, reading.values_name, height)
    keys.below(figure, entries)
    return figure
