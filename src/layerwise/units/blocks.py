"""Activations in blocks of rows: a layer is never in memory as a whole, nor in double precision.

Whatever has a shape and gives rows by slices can be read: an array, a memory map, a layer of a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

BLOCK = 2**21
"""Values read at once: 16 MB in double precision; rows enough for a fast matrix product."""


def sliceable(function: str, X: Any, *, min_rows: int = 1) -> Any:
    """Return `X` as it is if rows can be sliced from it, as an array otherwise.

    Raises
    ------
    UserError
        If it is not (n_observations, n_units) of numbers with at least `min_rows` rows.
    """
    if isinstance(getattr(X, "dtype", None), np.dtype) and X.ndim == 2 and len(X) >= min_rows:
        checks.matrix(function, "X", X[:0], min_rows=0)
        return X
    return checks.matrix(function, "X", X, min_rows=min_rows)


def blocks(function: str, X: Any) -> Iterator[tuple[slice, Array]]:
    """Yield ``(rows, their activations)`` of a :func:`sliceable` layer, in double precision.

    Raises
    ------
    InvalidValue
        If a value is NaN or infinite; it counts the rows where one is.
    """
    n, n_units = X.shape
    step = max(1, BLOCK // n_units)
    bad: list[Array] = []
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        block = np.asarray(X[rows], dtype=np.float64)
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            bad.append(start + np.flatnonzero(~finite))
        if not bad:
            yield rows, block
    if bad:
        raise checks.not_finite(function, "X", np.concatenate(bad))
