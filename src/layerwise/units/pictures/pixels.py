"""Numbers as pixels: 0 is one colour, wherever it occurs and whatever the scale.

Filters, activation maps and class means are small pictures of numbers of both signs or of one. Here
stand the two ramps of colours that every picture and figure of layerwise shares, and the arithmetic
from a number and its limit to three bytes. Leaves out how limits are chosen, and all drawing.

The ramps: lightness falls with the distance from 0 to both sides, blue below and brown above, so
signs are told apart under red-green blindness and in print.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

POSITIVE = ("#DCDCDC", "#FEC44F", "#EC7014", "#993404", "#4A1A03")
"""Equally spaced colours from 0 (light grey) to the limit (dark brown)."""

SIGNED = ("#0B1F4B", "#1F4E9C", "#4A90D0", "#A6CBEA", *POSITIVE)
"""Equally spaced colours from minus the limit (dark blue) over 0 (light grey) to the limit."""

MISSING = "#BBBBBB"
"""Where there is no number."""


def signed(values: ArrayLike, limit: ArrayLike) -> Array:
    """Return numbers of both signs in colour: 0 in the middle, plus and minus `limit` at the ends.

    Parameters
    ----------
    values : (...)
        What is beyond the limit has the colour of the end; NaN is :data:`MISSING`.
    limit : float >= 0, or an array that broadcasts to the values
        Where it is 0, everything is in the middle.

    Returns
    -------
    (..., 3) of uint8

    Examples
    --------
    >>> signed([-2.0, 0, 2], 2).tolist()
    [[11, 31, 75], [220, 220, 220], [74, 26, 3]]
    """
    return _colored("signed", values, limit, SIGNED, -1)


def positive(values: ArrayLike, limit: ArrayLike) -> Array:
    """Return numbers from 0 (pale) to `limit` (dark) in colour; what is below 0 is as 0.

    Parameters and result as of :func:`signed`.

    Examples
    --------
    >>> positive([0.0, 1, float("nan")], 1).tolist()
    [[220, 220, 220], [74, 26, 3], [187, 187, 187]]
    """
    return _colored("positive", values, limit, POSITIVE, 0)


def rgb(values: ArrayLike, limit: ArrayLike) -> Array:
    """Return weights on red, green and blue as that colour: 0 is mid grey.

    .. math:: 127.5 + 127.5 w / limit

    rounded, halves up, so that 0 is 128. NaN is as 0.

    Parameters
    ----------
    values : (..., 3)
    limit : float >= 0, or an array that broadcasts to the values

    Returns
    -------
    (..., 3) of uint8

    Examples
    --------
    >>> rgb([[-1.0, 0.0, 0.5]], 1).tolist()
    [[0, 128, 191]]
    """
    shares = np.nan_to_num(_shares("rgb", values, limit))
    if shares.shape[-1:] != (3,):
        raise checks.invalid("rgb", "values", "of shape (..., 3)", f"shape {shares.shape}")
    colored: Array = np.floor(127.5 + 127.5 * shares + 0.5).astype(np.uint8)
    return colored


def anchors(colors: tuple[str, ...]) -> Array:
    """Return hexadecimal colours as rows of three numbers from 0 to 255."""
    return np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in colors], float)


def _shares(function: str, values: ArrayLike, limit: ArrayLike) -> Array:
    """Return values / limit in [-1, 1]; 0 where the limit is 0."""
    numbers, most = np.asarray(values, dtype=np.float64), np.asarray(limit, dtype=np.float64)
    if not np.isfinite(most).all() or (most < 0).any():
        raise checks.invalid(function, "limit", "finite and >= 0", f"{most.min():g}")
    scale = np.broadcast_to(most, np.broadcast_shapes(numbers.shape, most.shape))
    with np.errstate(over="ignore"):  # a limit may be subnormal
        shares = np.divide(numbers, scale, out=np.zeros(scale.shape), where=scale > 0)
    shares[np.broadcast_to(np.isnan(numbers), scale.shape)] = np.nan
    clipped: Array = np.clip(shares, -1, 1)
    return clipped


def _colored(
    function: str, values: ArrayLike, limit: ArrayLike, colors: tuple[str, ...], low: int
) -> Array:
    shares, ramp = _shares(function, values, limit), anchors(colors)
    places = np.linspace(low, 1, len(colors))
    known = np.nan_to_num(shares)
    found = np.stack([np.interp(known, places, ramp[:, k]) for k in range(3)], axis=-1)
    found[np.isnan(shares)] = anchors((MISSING,))[0]
    colored: Array = np.rint(found).astype(np.uint8)
    return colored
