"""Lines told apart by colour and by dash: what the charts by layer and by time share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from layerwise.figures.color import class_colors
from layerwise.figures.style import INK, SMALL, SOFT, WIDTH, characters, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

DASHES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.2)), (0, (4, 1.5, 1, 1.5)))
"""Line styles, in order: solid, dashed, dotted, dash-dot."""

MARKERS = ("o", "s", "^", "v")
"""Beside the line styles, so that a single point tells its line apart too."""

LONGEST_TICK = 16
MOST_TICKS = 30
"""Names under an axis; of more, every second or third is written."""

LONG = 2.6
"""Length of a line in a legend, in letters: enough to tell dashes apart."""


class Lines:
    """The lines of one table, in the hues of one column and the dashes of another.

    Parameters
    ----------
    function : str
        Who asks, for errors.
    table : DataFrame
        A row a point; ``spread`` (error bars) and ``published`` (open diamonds) where known.
    x, y, color, dash : str
        Its columns; first values of `color` and `dash` first.
    hint : str
        What to do if a point is there twice.
    """

    def __init__(
        self, function: str, table: pd.DataFrame, x: str, y: str, color: str, dash: str, hint: str
    ) -> None:
        for column in (x, y, color, dash):
            if column not in table:
                there = map(str, table.columns)
                raise checks.not_found("column", column, f"{function}'s table", there)
        if table.empty:
            raise checks.invalid(function, "table", "at least one row", "none")
        numbers(function, table, y)
        twice = int(table.duplicated([x, color, dash]).sum())
        if twice:
            *most, last = dict.fromkeys([x, color, dash])
            one = f"one row per {', '.join(most)} and {last}"
            raise checks.invalid(function, "table", one, f"{twice} more", hint)
        hues, dashes = table[color].unique(), table[dash].unique()
        self.table, self.columns = table, (x, y, color, dash)
        self.hues = dict(zip(hues, class_colors(len(hues)), strict=True))
        self.styles: dict[Any, dict[str, Any]] = {
            value: {"linestyle": DASHES[k % len(DASHES)], "marker": MARKERS[k % len(MARKERS)]}
            for k, value in enumerate(dashes)
        }

    def draw(self, ax: Axes, place: Mapping[Any, float]) -> None:
        """Draw every line, its error bars and its published values; `place` maps x to the axis."""
        x, y, color, dash = self.columns
        rows = self.table[self.table[x].isin(list(place))]
        for (hue, style), line in rows.groupby([color, dash], sort=False):
            at, ink = [place[value] for value in line[x]], self.hues[hue]
            ax.plot(at, line[y], color=ink, linewidth=1.8, markersize=5, **self.styles[style])
            spread, published = known(line, "spread"), known(line, "published")
            if spread is not None:
                ax.errorbar(at, line[y], yerr=spread, fmt="none", ecolor=ink, capsize=3)
            if published is not None:
                ax.plot(at, published, **{**DIAMOND, "markeredgecolor": ink})

    def entries(self) -> list[Line2D]:
        """Return the legend of colours and of dashes."""
        line: dict[str, Any] = {"linewidth": 1.8, "markersize": 5}
        if self.columns[2] == self.columns[3]:
            return [
                Line2D([], [], color=ink, label=shorten(hue, 30), **line, **self.styles[hue])
                for hue, ink in self.hues.items()
            ]
        return [
            *(Line2D([], [], color=ink, linewidth=4, label=shorten(hue, 30))
              for hue, ink in self.hues.items()),
            *(Line2D([], [], color=SOFT, label=shorten(style, 30), **line, **look)
              for style, look in self.styles.items()),
        ]  # fmt: skip

    def published(self) -> list[Line2D]:
        """Return the legend of published values, if there are any."""
        there = known(self.table, "published") is not None
        return [Line2D([], [], label="published", **DIAMOND)] if there else []


DIAMOND: dict[str, Any] = {
    "linestyle": "", "marker": "D", "markersize": 8, "markerfacecolor": "none",
    "markeredgecolor": INK, "markeredgewidth": 1.4,
}  # fmt: skip
"""A published value: not ours, so not filled."""


def known(table: pd.DataFrame, column: str) -> Array | None:
    """Return a column as floats, or None if the table has no number there."""
    if column not in table or table[column].isna().all():
        return None
    return table[column].to_numpy(dtype=float)


def numbers(function: str, table: pd.DataFrame, column: str) -> Array:
    """Return a column that must hold numbers as floats."""
    if table[column].dtype.kind not in "fiub":
        got = f"dtype {table[column].dtype}"
        raise checks.invalid(function, "table", f"numbers in column {column!r}", got)
    return table[column].to_numpy(dtype=float)


def name_ticks(ax: Axes, names: Sequence[object]) -> None:
    """Write names under 0, 1, ...: level if they fit, else slanted, else every k-th."""
    every = math.ceil(len(names) / MOST_TICKS)
    texts = [shorten(name, LONGEST_TICK) for name in names]
    slanted = sum(len(text) + 2 for text in texts) > characters(WIDTH * 0.7, SMALL)
    ax.set_xticks(range(0, len(names), every), texts[::every])
    if slanted:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.4, max(len(names) - 0.6, 0.4))
