"""How training went, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise import figures
from layerwise.report import findings, inline, reading, wording
from layerwise.report.blocks import Figure, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

CURVES = ("train_loss", "test_loss", "train_accuracy", "test_accuracy")


def training(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None without a history."""
    run = runs[0]
    frame = reading.table(run, "training")
    known = [name for name in CURVES if frame is not None and _has(frame, name)]
    if frame is None or "epoch" not in frame or not known:
        return None
    ordered = frame.sort_values("epoch", kind="stable").to_dict("records")
    history = [{str(name): value for name, value in row.items()} for row in ordered]
    columns = ("epoch", *known, *(name for name in ("seconds",) if name in frame))
    rows = tuple(tuple(_cell(name, row[name]) for name in columns) for row in history)
    first = f" of the first of {len(runs)} runs" if len(runs) > 1 else ""
    last = ", ".join(f"{name.replace('_', ' ')} {_cell(name, history[-1][name])}" for name in known)
    figure = Figure(
        findings.TRAINING, inline.embedded(figures.training_curves(history)),
        f"Training{first}: after epoch {history[-1]['epoch']}, {last}.",
        f"Loss and accuracy by epoch{first}; epoch 0 is the untrained network. Where the training "
        "curve goes on improving and the test curve does not, the network over-fits.",
        Table(tuple(name.replace("_", " ") for name in columns), rows),
    )  # fmt: skip
    return Section("training", "Training", (figure,))


def _cell(name: str, value: float | None) -> str:
    if value is None or math.isnan(value):
        return wording.MISSING
    if name.endswith("accuracy"):
        return wording.percent(value)
    return wording.count(value) if name == "epoch" else f"{value:.4g}"


def _has(frame: pd.DataFrame, name: str) -> bool:
    return name in frame and bool(frame[name].notna().any())
