"""Dynamic t-SNE on its authors' own example, beside the same sums over all pairs in numpy.

Ten Gaussians in 100 dimensions collapse onto their means in ten steps (2,000 points, perplexity
70, penalty 0.1, 1,000 iterations). The authors' program needs Theano, which no longer installs;
in its place stands its gradient in numpy, float32, which does one iteration in a hundred and whose
affinities are not timed; a hundred times its figures count.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Job, compare

TIMES = 10
PENALTY = 0.1
N_ITER = 1000
SHARE = 100


def gaussians(points: int) -> list[np.ndarray]:
    """Return the points at every time; a step brings them a tenth nearer their class's mean."""
    means = np.eye(100)[np.arange(points) % 10]
    away = np.random.default_rng(0).normal(scale=np.sqrt(0.1), size=means.shape)
    return [(means + 0.9**t * away).astype(np.float32) for t in range(TIMES)]


def ours(points: int, perplexity: float) -> Callable[[], Callable[[], dict[str, float]]]:
    from layerwise.projection import DynamicTSNE

    DynamicTSNE(perplexity=10, n_iter=2).fit(gaussians(120))  # imports and compilation

    def job() -> Callable[[], dict[str, float]]:
        model = DynamicTSNE(
            perplexity=perplexity, movement_penalty=PENALTY, n_iter=N_ITER, random_state=0
        ).fit(gaussians(points))
        return lambda: {
            "KL first": model.kl_divergences_[0],
            "KL last": model.kl_divergences_[-1],
            "motion": motion(model.embedding_),
        }

    return job


def motion(maps: np.ndarray) -> float:
    """Return the mean step in standard deviations of the maps."""
    return float(np.linalg.norm(np.diff(maps, axis=0), axis=2).mean() / maps.std())


def all_pairs(points: int, perplexity: float) -> Callable[[], None]:
    from layerwise.projection.affinity import joint_probabilities
    from layerwise.projection.neighbours import neighbours

    affinities = [
        joint_probabilities(*neighbours(X, points - 1), perplexity).toarray()
        for X in gaussians(points)
    ]
    rng = np.random.default_rng(0)
    Y = np.stack([rng.normal(scale=1e-4, size=(points, 2)).astype(np.float32)] * TIMES)

    def job() -> None:
        nonlocal Y
        before = Y
        for _ in range(N_ITER // SHARE):
            step = -2400 * (divergence_gradient(affinities, Y) + movement_gradient(Y))
            Y, before = Y + step + np.float32(0.5) * (Y - before), Y

    return job


def divergence_gradient(affinities: list[np.ndarray], Y: np.ndarray) -> np.ndarray:
    gradient = np.empty_like(Y)
    for t, (P, y) in enumerate(zip(affinities, Y, strict=True)):
        squares = (y * y).sum(axis=1)
        q = 1 / (1 + squares[:, None] + squares - 2 * y @ y.T)
        np.fill_diagonal(q, 0)
        forces = (P - q / q.sum()) * q
        gradient[t] = 4 * (forces.sum(axis=1)[:, None] * y - forces @ y)
    return gradient


def movement_gradient(Y: np.ndarray) -> np.ndarray:
    steps = np.diff(Y, axis=0)
    gradient = np.zeros_like(Y)
    gradient[:-1] -= steps
    gradient[1:] += steps
    return np.float32(PENALTY / Y.shape[1]) * gradient


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=2000)
    parser.add_argument("--perplexity", type=float, default=70.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    settings = (options.points, options.perplexity)
    jobs = [
        Job("layerwise", ours, settings),
        Job("all pairs in numpy", all_pairs, settings, SHARE),
    ]
    title = f"dynamic t-SNE, {TIMES} times of {options.points:,} points, {N_ITER:,} iterations"
    compare(title, jobs, rounds=options.rounds, packages=("numpy", "numba"))


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import evolution

    evolution.main()
