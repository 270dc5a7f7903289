"""Preferred inputs: recipe under recipe, layer under layer; and one unit with all that is known.

The card of a unit after Erhan et al. 2009, figure 3: the climbs from several random starts and the
images they end in, and below them the real inputs that are nearest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from layerwise.figures.color import class_colors
from layerwise.figures.legend import NICE
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, bare, fit, new_figure, plain, shorten
from layerwise.figures.tiles import Key, Tiles, tiles
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

MOST_STARTS = 9
"""Starts that are drawn: so many did Erhan et al. show."""


def preferred_tiles(
    pixels: Array, names: Sequence[str], caption: str, *, ramp: str = "", columns: int | None = None
) -> Tiles:
    """Return preferred inputs as a group of tiles.

    Parameters
    ----------
    pixels : (n, height, width, 1 or 3) uint8
    names : of the units or classes
    caption : what they are
    ramp : "" for pictures as they are; "signed" or "rgb" around 0, each on its own scale
    columns : pictures in a row; None for as many as fit

    Examples
    --------
    >>> preferred_tiles(np.zeros((2, 8, 8, 3), np.uint8), "01", "conv1", ramp="signed").key
    Key(ramp='signed', limit=None, own='picture', within=1.0)
    """
    return Tiles(pixels, names, caption, Key(ramp) if ramp else None, columns)


def preferred_sheet(groups: Sequence[Tiles], *, title: str = "") -> Figure:
    """Draw groups of preferred inputs under each other, recipe by recipe or layer by layer.

    Parameters
    ----------
    groups : from :func:`preferred_tiles`; classes, ten or fewer, stand in one row
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> group = preferred_tiles(np.zeros((2, 8, 8, 1), np.uint8), "01", "modern")
    >>> len(preferred_sheet([group, group]).axes)
    2
    """
    return tiles(groups, title=title)


def nearest_sheet(strips: Array, names: Sequence[str], *, title: str = "") -> Figure:
    """Draw preferred inputs, each with the nearest real inputs behind it, in two columns.

    Parameters
    ----------
    strips : (n, height, width, 1 or 3) uint8
        Each a preferred input and the real inputs nearest to it, side by side.
    names : (n,) of the units or classes
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is no strip, or not one name for each.

    Examples
    --------
    >>> sheet = nearest_sheet(np.zeros((3, 8, 110, 3), np.uint8), ["cat", "dog", "bird"])
    >>> [ax.get_title(loc="left") for ax in sheet.axes]
    ['cat', 'dog', 'bird']
    """
    pixels = np.asarray(strips)
    if pixels.ndim != 4 or not len(pixels) or len(names) != len(pixels):
        raise checks.invalid(
            "nearest_sheet", "strips", "(n, height, width, 1 or 3), one for each name",
            f"shape {pixels.shape} and {len(names)} names",
        )  # fmt: skip
    n_rows = -(-len(pixels) // 2)
    across = (WIDTH - 0.5) / 2
    height = max(across * pixels.shape[1] / pixels.shape[2], 0.12) + 0.36
    figure = new_figure(WIDTH, n_rows * height + 0.1 + 0.4 * bool(title), title)
    axes = figure.subplots(n_rows, 2, squeeze=False).ravel()
    for ax, strip, name in zip(axes, pixels, names, strict=False):
        _show(ax, strip)
        ax.spines[:].set_visible(False)
        ax.set_title(shorten(name, 40), fontsize=SMALL, color=INK, loc="left", pad=3)
    for ax in axes[len(pixels) :]:
        ax.remove()
    return figure


def unit_card(
    starts: Array,
    climbs: pd.DataFrame,
    *,
    values: Sequence[float],
    beside: Array | None = None,
    best_real: float | None = None,
    title: str = "",
    note: str = "",
) -> Figure:
    """Draw one unit: where every start ended, how it climbed, and the nearest real inputs.

    Parameters
    ----------
    starts : (n_starts, height, width, 1 or 3) uint8, the image of every start
    climbs : start, step, value
        The objective of every start as it climbed.
    values : (n_starts,) the activation that each reached
    beside : (height, width, 1 or 3) uint8, optional
        The preferred input with the nearest real inputs behind it.
    best_real : the largest activation of real inputs, drawn as a line; an objective with a penalty
        or under transforms lies below the activation
    title : which unit
    note : what the network says of the image, under the nearest inputs

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UserError
        If there is no start, or the table lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"start": [0, 0, 1, 1], "step": [0, 1, 0, 1], "value": [0, 2, 1, 2]})
    >>> card = unit_card(np.zeros((2, 8, 8, 1), np.uint8), table, values=[2.0, 2.0], best_real=1.5)
    >>> [ax.get_title() for ax in card.axes[:2]]
    ['2', '2']
    """
    name = "unit_card"
    pixels = np.asarray(starts)
    if pixels.ndim != 4 or not len(pixels) or len(values) != len(pixels):
        raise checks.invalid(
            name, "starts", "(n_starts, height, width, 1 or 3), one for each value",
            f"shape {pixels.shape} and {len(values)} values",
        )  # fmt: skip
    for column in ("start", "step", "value"):
        if column not in climbs:
            raise checks.not_found("column", column, f"{name}'s table", map(str, climbs.columns))
    n = min(len(pixels), MOST_STARTS)
    inks = class_colors(max(n, 2))
    side = min(1.0, (WIDTH - 0.4) / max(n, 6) - 0.1)
    heights = [side * pixels.shape[1] / pixels.shape[2] + 0.35, 2.4]
    rows: list[Any] = [
        [f"start {k}" if k < n else "." for k in range(max(n, 6))],
        ["climb"] * max(n, 6),
    ]
    if beside is not None:
        heights.append((WIDTH - 0.4) * beside.shape[0] / beside.shape[1] + 0.4)
        rows.append(["beside"] * max(n, 6))
    figure = new_figure(WIDTH, sum(heights) + 0.7, title)
    axes = figure.subplot_mosaic(rows, height_ratios=heights)
    for k in range(n):
        ax = axes[f"start {k}"]
        _show(ax, pixels[k])
        ax.spines[:].set(color=inks[k], linewidth=2)
        ax.set_title(f"{values[k]:.3g}", fontsize=SMALL, color=INK)
    ax = axes["climb"]
    plain(ax)
    for k in range(n):
        climb = climbs[climbs["start"] == k]
        ax.plot(climb["step"], climb["value"], color=inks[k], linewidth=1.4)
    if best_real is not None and np.isfinite(best_real):
        ax.axhline(best_real, color=INK, linewidth=1.1, linestyle=":")
        ax.annotate(
            "largest activation of real inputs", (0.99, best_real), color=INK, fontsize=SMALL,
            xycoords=("axes fraction", "data"), xytext=(0, 2), textcoords="offset points",
            ha="right", va="bottom",
        )  # fmt: skip
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=NICE))
    ax.set_xlabel("step", fontsize=TEXT, color=INK)
    ax.set_ylabel("objective", fontsize=TEXT, color=INK)
    if beside is not None:
        ax = axes["beside"]
        _show(ax, beside)
        ax.spines[:].set_visible(False)
        words = "the best start, then the nearest real inputs, nearest first"
        ax.set_title(fit(words, WIDTH, SMALL), fontsize=SMALL, color=INK)
        ax.set_xlabel(fit(shorten(note, 200), WIDTH - 0.4, SMALL), fontsize=SMALL, color=INK)
    return figure


def _show(ax: Axes, picture: Array) -> None:
    """Draw pixels as they are, without axes."""
    bare(ax)
    ax.imshow(
        picture.squeeze(-1) if picture.shape[2] == 1 else picture, cmap="gray", vmin=0, vmax=255
    )
