"""All 64 channels of a layer maximised together, against one at a time, in one alternated run.

The network is a convnet for MNIST (four convolutions, 64 channels in the last), the recipe 20 steps
of Adam on free pixels. One at a time is a loop over the channels, by plain autograd as anybody
writes it, or by :func:`layerwise.synthesis.maximize`; "by hand, together" is the same plain loop
over one batch of 64 images.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Job, compare

CHANNELS, STEPS, SHAPE, RATE = 64, 20, (1, 28, 28), 0.1


def maximized(each: int) -> Callable[[], None]:
    from layerwise.network.targets import unit
    from layerwise.synthesis import Adam, Pixels, Recipe, maximize

    model, recipe = _model(), Recipe("benchmark", Pixels(), Adam(RATE), STEPS)

    def job() -> None:
        for first in range(0, CHANNELS, each):
            maximize(model, unit("conv4", range(first, first + each)), SHAPE, recipe=recipe)

    return job


def by_hand(each: int) -> Callable[[], None]:
    import torch

    model, generator = _model(), torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    until = [name for name, _ in model.named_children()].index("conv4") + 1
    torch.optim.Adam([torch.zeros(1)])  # its import is not timed

    def job() -> None:
        for first in range(0, CHANNELS, each):
            x = torch.rand((each, *SHAPE), generator=generator, requires_grad=True)
            optimizer = torch.optim.Adam([x], RATE)
            rows, channels = torch.arange(each), torch.arange(first, first + each)
            for _ in range(STEPS + 1):
                optimizer.zero_grad()
                (-model[:until](x)[rows, channels].mean((1, 2)).sum()).backward()
                optimizer.step()

    return job


def _model() -> Any:
    from layerwise import models

    return models.convnet(SHAPE, 10).eval()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    jobs = [
        Job("by hand, one at a time", by_hand, (1,)),
        Job("by hand, together", by_hand, (CHANNELS,)),
        Job("maximize, one at a time", maximized, (1,)),
        Job("maximize, together", maximized, (CHANNELS,)),
    ]
    title = f"{CHANNELS} channels of conv4, {STEPS} steps of Adam, 28 x 28"
    compare(title, jobs, rounds=options.rounds, packages=("torch",))


if __name__ == "__main__":  # the children find the jobs by this module's own name
    from benchmarks import synthesis

    synthesis.main()
