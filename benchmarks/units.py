"""Dissimilarity of 4,096 units beside numpy; importance of units beside scikit-learn's recipe.

Dissimilarity: synthetic rectified units (64 causes). Importance: the last layer of the network that
``benchmarks/projection.py`` trains, 2,000 observations, live units. "top 50" and "Spearman" compare
with a forest of 1,500 other trees a class, grown once a machine; "50, seeds" and "S., seeds"
compare two runs with different seeds, the second of which is not timed.

    python -m benchmarks.units [dissimilarity|importance] [--rounds 3]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Job, compare
from benchmarks.projection import ARRAYS, CACHE, make_data

OBSERVATIONS, UNITS = 10_000, 4_096
CONVERGED = CACHE / "converged.npy"
CONVERGED_TREES = 1500

Measured = Callable[[], Callable[[], dict[str, float]]]


def activity() -> np.ndarray:
    """Return 4,096 correlated rectified units of 10,000 observations."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(OBSERVATIONS, 64)).astype(np.float32)
    X = X @ rng.normal(size=(64, UNITS)).astype(np.float32) - 8
    return np.maximum(X, 0, out=X)


def layerwise_dissimilarity(dtype: str) -> Measured:
    from layerwise.units import dissimilarity

    X = activity().astype(dtype)
    dissimilarity(X[:10, :10])

    def job() -> Callable[[], dict[str, float]]:
        D = dissimilarity(X)
        return lambda: {"error": float(np.abs(D - numpy(X)).max())}

    return job


def numpy_dissimilarity() -> Callable[[], None]:
    X = activity()

    def job() -> None:
        numpy(X)

    return job


def numpy(X: np.ndarray) -> np.ndarray:
    """Return what anybody writes; no unit of these is constant."""
    D = 1 - np.abs(np.corrcoef(X.T))
    np.fill_diagonal(D, 0)
    return D


def layer() -> tuple[np.ndarray, np.ndarray]:
    """Return live units of 2,000 observations and their classes."""
    X, labels = (np.load(ARRAYS[name], mmap_mode="r")[:2000] for name in ("last", "labels"))
    return np.array(X[:, X.std(axis=0) > 0]), np.array(labels)


def ours(method: str, n_trees: int) -> Measured:
    from layerwise.units import discrimination

    X, labels = layer()
    discrimination(X[:50], labels[:50], method=method, n_trees=2)  # imports are not timed

    def run(seed: int) -> np.ndarray:
        return discrimination(X, labels, method=method, n_trees=n_trees, random_state=seed)

    def job() -> Callable[[], dict[str, float]]:
        S = run(0)
        return lambda: judged(S, run(1))

    return job


def recipe(n_trees: int) -> Measured:
    X, labels = layer()
    plain(X[:50], labels[:50], 2, 0)

    def job() -> Callable[[], dict[str, float]]:
        found = plain(X, labels, n_trees, 0)
        return lambda: judged(found, plain(X, labels, n_trees, 1))

    return job


def plain(X: np.ndarray, labels: np.ndarray, n_trees: int, seed: int) -> np.ndarray:
    from sklearn.ensemble import ExtraTreesClassifier

    forests = [
        ExtraTreesClassifier(n_trees, random_state=1000 * seed + int(c)).fit(X, labels == c)
        for c in np.unique(labels)
    ]
    return np.column_stack([forest.feature_importances_ for forest in forests])


def judged(S: np.ndarray, again: np.ndarray) -> dict[str, float]:
    from layerwise.units import agreement

    true, seeds = agreement(S, np.load(CONVERGED)), agreement(S, again)
    return {"top 50": true.overlap, "Spearman": true.spearman,
            "50, seeds": seeds.overlap, "S., seeds": seeds.spearman}  # fmt: skip


def make_converged() -> None:
    make_data()
    if not CONVERGED.exists():
        np.save(CONVERGED, plain(*layer(), CONVERGED_TREES, 77))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("which", nargs="?", choices=["dissimilarity", "importance"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--make-data", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.make_data:
        make_converged()
        return
    packages = ("numpy", "scipy", "scikit-learn")
    if options.which != "importance":
        jobs = [
            Job("layerwise, float32", layerwise_dissimilarity, ("float32",)),
            Job("layerwise, float16", layerwise_dissimilarity, ("float16",)),
            Job("numpy.corrcoef", numpy_dissimilarity),
        ]
        title = f"1 - |r| of {UNITS:,} units, {OBSERVATIONS:,} observations"
        compare(title, jobs, rounds=options.rounds, packages=packages)
    if options.which != "dissimilarity":
        # In a process of its own: a child's peak memory starts at its parent's.
        subprocess.run([sys.executable, "-m", "benchmarks.units", "--make-data"], check=True)
        jobs = [
            Job("scikit-learn, 100 trees a class", recipe, (100,)),
            Job("layerwise forest, 100 trees", ours, ("forest", 100)),
            Job("layerwise forest, 500 (default)", ours, ("forest", 500)),
            Job("layerwise gini", ours, ("gini", 1)),
        ]
        title = "importance of 1,000 units, 2,000 observations, 10 classes against the rest"
        compare(title, jobs, rounds=options.rounds, packages=packages)


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import units

    units.main()
