"""Winner maps: which filter is strongest at each position, and in how many observations.

Filters have no order, so the ones that win most have a colour each, the same in every panel, and
the rest share dark greys. Light grey is silence: with all filters at 0 there is no strongest.

Source: HEIG-VD, Machine Learning, practical "Understanding Deep Neural Networks" (2017).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from layerwise.figures import legend as keys
from layerwise.figures.color import DISTINCT, MISSING, SHARE
from layerwise.figures.mosaic import mosaic, side_of, slant
from layerwise.figures.style import SMALL, WIDTH, characters, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

COLORS = DISTINCT[:-1]
"""Of the filters that win most; black would be one grey more."""

REST = ("#2e2e2e", "#565656", "#7d7d7d")
"""All other filters, in turn: darker than silence, so that neighbours differ without a name."""

MOST_CLASSES = 20
ACROSS = 10
"""Classes side by side; more stand in a second block."""

NAMES = 1.4
"""Inches for names at the left."""

BESIDE = keys.BAR + 0.2
"""Inches right of the maps: the bar, and air."""

NONE = " (none)"
"""Stands at a class without observations."""


def winner_maps(
    winners: Sequence[Array],
    shares: Sequence[Array],
    captions: Sequence[str],
    *,
    class_names: Sequence[str],
    title: str = "",
) -> Figure:
    r"""Draw for every class (across) the filter that wins each position most often, and how often.

    Parameters
    ----------
    winners : sequence of (n_classes, height, width) of int
        Filter numbers, -1 where most observations silence all filters; one array a network.
    shares : sequence of (n_classes, height, width), in [0, 1]
        Share of the observations of the class in which that one wins. NaN: no observations.
    captions : one a network, such as "before training"
    class_names : (n_classes,) str, at most 20
    title : str
        Should name the layer.

    Returns
    -------
    matplotlib.figure.Figure
        The nine filters that win most positions of all maps shown have a colour and stand, with
        their part of these positions, in the legend.

    Raises
    ------
    InvalidValue
        If shapes, names or captions do not match, or there are too many classes.

    Examples
    --------
    >>> winners, shares = np.array([[[4, 4], [-1, 7]]]), np.full((1, 2, 2), 0.5)
    >>> figure = winner_maps([winners], [shares], ["trained"], class_names=["cat"])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['filter 4: 67\xa0%', 'filter 7: 33\xa0%', 'all silent']
    """
    name = "winner_maps"
    maps = [np.asarray(one) for one in winners]
    parts = [np.asarray(one, dtype=float) for one in shares]
    shape = maps[0].shape if maps else ()
    if len(shape) != 3 or any(one.shape != shape for one in (*maps, *parts)) or 0 in shape:
        got = " and ".join(str(one.shape) for one in (*maps, *parts)) or "none"
        raise checks.invalid(name, "winners and shares", "(n_classes, height, width), alike", got)
    for argument, found, n in (("shares", parts, len(maps)), ("captions", captions, len(maps)),
                               ("class_names", class_names, shape[0])):  # fmt: skip
        if len(found) != n:
            raise checks.invalid(name, argument, f"{n}, one each", f"{len(found)}")
    checks.integer(name, "classes", shape[0], 1, MOST_CLASSES, "Choose some.")

    there = [~np.isnan(part) for part in parts]
    won = np.concatenate([one[found & (one >= 0)] for one, found in zip(maps, there, strict=True)])
    numbers, times = np.unique(won, return_counts=True)
    named = numbers[np.argsort(-times, kind="stable")][: len(COLORS)].tolist()
    ink = {unit: to_rgb(color) for unit, color in zip(named, COLORS, strict=False)}
    share = SHARE.with_extremes(bad=MISSING)
    rows = [
        np.stack([_colors(one, found, ink), share(np.where(found, part, np.nan))[..., :3]])
        for one, part, found in zip(maps, parts, there, strict=True)
    ]
    colors = np.concatenate(rows)  # (2 a network, n_classes, height, width, 3)

    n_blocks = math.ceil(shape[0] / ACROSS)
    across = math.ceil(shape[0] / n_blocks)
    side = min((WIDTH - NAMES - BESIDE) / across, 1.1)
    wide, high = side_of(shape[1:], side)
    empty = (~np.any([found.any(axis=(1, 2)) for found in there], axis=0)).tolist()
    heads = [shorten(text, 14) + NONE * none
             for text, none in zip(class_names, empty, strict=True)]  # fmt: skip
    each = high * len(colors) + 0.3 + 0.6 * (max(map(len, heads)) > 4)
    entries = _entries(named, numbers, times, maps, there)
    width = max(across * wide + NAMES + BESIDE, 5.0)
    under = math.ceil(len(entries) / keys.n_columns(entries, width))
    figure = new_figure(
        width, max(n_blocks * each, 1.4) + 0.25 * under + 0.35 * bool(title), title
    )  # fmt: skip
    room = characters(NAMES - 0.25, SMALL)
    labels = [words for caption in captions for words in (shorten(caption, room), "its share")]
    for block in range(n_blocks):
        ax = figure.add_subplot(n_blocks, 1, block + 1)
        chosen = slice(block * across, (block + 1) * across)
        shown = colors[:, chosen]
        left = np.full((len(colors), across - shown.shape[1], *shown.shape[2:]), np.nan)
        mosaic(ax, np.concatenate([shown, left], axis=1), high / wide, labels, heads[chosen])
        slant(ax, wide)
    key = ScalarMappable(Normalize(0, 1), SHARE)
    bar = keys.color_bar(
        figure, key, figure.axes, "share of observations", max(n_blocks * each, 1.4)
    )
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="\N{NO-BREAK SPACE}%"))
    keys.below(figure, entries)
    return figure


def _colors(winners: Array, there: Array, ink: dict[int, tuple[float, float, float]]) -> Array:
    """Return the colour of each position, (..., 3)."""
    greys = np.array([to_rgb(color) for color in REST])
    colors: Array = greys[winners % len(greys)]
    for unit, color in ink.items():
        colors[winners == unit] = color
    colors[(winners < 0) | ~there] = to_rgb(MISSING)
    return colors


def _entries(
    named: Sequence[int], numbers: Array, times: Array, maps: Sequence[Array],
    there: Sequence[Array],
) -> list[keys.Entry]:  # fmt: skip
    """Return what the colours mean, and which part of the positions not silent each has won."""
    total = max(int(times.sum()), 1)
    part = dict(zip(numbers.tolist(), (100 * times / total).tolist(), strict=True))
    entries: list[keys.Entry] = [
        keys.square(f"filter {unit}: {part[unit]:.0f}\xa0%", color)
        for unit, color in zip(named, COLORS, strict=False)
    ]
    rest = [unit for unit in numbers.tolist() if unit not in named]
    if rest:
        left = sum(part[unit] for unit in rest)
        many = f"{len(rest)} other filter{'s' * (len(rest) > 1)}"
        entries.append(keys.square(f"{many}: {left:.0f}\xa0%", REST[1]))
    if any((one[found] < 0).any() for one, found in zip(maps, there, strict=True)):
        entries.append(keys.square("all silent", MISSING))
    return entries
