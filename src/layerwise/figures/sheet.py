"""A contact sheet: the observations themselves, errors first."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from layerwise.figures.style import FAINT, INK, SMALL, WIDTH, fit, new_figure
from layerwise.foundation import checks
from layerwise.foundation.shapes import GreyImages, Images, Labels

ERROR = "#B3261E"
"""Frame and caption of a misclassified observation."""


def contact_sheet(
    images: Images | GreyImages,
    captions: Sequence[str] | None = None,
    *,
    correct: Labels | None = None,
    n_columns: int = 8,
    title: str = "",
) -> Figure:
    """Draw small pictures in rows, each with a caption such as "3 → 5".

    Parameters
    ----------
    images : (n, height, width) or (n, height, width, channels) uint8, channels 1 or 3
    captions : n strings, optional
    correct : (n,) of bool, optional
        Misclassified observations come first and have a red frame and a cross in their caption.
    n_columns : int in [1, 20]
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If shapes disagree or there is no image.

    Examples
    --------
    >>> figure = contact_sheet(np.zeros((2, 8, 8), np.uint8), ["3 → 3", "3 → 5"],
    ...                        correct=np.array([True, False]))
    >>> [ax.get_xlabel() for ax in figure.axes]
    ['× 3 → 5', '3 → 3']
    """
    name = "contact_sheet"
    pictures = np.asarray(images)
    if pictures.ndim not in (3, 4) or (pictures.ndim == 4 and pictures.shape[3] not in (1, 3)):
        raise checks.invalid(
            name, "images", "of shape (n, height, width[, 1 or 3])", f"shape {pictures.shape}"
        )
    n = len(pictures)
    if n == 0:
        raise checks.invalid(name, "images", "at least one image", "none")
    texts = [""] * n if captions is None else list(captions)
    if len(texts) != n:
        raise checks.invalid(name, "captions", f"one per image ({n})", f"{len(texts)} captions")
    checks.integer(name, "n_columns", n_columns, 1, 20)
    right = np.ones(n, dtype=bool)
    if correct is not None:
        right = checks.labels(name, correct, n, "correct").astype(bool)

    across = min(n, n_columns)
    side = min(WIDTH / n_columns, 1.6)
    shown = [fit(text if ok else f"× {text}", side, SMALL).strip()
             for text, ok in zip(texts, right, strict=True)]  # fmt: skip
    lines = max(text.count("\n") + bool(text) for text in shown)
    n_rows = math.ceil(n / across)
    height = side * min(pictures.shape[1] / pictures.shape[2], 2) + 0.17 * lines
    figure = new_figure(across * side, n_rows * height + 0.4 * bool(title), title)
    for place, row in enumerate(np.argsort(right, kind="stable"), start=1):
        ax = figure.add_subplot(n_rows, across, place)
        ax.imshow(pictures[row].squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.spines[:].set(color=FAINT if right[row] else ERROR, linewidth=1 if right[row] else 2)
        ax.set_xlabel(shown[row], fontsize=SMALL, color=INK if right[row] else ERROR, labelpad=2)
    return figure
