"""A small network trained on the digits, and a run whose observations were attacked."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from layerwise import Run, analysis, data, models, record
from layerwise.synthesis import layer_values, pgd, radius_curve, random_twins
from layerwise.synthesis.victim import predicted

BEFORE, AFTER = "epoch-000", "epoch-015"
RADIUS = 1.2


def untrained() -> nn.Sequential:
    """Return a small LeNet for pictures of 8 x 8."""
    return models.lenet((1, 8, 8), 10, channels=(8, 16), kernel_size=3, pools=(1, 2), hidden=(32,))


@cache
def trained() -> nn.Module:
    """Return it after a few epochs on the digits; not to be changed."""
    net, digits = untrained(), data.load("digits", split="train")
    x, y = torch.from_numpy(digits.inputs()), torch.from_numpy(digits.labels["digit"])
    update = torch.optim.Adam(net.parameters(), lr=3e-3)
    order = torch.Generator().manual_seed(0)
    with torch.enable_grad():
        for _ in range(15):
            for rows in torch.randperm(len(x), generator=order).split(64):
                update.zero_grad()
                torch.autograd.backward(cross_entropy(net(x[rows]), y[rows]))
                update.step()
    return net.eval()


@cache
def digits(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    """Return test pictures (n, 1, 8, 8) and their digits."""
    some = data.load("digits", split="test").take(range(n))
    return some.inputs(), some.labels["digit"]


def attacked(folder: Path, *, followed: int = 20) -> Run:
    """Return a run of two checkpoints with curves of both, and twins in the layers of the last."""
    x, y = digits()
    for name, net in ((BEFORE, untrained()), (AFTER, trained())):
        run = record(
            net, x, to=folder, checkpoint=name, labels={"digit": y},
            class_names={"digit": [str(k) for k in range(10)]},
            layers=["input", "pool2", "relu3", "output"],
            provenance={"network": "LeNet", "data": "digits", "label": "digit", "seed": 0},
        )  # fmt: skip
        curve = radius_curve(net, x[:60], [0.5, RADIUS], labels=y[:60], steps=8)
        analysis.keep_attacks(run, curve, checkpoint=name)
    rows = np.arange(0, 3 * followed, 3)
    found = pgd(trained(), x[rows], radius=RADIUS, steps=8)
    noisy = random_twins(x[rows], found.l2)
    layers = {name: "flatten" for name in run.layers}
    analysis.keep_twins(
        run, found, checkpoint=AFTER, rows=rows, radius=RADIUS, with_maps=True,
        twins=layer_values(trained(), found.inputs, layers),
        controls=layer_values(trained(), noisy, layers), control_after=predicted(trained(), noisy),
    )  # fmt: skip
    return run
