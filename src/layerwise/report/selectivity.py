"""How selective units are for classes: indices by layer, each with its definition.

A trend over layers is only shown beside that of the untrained network.
"""

from __future__ import annotations

from layerwise import figures
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure, Finding, Table
from layerwise.report.compared import BOX, MOST_LAYERS, Compared, some

SELECTIVITY = "figure-activity-selectivity"

INDICES = {
    "selectivity": "class selectivity",
    "sparseness": "sparseness over classes",
    "eta2": "variance between classes",
    "d_prime": "d′ of the best class",
}
"""Columns of the table "selectivity" and their names."""

DEFINITIONS = (
    "Class selectivity: (greatest class mean − mean of the others) / their sum (Morcos et al. "
    "2018). Sparseness over classes: 0 if a unit is as active in all, 1 if in one alone (Vinje & "
    "Gallant 2000). Variance between classes: share of the unit's variance (η²). d′: the class of "
    "its greatest mean against the rest, in standard deviations."
)


def selective(told: Compared) -> Finding:
    """Say how much of a unit's variance lies between classes, over the layers and untrained."""
    middle = told.frame.groupby(["layer", "checkpoint"])["eta2"].median()

    def course(checkpoint: str) -> str:
        ends = dict.fromkeys((told.hidden[0], told.hidden[-1]))
        values = (float(middle.get((layer, checkpoint), float("nan"))) for layer in ends)
        return " → ".join(map(wording.percent, values))

    layers = " → ".join(dict.fromkeys((told.hidden[0], told.hidden[-1])))
    return Finding(
        f"Between classes lies this share of the variance of the median unit, {layers}: "
        f"{course(told.ends[-1])} ({told.control(course(told.ends[0]))}).", SELECTIVITY,
    )  # fmt: skip


def figure(told: Compared) -> Figure:
    """Return how the indices are distributed over the units of each layer, and their medians."""
    frame = told.frame.drop_duplicates(["layer", "checkpoint", "unit"])
    layers = reading.spaced(told.layers, MOST_LAYERS)
    picture = figures.unit_boxes(told.in_order(frame, layers), INDICES)
    rows = []
    for layer in told.layers:
        for checkpoint in told.checkpoints:
            here = frame[(frame["layer"] == layer) & (frame["checkpoint"] == checkpoint)]
            if len(here):
                rows.append((
                    layer, told.when(checkpoint),
                    wording.count(here["eta2"].notna().sum()),
                    *(wording.plain(float(here[name].median())) for name in INDICES),
                ))  # fmt: skip
    return Figure(
        SELECTIVITY, inline.embedded(picture),
        f"Indices of selectivity by layer, {told.networks}.",
        f"How selective units are for classes{told.whose()}, {told.networks}"
        f"{some(layers, told.layers, 'layers', 'evenly spaced')}: the distribution over the units "
        f"of each layer. {BOX} {DEFINITIONS}",
        Table(("layer", "checkpoint", "units", *INDICES.values()), tuple(rows),
              "Medians over the units that vary."),
    )  # fmt: skip
