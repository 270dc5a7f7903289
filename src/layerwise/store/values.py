"""Number formats of the store: how each is stored, counted and read back.

bfloat16 has no numpy type: it is stored as the upper half of a float32, in uint16, and comes
back as float32.
"""

from __future__ import annotations

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

_BITS: dict[str, tuple[type[np.unsignedinteger], int]] = {
    "float32": (np.uint32, 0x7F800000),
    "float16": (np.uint16, 0x7C00),
    "bfloat16": (np.uint16, 0x7F80),
    "float64": (np.uint64, 0x7FF0000000000000),
}
"""Unsigned type of the same width and the bits of infinity (IEEE 754)."""


def returned(dtype: str) -> np.dtype[Any]:
    """Return the numpy type in which values of the logical `dtype` are read."""
    return np.dtype(np.float32) if dtype == "bfloat16" else STORED[dtype]


def decode(stored: Array, dtype: str) -> Array:
    """Return `stored` values as numbers; only bfloat16 is copied."""
    if dtype != "bfloat16":
        return stored
    return np.left_shift(stored, 16, dtype=np.uint32).view(np.float32)


def count(stored: Array, dtype: str) -> tuple[int, int, int]:
    """Return how many of the `stored` values are NaN, infinite and zero.

    Comparing bits, with the sign shifted out, costs a third of what `np.isnan` and its like do.

    Examples
    --------
    >>> count(np.array([1, np.nan, -np.inf, -0.0, 0], np.float32), "float32")
    (1, 1, 2)
    """
    if dtype not in _BITS:  # integers
        return 0, 0, stored.size - int(np.count_nonzero(stored))
    unsigned, infinity = _BITS[dtype]
    bits, infinity = np.left_shift(stored.view(unsigned), 1), 2 * infinity
    nan = infinite = 0
    if bits.max(initial=0) >= infinity:
        nan = int(np.count_nonzero(bits > infinity))
        infinite = int(np.count_nonzero(bits == infinity))
    return nan, infinite, bits.size - int(np.count_nonzero(bits))
