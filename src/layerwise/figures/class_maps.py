"""What filters do for each class: the mean map of every filter for every class.

A filter's maps share a scale, so that classes compare; two filters compare only on a scale of the
layer, and the bar says which of the two it is. Leaves out which filters and classes are worth
showing: that is the caller's choice.

Source: HEIG-VD, Machine Learning, practical "Understanding Deep Neural Networks" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from layerwise.figures import legend as keys
from layerwise.figures.color import DIVERGING, SEQUENTIAL
from layerwise.figures.mosaic import mosaic, side_of
from layerwise.figures.style import INK, TEXT, WIDTH, fit, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units.pictures import pixels

MOST_FILTERS = 24
"""Columns of maps in all; of more none would be readable."""

MOST_CLASSES = 20
"""Rows of maps, and classes side by side in two blocks."""

LONGEST_NAME = 14
NAMES = 1.05
"""Inches for names at the left."""

BETWEEN = 0.15
"""Inches between two networks."""

NARROWEST, SHORTEST = 3.6, 2.0
"""Inches of the figure and of its maps, so that titles and the bar have room."""


def class_maps(
    panels: Sequence[Array],
    captions: Sequence[str],
    *,
    filters: Sequence[int],
    class_names: Sequence[str],
    scale: str = "filter",
    title: str = "",
) -> Figure:
    """Draw the map of every filter (across) for every class (down), networks side by side.

    Parameters
    ----------
    panels : sequence of (n_classes, n_filters, height, width)
        Class means, or their differences from the mean of all classes, of one layer in one or more
        networks. Values of both signs are drawn with zero in the middle. NaN is grey: a class
        without observations.
    captions : one a panel, such as "before training"
    filters : (n_filters,) int
        Their numbers in the layer; in all at most 24 maps across.
    class_names : (n_classes,) str, at most 20
    scale : {"filter", "layer"}
        Whether each filter of each network has colours of its own, up to its greatest value in any
        class, or all share one scale, in units of the activation.
    title : str
        Should name the layer.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If shapes, names or captions do not match, there are too many, or all is NaN.

    Examples
    --------
    >>> means = np.arange(16.0).reshape(2, 2, 2, 2)
    >>> figure = class_maps([means], ["trained"], filters=[3, 5], class_names=["cat", "dog"])
    >>> [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    ['3', '5']
    """
    name = "class_maps"
    maps = [np.asarray(panel, dtype=float) for panel in panels]
    shape = maps[0].shape if maps else ()
    if len(shape) != 4 or any(one.shape != shape for one in maps) or 0 in shape:
        got = " and ".join(str(one.shape) for one in maps) or "none"
        raise checks.invalid(name, "panels", "(n_classes, n_filters, height, width), alike", got)
    _match(name, captions=(captions, len(maps)), filters=(filters, shape[1]),
           class_names=(class_names, shape[0]))  # fmt: skip
    checks.choice(name, "scale", scale, ("filter", "layer"))
    checks.integer(name, "maps across", len(maps) * shape[1], 1, MOST_FILTERS, "Choose some.")
    checks.integer(name, "classes", shape[0], 1, MOST_CLASSES, "Choose some.")
    if not np.isfinite(np.concatenate(maps)).any():
        raise checks.invalid(name, "panels", "of a class with observations at least", "NaN only")

    axis = (0, 2, 3) if scale == "filter" else None
    limits = [np.abs(np.nan_to_num(one)).max(axis=axis, keepdims=True) for one in maps]
    if scale == "layer":
        limits = [np.max(limits)] * len(maps)
    signed = any((one < 0).any() for one in maps)
    colored, ramp = (pixels.signed, DIVERGING) if signed else (pixels.positive, SEQUENTIAL)
    most = float(np.max(limits[0])) if scale == "layer" else 1.0
    key = ScalarMappable(Normalize(-(most or 1.0) if signed else 0, most or 1.0), ramp)

    across = (WIDTH - keys.BAR - NAMES) / len(maps) - BETWEEN
    side = min(across / shape[1], 0.75)
    wide, high = side_of(shape[2:], side)
    height = max(shape[0] * high, SHORTEST)
    heads = [fit(caption, shape[1] * side, TEXT) for caption in captions]
    over = 0.45 + 0.18 * max(head.count("\n") for head in heads)
    figure = new_figure(
        max(len(maps) * (shape[1] * wide + BETWEEN) + NAMES + keys.BAR, NARROWEST),
        height + over + 0.35 * bool(title), title,
    )  # fmt: skip
    spec = figure.add_gridspec(1, len(maps))
    empty = [np.isnan(row).all() for row in np.concatenate(maps, axis=1)]
    rows = [shorten(text, LONGEST_NAME) for text in class_names]
    rows = [f"{text}\n(none)" if none else text for text, none in zip(rows, empty, strict=True)]
    for k, (one, limit) in enumerate(zip(maps, limits, strict=True)):
        ax = figure.add_subplot(spec[0, k])
        colors = colored(one, limit) / 255
        mosaic(ax, colors, high / wide, rows if k == 0 else [], [str(number) for number in filters])
        ax.set_title(heads[k], fontsize=TEXT, color=INK)
    what = "activation" if scale == "layer" else "of each filter's largest value"
    bar = keys.color_bar(figure, key, figure.axes, what, height)
    if scale == "filter":
        bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="\N{NO-BREAK SPACE}%"))
    return figure


def _match(function: str, **given: tuple[Sequence[object], int]) -> None:
    for argument, (found, n) in given.items():
        if len(found) != n:
            raise checks.invalid(function, argument, f"{n}, one each", f"{len(found)}")
