"""Nearest neighbours among many observations of many units.

Exact for up to :data:`EXACT_ROWS` rows; above, an inverted-file index of faiss, which finds more
than 99.9 % of the neighbours of trained activations (their intrinsic dimension is low).
"""

from __future__ import annotations

import faiss
import numpy as np

from layerwise.foundation.shapes import Array

EXACT_ROWS = 12_000
"""The most training rows that are searched without an index."""

CELLS = 256
PROBES = 12
"""Cells of the index, and how many of them each search visits."""


def neighbours(X: Array, k: int, *, queries: Array | None = None) -> tuple[Array, Array]:
    """Return the `k` nearest rows of `X` for each row of `queries`.

    Parameters
    ----------
    X : (n, d) float32
    k : int in [1, n - 1], or n with `queries`
    queries : (m, d) float32, or None for the rows of `X`, each without itself

    Returns
    -------
    indices : (m, k) int64, nearest first
    squared_distances : (m, k) float32

    Examples
    --------
    >>> neighbours(np.array([[0], [1], [5]], np.float32), 1)[0].ravel().tolist()
    [1, 0, 1]
    """
    if queries is not None:
        return _search(X, queries, k)
    found, squared = _search(X, X, k + 1)
    # Drop the row itself; among many duplicates it may not be in its list, then drop the last.
    keep = found != np.arange(len(X))[:, None]
    keep[keep.all(axis=1), -1] = False
    return found[keep].reshape(-1, k), squared[keep].reshape(-1, k)


def _search(X: Array, queries: Array, k: int) -> tuple[Array, Array]:
    if len(X) <= EXACT_ROWS:
        squared, found = faiss.knn(queries, X, k)
        return found, np.maximum(squared, 0)
    index = faiss.IndexIVFFlat(faiss.IndexFlatL2(X.shape[1]), X.shape[1], CELLS)
    index.train(X[:: max(1, len(X) // (40 * CELLS))])  # 40 rows a cell suffice for k-means
    index.add(X)
    index.nprobe = PROBES
    squared, found = index.search(queries, k)
    short = (found < 0).any(axis=1)  # cells too small to hold k rows: search them all
    if short.any():
        index.nprobe = CELLS
        squared[short], found[short] = index.search(queries[short], k)
    return found, np.maximum(squared, 0)
