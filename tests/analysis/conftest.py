"""A small run whose activity is known: three classes that draw together layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import Run, record

N = 150
CLASSES = np.arange(N) % 3


class Converging(nn.Module):
    """Pulls observations towards the centre of their class, more in the second layer.

    The last six units: three copies of unit 0, one of its negative, one dead, one constant.
    """

    def __init__(self, pull: float) -> None:
        super().__init__()
        self.pull = nn.Parameter(torch.tensor(pull))
        self.layer1, self.layer2 = nn.Identity(), nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        centre = 6 * torch.eye(3, 8)[x[:, -1].long()]
        noise = x[:, :-1]
        first = self.layer1(self._widened(centre + noise * (1 - self.pull / 2)))
        second = self.layer2(self._widened(centre + noise * (1 - self.pull)))
        return second[:, :3] + 0 * first[:, :3]

    def _widened(self, x: torch.Tensor) -> torch.Tensor:
        u = x[:, :1]
        return torch.cat([x, u, 2 * u + 1, u, -u, 0 * u, 0 * u + 0.1], dim=1)


@pytest.fixture(scope="session")
def converging(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(N, 8)), CLASSES[:, None]], axis=1).astype(np.float32)
    folder: Path = tmp_path_factory.mktemp("converging") / "run"
    for epoch, pull in enumerate((0.0, 0.4, 0.8)):
        run = record(
            Converging(pull), x, to=folder, layers=["layer1", "layer2", "output"],
            checkpoint=f"epoch-{epoch:03d}",
            labels={
                "kind": CLASSES,
                "subset": np.where(np.arange(N) < 90, "test", "train"),
                "height": x[:, 4],
            },
            class_names={"kind": ("ant", "bee", "cat")},
            provenance={"network": "net", "data": "three", "seed": 0, "label": "kind"},
        )  # fmt: skip
    return run
