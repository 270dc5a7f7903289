"""Nearest neighbours, never the point itself: the one search every neighbourhood score rests on.

Three ways, by the size of the problem (the CPU seconds that decided stand in the benchmark
``benchmarks/scores.py``):

* up to 3 dimensions: SciPy's k-d tree, exact, 0.1 s for 60,000 points;
* wider, up to 20,000 points: exact search by blockwise matrix products;
* wider and more: the HNSW graph of faiss on the raw columns, about 3 times cheaper than exact
  search (60,000 images of MNIST), then *checked* against exact search on 200 points. Below a
  recall of 0.995 the exact search runs after all, so no reported number rests on an approximation
  that nobody looked at.

Leaves out reduction to 50 components before the search: good enough to start a t-SNE, but its
recall against the raw neighbours is only about 0.96, and that would show in a score.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from layerwise.foundation import checks
from layerwise.foundation.shapes import Activations, Array, Neighbors
from layerwise.scores.distances import NARROW, centred, squared_distances

EXACT_UP_TO = 20_000
"""Points up to which exact search in n-D is cheap: 9 CPU s at 1,000 columns."""

CHECKED = 200
"""Points on which the graph's answer is compared with exact search."""

MIN_RECALL = 0.995
"""Share of true neighbours the graph must find there."""


def nearest_neighbors(X: Activations, n_neighbors: int) -> Neighbors:
    """Row numbers of each point's `n_neighbors` nearest other points, nearest first.

    The point itself is left out by its number, not by its distance, so exact duplicates of it do
    count as neighbours. Equal distances are resolved the same way on every call.

    Parameters
    ----------
    X : (n_observations, n_units)
    n_neighbors : int in [1, n_observations - 1]

    Returns
    -------
    (n_observations, n_neighbors) of int

    Notes
    -----
    The graph search (more than 20,000 points in more than 3 dimensions) is built by one thread,
    because several insert in an order that changes from call to call.

    Examples
    --------
    >>> nearest_neighbors(np.array([[0.0, 0], [0, 0], [9, 9], [9, 8]]), 1).ravel().tolist()
    [1, 0, 3, 2]
    """
    X = checks.matrix("nearest_neighbors", "X", X, min_rows=2)
    check_n_neighbors("nearest_neighbors", n_neighbors, len(X))
    X, _ = centred(X)
    if X.shape[1] <= NARROW:
        return _by_tree(X, n_neighbors)
    if len(X) > EXACT_UP_TO:
        found = _by_graph(X, n_neighbors)
        rows = np.linspace(0, len(X) - 1, CHECKED).astype(np.intp)
        if recall(found[rows], _exact(X, rows, n_neighbors)) >= MIN_RECALL:
            return found
    return _exact(X, np.arange(len(X)), n_neighbors)


def recall(found: Neighbors, true: Neighbors) -> float:
    """Mean share of the neighbours in `true` that `found` names too, in any order.

    Examples
    --------
    >>> recall(np.array([[1, 2], [0, 3]]), np.array([[2, 1], [0, 2]]))
    0.75
    """
    return float((found[:, :, None] == true[:, None, :]).any(axis=1).mean())


def check_n_neighbors(function: str, n_neighbors: object, n: int, high: int | None = None) -> int:
    """Return `n_neighbors` if it is in ``[1, high]``; `high` is n - 1 unless told."""
    hint = f"There are {n} observations."
    return checks.integer(function, "n_neighbors", n_neighbors, 1, high or n - 1, hint)


def smallest(D: Array, k: int) -> Array:
    """Return the columns of the `k` smallest entries of each row, smallest first."""
    columns = np.sort(np.argpartition(D, k - 1, axis=1)[:, :k], axis=1)
    order = np.argsort(np.take_along_axis(D, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _by_tree(X: Array, k: int) -> Array:
    _, found = cKDTree(X).query(X, k + 1, workers=-1)
    return _without_self(np.asarray(found), k)


def _exact(X: Array, rows: Array, k: int) -> Array:
    return np.concatenate([smallest(D, k) for _, D in squared_distances(X, rows)])


def _by_graph(X: Array, k: int) -> Array:
    import faiss

    threads = faiss.omp_get_max_threads()
    index = faiss.IndexHNSWFlat(X.shape[1], 16)
    index.hnsw.efConstruction = 64
    index.hnsw.efSearch = max(144, 4 * k)  # 96 lost 4 neighbours in 1,000 of MNIST's pixels
    X = np.ascontiguousarray(X, dtype=np.float32)
    try:
        faiss.omp_set_num_threads(1)
        index.add(X)
    finally:
        faiss.omp_set_num_threads(threads)
    return _without_self(index.search(X, k + 1)[1], k)


def _without_self(found: Array, k: int) -> Array:
    """Drop each row's own number; where duplicates crowded it out, drop the last instead."""
    drop = found == np.arange(len(found))[:, None]
    drop[~drop.any(axis=1), -1] = True
    kept: Array = found[~drop].reshape(len(found), k)
    return kept
