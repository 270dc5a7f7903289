"""Pairwise distances in blocks of rows, so that n x n numbers never stand in memory at once.

``|x - y|^2 = |x|^2 + |y|^2 - 2 x.y``: one matrix product a block, in the precision of the input.
The points are centred and scaled first: the formula subtracts large numbers, and an offset that
all points share would eat the digits in which they differ. Leaves out every metric but Euclid's.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array

NARROW = 3
"""Up to this width double precision is free and a k-d tree beats every product."""

BLOCK = 2**23
"""Distances held at once: 32 MB in single precision, 140 rows of 60,000 points."""


def two_spaces(function: str, X: object, Y: object, min_rows: int) -> tuple[Array, Array]:
    """Return `X` and `Y` as matrices of any width with the same number of rows."""
    X = checks.matrix(function, "X", X, min_rows=min_rows)
    Y = checks.matrix(function, "Y", Y, min_rows=min_rows)
    if len(X) != len(Y):
        raise checks.invalid(
            function, "Y", f"one row per observation of X ({len(X)})", f"{len(Y)} rows"
        )
    return X, Y


def centred(X: Array) -> tuple[Array, float]:
    """Return the points around their mean, the largest coordinate 1, and what they were divided by.

    Distances of the result times the divisor are those of `X`; squares neither overflow nor vanish.
    """
    X = X.astype(np.float64) if X.shape[1] <= NARROW else X
    # Halves: the difference of two values near the largest float would overflow.
    middle = X.mean(axis=0, dtype=np.float64).astype(X.dtype) / 2
    X = X / 2
    X -= middle
    largest = X.dtype.type(max(X.max(), -X.min()))
    if largest == 0:
        return X, 1.0
    X /= largest
    return X, 2 * float(largest)


def squared_distances(X: Array, rows: Array) -> Iterator[tuple[Array, Array]]:
    """Yield ``(block of rows, their squared distances to all points)``.

    Takes points that are :func:`centred`. The distance of a point to itself is infinite: it is
    never its own neighbour, not even among exact duplicates.
    """
    norms = np.einsum("ij,ij->i", X, X)
    step = max(1, BLOCK // len(X))
    for start in range(0, len(rows), step):
        block = rows[start : start + step]
        D = X[block] @ X.T
        D *= -2
        D += norms[block, None]
        D += norms
        np.maximum(D, 0, out=D)  # rounding
        D[np.arange(len(block)), block] = np.inf
        yield block, D


def pair_distances(X: Array) -> Array:
    """Return the distances of all pairs i < j as one vector of n (n - 1) / 2 doubles."""
    X, divisor = centred(X)
    column = np.arange(len(X))
    pairs = [D[column > rows[:, None]] for rows, D in squared_distances(X, column)]
    distances: Array = np.sqrt(np.concatenate(pairs), dtype=np.float64) * divisor
    return distances


def sampled_rows(n_rows: int, n_samples: int, random_state: RandomState) -> Array:
    """Return all row numbers, or `n_samples` of them drawn without replacement, in order."""
    if n_rows <= n_samples:
        return np.arange(n_rows)
    return np.sort(generator(random_state).choice(n_rows, n_samples, replace=False))
