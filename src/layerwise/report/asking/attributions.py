"""What inputs' answers rest on: maps of several methods, their checks, and the untrained network.

Read from the tables "attributions", "attribution_curves", "attribution_randomized" and "images".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise import figures
from layerwise.analysis.asking.attributions import KEPT_ATTRIBUTIONS, PICTURES, method_words
from layerwise.figures.asking.attributions import KEY, columns_of
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

MOST_OBSERVATIONS = 4
"""Observations with pictures; of more so many, evenly spaced."""

MOST_STAGES = 12
"""Layers that are named on an axis."""

MEASURES = (
    "error", "deletion", "deletion_random", "insertion", "insertion_random", "before",
)  # fmt: skip
"""Columns of the table of checks, in its order."""

CAUTION = (
    "An attribution says which parts of an input this network's answer depends on, by one "
    "definition of dependence. It does not say that the answer is right, or why the parts matter. "
    "Methods may draw the edges of the input whatever the network has learned (Adebayo et al. "
    "2018). So each stands beside itself at the first checkpoint that was asked, and its order of "
    "importance beside orders drawn at random."
)


def attributions(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no attribution was kept."""
    run = runs[0]
    table = reading.table(run, "attributions")
    if table is None:
        return None
    known = reading.asked_at(run, table)
    ends = list(dict.fromkeys([known[-1], known[0]]))
    table = table[table["checkpoint"].isin(ends)].sort_values("observation", kind="stable")
    asked = table[table["checkpoint"] == ends[0]]
    whose = reading.first_of(runs, "Attributions")
    blocks: list[Block] = [Note(" ".join(filter(None, [CAUTION, whose])))]
    pictures = _pictures(run)
    drawn = _drawn(run, asked, pictures, ends)
    blocks += [] if drawn is None else [drawn]
    blocks += [_curves(run, ends[0]), _numbers(run, table, ends)]
    remains = reading.table(run, "attribution_randomized")
    if remains is not None and (remains["checkpoint"] == ends[0]).any():
        blocks += [_randomized(remains[remains["checkpoint"] == ends[0]])]
    return Section("attributions", "What answers rest on", tuple(blocks))


def _pictures(run: Run) -> dict[tuple[str, str, str], Pictures]:
    """Return the kept pictures by checkpoint, observation and target."""
    found = {}
    for table in run.stored().get("images", []):
        about = table.provenance()
        if about.get("function") == KEPT_ATTRIBUTIONS:
            place = str(about["checkpoint"]), str(about["name"]), str(about["target"])
            found[place] = next(
                one for one in Pictures.sets(table.read()[0]) if one.kind == PICTURES
            )
    return found


def _drawn(
    run: Run, asked: pd.DataFrame, pictures: dict[tuple[str, str, str], Pictures],
    checkpoints: Sequence[str],
) -> Figure | None:  # fmt: skip
    """Return each observation's maps, after training and before it."""
    first = asked.drop_duplicates(["name", "target"])
    places = list(zip(first["name"], first["target"], first["value"], strict=True))
    chosen = reading.spaced([str(k) for k in range(len(places))], MOST_OBSERVATIONS)
    groups = []
    for name, target, value in (places[int(k)] for k in chosen):
        for checkpoint in checkpoints:
            one = pictures.get((checkpoint, name, target))
            if one is None:
                continue
            when = reading.when(run, checkpoint)
            said = f"; it is {wording.plain(value)}" if checkpoint == checkpoints[0] else ""
            groups.append(
                figures.Tiles(
                    one.pixels, one.names, f"{name}: what {target} rests on, {when}{said}",
                    KEY, columns_of(one.pixels),
                )
            )  # fmt: skip
    if not groups:
        return None
    methods = wording.listing(_methods(asked))
    return Figure(
        "attributions-maps", inline.embedded(figures.tiles(groups)),
        f"Maps of {methods} for {wording.count(len(chosen), 'observation')}.",
        f"Maps of {methods}, channels added up. Brown speaks for the target, blue against it; of a "
        "gradient: brighter pixels would raise or lower it. Each map ends its colours at the value "
        "under it, which 0.5\N{NO-BREAK SPACE}% of its positions may exceed.",
    )  # fmt: skip


