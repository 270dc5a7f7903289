"""What the colours and glyphs of a figure mean: entries, where they stand, colour bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import to_rgb
from matplotlib.container import Container
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from layerwise.figures.color import MISSING, class_colors, fade
from layerwise.figures.style import INK, SMALL, TEXT, characters, fit, shorten
from layerwise.foundation.shapes import Array

LONGEST_NAME = 22
MOST_CLASSES = 20
"""Rows of classes; what is beyond is counted, not listed."""

BAR = 0.9
"""Inches that a colour bar takes with its numbers and its name."""

NICE = (1, 2, 2.5, 5, 10)
"""Steps between the numbers of a scale."""

Entry = Line2D | Container
"""Something with a glyph and a label."""


def class_entries(codes: Array, names: Sequence[str]) -> list[Entry]:
    """Return the classes that occur, and how many more there are than fit."""
    colors = class_colors(len(names))
    present = np.unique(codes[codes >= 0]).tolist()
    listed = present if len(present) <= MOST_CLASSES else present[: MOST_CLASSES - 1]
    entries: list[Entry] = [_dot(shorten(names[k], LONGEST_NAME), colors[k]) for k in listed]
    if len(present) > len(listed):
        entries.append(note(f"… and {len(present) - len(listed)} more"))
    return entries


def key(label: str, *, lines: bool = False) -> Entry:
    """Return an entry that shows what fading means, as three dots or as a line."""
    ink = np.tile(to_rgb(INK), (3, 1))
    shades = [tuple(shade) for shade in fade(ink, np.array([0.0, 0.4, 1.0]))]
    if lines:
        return Container([Line2D([], [], color=shade, linewidth=2) for shade in shades], label)
    return Container([_dot("", shade, size=5.5) for shade in shades], label)


def ring(label: str) -> Entry:
    """Return the entry of points that have no colour."""
    return _dot(label, "none", edge=MISSING)


def cross(label: str) -> Entry:
    """Return the entry of points that stand out."""
    return _dot(label, "white", edge=INK, marker="X")


def square(label: str, color: str) -> Entry:
    """Return the entry of an area of one colour."""
    return _dot(label, color, marker="s")


def note(label: str) -> Entry:
    """Return an entry of text alone."""
    return _dot(label, "none", marker="")


def n_columns(entries: Sequence[Entry], width: float) -> int:
    """Return how many columns of entries fit into so many inches, in as few rows as possible."""
    lengths = [len(str(entry.get_label())) + 8 for entry in entries]
    room = characters(width - 0.5, SMALL)
    fitting = [
        n for n in range(2, len(entries) + 1)
        if sum(max(column) for column in np.array_split(lengths, n)) <= room
    ]  # fmt: skip
    # Of as few rows as there can be, the fewest columns: rows of one length.
    return min([1, *fitting], key=lambda n: (math.ceil(len(entries) / n), n))


def below(figure: Figure, entries: Sequence[Entry], *, handlelength: float = 2.0) -> None:
    """Write the entries under the figure, in as few rows as they fit in."""
    _legend(
        figure, entries, loc="outside lower center", fontsize=SMALL, handlelength=handlelength,
        columnspacing=1.4, ncols=n_columns(entries, figure.get_figwidth()),
    )  # fmt: skip


def beside(figure: Figure, entries: Sequence[Entry]) -> None:
    """Write the entries one under the other, right of the figure."""
    _legend(figure, entries, loc="outside right upper", fontsize=TEXT)


def color_bar(
    figure: Figure, scale: ScalarMappable, axes: Sequence[Axes], name: str, height: float
) -> Colorbar:
    """Draw the scale right of the axes; `height` is theirs in inches."""
    # A bar as long as a column of panels would be far from what it explains.
    shrink = min(0.8, 3.4 / height)
    bar = figure.colorbar(scale, ax=axes, shrink=shrink, aspect=30 * shrink * height / 3.4)
    bar.locator = MaxNLocator(5, steps=NICE)
    bar.set_label(fit(name, height * 0.9, TEXT), fontsize=TEXT, color=INK)
    bar.ax.tick_params(labelsize=SMALL, colors=INK)
    bar.ax.yaxis.get_offset_text().set(size=SMALL, color=INK)
    bar.outline.set_visible(False)
    return bar


def _legend(figure: Figure, entries: Sequence[Any], **place: Any) -> None:
    if entries:
        figure.legend(
            handles=entries, frameon=False, handletextpad=0.6, labelcolor=INK,
            handler_map={Container: HandlerTuple(ndivide=None, pad=0)}, **place,
        )  # fmt: skip


def _dot(
    label: str, color: Any, *, edge: str = "none", marker: str = "o", size: float = 8
) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker=marker, markersize=size, markerfacecolor=color,
        markeredgecolor=edge, label=label,
    )  # fmt: skip
