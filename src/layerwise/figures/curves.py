"""Numbers by layer and by epoch, as lines.

A score by layer never stands alone: the untrained network, the level of the raw input, the floor
of shuffled labels, the spread over seeds and the published value are drawn where the table of
results has them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from layerwise.figures.color import class_colors
from layerwise.figures.style import (
    INK,
    SMALL,
    SOFT,
    TEXT,
    WIDTH,
    characters,
    new_figure,
    plain,
    shorten,
)
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

DASHES: tuple[Any, ...] = ("-", (0, (4, 2)), (0, (1, 1.2)), (0, (4, 1.5, 1, 1.5)))
"""Line styles, in order: solid, dashed, dotted, dash-dot."""

MARKERS = ("o", "s", "^", "v")
"""Beside the line styles, so that a single layer tells its scores apart too."""

FLOOR = "shuffled labels"
LONGEST_TICK = 16
MOST_TICKS = 30
"""Layer names under an axis; of more, every second or third is written."""

SUBSETS = ("train", "test")

LEAST_SPAN = 0.04
"""An axis of scores shows at least four points, so that noise does not look like a slope."""

FAR = 0.5
"""A floor further below the scores than this part of their span is named, not drawn."""


def layer_curves(
    table: pd.DataFrame,
    *,
    color: str = "checkpoint",
    dash: str = "score",
    level: str = "input",
    ylabel: str = "neighborhood hit",
    title: str = "",
) -> Figure:
    """Draw scores by layer: one colour a checkpoint, one line style a score.

    The axis is cut to the scores with their error bars, the level and the published values. A
    floor far below would press them together, so it is named at the lower edge instead.

    Parameters
    ----------
    table : DataFrame
        Rows of ``scores.summarize``: columns ``layer`` and ``value`` (fractions), those that
        `color` and `dash` name, and where known ``spread`` (error bars), ``floor`` (dotted line,
        with a band if it differs between rows) and ``published`` (open diamonds). Layers stand in
        order of first appearance.
    color, dash : str
        The columns told apart by colour and by line style; first values first: solid is the first
        of `dash`.
    level : str
        The layer drawn as a horizontal line in place of a point: the raw input.
    ylabel, title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotFound
        If the table lacks a column.
    InvalidValue
        If it has no rows, or two values for one point of a line.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"layer": ["input", "relu1", "relu2"], "value": [0.86, 0.93, 0.94],
    ...                       "checkpoint": "trained", "score": "2-D"})
    >>> figure = layer_curves(table)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['trained', '2-D', 'input']
    """
    name = "layer_curves"
    for column in ("layer", "value", color, dash):
        if column not in table:
            raise checks.not_found("column", column, f"{name}'s table", map(str, table.columns))
    if table.empty:
        raise checks.invalid(name, "table", "at least one row", "none")
    twice = int(table.duplicated(["layer", color, dash]).sum())
    if twice:
        raise checks.invalid(
            name, "table", f"one row per layer, {color} and {dash}", f"{twice} more",
            "Select one network, data set and method first.",
        )  # fmt: skip

    layers = [layer for layer in table["layer"].unique() if layer != level]
    place = {layer: x for x, layer in enumerate(layers)}
    hues = dict(zip(table[color].unique(), class_colors(table[color].nunique()), strict=True))
    styles = {
        value: {"linestyle": DASHES[k % len(DASHES)], "marker": MARKERS[k % len(MARKERS)]}
        for k, value in enumerate(table[dash].unique())
    }

    figure = new_figure(WIDTH * 0.8, 4.6, title)
    ax = figure.add_subplot()
    plain(ax)
    for (hue, style), rows in table[table["layer"] != level].groupby([color, dash], sort=False):
        x = [place[layer] for layer in rows["layer"]]
        ax.plot(x, rows["value"], color=hues[hue], linewidth=1.8, markersize=5, **styles[style])
        spread = _known(rows, "spread")
        if spread is not None:
            ax.errorbar(x, rows["value"], yerr=spread, fmt="none", ecolor=hues[hue], capsize=3)
        published = _known(rows, "published")
        if published is not None:
            ax.plot(x, published, linestyle="", marker="D", markersize=8, markerfacecolor="none",
                    markeredgecolor=hues[hue], markeredgewidth=1.4)  # fmt: skip
    for style, rows in table[table["layer"] == level].groupby(dash, sort=False):
        value = float(rows["value"].iloc[0])  # the input is the same at every checkpoint
        ax.axhline(value, color=INK, linewidth=1.1, linestyle=styles[style]["linestyle"])
    entries = [Line2D([], [], color=ink, linewidth=4, label=shorten(hue, 30))
               for hue, ink in hues.items()]  # fmt: skip
    entries += [Line2D([], [], color=SOFT, linewidth=1.8, markersize=5, label=shorten(style, 30),
                       **look) for style, look in styles.items()]  # fmt: skip
    if (table["layer"] == level).any():
        entries.append(Line2D([], [], color=INK, linewidth=1.1, label=shorten(level, 30)))
    if _scale(ax, table):
        entries.append(Line2D([], [], color=INK, linewidth=1.3, linestyle=":", label=FLOOR))
    if _known(table, "published") is not None:
        entries.append(
            Line2D([], [], linestyle="", marker="D", markersize=8, markerfacecolor="none",
                   markeredgecolor=INK, label="published")
        )  # fmt: skip
    _name_layers(ax, layers)
    ax.set_ylabel(ylabel, fontsize=TEXT, color=INK)
    _legend(figure, entries)
    return figure


def training_curves(history: Sequence[Mapping[str, Any]], *, title: str = "") -> Figure:
    """Draw loss and accuracy by epoch.

    Parameters
    ----------
    history : sequence of mappings, one an epoch
        ``epoch`` and any of ``train_loss``, ``test_loss``, ``train_accuracy``, ``test_accuracy``;
        None or NaN where it was not measured.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        One panel for each of loss and accuracy that is there.

    Raises
    ------
    InvalidValue
        If there is no epoch, or nothing to draw.

    Examples
    --------
    >>> figure = training_curves([{"epoch": 0, "train_loss": 2.3}, {"epoch": 1, "train_loss": 0.4}])
    >>> [ax.get_ylabel() for ax in figure.axes]
    ['loss']
    """
    name = "training_curves"
    measured = {
        f"{subset}_{kind}": [
            (row["epoch"], row[f"{subset}_{kind}"])
            for row in history
            if "epoch" in row and _is_number(row.get(f"{subset}_{kind}"))
        ]
        for kind in ("loss", "accuracy")
        for subset in SUBSETS
    }
    kinds = [k for k in ("loss", "accuracy") if any(measured[f"{s}_{k}"] for s in SUBSETS)]
    if not kinds:
        raise checks.invalid(
            name, "history", "epochs with train_loss, train_accuracy or the like",
            f"{len(history)} rows without any",
        )  # fmt: skip
    figure = new_figure(WIDTH if len(kinds) == 2 else WIDTH * 0.6, 3.6, title)
    shown: dict[str, Line2D] = {}
    for kind, ax in zip(kinds, np.atleast_1d(figure.subplots(1, len(kinds))), strict=True):
        plain(ax)
        for subset, ink, style in zip(SUBSETS, class_colors(2), DASHES, strict=False):
            if curve := measured[f"{subset}_{kind}"]:
                epochs, values = zip(*curve, strict=True)
                (line,) = ax.plot(
                    epochs, values, color=ink, linestyle=style, marker="o", markersize=4,
                    label=subset,
                )  # fmt: skip
                shown[subset] = line
        ax.set_xlabel("epoch", fontsize=TEXT, color=INK)
        ax.set_ylabel(kind, fontsize=TEXT, color=INK)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlim(ax.dataLim.x0 - 0.5, ax.dataLim.x1 + 0.5)
        if kind == "accuracy":
            ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="\N{NO-BREAK SPACE}%"))
    _legend(figure, list(shown.values()))
    return figure


def _scale(ax: Axes, table: pd.DataFrame) -> bool:
    """Cut the axis to the scores; draw the floor if it is near, else name it. Say if drawn."""
    value, spread = table["value"].to_numpy(dtype=float), _known(table, "spread")
    bars = np.zeros(len(value)) if spread is None else np.nan_to_num(spread)
    published, floors = _known(table, "published"), _known(table, "floor")
    shown = np.concatenate([value - bars, value + bars, [] if published is None else published])
    low, high = float(np.nanmin(shown)), float(np.nanmax(shown))
    missing = max(LEAST_SPAN - (high - low), 0) / 2
    low, high = low - missing, high + missing
    floor = [] if floors is None else [float(np.nanmin(floors)), float(np.nanmax(floors))]
    far = bool(floor) and floor[1] < low - FAR * (high - low)
    if floors is not None and not far:
        low, high = min(low, floor[0]), max(high, floor[1])
        ax.axhspan(*floor, color=INK, alpha=0.12, linewidth=0)
        ax.axhline(float(np.nanmean(floors)), color=INK, linewidth=1.3, linestyle=":")
    room = 0.07 * (high - low)
    bottom, top = low - (2.2 if far else 1) * room, high + room
    if far:
        ends = "–".join(dict.fromkeys(f"{100 * end:.1f}" for end in floor))
        ax.text(
            0.012, 0.02, f"↓ {FLOOR} {ends}\N{NO-BREAK SPACE}%, below this axis",
            transform=ax.transAxes, fontsize=SMALL, color=INK, va="bottom",
        )  # fmt: skip
    steps = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(bottom, top)
    least, most = (max(bottom, 0) if low >= 0 else bottom), (min(top, 1) if high <= 1 else top)
    ticks = np.array([tick for tick in steps if least <= tick <= most + 1e-9])
    whole = np.allclose(100 * ticks, np.round(100 * ticks))
    percent = PercentFormatter(1, decimals=0 if whole else 1, symbol="\N{NO-BREAK SPACE}%")
    ax.set_ylim(bottom, top)
    ax.set_yticks(ticks)
    ax.yaxis.set_major_formatter(percent)
    return bool(floor) and not far


def _known(table: pd.DataFrame, column: str) -> Array | None:
    """Return a column as floats, or None if the table has no number there."""
    if column not in table or table[column].isna().all():
        return None
    return table[column].to_numpy(dtype=float)


def _is_number(value: object) -> bool:
    return value is not None and not math.isnan(float(value))  # type: ignore[arg-type]


def _name_layers(ax: Axes, layers: Sequence[object]) -> None:
    """Write layer names under the axis: level if they fit, else slanted, else every k-th."""
    every = math.ceil(len(layers) / MOST_TICKS)
    names = [shorten(layer, LONGEST_TICK) for layer in layers]
    slanted = sum(len(text) + 2 for text in names) > characters(WIDTH * 0.7, SMALL)
    ax.set_xticks(range(0, len(layers), every), names[::every])
    if slanted:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.set_xlim(-0.4, max(len(layers) - 0.6, 0.4))


def _legend(figure: Figure, entries: Sequence[Line2D]) -> None:
    lengths = [len(str(entry.get_label())) + 8 for entry in entries]
    room = characters(figure.get_figwidth() - 0.5, SMALL)
    beside = len(entries) if sum(lengths) <= room else max(1, room // max(lengths))
    figure.legend(
        handles=entries, loc="outside lower center", frameon=False, fontsize=SMALL,
        ncols=beside, handlelength=2.6, labelcolor=INK,
    )  # fmt: skip
