"""Scores by layer, before and after training, beside floor, raw input and paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from layerwise import analysis, figures
from layerwise.report import findings, inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.reading import INPUT
from layerwise.report.scores import Scores
from layerwise.scores import CONTINUITY, HIT_2D, HIT_ND, TRUSTWORTHINESS

if TYPE_CHECKING:
    from layerwise.store import Run

MOST_UNFOLDED = 24
"""Rows of a table that stands open; longer ones are a click away."""

COLUMNS = (HIT_2D, HIT_ND, TRUSTWORTHINESS, CONTINUITY)


def layers(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None without scores."""
    run, scores = runs[0], Scores.of(runs)
    if not scores:
        return None
    blocks: list[Block] = [
        block
        for number, subset in enumerate(reading.subsets(run))
        for block in _subset(runs, scores, subset, number)
    ]
    whole = _accuracies(run, scores)
    blocks += [whole] if whole else []
    blocks += _published(run, scores)
    blocks += _others(run, scores)
    return Section("layers", "Layer scores", tuple(blocks)) if blocks else None


def _subset(runs: Sequence[Run], scores: Scores, subset: str, number: int) -> list[Block]:
    """Return curves and numbers of one subset; those of the first stand open if they are few."""
    run = runs[0]
    table = _numbers(run, scores, subset)
    frame = _curves(run, scores, subset)
    if table is None:
        return []
    if frame is None:
        return [table]
    finding = findings.depth(runs, scores, subset)
    what = f"{subset} subset" if subset else "all observations"
    n = int(frame["n_observations"].max())
    seeds = int(frame["seeds"].max())
    bars = f"; error bars: standard deviation over {seeds} seeds" if seeds > 1 else ", one seed"
    unfolded = number == 0 and len(table.rows) <= MOST_UNFOLDED
    figure = Figure(
        findings.CURVES if number == 0 else f"{findings.CURVES}-{number}",
        inline.embedded(figures.layer_curves(frame)),
        finding.text if finding else f"Neighbourhood hit by layer, {what}.",
        f"Share of {_nearest(scores)} with the same {reading.label(run)}, by layer from shallow "
        f"to deep, {what}. {_legend(frame)}{wording.count(n, reading.noun(run))}{bars}.",
        None if unfolded else table,
    )  # fmt: skip
    return [figure, table] if unfolded else [figure]


def _curves(run: Run, scores: Scores, subset: str) -> pd.DataFrame | None:
    """Return the rows to draw, layers and checkpoints in the network's order."""
    frame, names = scores.frame, [INPUT, *analysis.hidden_layers(run)]
    rows = frame[
        (frame["subset"] == subset) & frame["score"].isin([HIT_2D, HIT_ND])
        & frame["layer"].isin(names) & frame["checkpoint"].isin(_times(run))
    ]  # fmt: skip
    if not len(rows.loc[rows["layer"] != INPUT]):
        return None
    order = pd.DataFrame({
        "layer": rows["layer"].map(names.index),
        "time": rows["checkpoint"].map(lambda name: _times(run).index(name)),
        "score": rows["score"].map([HIT_2D, HIT_ND].index),
    })  # fmt: skip
    rows = rows.loc[order.sort_values(["layer", "time", "score"], kind="stable").index]
    short = {HIT_2D: "2-D map", HIT_ND: "n-D layer"}
    return rows.assign(
        checkpoint=rows["checkpoint"].map(lambda name: reading.when(run, name).split(" (")[0]),
        score=rows["score"].map(short),
    )


def _legend(frame: pd.DataFrame) -> str:
    """Return what the marks beside the curves mean, those that are there."""
    controls = ["raw input"] if INPUT in set(frame["layer"]) else []
    controls += ["shuffled labels"] if frame["floor"].notna().any() else []
    lines = f"Controls: {wording.listing(controls)}. " if controls else ""
    lines += "The axis is cut to the scores. "
    diamonds = "Open diamonds are published values of other networks, see below. "
    return lines + (diamonds if frame["published"].notna().any() else "")


def _nearest(scores: Scores) -> str:
    return f"the {scores.n_neighbors or ''} nearest neighbours".replace("  ", " ")


def _times(run: Run) -> list[str]:
    return [time for time in (reading.before(run), reading.after(run)) if time is not None]


