"""Small pictures set into one larger one, in rows and columns between lines."""

from __future__ import annotations

import math

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

PAPER = 255
"""Where there is no picture."""

LINE = 110
"""Grey of the lines between pictures: seen beside black, white, and the colours of 0."""


def grid(pictures: Array, columns: int | None = None, gap: int = 2) -> Array:
    """Return pictures row by row in one.

    Parameters
    ----------
    pictures : (..., n, height, width, channels) uint8, n of them in each
    columns : in a row; by default as many as rows
    gap : pixels of the line between two

    Returns
    -------
    (..., all_heights, all_widths, channels) uint8

    Examples
    --------
    >>> grid(np.zeros((9, 4, 5, 3), np.uint8), gap=1).shape
    (14, 17, 3)
    >>> grid(np.zeros((2, 3, 1, 1, 1), np.uint8), gap=0)[0, :, :, 0].tolist()
    [[0, 0], [0, 255]]
    """
    if pictures.ndim < 4 or not pictures.size:
        raise checks.invalid(
            "grid", "pictures", "(..., n, height, width, channels)", f"shape {pictures.shape}"
        )
    *lead, n, height, width, depth = pictures.shape
    across = math.ceil(math.sqrt(n)) if columns is None else min(columns, n)
    down = math.ceil(n / across)
    cells = np.full((*lead, down * across, height + gap, width + gap, depth), LINE, np.uint8)
    cells[..., :height, :width, :] = PAPER
    cells[..., :n, :height, :width, :] = pictures
    rows = cells.reshape(*lead, down, across, height + gap, width + gap, depth)
    sheet = np.moveaxis(rows, -4, -3).reshape(*lead, down * (height + gap), -1, depth)
    trimmed: Array = sheet[..., : down * (height + gap) - gap, : across * (width + gap) - gap, :]
    return trimmed


def enlarged(pictures: Array, least: int) -> Array:
    """Return pictures (..., height, width, channels) whose longer side has `least` pixels or more.

    Each pixel becomes a square of pixels, so nothing is smoothed.

    Examples
    --------
    >>> enlarged(np.zeros((3, 5, 4, 1), np.uint8), 12).shape
    (3, 15, 12, 1)
    """
    times = max(1, math.ceil(least / max(pictures.shape[-3:-1])))
    found: Array = pictures.repeat(times, axis=-3).repeat(times, axis=-2)
    return found


def thinned(pictures: Array, most: int) -> Array:
    """Return pictures (..., height, width, channels) of which no side has more than `most` pixels.

    Of larger ones every second pixel stays, or every third, and so on: colours stay what they mean.

    Examples
    --------
    >>> thinned(np.zeros((3, 5, 9, 1), np.uint8), 4).shape
    (3, 2, 3, 1)
    """
    step = max(1, math.ceil(max(pictures.shape[-3:-1]) / most))
    found: Array = pictures[..., ::step, ::step, :]
    return found
