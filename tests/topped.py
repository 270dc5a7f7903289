"""What excites the units of a small network at three checkpoints, and a run that holds it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import nn

from layerwise import Run, analysis, record
from layerwise.attribution import TopPatches, top_patches
from layerwise.data import DataSet, load
from layerwise.recording import top

CHECKPOINTS = ("epoch-000", "epoch-001", "epoch-002")
LAYERS = ("relu1", "relu2", "fc")


def network(step: int = 0) -> nn.Sequential:
    """Return two convolutions, a pool and a dense layer; unit 1 of the first falls silent."""
    torch.manual_seed(0)
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(1, 4, 3, padding=1))
    net.add_module("relu1", nn.ReLU())
    net.add_module("pool1", nn.MaxPool2d(2))
    net.add_module("conv2", nn.Conv2d(4, 6, 3))
    net.add_module("relu2", nn.ReLU())
    net.add_module("flatten", nn.Flatten())
    net.add_module("fc", nn.Linear(24, 5))
    torch.manual_seed(step)
    with torch.no_grad():
        for weights in net.parameters():
            weights.add_(0.2 * step * torch.randn(weights.shape))
        if step:
            net.conv1.bias[1] = -100
    return net


def digits() -> DataSet:
    """Return a few pictures."""
    return load("digits", split="test").take(range(60))


def classes() -> list[str]:
    """Return the class of each."""
    return [f"digit {value}" for value in digits().labels["digit"]]


@cache
def found() -> dict[str, dict[str, TopPatches]]:
    """Return the patches of some units of three layers at every checkpoint."""
    every = {}
    for step, name in enumerate(CHECKPOINTS):
        net = network(step)
        every[name] = {
            layer: top_patches(net, digits(), one, [0, 1, 3], ranks=1 if step == 1 else None)
            for layer, one in top(net, digits(), LAYERS, n=5).items()
        }
    return every


def topped(
    folder: Path, subset: str = "test", n_checkpoints: int = 3, last_alone: bool = False
) -> Run:
    """Return a run that keeps all of it, or of so many checkpoints."""
    for step, name in enumerate(CHECKPOINTS):
        run = record(
            network(step), digits(), to=folder, layers=LAYERS, pooling={"relu*": "max"},
            checkpoint=name, provenance={"network": "net", "data": "digits", "seed": 0},
        )  # fmt: skip
    kept = dict(list(found().items())[-1 if last_alone else -n_checkpoints :])
    analysis.keep_top(run, kept, classes=classes(), subset=subset, data="digits")
    return run
