"""Where adversarial twins go: arrows in each layer's map, and numbers along the depth.

A map is of two dimensions and a twin is placed into it afterwards, so an arrow tells where the
twin's neighbours lie, not how far it went: that is what the numbers are for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from layerwise.figures.color import classes_of, fade, point_colors
from layerwise.figures.legend import Entry, below, class_entries
from layerwise.figures.lines import DASHES, LONG, name_ticks
from layerwise.figures.marks import square
from layerwise.figures.style import FAINT, INK, SOFT, TEXT, WIDTH, bare, new_figure, plain
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Labels, Points

if TYPE_CHECKING:
    import pandas as pd

MOST_ARROWS = 25
"""Twins drawn in each map; the first of more."""

MOST_COLUMNS = 3

BACKGROUND = 0.35
"""Strength of the originals' colours behind the arrows."""


def twin_maps(
    maps: Mapping[str, tuple[Points, Labels]],
    table: pd.DataFrame,
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Draw each layer's map, and an arrow from every original to its adversarial twin.

    Parameters
    ----------
    maps : the map (n, 2) and the labels (n,) of its points, by layer
    table : DataFrame
        Of :func:`layerwise.analysis.keep_twins`, one checkpoint: layer, after, x, y, twin_x,
        twin_y, control_x, control_y. Rows without a place are not drawn; of more than
        :data:`MOST_ARROWS` twins the first are.
    class_names : names of classes 0, 1, ... if labels are integers
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Arrowheads have the colour of the class that the twin is taken for; grey lines go to random
        steps of the same length.

    Raises
    ------
    InvalidValue
        If there is no map.

    Examples
    --------
    >>> import pandas as pd
    >>> Y = np.array([[0.0, 0.0], [4.0, 4.0], [0.0, 1.0]])
    >>> table = pd.DataFrame({"layer": ["relu1"], "after": 1, "x": 0.0, "y": 0.0, "twin_x": 4.0,
    ...     "twin_y": 3.0, "control_x": 0.1, "control_y": 0.1})
    >>> figure = twin_maps({"relu1": (Y, np.array([0, 1, 0]))}, table, class_names=["a", "b"])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['a', 'b', 'original → twin', 'original → random step']
    """
    if not maps:
        raise checks.invalid("twin_maps", "maps", "at least one layer", "none")
    columns = min(len(maps), MOST_COLUMNS)
    rows = -(-len(maps) // columns)
    side = min((WIDTH - 0.3) / columns, 4.2)
    figure = new_figure(columns * side + 0.3, rows * (side + 0.35) + 0.6 + 0.4 * bool(title), title)
    shown: list[Array] = []
    for place, (layer, (Y, labels)) in enumerate(maps.items()):
        codes, names = classes_of("twin_maps", labels, len(Y), class_names)
        ax = figure.add_subplot(rows, columns, place + 1)
        part = table[table["layer"] == layer].dropna(subset=["x", "y"]).iloc[:MOST_ARROWS]
        _draw(ax, np.asarray(Y), codes, len(names), part)
        ax.set_title(layer, fontsize=TEXT, color=INK)
        shown += [codes, part["after"].to_numpy(dtype=np.int64)]
    entries: list[Entry] = [
        *class_entries(np.concatenate(shown), names),
        Line2D([], [], color=INK, linewidth=1.2, marker="o", markersize=5, label="original → twin"),
        Line2D([], [], color=SOFT, linewidth=1.2, label="original → random step"),
    ]
    below(figure, entries)
    return figure


def _draw(ax: Axes, Y: Array, codes: Array, n_classes: int, part: pd.DataFrame) -> None:
    bare(ax)
    start, end, noisy = (
        part[[f"{prefix}x", f"{prefix}y"]].to_numpy(dtype=float)
        for prefix in ("", "twin_", "control_")
    )
    square(ax, np.concatenate([Y, end, noisy]))
    colors = fade(point_colors(codes, n_classes), np.full(len(Y), BACKGROUND))
    size = float(np.clip(3000 / len(Y), 1.5, 12))
    ax.scatter(Y[:, 0], Y[:, 1], s=size, c=colors, linewidths=0, rasterized=True)
    for tip, ink, width in ((noisy, SOFT, 1.0), (end, INK, 0.8)):
        ax.add_collection(
            LineCollection(list(np.stack([start, tip], axis=1)), colors=ink, linewidths=width)
        )
    heads = point_colors(part["after"].to_numpy(dtype=np.int64), n_classes)
    ax.scatter(end[:, 0], end[:, 1], s=26, c=heads, edgecolors=INK, linewidths=0.7, zorder=4)


def twin_curves(summary: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw how far twins have gone at each layer, and among which class they are there.

    Parameters
    ----------
    summary : DataFrame
        Of :func:`layerwise.analysis.twin_summary`, one checkpoint, in the order of the network.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Left the distance to the original, in distances between nearest originals, where 1 means as
        far as the next observation; right the share of the nearest originals that are of the old
        and of the new class. Dashed: a random step of the same length.

    Raises
    ------
    InvalidValue
        If there is no layer.

    Examples
    --------
    >>> import pandas as pd
    >>> summary = pd.DataFrame({"layer": ["relu1", "relu2"], "travelled": [0.5, 2.0],
    ...     "control_travelled": [0.5, 0.6], "of_old": [0.9, 0.2], "of_new": [0.0, 0.7],
    ...     "control_of_old": 0.9, "control_of_new": 0.0})
    >>> twin_curves(summary).axes[1].get_ylabel()
    'share of the nearest originals'
    """
    if not len(summary):
        raise checks.invalid("twin_curves", "summary", "at least one layer", "none")
    old, new = INK, "#CC6677"
    figure = new_figure(WIDTH, 3.9, title)
    left, right = figure.subplots(1, 2)
    layers = summary["layer"].tolist()
    for ax in (left, right):
        plain(ax)
    for prefix, dash in (("", DASHES[0]), ("control_", DASHES[1])):
        look: dict[str, Any] = {"linestyle": dash, "linewidth": 1.8, "marker": "o", "markersize": 5}
        at = np.arange(len(layers))
        left.plot(at, summary[f"{prefix}travelled"], color=INK, **look)
        right.plot(at, summary[f"{prefix}of_old"], color=old, **look)
        right.plot(at, summary[f"{prefix}of_new"], color=new, **look)
    left.axhline(1, color=FAINT, linewidth=1, zorder=1)
    left.set_ylim(0)
    right.set_ylim(-0.03, 1.03)
    right.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol="\N{NO-BREAK SPACE}%"))
    left.set_ylabel(
        "distance to the original\n(1: the nearest other observation)", fontsize=TEXT, color=INK
    )
    right.set_ylabel("share of the nearest originals", fontsize=TEXT, color=INK)
    for ax in (left, right):
        name_ticks(ax, layers)
    below(
        figure,
        [
            Line2D([], [], color=INK, linestyle=DASHES[0], label="twin"),
            Line2D([], [], color=INK, linestyle=DASHES[1], label="random step"),
            Line2D([], [], color=old, linewidth=4, label="of the original's class"),
            Line2D([], [], color=new, linewidth=4, label="of the twin's class"),
        ],
        handlelength=LONG,
    )
    return figure
