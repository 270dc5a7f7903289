"""One observation followed through a small trained network: a run that holds what its layers do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from layerwise import Run, analysis, record
from layerwise.recording import FeatureMaps, activations

BEFORE, AFTER = "epoch-000", "epoch-001"
NAME = "pictures 0 (kind bar)"


def network(scale: float = 1.0) -> nn.Sequential:
    """Return two convolutions, a pool and a dense layer; channel 3 of the first is silent."""
    torch.manual_seed(0)
    net = nn.Sequential()
    net.add_module("conv1", nn.Conv2d(1, 4, 3, padding=1))
    net.add_module("relu1", nn.ReLU())
    net.add_module("pool1", nn.MaxPool2d(2))
    net.add_module("conv2", nn.Conv2d(4, 20, 3))
    net.add_module("relu2", nn.ReLU())
    net.add_module("flatten", nn.Flatten())
    net.add_module("fc", nn.Linear(20 * 36, 10))
    with torch.no_grad():
        for weights in net.parameters():
            weights.mul_(scale)
        net.conv1.bias[3] = -100
    return net


def picture() -> np.ndarray:
    """Return a bright bar on dark ground."""
    pixels = np.zeros((16, 16), np.uint8)
    pixels[3:13, 6:9] = 255
    return pixels


def followed(folder: Path, **kwargs: Any) -> tuple[Run, dict[str, dict[str, FeatureMaps]]]:
    """Return a run with what layers make of one picture at two checkpoints, and that."""
    x = (picture() / 255).astype(np.float32)[None]
    maps = {}
    for checkpoint, scale in ((BEFORE, 1.0), (AFTER, 1.5)):
        net = network(scale)
        run = record(
            net, np.stack([x, x / 2, x / 4, 1 - x]), to=folder, layers=["relu1", "relu2", "fc"],
            pooling={"relu*": "max"}, checkpoint=checkpoint, labels={"kind": [0, 0, 1, 1]},
            provenance={"network": "net", "data": "bars", "seed": 0, "label": "kind"},
        )  # fmt: skip
        maps[checkpoint] = activations(net, x)
    analysis.keep_feature_maps(run, maps, picture=picture(), name=NAME, **kwargs)
    return run, maps