def _numbers(run: Run, scores: Scores, subset: str) -> Table | None:
    """Return one row a layer and checkpoint, one column a score."""
    places = [(INPUT, "")] + [
        (layer, time) for layer in analysis.hidden_layers(run) for time in run.checkpoints
    ]
    rows, shown, seeds = [], set[str](), 0
    for layer, time in places:
        found = {name: scores.get(name, subset, time, layer) for name in COLUMNS}
        there = {name: score for name, score in found.items() if score}
        if there:
            first = next(iter(there.values()))
            shown |= set(there)
            seeds = max(seeds, first.seeds)
            rows.append((layer, time, found, first))
    if not rows:
        return None
    known = [name for name in COLUMNS if name in shown]
    cells = tuple(
        (
            layer, reading.when(run, time) if time else wording.MISSING,
            *(str(found[name] or wording.MISSING) for name in known),
            wording.percent(first.floor), wording.count(first.n_observations),
        )
        for layer, time, found, first in rows
    )  # fmt: skip
    head = [name.replace("neighborhood hit", "hit") for name in known]
    title = f"{subset.capitalize()} subset" if subset else "All observations"
    spread = f"; ± is the standard deviation over {seeds} seeds" if seeds > 1 else "; one seed"
    columns = ("layer", "checkpoint", *head, "shuffled labels", "n")
    return Table(columns, cells, f"{title}{spread}.")


def _accuracies(run: Run, scores: Scores) -> Table | None:
    """Return how often the network is right; rows of scores that belong to no layer."""
    frame = scores.frame
    frame = frame[(frame["layer"] == "") & frame["checkpoint"].isin(_times(run))]
    frame = frame.sort_values(["score", "subset", "checkpoint"], kind="stable")
    rows = []
    for row in frame.to_dict("records"):
        score = scores.get(row["score"], row["subset"], row["checkpoint"], "")
        if score:
            rows.append((
                row["score"], row["subset"] or "all", reading.when(run, row["checkpoint"]),
                str(score), wording.percent(score.floor), wording.count(score.n_observations),
            ))  # fmt: skip
    columns = ("score", "subset", "checkpoint", "value", "largest class", "n")
    return Table(columns, tuple(rows), "Accuracy of the network.") if rows else None


def _published(run: Run, scores: Scores) -> list[Block]:
    """Return our values beside the published ones, and what is different between them."""
    rows = []
    for row in scores.frame[scores.frame["published"].notna()].to_dict("records"):
        score = scores.get(row["score"], row["subset"], row["checkpoint"], row["layer"])
        if score:
            time = "" if row["layer"] == INPUT else reading.when(run, row["checkpoint"])
            what = ", ".join(part for part in (row["layer"], time, row["subset"]) if part)
            rows.append((row["score"], what, str(score), wording.count(score.seeds),
                         wording.percent(score.published), score.source))  # fmt: skip
    statement = str(run.provenance.get("scale_down", ""))
    blocks: list[Block] = []
    if rows:
        blocks.append(Table(
            ("score", "of", "this run", "seeds", "published", "source"), tuple(rows),
            "Beside the published values. They come from other networks, trained as the source "
            "says; only the direction of the differences can be compared.",
        ))  # fmt: skip
    if statement:
        blocks.append(Note(statement))
    return blocks


def _others(run: Run, scores: Scores) -> list[Block]:
    """Return what else was scored, by another method or k, and which is meant on this page."""
    if not len(scores.others):
        return []
    places = [INPUT, *analysis.hidden_layers(run)]
    ordered = sorted(
        scores.others.to_dict("records"),
        key=lambda row: (
            row["method"], row["n_neighbors"], row["score"], row["subset"],
            places.index(row["layer"]) if row["layer"] in places else -1, row["checkpoint"],
        ),
    )  # fmt: skip
    rows = tuple(
        (
            row["score"], wording.method(row["method"]) or wording.MISSING,
            wording.count(row["n_neighbors"]) if row["n_neighbors"] else wording.MISSING,
            row["subset"] or "all", row["layer"] or wording.MISSING, row["checkpoint"],
            wording.measured(row["value"], row["spread"]), wording.percent(row["floor"]),
            wording.count(row["n_observations"]) if row["n_observations"] > 0 else wording.MISSING,
        )
        for row in ordered
    )  # fmt: skip
    main = [f"{wording.method(scores.method)} maps"] if scores.method else []
    main += [f"k = {scores.n_neighbors} neighbours"] if scores.n_neighbors else []
    note = (
        f"This run was scored in more than one way. Findings and figures are about "
        f"{wording.listing(main)}, the most frequent; other maps stand beside scores of their own."
    )
    columns = (
        "score", "method", "k", "subset", "layer", "checkpoint", "value", "shuffled labels", "n"
    )  # fmt: skip
    return [Note(note), Table(columns, rows, "The other scores", folded=True)]
