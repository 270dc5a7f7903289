"""Speed and quality of the projections beside their peers, in one alternated run.

Data: hidden activity of a 784-4x1000-10 network trained for two epochs on MNIST or Fashion-MNIST
where one is found, else on the digits of scikit-learn with noise. Before the clock starts every
contender maps 120 points, so that imports and compilation are not counted.

    python -m benchmarks.projection [tsne|mds] [--sizes 2000 10000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.measure import Job, compare

Map = Callable[[np.ndarray, bool], np.ndarray]
"""Data, and whether this is the warm-up, to a map."""

CACHE = Path(tempfile.gettempdir()) / "layerwise-benchmark"
PLACES = [
    Path(os.environ.get("LAYERWISE_DATA", Path(__file__).parents[2] / "shared/data")) / "mnist",
    Path("/usr/share/datasets/fashion-mnist"),
]
REDUCED = 20_000
"""Above so many rows everybody gets the first 50 principal components."""


def ours_tsne(X: np.ndarray, warm_up: bool) -> np.ndarray:
    from layerwise.projection import TSNE

    if warm_up:
        TSNE(method="fft", n_iter=250, random_state=0).fit(X)
    return TSNE(random_state=0, n_iter=250 if warm_up else 750).fit_transform(X)


def open_tsne(X: np.ndarray, warm_up: bool) -> np.ndarray:
    from openTSNE import TSNE

    if warm_up:  # the compiler of its approximate search, which large inputs meet
        TSNE(neighbors="pynndescent", n_iter=1, random_state=0).fit(X)
    neighbours = "exact" if len(X) <= REDUCED else "pynndescent"
    return np.asarray(TSNE(neighbors=neighbours, n_jobs=-1, random_state=0).fit(X))


def sklearn_tsne(X: np.ndarray, warm_up: bool) -> np.ndarray:
    from sklearn.manifold import TSNE

    return TSNE(n_jobs=-1, random_state=0).fit_transform(X)


def intel_tsne(X: np.ndarray, warm_up: bool) -> np.ndarray:
    from sklearnex.manifold import TSNE

    return TSNE(n_jobs=-1, random_state=0).fit_transform(X)


def ours_mds(D: np.ndarray, warm_up: bool) -> np.ndarray:
    from layerwise.projection import MDS

    return MDS(dissimilarity="precomputed").fit_transform(D)


def sklearn_mds(D: np.ndarray, warm_up: bool) -> np.ndarray:
    from sklearn.manifold import MDS

    settings = {"metric": "precomputed", "n_init": 1, "normalized_stress": False}
    return MDS(2, init="classical_mds", **settings).fit_transform(D)


CONTENDERS: dict[str, list[tuple[str, Map, int]]] = {
    "tsne": [
        ("layerwise", ours_tsne, 1_000_000),
        ("openTSNE", open_tsne, 1_000_000),
        ("scikit-learn", sklearn_tsne, 20_000),
        ("scikit-learn-intelex", intel_tsne, 100_000),
    ],
    "mds": [("layerwise", ours_mds, 20_000), ("scikit-learn", sklearn_mds, 5_000)],
}
"""Name, how, and the largest size that ends in minutes."""

SIZES = {"tsne": [2_000, 10_000], "mds": [700]}


def prepare(which: str, contender: str, size: int) -> Callable[[], Callable[[], dict[str, float]]]:
    """Load the data and warm up; return what is timed, which returns what judges its map."""
    X, labels = load(which, size)
    function = {name: function for name, function, _ in CONTENDERS[which]}[contender]
    small, _ = load(which, 120)
    function(small, True)
    judge = judge_tsne if which == "tsne" else judge_mds

    def timed() -> Callable[[], dict[str, float]]:
        Y = function(X, False)
        return lambda: judge(X, Y, labels)

    return timed


def judge_tsne(X: np.ndarray, Y: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Divergence from one common P (perplexity 30, all pairs in the map), neighbourhood hit."""
    from layerwise.projection.affinity import joint_probabilities
    from layerwise.projection.descent import kl_divergence
    from layerwise.projection.exact_repulsion import exact_repulsion
    from layerwise.projection.neighbours import neighbours
    from layerwise.scores import neighborhood_hit

    P = joint_probabilities(*neighbours(X, 90), 30.0)
    points = np.ascontiguousarray(Y.T, np.float32)
    return {
        "KL": kl_divergence(P, points, exact_repulsion(points)[1]),
        "NH6": neighborhood_hit(Y, labels, n_neighbors=6),
    }


