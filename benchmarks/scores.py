"""Neighbours and neighbourhood hit of 60,000 points, in 2-D and in n-D, beside scikit-learn's.

The data are synthetic (ten classes in 30 directions, seen through a ReLU layer), so this runs
anywhere. scikit-learn's brute search answers every tenth query; ten times its figures count.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Job, compare

N_NEIGHBORS = 6
SHARE = 10
CHECKED = 500
"""Queries whose neighbours are compared with exact search."""


def layer(points: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Return activations and classes."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, points)
    signal = rng.normal(size=(10, 30))[labels] + rng.normal(size=(points, 30))
    X = signal.astype(np.float32) @ rng.normal(size=(30, units)).astype(np.float32)
    X -= 2
    return (np.maximum(X, 0, out=X) if units > 2 else X), labels


def hit(points: int, units: int) -> Callable[[], Callable[[], dict[str, float]]]:
    from layerwise import scores

    X, labels = layer(points, units)
    scores.neighborhood_hit(X[:100], labels[:100], n_neighbors=N_NEIGHBORS)  # imports are not timed

    def job() -> Callable[[], dict[str, float]]:
        neighbors = scores.nearest_neighbors(X, N_NEIGHBORS)
        scores.neighborhood_hit(X, labels, n_neighbors=N_NEIGHBORS, neighbors=neighbors)
        return lambda: {"recall": recall(X, neighbors)}

    return job


def sklearn(points: int, units: int, algorithm: str) -> Callable[[], None]:
    from sklearn.neighbors import NearestNeighbors

    X, labels = layer(points, units)
    every = SHARE if algorithm == "brute" else 1
    search = NearestNeighbors(n_neighbors=N_NEIGHBORS + 1, algorithm=algorithm, n_jobs=-1)

    def job() -> None:
        found = search.fit(X).kneighbors(X[::every], return_distance=False)[:, 1:]
        (labels[found] == labels[::every, None]).mean()

    return job


def recall(X: np.ndarray, neighbors: np.ndarray) -> float:
    """Return the share of the exact neighbours that were found, over a sample of queries."""
    rows = np.random.default_rng(1).choice(len(X), CHECKED, replace=False)
    squares = np.einsum("ij,ij->i", X, X, dtype=np.float64)
    found = 0
    for row in rows:
        distance = squares - 2 * (X @ X[row]).astype(np.float64)
        distance[row] = np.inf
        exact = np.argpartition(distance, N_NEIGHBORS)[:N_NEIGHBORS]
        found += len(np.intersect1d(exact, neighbors[row]))
    return found / (CHECKED * N_NEIGHBORS)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=60_000)
    parser.add_argument("--units", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    for units, algorithms in ((2, ("kd_tree",)), (options.units, ("brute",))):
        size = (options.points, units)
        jobs = [Job("layerwise, hit included", hit, size)]
        jobs += [
            Job(f"scikit-learn {name}", sklearn, (*size, name), SHARE if name == "brute" else 1)
            for name in algorithms
        ]
        title = f"{options.points:,} points in {units}-D, k = {N_NEIGHBORS}"
        compare(title, jobs, rounds=options.rounds, packages=("numpy", "scikit-learn", "faiss-cpu"))


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import scores

    scores.main()
