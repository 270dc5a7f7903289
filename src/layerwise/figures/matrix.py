"""A confusion matrix: which class is taken for which."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from layerwise.figures.color import SHARE
from layerwise.figures.style import FAINT, INK, SMALL, TEXT, WIDTH, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

MOST_COUNTED = 20
"""Classes up to which every cell shows its count."""

LONGEST_NAME = 14


def confusion(
    matrix: Array, class_names: Sequence[str] | None = None, *, title: str = ""
) -> Figure:
    """Draw counts of true class (down) against predicted class (across).

    Colour is the share of the true class, so small classes are as visible as large ones; up to
    20 classes the cells show the counts.

    Parameters
    ----------
    matrix : (n_classes, n_classes) of counts >= 0, row = true class
    class_names : sequence of str, optional
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If the matrix is not square, holds a negative number, or names do not match it.

    Examples
    --------
    >>> figure = confusion(np.array([[9, 1], [0, 10]]), ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['9', '1', '10']
    """
    name = "confusion"
    counts = checks.matrix(name, "matrix", matrix)
    n = len(counts)
    if counts.shape != (n, n) or (counts < 0).any():
        got = f"shape {counts.shape}, least {counts.min():g}"
        raise checks.invalid(name, "matrix", "square with counts >= 0", got)
    names = [str(k) for k in range(n)] if class_names is None else list(class_names)
    if len(names) != n:
        raise checks.invalid(name, "class_names", f"one per class ({n})", f"{len(names)} names")

    totals = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    side = min(WIDTH * 0.72, 2.6 + 0.42 * n)
    figure = new_figure(side + 1.2, side + 0.3 * bool(title), title)
    ax = figure.add_subplot()
    image = ax.imshow(share, cmap=SHARE, vmin=0, vmax=1, interpolation="nearest")
    if n <= MOST_COUNTED:
        for true, predicted in np.argwhere(counts > 0):
            ax.text(
                predicted, true, f"{counts[true, predicted]:g}", ha="center", va="center",
                fontsize=TEXT if n <= 10 else 7,
                color="white" if share[true, predicted] > 0.6 else INK,
            )  # fmt: skip
    every = math.ceil(n / 30)
    shown = [shorten(text, LONGEST_NAME) for text in names[::every]]
    ax.set_xticks(range(0, n, every), shown, fontsize=SMALL, color=INK)
    ax.set_yticks(range(0, n, every), shown, fontsize=SMALL, color=INK)
    if max(map(len, shown)) > 2:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")
    ax.tick_params(length=0)
    ax.spines[:].set_color(FAINT)
    ax.set_xlabel("predicted", fontsize=TEXT, color=INK)
    ax.set_ylabel("true", fontsize=TEXT, color=INK)
    bar = figure.colorbar(image, ax=ax, shrink=0.6, aspect=30)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="\N{NO-BREAK SPACE}%"))
    bar.ax.tick_params(labelsize=SMALL, colors=INK)
    bar.set_label("share of the true class", fontsize=SMALL, color=INK)
    bar.outline.set_visible(False)
    return figure
