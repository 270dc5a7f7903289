"""How far features move when pictures are moved, scaled and turned, beside the untrained network.

Read from the table "invariance".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise import figures
from layerwise.analysis.asking.invariance import (
    INVARIANCE,
    PROBABILITY,
    RELATIVE,
    invariance_curves,
)
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure, Note, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

SOURCE = "Zeiler and Fergus 2014, Fig. 5"

HALF = 180.0
"""Degrees: the largest rotation, since a whole turn is none."""

CAUTION = (
    "A layer whose features move little may have learned to ignore the change, or may be dull: "
    "pooling and an untrained dense layer are steady too. So compare with the network before "
    "training, and trust a distance only where the probability holds."
)

NO_CONTROL = "The network before training was not asked here: there is no control."


def invariance(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no picture was moved."""
    run = runs[0]
    table = reading.table(run, INVARIANCE)
    if table is None:
        return None
    kept = reading.asked_at(run, table)
    if not kept:
        return None
    ends = list(dict.fromkeys([kept[0], kept[-1]]))
    rows = table[table["checkpoint"].isin(ends)]
    rows = rows.sort_values("checkpoint", key=lambda names: names.map(ends.index), kind="stable")
    n = rows["observation"].nunique()
    drawn = figures.invariance(
        rows.assign(checkpoint=rows["checkpoint"].map(lambda name: reading.when(run, name)))
    )
    layers = [layer for layer in rows["layer"].unique() if layer]
    picture = Figure(
        "invariance-curves", inline.embedded(drawn),
        f"Distance of features and probability by size of a change, {n} observations.",
        "Euclidean distance between the features of a picture and of the same picture changed, "
        f"divided by the length of the former, for {wording.count(n, 'observation')}; and the "
        f"probability of the true class. After {SOURCE}, which shows distances of five pictures "
        "without dividing; the range of the changes is ours.",
    )  # fmt: skip
    whose = reading.first_of(runs, "Curves")
    alone = "" if kept[0] == reading.before(run) else NO_CONTROL
    note = Note(" ".join(filter(None, [CAUTION, alone, whose])))
    return Section(
        "invariance", "Moved, scaled and turned", (note, picture, _numbers(run, rows, layers))
    )


def _numbers(run: Run, rows: pd.DataFrame, layers: Sequence[str]) -> Table:
    """Return mean relative distances and probabilities at the largest of each change."""
    curves = invariance_curves(rows)
    curves = curves[curves["measure"].isin([RELATIVE, PROBABILITY])]
    found = []
    for (transform, checkpoint), part in curves.groupby(["transform", "checkpoint"], sort=False):
        sizes = part["size"].tolist()
        turned = transform == "rotation"
        largest = min(sizes, key=lambda size: abs(size - HALF)) if turned else max(sizes)
        at = part[part["size"] == largest].set_index("layer")
        cells = [wording.plain(at.loc[layer, "value"], at.loc[layer, "spread"]) for layer in layers]
        chance = wording.measured(at.loc["", "value"], at.loc["", "spread"])
        unit = str(part["unit"].iloc[0])
        found.append(
            (f"{transform}, {largest:g} {unit}", reading.when(run, str(checkpoint)), *cells, chance)
        )
    return Table(
        ("change", "checkpoint", *layers, "P(true class)"), tuple(found),
        "Relative distance at the largest size of each change, of rotations half a turn, and "
        "P(true class): mean and standard deviation over observations.",
    )  # fmt: skip
