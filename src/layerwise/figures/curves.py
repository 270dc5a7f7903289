"""Numbers by layer, by time and by epoch, as lines.

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
from layerwise.figures.legend import NICE, below
from layerwise.figures.lines import DASHES, LONG, Lines, known, name_ticks, numbers
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, fit, new_figure, plain, shorten
from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

FLOOR = "shuffled labels"

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
    lines = Lines(
        name, table, "layer", "value", color, dash,
        "Select one network, data set and method first.",
    )  # fmt: skip
    layers = [layer for layer in table["layer"].unique() if layer != level]
    figure = new_figure(WIDTH * 0.8, 4.6, title)
    ax = figure.add_subplot()
    plain(ax)
    lines.draw(ax, {layer: x for x, layer in enumerate(layers)})
    entries = lines.entries()
    for style, rows in table[table["layer"] == level].groupby(dash, sort=False):
        value = float(rows["value"].iloc[0])  # the input is the same at every checkpoint
        ax.axhline(value, color=INK, linewidth=1.1, linestyle=lines.styles[style]["linestyle"])
    if (table["layer"] == level).any():
        entries.append(Line2D([], [], color=INK, linewidth=1.1, label=shorten(level, 30)))
    if _scale(ax, table):
        entries.append(Line2D([], [], color=INK, linewidth=1.3, linestyle=":", label=FLOOR))
    name_ticks(ax, layers)
    ax.set_ylabel(ylabel, fontsize=TEXT, color=INK)
    below(figure, entries + lines.published(), handlelength=LONG)
    return figure


def time_curves(
    table: pd.DataFrame,
    *,
    x: str = "time",
    y: str = "value",
    color: str = "method",
    dash: str | None = None,
    xlabels: Sequence[str] | None = None,
    xlabel: str = "",
    ylabel: str = "",
    title: str = "",
) -> Figure:
    """Draw numbers over the times of an evolution: one colour a method, one line style a network.

    Parameters
    ----------
    table : DataFrame
        A row a point: the columns that `x`, `y`, `color` and `dash` name, and where known
        ``spread`` (error bars) and ``published`` (open diamonds). A missing number is a gap.
    x, y : str
        Columns of times (numbers) and of what is drawn, in any unit.
    color, dash : str
        The columns told apart by colour and, if given, by line style; first values first.
    xlabels : sequence of str, optional
        Names of the times, earliest first, such as the layers; without it times are numbers.
    xlabel, ylabel, title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotFound
        If the table lacks a column.
    InvalidValue
        If it has no rows or two for one point of a line, or `xlabels` are not one per time.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"time": [0, 1, 0, 1], "value": [0.9, 0.4, 0.9, 0.7],
    ...                       "method": ["joint", "joint", "dynamic", "dynamic"]})
    >>> figure = time_curves(table, xlabels=["relu1", "relu2"], ylabel="spread ratio")
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['joint', 'dynamic']
    """
    name = "time_curves"
    lines = Lines(
        name, table, x, y, color, dash or color, "Select one subset, layer and measure first."
    )
    times = np.unique(numbers(name, table, x)).tolist()
    if not np.isfinite(times).all():
        raise checks.invalid(name, "table", f"a time in every row of {x!r}", f"{times[-1]}")
    if xlabels is not None and len(xlabels) != len(times):
        raise checks.invalid(
            name, "xlabels", f"one per time ({len(times)})", f"{len(xlabels)} names"
        )
    figure = new_figure(WIDTH * 0.8, 4.2, title)
    ax = figure.add_subplot()
    plain(ax)
    if xlabels is None:
        lines.draw(ax, {time: time for time in times})
        whole = all(time.is_integer() for time in times)
        ax.xaxis.set_major_locator(MaxNLocator(8, integer=whole, steps=NICE))
        room = 0.06 * (times[-1] - times[0]) or 0.5
        ax.set_xlim(times[0] - room, times[-1] + room)
    else:
        lines.draw(ax, {time: rank for rank, time in enumerate(times)})
        name_ticks(ax, xlabels)
    ax.yaxis.set_major_locator(MaxNLocator(6, steps=NICE))
    ax.set_xlabel(xlabel, fontsize=TEXT, color=INK)
    ax.set_ylabel(fit(ylabel, 3.2, TEXT), fontsize=TEXT, color=INK)
    below(figure, lines.entries() + lines.published(), handlelength=LONG)
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
    below(figure, list(shown.values()), handlelength=LONG)
    return figure


def _scale(ax: Axes, table: pd.DataFrame) -> bool:
    """Cut the axis to the scores; draw the floor if it is near, else name it. Say if drawn."""
    value, spread = table["value"].to_numpy(dtype=float), known(table, "spread")
    bars = np.zeros(len(value)) if spread is None else np.nan_to_num(spread)
    published, floors = known(table, "published"), known(table, "floor")
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
    steps = MaxNLocator(nbins=6, steps=NICE).tick_values(bottom, top)
    least, most = (max(bottom, 0) if low >= 0 else bottom), (min(top, 1) if high <= 1 else top)
    ticks = np.array([tick for tick in steps if least <= tick <= most + 1e-9])
    whole = np.allclose(100 * ticks, np.round(100 * ticks))
    percent = PercentFormatter(1, decimals=0 if whole else 1, symbol="\N{NO-BREAK SPACE}%")
    ax.set_ylim(bottom, top)
    ax.set_yticks(ticks)
    ax.yaxis.set_major_formatter(percent)
    return bool(floor) and not far


def _is_number(value: object) -> bool:
    return value is not None and not math.isnan(float(value))  # type: ignore[arg-type]
