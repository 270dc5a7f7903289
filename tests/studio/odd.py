"""Runs of every shape, made up in a moment: what a page must survive and look right with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from layerwise import analysis
from layerwise.store import Layer, Run

ATTACK = "<img src=x onerror=\"window.attacked='yes'\">"
LONG = "a class whose name goes on and on, as those of ImageNet's synsets do, and then some more"


def odd_run(
    folder: Path,
    *,
    n: int = 240,
    names: tuple[str, ...] | None = ("cat", "dog", "owl"),
    n_layers: int = 3,
    n_units: int = 24,
    n_checkpoints: int = 2,
    n_recorded: int = 0,
    pictures: bool = True,
    maps: bool = True,
    columns: dict[str, object] | None = None,
    seed: int = 0,
) -> Run:
    """Return a run of `n` observations in clusters that later layers and checkpoints part further.

    `names` None: no labels at all. `n_recorded` rows of one more checkpoint make the run one that
    is still being recorded.
    """
    rng = np.random.default_rng(seed)
    n_classes = len(names or ("one", "two", "three"))
    classes = rng.integers(n_classes, size=n)
    centres = rng.normal(size=(n_classes, n_units))
    hidden = [f"layer{k + 1}" for k in range(n_layers)]
    layers = [Layer(name, (n_units,), "float32", "ReLU") for name in hidden]
    layers += [Layer("output", (n_classes,), "float32", "Linear")]
    if pictures:
        layers += [Layer("thumbnail", (12, 12, 1), "uint8", "thumbnail", per_checkpoint=False)]
    run = Run.create(
        folder, n_observations=n, rows_per_part=max(n // 2, 1), layers=layers,
        fingerprint={"model": "m", "data": f"{n} {n_classes}"},
        provenance={"network": "an odd network", "data": "made up", "label": "kind", "seed": seed},
    )  # fmt: skip
    if names is not None:
        frame = pd.DataFrame({"kind": classes, **(columns or {})})
        run.write_table("observations", frame, {"class_names": {"kind": names}})
    with run.lock():
        for step in range(n_checkpoints + bool(n_recorded)):
            _record(run, step, classes, centres, rng, n_recorded if step == n_checkpoints else n)
    if maps:
        for name in hidden:
            for checkpoint in run.checkpoints[:n_checkpoints]:
                analysis.project(run, layer=name, checkpoint=checkpoint, method="pca")
    return run


def _record(run, step, classes, centres, rng, n_rows):  # type: ignore[no-untyped-def]
    name = f"epoch-{step:03d}"
    run.add_checkpoint(name, fingerprint=name, epoch=step)
    n_classes, n_units = centres.shape
    for first in run.missing(name):
        rows = classes[first : first + run.rows_per_part]
        if first + len(rows) > n_rows:
            return
        with run.write(name, first) as append:
            for depth, layer in enumerate(run.layers_at(name)):
                if layer.kind == "thumbnail":
                    values = rng.integers(256, size=(len(rows), *layer.shape)).astype(np.uint8)
                elif layer.name == "output":
                    values = (step + 0.5) * np.eye(n_classes)[rows]
                    values = values + rng.normal(size=values.shape) * 0.6
                else:
                    apart = (step + 0.3) * (depth + 1)
                    values = np.maximum(
                        apart * centres[rows] + rng.normal(size=(len(rows), n_units)), 0
                    )
                append(layer.name, values.astype(layer.dtype))
