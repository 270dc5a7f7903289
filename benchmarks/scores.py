"""Neighbourhood hit of 60,000 points, in 2-D and in n-D, beside scikit-learn's neighbours.

Every measurement is a fresh process; the contenders take turns, and the median of the rounds is
printed: CPU seconds (all threads), wall seconds, and how far the peak of memory rose above the
data. scikit-learn's brute search in n-D answers every tenth query and its time is multiplied by
ten, which is marked. The data are synthetic (ten classes in 30 directions, seen through a ReLU
layer), so the script runs anywhere.

    python benchmarks/scores.py [--points 60000] [--units 1000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import multiprocessing
import platform
import resource
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version

import numpy as np

N_NEIGHBORS = 6
CHECKED = 500  # queries on which the answer is compared with exact search


def layer(points: int, units: int) -> tuple[np.ndarray, np.ndarray]:
    """Ten classes in 30 hidden directions, seen through a ReLU layer."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, points)
    signal = rng.normal(size=(10, 30))[labels] + rng.normal(size=(points, 30))
    X = signal.astype(np.float32) @ rng.normal(size=(30, units)).astype(np.float32)
    X -= 2
    return np.maximum(X, 0, out=X), labels  # in place: a copy would hide the search's own peak


def by_layerwise(X: np.ndarray) -> np.ndarray:
    from layerwise.scores import nearest_neighbors

    return nearest_neighbors(X, N_NEIGHBORS)


def by_sklearn(X: np.ndarray, algorithm: str, every: int = 1) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=N_NEIGHBORS + 1, algorithm=algorithm, n_jobs=-1).fit(X)
    return search.kneighbors(X[::every], return_distance=False)[:, 1:]


CONTENDERS: dict[str, dict[str, tuple[Callable[..., np.ndarray], dict[str, object], int]]] = {
    "2-D": {
        "layerwise": (by_layerwise, {}, 1),
        "sklearn kd_tree": (by_sklearn, {"algorithm": "kd_tree"}, 1),
        "sklearn brute": (by_sklearn, {"algorithm": "brute"}, 1),
    },
    "n-D": {
        "layerwise": (by_layerwise, {}, 1),
        "sklearn brute": (by_sklearn, {"algorithm": "brute", "every": 10}, 10),
    },
}


def measure(space: str, name: str, points: int, units: int) -> tuple[float, float, float, float]:
    """CPU s, wall s, MB above the data, recall against distances taken one by one."""
    X, labels = layer(points, units)
    if space == "2-D":
        X = np.ascontiguousarray(X[:, np.argsort(-X.var(axis=0))[:2]])
        X += np.random.default_rng(1).normal(size=X.shape).astype(np.float32)
    search, options, factor = CONTENDERS[space][name]
    search(X[:200], **options)  # imports, thread pools
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, wall = time.process_time(), time.perf_counter()
    found = search(X, **options)
    float((labels[found] == labels[::factor, None]).mean())  # the hit itself
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return cpu * factor, wall * factor, peak, recall(X, found, factor)


def recall(X: np.ndarray, found: np.ndarray, factor: int) -> float:
    shares = []
    for row in np.linspace(0, len(found) - 1, CHECKED).astype(int):
        D = ((X - X[row * factor]) ** 2).sum(axis=1)
        D[row * factor] = np.inf
        true = np.argpartition(D, N_NEIGHBORS)[:N_NEIGHBORS]
        shares.append(np.isin(found[row], true).mean())
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description="Neighbourhood hit beside scikit-learn.")
    parser.add_argument("--points", type=int, default=60_000)
    parser.add_argument("--units", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    settings = parser.parse_args()

    packages = ("numpy", "scipy", "scikit-learn", "faiss-cpu")
    print(platform.platform(), "Python", platform.python_version())
    print(", ".join(f"{name} {version(name)}" for name in packages))
    context = multiprocessing.get_context("spawn")
    results: dict[tuple[str, str], list[tuple[float, float, float, float]]] = {}
    for _ in range(settings.rounds):
        for space, contenders in CONTENDERS.items():
            for name in contenders:
                with ProcessPoolExecutor(1, mp_context=context) as fresh:
                    row = fresh.submit(
                        measure, space, name, settings.points, settings.units
                    ).result()
                results.setdefault((space, name), []).append(row)

    print(f"\n{settings.points} points, {settings.units} units, k = {N_NEIGHBORS}, "
          f"median of {settings.rounds}")  # fmt: skip
    print(f"{'':24}{'CPU s':>8}{'wall s':>8}{'MB':>8}{'recall':>8}")
    for (space, name), rows in results.items():
        cpu, wall, peak, found = (statistics.median(column) for column in zip(*rows, strict=True))
        mark = f"  x{factor}" if (factor := CONTENDERS[space][name][2]) > 1 else ""
        print(f"{space} {name:20}{cpu:8.2f}{wall:8.2f}{peak:8.0f}{found:8.4f}{mark}")


if __name__ == "__main__":
    main()
