"""Occlusion against Captum's defaults at equal values, in one alternated run.

Captum covers one window in one evaluation unless it is told otherwise; layerwise covers as many as
make a batch of 128 inputs. The floor is the bare forward pass of as many covered inputs, in the
same batches. The last job is the paper's three maps, from one pass over the same windows.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks.measure import Job, compare

WINDOW, STRIDE = 4, 2


def _asked(n: int):
    import torch

    from layerwise import models

    torch.manual_seed(0)
    return models.convnet((1, 28, 28), 10, hidden=(256,)).eval(), torch.rand(n, 1, 28, 28)


def bare(n: int) -> Callable[[], None]:
    import torch

    model, x = _asked(n)
    covered = x.repeat(169, 1, 1, 1)

    def job() -> None:
        with torch.no_grad():
            for batch in covered.split(128):
                model(batch)

    return job


def captums(n: int, together: int) -> Callable[[], None]:
    from captum.attr import Occlusion

    model, x = _asked(n)

    def job() -> None:
        Occlusion(model).attribute(
            x, (1, WINDOW, WINDOW), (1, STRIDE, STRIDE), baselines=0.0, target=3,
            perturbations_per_eval=together,
        )  # fmt: skip

    return job


def ours(n: int) -> Callable[[], None]:
    import numpy as np
    from captum.attr import Occlusion

    from layerwise.attribution import occlusion

    model, x = _asked(n)
    found = occlusion(model, "logit:3", x, WINDOW, STRIDE, 0.0)
    theirs = Occlusion(model).attribute(
        x, (1, WINDOW, WINDOW), (1, STRIDE, STRIDE), baselines=0.0, target=3
    )
    if not np.allclose(found, theirs.detach().numpy(), atol=1e-6):
        raise RuntimeError("the values differ, so the times do not compare")

    def job() -> None:
        occlusion(model, "logit:3", x, WINDOW, STRIDE, 0.0)

    return job


def maps(n: int) -> Callable[[], None]:
    from layerwise.attribution import occlusion_maps

    model, x = _asked(n)

    def job() -> None:
        occlusion_maps(model, x, 3, window=WINDOW, stride=STRIDE, baseline=0.0)

    return job


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("-n", type=int, nargs="+", default=[1, 8])
    options = parser.parse_args(arguments)
    for n in options.n:
        jobs = [
            Job("Captum, its default", captums, (n, 1)),
            Job("Captum, 128 inputs together", captums, (n, max(1, 128 // n))),
            Job("layerwise", ours, (n,)),
            Job("layerwise, three maps", maps, (n,)),
            Job("bare forward passes", bare, (n,)),
        ]
        title = f"ConvNet 28 x 28, {n} images, windows of {WINDOW} x {WINDOW}, stride {STRIDE}"
        compare(title, jobs, rounds=options.rounds, packages=("torch", "captum", "numpy"))


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import occlusion

    occlusion.main()
