"""The units of a dense layer by class: a matrix, classes down and units across.

Source: HEIG-VD, Machine Learning, practical "Understanding Deep Neural Networks" (2017).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from layerwise.figures import legend as keys
from layerwise.figures.color import DIVERGING, MISSING, SEQUENTIAL
from layerwise.figures.matrix import LINE, LONGEST_NAME
from layerwise.figures.style import FAINT, INK, SMALL, TEXT, WIDTH, bare, fit, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array


def class_matrix(
    panels: Sequence[Array],
    captions: Sequence[str],
    *,
    class_names: Sequence[str],
    name: str = "difference from the mean of all classes",
    title: str = "",
) -> Figure:
    """Draw the units of a dense layer (across) by class (down), networks under each other.

    Units stand in the order of the class in which they are greatest, each network's in its own
    order: any numbers make a diagonal in that way, so only beside the untrained network does it
    say something.

    Parameters
    ----------
    panels : sequence of (n_classes, n_units)
        Such as differences of class means in standard deviations of the unit. NaN is grey.
    captions : one a panel
    class_names : (n_classes,) str
    name : what the numbers are, beside the bar; all panels share its scale
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If shapes, names or captions do not match, or all is NaN.

    Examples
    --------
    >>> figure = class_matrix([np.array([[0.0, 3, 1], [2, 1, 0]])], ["trained"],
    ...                       class_names=["cat", "dog"])
    >>> figure.axes[0].images[0].get_array().tolist()
    [[3.0, 1.0, 0.0], [1.0, 0.0, 2.0]]
    """
    function = "class_matrix"
    values = [np.asarray(panel, dtype=float) for panel in panels]
    n_classes = len(class_names)
    if not values or any(one.ndim != 2 or one.shape[0] != n_classes or not one.size
                         for one in values):  # fmt: skip
        got = " and ".join(str(one.shape) for one in values) or "none"
        raise checks.invalid(function, "panels", f"({n_classes} classes, n_units)", got)
    if len(captions) != len(values):
        got = f"{len(captions)}"
        raise checks.invalid(function, "captions", f"one per panel ({len(values)})", got)
    known = np.concatenate([one[np.isfinite(one)] for one in values])
    if not len(known):
        raise checks.invalid(function, "panels", "numbers somewhere", "NaN only")
    most = float(np.abs(known).max()) or 1.0
    signed = bool((known < 0).any())
    ramp = (DIVERGING if signed else SEQUENTIAL).with_extremes(bad=MISSING)
    norm = Normalize(-most if signed else 0, most)

    part = float(np.clip(LINE * n_classes, 0.9, 4.2))
    each = part + 0.75
    figure = new_figure(WIDTH, len(values) * each + 0.3 * bool(title), title)
    every = int(np.ceil(n_classes * LINE / part))
    for k, (matrix, caption) in enumerate(zip(values, captions, strict=True)):
        ax = figure.add_subplot(len(values), 1, k + 1)
        order, ends = _by_class(matrix)
        ax.imshow(
            matrix[:, order], cmap=ramp, norm=norm, aspect="auto", interpolation="auto"
        )  # fmt: skip
        for end in ends:
            ax.axvline(end - 0.5, color=FAINT, linewidth=0.5)
        bare(ax)
        names = [shorten(text, LONGEST_NAME) for text in class_names[::every]]
        ax.set_yticks(range(0, n_classes, every), names, fontsize=SMALL, color=INK)
        ax.tick_params(length=0)
        ax.set_title(fit(caption, WIDTH - 3, TEXT), fontsize=TEXT, color=INK)
        many = f"{matrix.shape[1]:,} unit{'s' * (matrix.shape[1] > 1)}"
        ax.set_xlabel(f"{many}, by the class in which each is greatest", fontsize=SMALL, color=INK)
    keys.color_bar(figure, ScalarMappable(norm, ramp), figure.axes, name, len(values) * each)
    return figure


def _by_class(matrix: Array) -> tuple[Array, Array]:
    """Return units by the class of their greatest value, strongest first, and the groups' ends.

    Units without a number come last.
    """
    filled = np.where(np.isnan(matrix), -np.inf, matrix)
    silent = np.isinf(filled).all(axis=0)
    code = np.where(silent, len(matrix), filled.argmax(axis=0))
    order = np.lexsort((-filled.max(axis=0), code))
    return order, np.flatnonzero(np.diff(code[order])) + 1
