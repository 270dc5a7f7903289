"""Matrices as cells: which class is taken for which, and which units tell which class."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import PercentFormatter

from layerwise.figures.color import SHARE
from layerwise.figures.legend import BAR, color_bar
from layerwise.figures.style import (
    FAINT,
    INK,
    SMALL,
    TEXT,
    WIDTH,
    fit,
    new_figure,
    shorten,
)
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Discrimination

MOST_COUNTED = 20
"""Classes up to which every cell shows its count."""

MOST_NAMED = 60
"""Units up to which every row has its name."""

LONGEST_NAME = 14

LINE = 0.21
"""Inches from one name along an axis to the next, at least."""


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
    counts = _square(name, "matrix", matrix)
    n = len(counts)
    names = _names(name, class_names, n)
    side = min(WIDTH * 0.72, 2.6 + 0.42 * n)
    figure = new_figure(side + 1.2, side + 0.3 * bool(title), title)
    ax = figure.add_subplot()
    texts = [[f"{count:g}" if count else "" for count in row] for row in counts]
    image = _cells(ax, _shares(counts), texts, TEXT if n <= 10 else 7)
    _name_classes(ax, names, "x", side)
    _name_classes(ax, names, "y", side)
    ax.set_xlabel("predicted", fontsize=TEXT, color=INK)
    ax.set_ylabel("true", fontsize=TEXT, color=INK)
    _share_bar(figure, image, "share of the true class", side)
    return figure


def confusions(
    matrices: Sequence[Array],
    titles: Sequence[str],
    class_names: Sequence[str] | None = None,
    *,
    title: str = "",
) -> Figure:
    """Draw confusions side by side on one scale: the network's and its neighbourhoods', say.

    Cells show the percentage of the class of their row, so that counts and shares compare.

    Parameters
    ----------
    matrices : 1 to 3 of (n_classes, n_classes), counts or shares >= 0, row = true class
    titles : one a matrix, such as "predicted" and "nearest in the map"
    class_names : sequence of str, optional
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If a matrix is not square or holds a negative number, or sizes or names do not match.

    Examples
    --------
    >>> counts, shares = np.array([[9, 1], [0, 10]]), np.array([[0.8, 0.2], [0.5, 0.5]])
    >>> figure = confusions([counts, shares], ["predicted", "nearest"], ["cat", "dog"])
    >>> [[text.get_text() for text in ax.texts] for ax in figure.axes[:2]]
    [['90', '10', '100'], ['80', '20', '50', '50']]
    """
    name = "confusions"
    if not 1 <= len(matrices) <= 3:
        raise checks.invalid(name, "matrices", "1 to 3 matrices", f"{len(matrices)}")
    if len(titles) != len(matrices):
        got = f"{len(titles)} titles"
        raise checks.invalid(name, "titles", f"one per matrix ({len(matrices)})", got)
    squares = [_square(name, "matrices", matrix) for matrix in matrices]
    n = len(squares[0])
    if any(len(square) != n for square in squares):
        got = " and ".join(str(len(square)) for square in squares)
        raise checks.invalid(name, "matrices", "about the same classes", f"{got} classes")
    names = _names(name, class_names, n)
    side = min((WIDTH - BAR - 0.9) / len(squares), 1.2 + 0.3 * n)
    figure = new_figure(
        side * len(squares) + BAR + 0.9, side + 0.9 + 0.3 * bool(title), title
    )  # fmt: skip
    size = max(7.0, min(SMALL, 36 * side / n))
    fits = 72 * side / n > 2.2 * size  # three digits and a little air
    for k, (square, heading) in enumerate(zip(squares, titles, strict=True)):
        ax = figure.add_subplot(1, len(squares), k + 1)
        shares = _shares(square)
        texts = [[f"{100 * s:.0f}" if s >= 0.005 else "" for s in row] for row in shares]
        image = _cells(ax, shares, texts if fits else [], size)
        _name_classes(ax, names, "x", side * 0.8)
        if k == 0:
            _name_classes(ax, names, "y", side * 0.8)
        ax.set_title(fit(heading, side * 0.9, TEXT), fontsize=TEXT, color=INK)
        if k == 0:
            ax.set_ylabel("true", fontsize=TEXT, color=INK)
    _share_bar(figure, image, "share of the true class", side)
    return figure


def top_units(
    S: Discrimination, class_names: Sequence[str] | None = None, *, top: int = 5, title: str = ""
) -> Figure:
    """Draw how well the best units of each class (down) tell every class (across).

    Colour is the share of what the class's best unit reaches. Units that each tell one class are
    dark on the diagonal alone; a unit that is among the best of two classes stands in both groups.

    Parameters
    ----------
    S : (n_units, n_classes), >= 0, as of ``units.discrimination``
        Units that tell a class not at all (0) are not listed.
    class_names : sequence of str, optional
    top : int in [1, n_units]
        Units of each class, best first.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If `S` holds a negative number or zeros alone, or names do not match it.

    Examples
    --------
    >>> S = np.array([[0.9, 0.0], [0.1, 0.3], [0.0, 0.6]])
    >>> figure = top_units(S, ["cat", "dog"], top=2)
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['0', '1', '2', '1']
    """
    name = "top_units"
    S = checks.matrix(name, "S", S)
    n_units, n_classes = S.shape
    if (S < 0).any() or not S.any():
        raise checks.invalid(name, "S", "importances >= 0, not all 0", f"least {S.min():g}")
    names = _names(name, class_names, n_classes)
    checks.integer(name, "top", top, 1, n_units)
    best = [np.argsort(-S[:, c], kind="stable")[:top] for c in range(n_classes)]
    best = [rows[S[rows, c] > 0] for c, rows in enumerate(best)]
    rows = np.concatenate(best)
    most = S.max(axis=0)
    power = np.divide(S, most, out=np.zeros_like(S), where=most > 0)[rows]

    width = min(WIDTH, 2.6 + BAR + 0.42 * n_classes)
    per_row = 0.15 if len(rows) <= MOST_NAMED else 0.06
    height = float(np.clip(1.4 + per_row * len(rows), 2.4, 10.5))
    figure = new_figure(width, height + 0.3 * bool(title), title)
    ax = figure.add_subplot()
    image = _cells(ax, power, [], SMALL)
    ax.set_aspect("auto")
    _name_classes(ax, names, "x", width - 2)
    ends = np.cumsum([len(part) for part in best])
    for end in ends[:-1]:
        ax.axhline(end - 0.5, color=FAINT, linewidth=0.6)
    if len(rows) <= MOST_NAMED:
        ax.set_yticks(range(len(rows)), map(str, rows), fontsize=SMALL, color=INK)
        what = f"units, the best {top} of each class"
    else:
        _name_groups(ax, names, ends, height - 1.4)
        what = f"the best {top} units of each class"
    ax.set_ylabel(fit(what, height * 0.7, TEXT), fontsize=TEXT, color=INK)
    _share_bar(figure, image, "share of the class's best unit", height)
    return figure


def _square(function: str, argument: str, matrix: object) -> Array:
    counts = checks.matrix(function, argument, matrix)
    if counts.shape[0] != counts.shape[1] or (counts < 0).any():
        got = f"shape {counts.shape}, least {counts.min():g}"
        raise checks.invalid(function, argument, "square with counts >= 0", got)
    return counts


def _names(function: str, class_names: Sequence[str] | None, n: int) -> list[str]:
    names = [str(k) for k in range(n)] if class_names is None else list(class_names)
    if len(names) != n:
        raise checks.invalid(function, "class_names", f"one per class ({n})", f"{len(names)} names")
    return names


def _shares(counts: Array) -> Array:
    """Return each row as shares; a class without observations has none."""
    totals = counts.sum(axis=1, keepdims=True)
    shares: Array = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return shares


def _cells(ax: Axes, shares: Array, texts: Sequence[Sequence[str]], size: float) -> AxesImage:
    """Draw shares as colours, with a text in each cell up to :data:`MOST_COUNTED` rows."""
    image = ax.imshow(shares, cmap=SHARE, vmin=0, vmax=1, interpolation="nearest")
    if len(shares) <= MOST_COUNTED:
        for row, line in enumerate(texts):
            for column, text in enumerate(line):
                ink = "white" if shares[row, column] > 0.6 else INK
                if text:
                    ax.text(column, row, text, ha="center", va="center", fontsize=size, color=ink)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_color(FAINT)
    return image


def _name_classes(ax: Axes, names: Sequence[str], axis: str, length: float) -> None:
    """Write classes along an axis of so many inches, every k-th of many, slanted if long."""
    every = math.ceil(len(names) * LINE / length)
    shown = [shorten(text, LONGEST_NAME) for text in names[::every]]
    write = ax.set_xticks if axis == "x" else ax.set_yticks
    write(range(0, len(names), every), shown, fontsize=SMALL, color=INK)
    if axis == "x" and max(map(len, shown)) > 2:
        for tick in ax.get_xticklabels():
            tick.set(rotation=40, ha="right", rotation_mode="anchor")


def _name_groups(ax: Axes, names: Sequence[str], ends: Array, length: float) -> None:
    """Write each class beside the middle of its group of rows, every k-th of many."""
    middles = (np.concatenate([[0], ends[:-1]]) + ends - 1) / 2
    every = math.ceil(len(names) * LINE / length)
    shown = [shorten(text, LONGEST_NAME) for text in names[::every]]
    ax.set_yticks(middles[::every], shown, fontsize=SMALL, color=INK)


def _share_bar(figure: Figure, image: AxesImage, name: str, height: float) -> None:
    bar = color_bar(figure, image, figure.axes, name, height)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="\N{NO-BREAK SPACE}%"))
