"""The nine observations that excite each unit most, against the bare forward pass.

60,000 images through a LeNet (:func:`layerwise.models.lenet`), all channels of both rectified
convolutions and all units of the dense layer, in one alternated run. The bare pass is what anybody
writes: ``with torch.no_grad(): model(batch)``, nothing kept. "by hand" keeps the largest value and
its position of every channel and image, as a first attempt would, and sorts at the end.

The second table is of memory: the same of a tenth of the images. The third is of the deconvnet:
projections of 288 activations in batches, and one at a time.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from benchmarks.measure import Job, compare
from benchmarks.tally import images

LAYERS = ["relu1", "relu2", "relu3"]
N, BATCH, PROJECTED = 60_000, 256, 288


def bare(n: int) -> Callable[[], None]:
    import torch

    from layerwise import models

    model, x = models.lenet((1, 28, 28), 10).eval(), torch.from_numpy(images(n))

    def job() -> None:
        with torch.no_grad():
            for batch in x.split(BATCH):
                model(batch)

    return job


def by_hand(n: int) -> Callable[[], None]:
    import torch

    from layerwise import models

    model, x = models.lenet((1, 28, 28), 10).eval(), torch.from_numpy(images(n))

    def job() -> None:
        kept: dict[str, list[torch.Tensor]] = {name: [] for name in LAYERS}
        handles = [
            getattr(model, name).register_forward_hook(
                lambda _, __, y, name=name: kept[name].append(
                    torch.stack([part.double() for part in y.flatten(2).max(2)])
                    if y.ndim > 2
                    else y
                )
            )
            for name in LAYERS
        ]
        with torch.no_grad():
            for batch in x.split(BATCH):
                model(batch)
        for parts in kept.values():
            values = torch.cat([part[0] if part.ndim > 2 else part for part in parts])
            values.topk(9, dim=0)
        for handle in handles:
            handle.remove()

    return job


def ours(n: int) -> Callable[[], None]:
    from layerwise import models
    from layerwise.recording import top

    model, x = models.lenet((1, 28, 28), 10).eval(), images(n)

    def job() -> None:
        top(model, x, LAYERS, batch_size=BATCH)

    return job


def projected(batch_size: int) -> Callable[[], None]:
    from layerwise import models
    from layerwise.attribution import project

    model, x = models.lenet((1, 28, 28), 10).eval(), images(PROJECTED)
    units = np.arange(PROJECTED) % 64

    def job() -> None:
        project(model, "relu2", units, x, (2, 2), batch_size=batch_size)

    return job


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-n", type=int, default=N)
    options = parser.parse_args(arguments)
    packages, n = ("torch", "numpy"), options.n
    jobs = [
        Job("bare no_grad loop", bare, (n,)),
        Job("top", ours, (n,)),
        Job("by hand: all peaks, then topk", by_hand, (n,)),
    ]
    title = f"Top 9 of every unit, LeNet, {n:,} images in batches of {BATCH}"
    compare(title, jobs, rounds=options.rounds, packages=packages)
    jobs = [Job(f"top of {size:,}", ours, (size,)) for size in (n, max(1, n // 10))]
    compare("Peak memory", jobs, rounds=options.rounds, packages=packages)
    jobs = [Job("128 at once", projected, (128,)), Job("one at a time", projected, (1,))]
    title = f"Deconvnet of {PROJECTED} activations of the second convolution"
    compare(title, jobs, rounds=options.rounds, packages=packages)


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import top

    top.main()