def _curves(run: Run, checkpoint: str) -> Figure:
    """Return deletion and insertion, averaged over the observations."""
    points = run.table("attribution_curves")
    points = points[points["checkpoint"] == checkpoint]
    n = len(points.drop_duplicates(["name", "target"]))
    mean = points.groupby(["method", "kind", "share"], sort=False)["value"].mean().reset_index()
    mean["method"] = mean["method"].map(method_words)
    order = {"deletion": 0, "insertion": 1}
    mean = mean.sort_values("kind", key=lambda kinds: kinds.map(order), kind="stable")
    what = _measured(points)
    drawn = figures.time_curves(
        mean, x="share", y="value", color="method", dash="kind",
        xlabel="share of the blocks deleted, or inserted, the most important first", ylabel=what,
    )  # fmt: skip
    return Figure(
        "attributions-curves", inline.embedded(drawn),
        f"Mean {what} while blocks are deleted and inserted, one line a method.",
        f"Mean {what} of {wording.count(n, 'observation')} "
        f"{reading.when(run, checkpoint)} while blocks of the input are replaced by the baseline "
        "(deletion) or put back on it (insertion). A good order falls early and rises early; the "
        "control is the mean of orders drawn at random.",
    )  # fmt: skip


def _numbers(run: Run, table: pd.DataFrame, checkpoints: Sequence[str]) -> Table:
    groups = table.assign(layer=table["layer"].fillna("")).groupby(["method", "layer"], sort=False)
    rows = []
    for (method, layer), both in groups:
        for checkpoint in checkpoints:
            part = both[both["checkpoint"] == checkpoint]
            if part.empty:
                continue
            mean = part.mean(numeric_only=True)
            rows.append((
                method_words(str(method), str(layer)), reading.when(run, checkpoint),
                *(_number(mean[name]) for name in MEASURES), wording.count(len(part)),
            ))  # fmt: skip
    columns = ("method", "checkpoint", "error of sum", "deletion", "deletion, random", "insertion",
               "insertion, random", "like before", "n")  # fmt: skip
    like = (
        " Like before: rank correlation of the absolute map with that of the network "
        f"{reading.when(run, checkpoints[-1])}; near 1 it shows the input and the architecture, "
        "not what was learned since."
        if len(checkpoints) > 1
        else ""
    )
    return Table(
        columns, tuple(rows),
        "Checks, means over observations. Error of sum: what integrated gradients add up to minus "
        "the difference of the target, in its units. Deletion, insertion: mean height of the "
        f"curves of the {_measured(table)}; deletion should be below its random control, insertion "
        f"above.{like}",
    )  # fmt: skip


def _randomized(remains: pd.DataFrame) -> Figure:
    """Return how much of each attribution remains when layers are drawn anew."""
    stages = remains.drop_duplicates("n_layers").sort_values("n_layers")["layer"].tolist()
    named = remains.assign(method=remains["method"].map(method_words))
    short = len(stages) <= MOST_STAGES
    drawn = figures.time_curves(
        named, x="n_layers", y="absolute", color="method",
        xlabels=["trained", *stages[1:]] if short else None,
        xlabel="weights drawn anew from the output down, up to" if short else (
            "layers with weights drawn anew, from the output down"
        ),
        ylabel="rank correlation with the trained network's map",
    )  # fmt: skip
    return Figure(
        "attributions-randomized", inline.embedded(drawn),
        "Rank correlation of maps while the layers are drawn anew, one line a method.",
        "Rank correlation of the absolute attribution with the trained network's while layers "
        "are drawn anew one after the other (Adebayo et al. 2018). A method that shows what was "
        f"learned falls towards 0. {_of(remains)}; one seed of weights.",
    )  # fmt: skip


def _of(remains: pd.DataFrame) -> str:
    if "n_observations" not in remains:
        return "A mean over observations"
    return f"Mean over {wording.count(int(remains['n_observations'].iloc[0]), 'observation')}"


def _methods(asked: pd.DataFrame) -> list[str]:
    return [method_words(str(method)) for method in asked["method"].unique()]


def _measured(table: pd.DataFrame) -> str:
    kinds = {str(name).partition(":")[0] for name in table["measured"]}
    return "probability" if kinds == {"probability"} else "target"


def _number(value: float) -> str:
    return wording.MISSING if math.isnan(value) else f"{value:.3g}".replace("-", "−")
