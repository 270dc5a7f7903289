"""Adversarial samples: the image, the difference amplified, the twin, and the way there.

After the slides of F. Fleuret, EE-559 Deep Learning, lecture 8.4, where the prediction stands at
every iteration.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from layerwise.figures.color import class_colors
from layerwise.figures.style import (
    FAINT,
    INK,
    SMALL,
    TEXT,
    WIDTH,
    bare,
    characters,
    new_figure,
    shorten,
)
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

MOST_ROWS = 8
"""Observations in one figure; the first of more."""

SIDE = 1.35
"""Inches of each picture."""

WORTH_A_NAME = 0.07
"""Share of the axis that a class must have to be named above its bars."""


def adversarial_samples(
    originals: Array,
    differences: Array,
    twins: Array,
    factors: Sequence[float] | Array,
    predictions: Array,
    confidences: Array,
    *,
    names: Sequence[str] = (),
    after: Sequence[int] | Array | None = None,
    class_names: Sequence[str] | None = None,
    title: str = "",
) -> Figure:
    """Draw one row an observation: image, difference, twin, and the prediction per iteration.

    Parameters
    ----------
    originals, differences, twins : (n, height, width, 1 or 3) uint8
        From :func:`layerwise.analysis.sample_pictures`.
    factors : (n,) how much each difference is amplified
    predictions, confidences : (n, n_iterations + 1) class and its probability at every iteration
    names : (n,) what each observation is
    after : (n,) class of the twins; by default that of the last iteration
    class_names : names of classes 0, 1, ...
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Of at most :data:`MOST_ROWS` observations.

    Raises
    ------
    InvalidValue
        If there are no observations, numbers of them disagree, or classes have no name.

    Examples
    --------
    >>> grey, color = np.zeros((1, 8, 8, 1), np.uint8), np.zeros((1, 8, 8, 3), np.uint8)
    >>> figure = adversarial_samples(grey, color, grey, [12.0], np.array([[7, 7, 2]]),
    ...                              np.array([[0.9, 0.6, 0.5]]))
    >>> [ax.get_title() for ax in figure.axes]
    ['7 (90 %)', 'difference × 12', '2', '7 → 2 by iteration']
    """
    n = len(originals)
    parts = {"differences": differences, "twins": twins, "factors": factors,
             "predictions": predictions, "confidences": confidences}  # fmt: skip
    for argument, part in parts.items():
        if len(part) != n or not n:
            raise checks.invalid("adversarial_samples", argument, f"one per original ({n}, > 0)",
                                 f"{len(part)}")  # fmt: skip
    shown, ends = min(n, MOST_ROWS), predictions[:, -1] if after is None else np.asarray(after)
    n_classes = int(max(predictions.max(), ends.max())) + 1
    words = list(map(str, class_names or range(n_classes)))
    if len(words) < n_classes:
        raise checks.invalid("adversarial_samples", "class_names", f"at least {n_classes}",
                             len(words))  # fmt: skip
    colors = class_colors(max(len(words), n_classes))
    figure = new_figure(WIDTH, shown * (SIDE + 0.4) + 0.4 * bool(title), title)
    grid = figure.add_gridspec(shown, 4, width_ratios=[1, 1, 1, 2.6])
    for row in range(shown):
        first, confidence = predictions[row, 0], confidences[row, 0]
        titles = (
            f"{_short(words[first], 14)} ({100 * confidence:.0f} %)",
            f"difference × {factors[row]:.3g}", _short(words[ends[row]]),
        )  # fmt: skip
        pictures = (originals[row], differences[row], twins[row])
        for column, (picture, text) in enumerate(zip(pictures, titles, strict=True)):
            ax = figure.add_subplot(grid[row, column])
            bare(ax)
            ax.imshow(picture.squeeze(-1) if picture.shape[-1] == 1 else picture, cmap="gray",
                      vmin=0, vmax=255, interpolation="auto")  # fmt: skip
            ax.set_title(text, fontsize=SMALL, color=INK)
            if column == 0 and len(names):
                ax.set_ylabel(shorten(names[row], characters(SIDE, SMALL)), fontsize=SMALL)
        ax = figure.add_subplot(grid[row, 3])
        _way(ax, predictions[row], confidences[row], words, colors)
        ax.set_title(f"{_short(words[first])} → {_short(words[ends[row]])} by iteration",
                     fontsize=SMALL, color=INK)  # fmt: skip
        if row == shown - 1:
            ax.set_xlabel("iteration", fontsize=TEXT, color=INK)
    return figure


def _way(
    ax: Axes, predictions: Array, confidences: Array, words: Sequence[str], colors: Sequence[str]
) -> None:
    """Draw the class predicted at each iteration: its colour, and its probability as height."""
    ax.bar(
        np.arange(len(predictions)), confidences, width=0.92,
        color=[colors[one] for one in predictions],
    )  # fmt: skip
    place = 0
    for one, many in groupby(predictions.tolist()):
        length = len(list(many))
        if length / len(predictions) >= WORTH_A_NAME:
            room = characters(3.6 * length / len(predictions), SMALL)
            ax.text(place + (length - 1) / 2, 1.04, shorten(words[one], room), fontsize=SMALL,
                    color=INK, ha="center", va="bottom")  # fmt: skip
        place += length
    ax.set(xlim=(-0.7, len(predictions) - 0.3), ylim=(0, 1.3), yticks=(0, 0.5, 1))
    ax.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol="\N{NO-BREAK SPACE}%"))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.tick_params(labelsize=SMALL, colors=INK, length=3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[:].set_color(FAINT)


def _short(name: str, longest: int = 20) -> str:
    return shorten(name, longest)
