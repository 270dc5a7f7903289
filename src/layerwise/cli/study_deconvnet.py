"""What `layerwise study deconvnet` prints beside what every study of one network prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise.cli.output import percent

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.studies.asked import Looked

HEADS = {
    "top": "Strongest observations of each unit, whole test set, after training",
    "ablation": "Networks without some of their layers: mean over seeds",
    "generalisation": "Linear probes on each layer, for what the network never saw",
}

Lines = tuple[Sequence[str], Sequence[Sequence[object]]]


def top(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a layer: how many units are silent, and how alike their strongest are."""
    from layerwise.analysis.asking.top import top_classes

    lines = []
    for layer in done.runs[0].layers:
        part = frame[frame["layer"] == layer]
        if not len(part):
            continue
        alike = top_classes(part)
        silent = part.groupby("unit")["value"].max() <= 0
        share = (alike["agree"] / alike["n"]).mean()
        lines.append((layer, len(silent), int(silent.sum()), percent(share)))
    return ("layer", "units", "silent", "of one class"), lines


def ablation(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a variant: its errors, and what it lost against the whole network."""
    from layerwise.analysis.asking import ablation as names
    from layerwise.analysis.asking.ablation import ablation_summary

    lines = [
        (
            row["variant"], int(row[names.N_LAYERS]), f"{int(row[names.N_PARAMETERS]):,}",
            percent(row[names.TRAIN_ERROR]), percent(row[names.TEST_ERROR], row["spread"]),
            f"{100 * row['lost']:+.2f}", f"{200 * row['lost_error']:.2f}",
        )
        for row in ablation_summary(frame).to_dict("records")
    ]  # fmt: skip
    head = ("network", "layers", "parameters", "training error", "test error", "lost, points",
            "± 2 s.e.")  # fmt: skip
    return head, lines


def generalisation(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a layer: what a probe reads before and after training."""
    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    lines = []
    for layer, part in frame.groupby("layer", sort=False):
        at = {row["checkpoint"]: row for row in part.to_dict("records")}
        cells = [
            percent(row["value"], row["spread"]) if (row := at.get(time)) else ""
            for time in (before, after)
        ]
        lines.append((layer, *cells, percent(part["floor"].iloc[-1])))
    return ("layer", before, after, "shuffled"), lines


PRINTED = {"top": top, "ablation": ablation, "generalisation": generalisation}
