"""Populations of units: how each one is distributed, and how a number is over the units.

A fan shows a unit's quantiles over observations, a box those of one number over the units of a
layer. Networks stand beside each other on one scale, since a trend over layers says nothing without
that of the untrained network. Leaves out how quantiles are estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from layerwise.figures.color import class_colors
from layerwise.figures.legend import NICE, below, square
from layerwise.figures.lines import name_ticks, numbers
from layerwise.figures.style import (
    INK,
    SMALL,
    TEXT,
    WIDTH,
    characters,
    fit,
    new_figure,
    plain,
    shorten,
)
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

FAN = (("q01", "q99", "#DDEAF3", "1–99\N{NO-BREAK SPACE}%"),
       ("q05", "q95", "#A6CBEA", "5–95\N{NO-BREAK SPACE}%"),
       ("q25", "q75", "#4A90D0", "25–75\N{NO-BREAK SPACE}%"))  # fmt: skip
"""Bands of a fan, outer ones first: columns, colour, name."""

MEDIAN = "q50"
MEDIAN_INK = "#0B1F4B"

MOST_ACROSS = 4
"""Panels of fans side by side."""


def unit_fans(
    panels: Sequence[pd.DataFrame | None],
    *,
    columns: Sequence[str],
    rows: Sequence[str] = ("",),
    ylabel: str = "activation",
    title: str = "",
) -> Figure:
    """Draw the quantiles of every unit, units sorted by their median, then their mean.

    Parameters
    ----------
    panels : sequence of DataFrame, row by row
        A row a unit: columns q01, q05, q25, q50, q75, q95, q99 and mean. None leaves a place empty.
    columns, rows : sequences of str
        Layers at the top (at most 4) and networks at the left; each layer has one scale.
    ylabel, title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If the number of panels is not rows x columns, or there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> units = pd.DataFrame({name: [2.0, 1.0] for name in
    ...                       ("q01", "q05", "q25", "q50", "q75", "q95", "q99", "mean")})
    >>> figure = unit_fans([units], columns=["relu1"])
    >>> figure.axes[0].get_title(), figure.axes[0].lines[0].get_ydata().tolist()
    ('relu1', [1.0, 1.0, 2.0, 2.0])
    """
    name = "unit_fans"
    if len(panels) != len(rows) * len(columns) or not any(one is not None for one in panels):
        got = f"{len(panels)} panels, {sum(one is not None for one in panels)} of them given"
        raise checks.invalid(name, "panels", f"{len(rows)} rows x {len(columns)} columns", got)
    checks.integer(name, "columns", len(columns), 1, MOST_ACROSS, "Choose some layers.")
    width = min(WIDTH, 1.2 + 3.2 * len(columns))
    figure = new_figure(width, 1.9 * len(rows) + 0.7 + 0.35 * bool(title), title)
    axes = figure.subplots(len(rows), len(columns), squeeze=False, sharey="col")
    room = (width - 1) / len(columns)
    for place, units in enumerate(panels):
        row, column = divmod(place, len(columns))
        ax = axes[row, column]
        plain(ax)
        if row == 0:
            ax.set_title(
                shorten(columns[column], characters(room - 0.45, TEXT)), fontsize=TEXT, color=INK
            )
        if column == 0:
            words = fit("  ".join(filter(None, (rows[row], ylabel))), 1.7, TEXT)
            ax.set_ylabel(words, fontsize=TEXT, color=INK)
        ax.set_xticks([])
        if units is None or not len(units):
            continue
        _fan(ax, units)
        many = f"{len(units):,} unit{'s' * (len(units) > 1)}"
        ax.set_xlabel(f"{many}, by median", fontsize=SMALL, color=INK)
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=NICE))
    entries = [square(words, ink) for *_, ink, words in FAN]
    below(figure, [*entries, square("median", MEDIAN_INK)])
    return figure


def unit_boxes(
    table: pd.DataFrame,
    values: Mapping[str, str],
    *,
    along: str = "layer",
    beside: str = "checkpoint",
    shares: bool = False,
    title: str = "",
) -> Figure:
    """Draw how numbers are distributed over units: a box for each group of units.

    A box reaches from the first to the third quartile, its line from 5 to 95 %, the white dot is
    the median. Units without the number are left out.

    Parameters
    ----------
    table : DataFrame
        A row a unit: `along`, `beside` and the columns of `values`.
    values : {column: name}, at most 4
        What is drawn, a panel each; the name stands at its axis.
    along, beside : str
        Columns that group units: along the axis (layers, classes, checkpoints) and side by side in
        two or more colours (networks), both in order of first appearance.
    shares : bool
        Whether all values are shares, drawn in percent.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotFound
        If the table lacks a column.
    InvalidValue
        If it has no rows, or no numbers in such a column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"layer": "relu1", "checkpoint": ["first", "last"] * 2,
    ...                       "active": [0.5, 0.2, 0.7, 0.3]})
    >>> figure = unit_boxes(table, {"active": "share active"}, shares=True)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['first', 'last']
    """
    name = "unit_boxes"
    for column in (along, beside, *values):
        if column not in table:
            raise checks.not_found("column", column, f"{name}'s table", map(str, table.columns))
    if table.empty or not values:
        raise checks.invalid(name, "table", "at least one row, for a value at least", "none")
    checks.integer(name, "values", len(values), 1, 4)
    drawn = {column: numbers(name, table, column) for column in values}
    places, networks = table[along].unique().tolist(), table[beside].unique().tolist()
    inks = class_colors(len(networks))
    two = len(values) > 1 and len(places) <= 10
    n_rows = -(-len(values) // (1 + two))
    width = WIDTH if two or len(places) > 6 else WIDTH * 0.7
    figure = new_figure(width, 2.6 * n_rows + 0.4 + 0.35 * bool(title), title)
    where = table[along].map({value: k for k, value in enumerate(places)}).to_numpy()
    which = table[beside].map({value: k for k, value in enumerate(networks)}).to_numpy()
    for k, (column, words) in enumerate(values.items()):
        ax = figure.add_subplot(n_rows, 1 + two, k + 1)
        plain(ax)
        for network, ink in enumerate(inks):
            _boxes(ax, drawn[column], where, which == network, network, len(networks), ink)
        _name(ax, places, width / (1 + two))
        ax.yaxis.set_major_locator(MaxNLocator(5, steps=NICE))
        if shares:
            ax.yaxis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%"))
        ax.set_ylabel(fit(words, 2.2, TEXT), fontsize=TEXT, color=INK)
    entries = [square(shorten(words, 30), ink)
               for ink, words in zip(inks, networks, strict=True)]  # fmt: skip
    below(figure, entries)
    return figure


def _fan(ax: Axes, units: pd.DataFrame) -> None:
    """Draw bands and median as steps, so that a single unit has a width too."""
    order = np.lexsort((units["mean"].to_numpy(), units[MEDIAN].to_numpy()))
    edges = np.repeat(np.arange(len(units) + 1), 2)[1:-1]

    def steps(column: str) -> Array:
        return np.repeat(units[column].to_numpy(dtype=float)[order], 2)

    for low, high, ink, _ in FAN:
        ax.fill_between(edges, steps(low), steps(high), color=ink, linewidth=0, rasterized=True)
    ax.plot(edges, steps(MEDIAN), color=MEDIAN_INK, linewidth=1.2)
    ax.set_xlim(0, len(units))


def _boxes(
    ax: Axes, values: Array, where: Array, chosen: Array, rank: int, n: int, ink: str
) -> None:
    """Draw the boxes of one network, in its part of every place."""
    width = 0.7 / n
    for place in np.unique(where[chosen]).tolist():
        found = values[chosen & (where == place)]
        found = found[np.isfinite(found)]
        if not len(found):
            continue
        x = place + (rank - (n - 1) / 2) * width
        low, first, median, third, high = np.quantile(found, (0.05, 0.25, 0.5, 0.75, 0.95))
        ax.plot([x, x], [low, high], color=ink, linewidth=1.2, solid_capstyle="butt")
        ax.bar(x, third - first, 0.75 * width, first, color=ink)
        ax.scatter(x, median, s=12, color="white", edgecolors=ink, linewidths=0.8, zorder=3)


def _name(ax: Axes, places: Sequence[object], width: float) -> None:
    name_ticks(ax, places)
    longest = sum(len(str(place)) + 2 for place in places)
    if longest > characters(0.8 * width, SMALL):
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.5, len(places) - 0.5)
