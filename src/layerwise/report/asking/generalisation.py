"""How well a linear probe on each layer reads classes that the network never saw.

Read from the table "generalisation".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise import figures
from layerwise.analysis.asking.generalisation import INPUT, PUBLISHED, violations
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure, Finding, Findings, Note, Section, Table

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

SOURCE = "Zeiler and Fergus 2014, Table 7"

CAUTION = (
    "The network is frozen; only the probe learns. Layers of a network with random weights serve a "
    "probe too, so only what the trained network has above the untrained one was learned. Layers "
    "with positions are taken as their mean over them, so deeper ones have more numbers to offer; "
    "where something is, the probe cannot see. Of the published numbers, of a network for ImageNet "
    "and photographs of Caltech, only the course with depth can be compared."
)


def generalisation(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no layer was probed for other data."""
    run = runs[0]
    table = reading.table(run, "generalisation")
    if table is None:
        return None
    times = reading.asked_at(run, table)
    table = table[table["checkpoint"].isin(times)]
    table = table.assign(time=table["checkpoint"].map(times.index))
    table = table.sort_values(["time", "position"], kind="stable")
    first = table.iloc[0]
    n, folds = int(first["n_observations"]), int(first["n_folds"])
    learned, other = str(first["learned"]), str(first["data"])
    words = {name: reading.when(run, name).split(" (")[0] for name in times}
    drawn = figures.layer_curves(
        table.assign(checkpoint=table["checkpoint"].map(words), score="linear probe"),
        ylabel="held-out accuracy",
    )  # fmt: skip
    numbers = _numbers(run, table)
    picture = Figure(
        "generalisation-layers", inline.embedded(drawn),
        f"Accuracy of linear probes for {other}, by layer.",
        f"Share of {wording.count(n, 'observation')} of {other} that a linear probe on each layer "
        f"names right when they are held out, by layers of a network that learned {learned}; error "
        f"bars: standard deviation over {folds} folds. After {SOURCE}.",
        numbers,
    )  # fmt: skip
    blocks = (Note(CAUTION), Findings(tuple(_said(table, times))), picture, _published())
    return Section("generalisation", "Features for other data", blocks)


def _said(table: pd.DataFrame, times: Sequence[str]) -> list[Finding]:
    """Say whether accuracy grows with depth, and what training adds to it."""
    hidden = table[table["layer"] != INPUT]
    last = hidden[hidden["checkpoint"] == times[-1]]
    values = dict(zip(last["layer"], last["value"], strict=True))
    place = max(values, key=lambda layer: values[layer])
    best = last[last["layer"] == place].iloc[0]
    falls = violations(list(values.values()))
    growth = f"falls {wording.count(falls, 'time')}" if falls else "never falls"
    text = (
        f"Layer {place} serves best: {wording.measured(best['value'], best['spread'])} (shuffled "
        f"labels {wording.percent(best['floor'])}"
    )
    raw = table[table["layer"] == INPUT]
    if len(raw):
        text += f"; raw input {wording.measured(raw['value'].iloc[0], raw['spread'].iloc[0])}"
    text += f"). From layer to layer the accuracy {growth}."
    if len(times) > 1:
        first = hidden[hidden["checkpoint"] == times[0]]
        before = dict(zip(first["layer"], first["value"], strict=True))
        top = max(before, key=lambda layer: before[layer])
        text += (
            f" Training changed it by {wording.points(values[place] - before[place])} there; the "
            f"best layer of the untrained network, {top}, has {wording.percent(before[top])}."
        )
    return [Finding(text, "generalisation-layers")]


def _numbers(run: Run, table: pd.DataFrame) -> Table:
    rows = tuple(
        (
            str(row["layer"]),
            wording.MISSING if row["layer"] == INPUT else reading.when(run, row["checkpoint"]),
            wording.count(row["n_units"]), wording.measured(row["value"], row["spread"]),
            wording.percent(row["floor"]),
        )
        for row in table.to_dict("records")
    )  # fmt: skip
    return Table(
        ("layer", "checkpoint", "numbers", "probe", "shuffled labels"), rows,
        "Held-out accuracy: mean ± standard deviation over folds.",
    )  # fmt: skip


def _published() -> Table:
    rows = tuple(
        (
            one.classifier, str(one.layer), wording.measured(one.caltech_101, one.spread_101),
            wording.measured(one.caltech_256, one.spread_256),
        )
        for one in PUBLISHED
    )  # fmt: skip
    return Table(
        ("classifier", "layers", "Caltech-101", "Caltech-256"), rows,
        f"As published ({SOURCE}): features of an ImageNet network",
        folded=True,
    )  # fmt: skip
