"""Is what was recorded sound? NaN, infinite and zero activations of every layer."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise.report import reading, wording
from layerwise.report.blocks import Note, Section, Table

if TYPE_CHECKING:
    from layerwise.store import Run


def health(runs: Sequence[Run]) -> Section | None:
    """Return the section: one row per layer at the last checkpoint, all checkpoints if damaged."""
    run = runs[0]
    last = run.counts(reading.after(run))
    if not len(last):
        return None
    damaged = [
        (one, checkpoint, row)
        for one in runs
        for checkpoint in one.checkpoints
        for row in one.counts(checkpoint).to_dict("records")
        if row["nan"] + row["inf"]
    ]
    checked = wording.count(len(run.checkpoints), "checkpoint")
    of_runs = f" of {wording.count(len(runs), 'run')}" if len(runs) > 1 else ""
    if damaged:
        verdict = Note(
            "Some activations are NaN or infinite. Scores and maps of these layers cannot be "
            "trusted; find the first layer of the table where values blow up.", warning=True,
        )  # fmt: skip
        rows = tuple(
            (reading.folder(one), checkpoint, str(row["layer"]), wording.count(row["nan"]),
             wording.count(row["inf"]), wording.count(row["n_values"]))
            for one, checkpoint, row in damaged
        )  # fmt: skip
        found: tuple[Table, ...] = (
            Table(("run", "checkpoint", "layer", "NaN", "infinite", "values"), rows, "Damage"),
        )
    else:
        verdict = Note(f"No activation is NaN or infinite, in {checked}{of_runs}.")
        found = ()
    layers = Table(
        ("layer", "kind", "shape", "units", "pooling", "stored as", "zeros"),
        tuple(_row(run, row) for row in last.to_dict("records") if row["layer"] in run.layers),
        f"Layers as recorded, {reading.when(run, reading.after(run))}. Zeros: share of values that "
        "are exactly 0, as a ReLU leaves them.",
    )
    return Section("health", "Health of the recording", (verdict, *found, layers))


def _row(run: Run, row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    name = str(row["layer"])
    layer = run.layer(name)
    zeros = row["zero"] / row["n_values"] if row["n_values"] else math.nan
    return (
        name, layer.kind, " × ".join(map(str, layer.shape)), wording.count(layer.n_units),
        layer.pooling, layer.dtype, wording.percent(zeros),
    )  # fmt: skip
