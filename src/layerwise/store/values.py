"""Number formats of the store: how each is stored, counted and read back.

bfloat16 has no numpy type: it is stored as the upper half of a float32, in uint16, and comes
back as float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from layerwise.foundation.shapes import Array

STORED: dict[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<u2"),
    "float64": np.dtype("<f8"),
    "uint8": np.dtype("|u1"),
    "int64": np.dtype("<i8"),
}
"""Logical type to the type on disk."""

_BITS: dict[str, tuple[type[np.unsignedinteger], int, int]] = {
    "float32": (np.uint32, 0x7FFFFFFF, 0x7F800000),
    "float16": (np.uint16, 0x7FFF, 0x7C00),
    "bfloat16": (np.uint16, 0x7FFF, 0x7F80),
    "float64": (np.uint64, 0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000),
}
"""Unsigned type, all bits but the sign, and the pattern of infinity (IEEE 754)."""


def returned(dtype: str) -> np.dtype[Any]:
    """Return the numpy type in which values of the logical `dtype` are read."""
    return np.dtype(np.float32) if dtype == "bfloat16" else STORED[dtype]


def decode(stored: Array, dtype: str) -> Array:
    """Return `stored` values as numbers; only bfloat16 is copied."""
    if dtype != "bfloat16":
        return stored
    return np.left_shift(stored, 16, dtype=np.uint32).view(np.float32)


def add_counts(stored: Array, dtype: str, counts: Array) -> None:
    """Add how many values of the flat `stored` are NaN, infinite and zero to the three `counts`.

    Examples
    --------
    >>> counts = np.zeros(3, np.int64)
    >>> add_counts(np.array([1, np.nan, -np.inf, -0.0, 0], np.float32), "float32", counts)
    >>> counts
    array([1, 1, 2])
    """
    if dtype not in _BITS:
        counts[2] += stored.size - np.count_nonzero(stored)
        return
    unsigned, magnitude, infinity = _BITS[dtype]
    _compiled()(stored.view(unsigned), unsigned(magnitude), unsigned(infinity), counts)


@cache
def _compiled() -> Callable[..., None]:
    import numba

    compile: Callable[..., Callable[..., None]] = numba.njit(cache=True, nogil=True)
    return compile(_count)


def _count(bits: Array, magnitude: int, infinity: int, counts: Array) -> None:
    """Compare bit patterns in one pass, without the arrays `np.isnan` makes.

    A second pass tells NaN from infinity, in the rare tile that has any.
    """
    special = zero = 0
    for i in range(bits.size):
        size = bits[i] & magnitude
        special += size >= infinity
        zero += size == 0
    counts[2] += zero
    if special:
        for i in range(bits.size):
            size = bits[i] & magnitude
            counts[0] += size > infinity
            counts[1] += size == infinity
