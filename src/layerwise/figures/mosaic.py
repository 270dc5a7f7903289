"""Many small maps in rows and columns of one frame, named at the top and at the left.

One picture of all maps, since hundreds of axes would take seconds; each is nearest-neighbour
enlarged, and signals of one row are drawn as strips.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from layerwise.figures.style import FAINT, INK, SMALL, characters
from layerwise.foundation.shapes import Array

STRIP = 0.3
"""Height of a map over its width, and the other way round, at least as it is drawn."""

LEAST = 0.21
"""Inches of a map, so that the names of its row and its column have room."""

GAP = 0.1
"""Room between two maps, as a share of a map."""


def side_of(size: tuple[int, ...], side: float) -> tuple[float, float]:
    """Return the inches (width, height) of a map of `size` (height, width) in a cell of `side`.

    Examples
    --------
    >>> side_of((28, 28), 0.5), side_of((1, 100), 1.0), side_of((100, 1), 0.5)
    ((0.5, 0.5), (1.0, 0.3), (0.21, 0.5))
    """
    high, wide = size
    ratio = float(np.clip(high / wide, STRIP, 1 / STRIP))
    return max(side * min(1, 1 / ratio), LEAST), max(side * min(1, ratio), LEAST)


def mosaic(
    ax: Axes, colors: Array, ratio: float, rows: Sequence[str], columns: Sequence[str]
) -> None:
    """Draw maps (n_rows, n_columns, height, width, 3), RGB in [0, 1]; NaN is an empty place.

    A map is one unit wide and high in data coordinates, whatever its size in pixels, so that row
    ``r`` and column ``c`` stand at ``(c, r)``; `ratio` is its height over its width as drawn.
    `rows` or `columns` may be empty.
    """
    n_rows, n_columns, high, wide, _ = colors.shape
    half = (1 - GAP) / 2
    frames = []
    for r in range(n_rows):
        for c in range(n_columns):
            if np.isnan(colors[r, c]).any():
                continue
            box = (c - half, c + half, r + half, r - half)
            ax.imshow(colors[r, c], extent=box, interpolation=_how(high, wide))
            frames.append(Rectangle((c - half, r - half), 2 * half, 2 * half))
    ax.add_collection(
        PatchCollection(frames, facecolor="none", edgecolor=FAINT, linewidth=0.5, zorder=3)
    )
    ax.set(xlim=(-0.5, n_columns - 0.5), ylim=(n_rows - 0.5, -0.5), aspect=ratio)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=SMALL, labelcolor=INK, pad=2)
    ax.xaxis.tick_top()
    ax.set_xticks(range(len(columns)), columns)
    ax.set_yticks(range(len(rows)), rows)


def slant(ax: Axes, width: float) -> None:
    """Slant the names at the top if one is wider than so many inches."""
    if max(len(tick.get_text()) for tick in ax.get_xticklabels()) > characters(width, SMALL):
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="left", rotation_mode="anchor")


def _how(high: int, wide: int) -> str:
    """Return the interpolation: pixels stay pixels, larger maps than can be seen are averaged."""
    return "nearest" if max(high, wide) <= 32 else "auto"
