"""A tally of a LeNet over 60,000 images, against the bare forward pass, in one alternated run.

Layers: the rectified maps of both convolutions and of the dense layer, class maps and winners on.
The bare pass is what anybody writes: ``with torch.no_grad(): model(batch)``, nothing kept. Two
networks: the default of :func:`layerwise.models.lenet` (pools of 3x3 and 2x2), and one of 2x2
pools, whose second convolution costs more. "memory kept" is :func:`keep_freed_memory` for both.

The second table is of memory: the same tally of a tenth of the observations.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Job, compare

LAYERS = ["relu1", "relu2", "relu3"]
N, BATCH = 60_000, 256
POOLS = ((3, 2), (2, 2))


def images(n: int) -> np.ndarray:
    """Return random images that overlap in 4 MB: their own size would hide what a tally takes."""
    pixels = np.random.default_rng(0).random(16 * N + 784, np.float32)
    return np.lib.stride_tricks.as_strided(pixels, (n, 1, 28, 28), (64, 4, 112, 4))


def bare(n: int, pools: tuple[int, int], keep: bool) -> Callable[[], None]:
    import torch

    from layerwise import models
    from layerwise.network.allocator import keep_freed_memory

    if keep:
        keep_freed_memory()
    model, x = models.lenet((1, 28, 28), 10, pools=pools).eval(), torch.from_numpy(images(n))

    def job() -> None:
        with torch.no_grad():
            for batch in x.split(BATCH):
                model(batch)

    return job


def tallied(n: int, pools: tuple[int, int], keep: bool, whole: bool = True) -> Callable[[], None]:
    from layerwise import models
    from layerwise.network.allocator import keep_freed_memory
    from layerwise.recording import tally

    if keep:
        keep_freed_memory()
    model, x = models.lenet((1, 28, 28), 10, pools=pools).eval(), images(n)
    labels = np.random.default_rng(1).integers(0, 10, n)
    settings = {"maps": whole, "winners": whole}
    tally(model, x[:10], LAYERS, labels=np.arange(10), **settings)  # compilation is not timed

    def job() -> None:
        tally(model, x, LAYERS, labels=labels, batch_size=BATCH, **settings)

    return job


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-n", type=int, default=N)
    options = parser.parse_args(arguments)
    packages, n = ("torch", "numpy", "numba", "datasketches"), options.n
    for pools in POOLS:
        for keep in (False, True):
            jobs = [
                Job("bare no_grad loop", bare, (n, pools, keep)),
                Job("tally", tallied, (n, pools, keep)),
                Job("tally, no maps, no winners", tallied, (n, pools, keep, False)),
            ]
            title = f"LeNet, pools {pools}, {n:,} images in batches of {BATCH}"
            title += ", memory kept" * keep
            compare(title, jobs, rounds=options.rounds, packages=packages)
    jobs = [
        Job(f"tally of {size:,}", tallied, (size, POOLS[0], False)) for size in (n, max(1, n // 10))
    ]
    compare("Peak memory", jobs, rounds=options.rounds, packages=packages)


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import tally

    tally.main()