def judge_mds(D: np.ndarray, Y: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Kruskal's stress-1 of the map as it is."""
    from scipy.spatial.distance import pdist, squareform

    return {"stress": float(np.sqrt(((D - squareform(pdist(Y))) ** 2).sum() / (D**2).sum()))}


ARRAYS = {name: CACHE / f"{name}.npy" for name in ("last", "reduced", "units", "labels")}


def load(which: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return activations and labels, or dissimilarities of units."""
    arrays = {name: np.load(path, mmap_mode="r") for name, path in ARRAYS.items()}
    if which == "tsne":
        X = arrays["reduced" if size > REDUCED else "last"][:size]
        if len(X) < size:
            sys.exit(f"only {len(X)} rows of data here")
        return np.array(X), np.array(arrays["labels"][:size])
    units = np.array(arrays["units"])
    units = units[:, units.std(axis=0) > 0]
    if units.shape[1] < size:
        sys.exit(f"only {units.shape[1]} units that are not constant")
    units = units[:, np.random.default_rng(0).permutation(units.shape[1])[:size]]
    D = 1 - np.abs(np.corrcoef(units.T))
    np.fill_diagonal(D, 0)
    return np.maximum((D + D.T) / 2, 0), np.zeros(size)


def make_data() -> None:
    """Write the data, once a machine."""
    if all(path.exists() for path in ARRAYS.values()):
        return
    from sklearn.decomposition import PCA

    CACHE.mkdir(exist_ok=True)
    last, units, labels = activations()
    reduced = PCA(50, random_state=0).fit_transform(last)
    for name, array in zip(ARRAYS, (last, reduced, units, labels), strict=True):
        np.save(ARRAYS[name], array)


def activations() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last layer of all images, all four layers of 5,000, labels."""
    import torch

    images, labels = pictures()
    torch.manual_seed(0)
    widths = [images.shape[1], 1000, 1000, 1000, 1000]
    layers = [
        torch.nn.Sequential(torch.nn.Linear(a, b), torch.nn.ReLU()) for a, b in pairwise(widths)
    ]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(1000, 10))
    optimizer = torch.optim.Adam(network.parameters(), 1e-3)
    X, y = torch.tensor(images), torch.tensor(labels)
    for _ in range(2):
        for batch in torch.randperm(len(X)).split(128):
            loss = torch.nn.functional.cross_entropy(network(X[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.inference_mode():
        last = torch.cat([network[:-1](batch) for batch in X.split(1000)])
        some, units = X[:5000], []
        for layer in layers:
            some = layer(some)
            units.append(some)
    return last.numpy(), torch.cat(units, 1).numpy(), labels


def pictures() -> tuple[np.ndarray, np.ndarray]:
    """Return images in [0, 1], one a row, and labels."""
    for place in PLACES:
        if (place / "train-images-idx3-ubyte.gz").exists():
            pixels, labels = (
                np.frombuffer(gzip.decompress((place / name).read_bytes()), np.uint8, offset=skip)
                for name, skip in (
                    ("train-images-idx3-ubyte.gz", 16),
                    ("train-labels-idx1-ubyte.gz", 8),
                )
            )
            return pixels.reshape(-1, 784).astype(np.float32) / 255, labels.astype(np.int64)
    print("no MNIST here: the digits of scikit-learn, repeated with noise")
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    row = np.random.default_rng(0).integers(len(images), size=60_000)
    noise = np.random.default_rng(1).normal(scale=0.1, size=(60_000, 64))
    return (images[row] / 16 + noise).astype(np.float32), labels[row].astype(np.int64)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("which", nargs="?", choices=list(CONTENDERS), help="both if not given")
    parser.add_argument("--sizes", type=int, nargs="+", help=str(SIZES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--make-data", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.make_data:
        make_data()
        return
    # In a process of its own: a child's peak memory starts at its parent's.
    subprocess.run([sys.executable, "-m", "benchmarks.projection", "--make-data"], check=True)
    for which in [arguments.which] if arguments.which else CONTENDERS:
        for size in arguments.sizes or SIZES[which]:
            jobs = [
                Job(name, prepare, (which, name, size))
                for name, _, largest in CONTENDERS[which]
                if size <= largest
            ]
            packages = [job.name for job in jobs] + ["numpy", "numba"]
            compare(f"{which} of {size:,} rows", jobs, rounds=arguments.rounds, packages=packages)


if __name__ == "__main__":
    # By its importable name, so that the jobs can be sent to other processes.
    from benchmarks import projection

    projection.main()
