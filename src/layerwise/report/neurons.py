"""What the neurons of a layer do: maps of them, the class each tells best, copies and the dead.

Neurons lie near each other if they fire together (1 - |r|). The picture is a lossy map of that, so
every claim is a number of the layer itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise.report import reading, roles, wording
from layerwise.report.blocks import Block, Note, Section, Table
from layerwise.report.population import Population, populations
from layerwise.report.scores import Scores
from layerwise.scores.names import (
    LEAST_AUC,
    ROLE_AGREEMENT,
    SEED_OVERLAP,
    SEED_SPEARMAN,
    SELECTIVE,
    STRESS,
    TOP_AUC,
)

if TYPE_CHECKING:
    from layerwise.store import Run

MOST_DRAWN = 2
"""Layers with figures, the deepest; the numbers of all are in the tables."""

MOST_LISTED = 10
"""Groups of near-copies that are named."""

MEASURES = {
    STRESS: "stress of the map; 0 is faithful",
    ROLE_AGREEMENT: "same role nearby: nearest neurons, in the strongest quarter, of one class",
    SELECTIVE: "neurons that rank above 99 % of those ranked with shuffled labels",
    SEED_SPEARMAN: "two forests that differ in their seed: rank correlation",
    SEED_OVERLAP: "two forests that differ in their seed: share of the 50 best of a class",
    TOP_AUC: "AUC of the strongest neuron, mean of the classes",
    LEAST_AUC: "AUC of the strongest neuron, worst class",
}  # fmt: skip
FRACTIONS = (ROLE_AGREEMENT, SELECTIVE, SEED_OVERLAP)


def neurons(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no neurons were looked at."""
    run = runs[0]
    found = populations(run)
    if not found:
        return None
    whose = reading.first_of(runs, "Maps and lists of neurons")
    blocks: list[Block | None] = [Note(whose) if whose else None]
    here = [one for one in found if one.subset == found[-1].subset]
    for layer in list(dict.fromkeys(one.layer for one in here))[::-1][:MOST_DRAWN]:
        ends = (reading.before(run), reading.after(run))
        shown = [one for one in here if one.layer == layer and one.checkpoint in ends]
        ranked = [one for one in shown if one.codes and one.live > 1]
        if ranked:
            blocks += [roles.power(run, ranked), roles.roles(run, ranked)]
            blocks += [roles.activation(run, ranked[-1])]
        elif shown:
            blocks += [roles.plain(run, shown)]
    blocks += [_trust(runs, found), _kinds(run, found), _listed(run, found)]
    return Section("neurons", "Neurons", tuple(block for block in blocks if block))


def _trust(runs: Sequence[Run], found: Sequence[Population]) -> Table | None:
    """Return how far the maps of neurons and their roles can be trusted: a row a measure."""
    scores, rows = Scores.of(runs), []
    for name, words in MEASURES.items():
        measured = [scores.get(name, one.subset, one.checkpoint, one.layer) for one in found]
        if any(measured):
            floors = [score.floor for score in measured if score]
            cells = [_cell(name, score.value, score.spread) if score else wording.MISSING
                     for score in measured]  # fmt: skip
            rows.append((words, _cell(name, floors[-1]), *cells))
    if not rows:
        return None
    several = len({one.subset for one in found}) > 1
    columns = [
        f"{one.layer}, {one.when(runs[0])}{f', {one.subset}' if several else ''}" for one in found
    ]
    return Table(
        ("measure", "by chance", *columns), tuple(rows),
        "How far to trust the maps of neurons and their roles. By chance: roles, or labels, "
        "shuffled. The AUC is measured on the other subset where there is one.",
    )  # fmt: skip


def _cell(name: str, value: float, spread: float = math.nan) -> str:
    words = wording.measured if name in FRACTIONS else wording.plain
    return words(value, spread)


def _kinds(run: Run, found: Sequence[Population]) -> Table:
    """Return how many neurons there are of each kind."""
    rows = []
    for one in found:
        states = one.table["state"].value_counts()
        copies = int((one.table["twin"] != one.table["unit"]).sum())
        rows.append((
            one.layer, reading.when(run, one.checkpoint), one.subset or "all",
            wording.count(len(one.table)), wording.count(one.live),
            *(wording.count(states.get(state, 0)) for state in ("constant", "dead")),
            wording.count(copies),
        ))  # fmt: skip
    return Table(
        ("layer", "checkpoint", "subset", "neurons", "live", "constant", "dead", "near-copies"),
        tuple(rows),
        "The neurons that were looked at. Dead: always 0. Constant: always the same. Near-copies: "
        "those that fire as another one does (1 − |r| below 0.01), which itself is not counted.",
    )  # fmt: skip


def _listed(run: Run, found: Sequence[Population]) -> Table | None:
    """Return which neurons are dead or constant, and the groups of near-copies."""
    rows = []
    for one in found:
        place = (one.layer, reading.when(run, one.checkpoint), one.subset or "all")
        for state in ("dead", "constant"):
            those = one.table.loc[one.table["state"] == state, "unit"].astype(str).tolist()
            if those:
                rows.append((*place, state, wording.listing(those, at_most=2 * MOST_LISTED)))
        groups = [
            wording.listing([str(unit) for unit in group], at_most=5)
            for _, group in one.table.groupby("twin")["unit"] if len(group) > 1
        ]  # fmt: skip
        if groups:
            more = [f"{len(groups) - MOST_LISTED} more groups"] * (len(groups) > MOST_LISTED)
            rows.append((*place, "near-copies", "; ".join([*groups[:MOST_LISTED], *more])))
    columns = ("layer", "checkpoint", "subset", "kind", "neurons")
    title = "Which neurons are dead, constant or near-copies of each other"
    return Table(columns, tuple(rows), title, folded=True) if rows else None
