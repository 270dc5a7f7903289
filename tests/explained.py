"""Two observations explained at two checkpoints of a small network, and a run that holds that."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from layerwise import Run, analysis, record
from layerwise.attribution import Explanation, explain, unlearn
from tests.followed import AFTER, BEFORE, network, picture

NAMES = ["pictures 0 (kind bar)", "pictures 3"]
METHODS = ["gradient", "integrated_gradients", "grad_cam"]


def inputs() -> np.ndarray:
    """Return a bar and its negative."""
    x = (picture() / 255).astype(np.float32)[None]
    return np.stack([x, 1 - x])


def pictures() -> np.ndarray:
    """Return them as pixels."""
    return np.stack([picture(), 255 - picture()])[..., None]


def explained() -> dict[str, Explanation]:
    """Return what methods say before and after."""
    return {
        checkpoint: explain(
            network(scale), inputs(), "logit:3", methods=METHODS, n_steps=4, n_random=1,
            options={"grad_cam": {"layer": "relu2"}, "integrated_gradients": {"n_steps": 5}},
        )
        for checkpoint, scale in ((BEFORE, 1.0), (AFTER, 1.5))
    }  # fmt: skip


def run_with_attributions(folder: Path, **kwargs: object) -> Run:
    """Return a run of both checkpoints with their attributions kept."""
    x = inputs()
    for checkpoint, scale in ((BEFORE, 1.0), (AFTER, 1.5)):
        run = record(
            network(scale), np.stack([x[0], x[0] / 2, x[0] / 4, x[1]]), to=folder,
            layers=["relu2", "fc"], pooling={"relu*": "max"}, checkpoint=checkpoint,
            provenance={"network": "net", "data": "bars", "seed": 0},
        )  # fmt: skip
    torch.manual_seed(0)
    remains = unlearn(network(1.5), x, "logit:3", methods=["gradient"])
    analysis.keep_attributions(
        run, explained(), pictures=pictures(), names=NAMES, rows=[0, 3], remains=remains
    )
    return run
