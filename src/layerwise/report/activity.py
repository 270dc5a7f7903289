"""The activity of the population: how every unit is distributed, who is dead, who tells classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise import figures
from layerwise.report import inline, reading, selectivity, wording
from layerwise.report.blocks import Block, Figure, Finding, Findings, Note, Section, Table
from layerwise.report.compared import (
    BOX,
    FEW,
    MOST_CLASSES,
    MOST_LAYERS,
    Compared,
    arranged,
    names_of,
    some,
)

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

FANS, STATES, ACTIVE = "figure-activity-units", "figure-activity-states", "figure-activity-active"
CLASSES, TIMES = "figure-activity-classes", "figure-activity-checkpoints"

USELESS = ("saturated", "constant", "dead")


def activity(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no population was tallied."""
    run = runs[0]
    found = Compared.of(run, "activity")
    if found is None:
        return None
    whole = found.frame[found.frame["class"] < 0].drop_duplicates(["layer", "checkpoint", "unit"])
    if not len(whole):
        return None
    counts = _counts(found, whole)
    told = Compared.of(run, "selectivity")
    whose = reading.first_of(runs, "Figures and numbers")
    items = (_useless(found, counts), _active(found, whole), told and selectivity.selective(told))
    blocks: list[Block | None] = [
        Note(whose) if whose else None,
        Findings(tuple(item for item in items if item)),
        _fans(found, whole), _states(found, counts), _boxes(found, whole), _over_time(found, whole),
        _by_class(found), selectivity.figure(told) if told else None,
    ]  # fmt: skip
    title = "Activity of the population"
    return Section("activity", title, tuple(block for block in blocks if block))


def _counts(found: Compared, whole: pd.DataFrame) -> pd.DataFrame:
    """Return how many units of each layer and network are in each state; copies are not live."""
    import pandas as pd

    rows = []
    for layer in found.layers:
        for checkpoint in found.checkpoints:
            here = whole[(whole["layer"] == layer) & (whole["checkpoint"] == checkpoint)]
            if len(here):
                copy = (here["state"] == "live") & (here["twin"] != here["unit"])
                states = here["state"].where(~copy, "near-copy").value_counts()
                rows.append({
                    "layer": layer, "checkpoint": checkpoint, "units": len(here),
                    **{state: int(states.get(state, 0)) for state in figures.STATES},
                    "active": here["active"].median(), "mean": here["mean"].median(),
                    "n": here["n"].max(),
                })  # fmt: skip
    return pd.DataFrame(rows)


def _useless(found: Compared, counts: pd.DataFrame) -> Finding:
    """Say how many units do nothing, and how many do what another does."""
    last = counts[counts["checkpoint"] == found.ends[-1]]
    first = counts[counts["checkpoint"] == found.ends[0]]
    idle, was = (part[list(USELESS)].sum(axis=1) for part in (last, first))
    total, where = int(last["units"].sum()), wording.count(len(last), "layer")
    worst = last.iloc[int(idle.to_numpy().argmax())]
    most = (
        f"; most in {worst['layer']}, {wording.count(idle.max())} of "
        f"{wording.count(worst['units'])}"
        if idle.max() and len(last) > 1 else ""
    )  # fmt: skip
    copies, old = (int(part["near-copy"].sum()) for part in (last, first))
    return Finding(
        f"{_time(found)}{wording.count(idle.sum())} of {wording.count(total, 'unit')} in {where} "
        f"are dead, constant or saturated ({found.control(wording.count(was.sum()))}{most}), and "
        f"{wording.count(copies)} fire as another one does "
        f"({found.control(wording.count(old))}).", STATES,
    )  # fmt: skip


def _active(found: Compared, whole: pd.DataFrame) -> Finding:
    """Say how often the median unit of the first and of the last layer is above zero."""
    middle = whole.groupby(["layer", "checkpoint"])["active"].median()
    parts = []
    for layer in dict.fromkeys((found.hidden[0], found.hidden[-1])):
        now, was = (
            wording.percent(float(middle.get((layer, end), float("nan"))))
            for end in (found.ends[-1], found.ends[0])
        )
        parts.append(f"in {layer} {now} ({found.control(was)})")
    text = f"{_time(found)}the median unit is above zero for this share of its values: "
    return Finding(text[0].upper() + text[1:] + " and ".join(parts) + ".", ACTIVE)


def _fans(found: Compared, whole: pd.DataFrame) -> Figure:
    layers = reading.spaced(found.hidden, FEW)
    groups = {key: part for key, part in whole.groupby(["layer", "checkpoint"])}
    picture = figures.unit_fans(
        [groups.get((layer, end)) for end in found.ends for layer in layers],
        columns=layers, rows=[found.words(end) for end in found.ends],
    )  # fmt: skip
    return Figure(
        FANS, inline.embedded(picture),
        f"Quantiles of the activation of every unit in {wording.listing(layers)}, "
        f"{found.networks}.",
        f"Activation of every unit{found.whose()}, {found.networks}"
        f"{some(layers, found.hidden, 'hidden layers', 'the first, the last and between')}. A "
        "column of colour is a unit: its quantiles over observations and positions, units sorted "
        "by their median. A layer has one scale for all networks.",
    )  # fmt: skip


def _states(found: Compared, counts: pd.DataFrame) -> Figure:
    layers = reading.spaced(found.layers, MOST_LAYERS)
    shown = counts[counts["layer"].isin(layers) & counts["checkpoint"].isin(found.ends)]
    picture = figures.unit_states(shown.assign(checkpoint=shown["checkpoint"].map(found.words)))
    rows = tuple(
        (
            str(row["layer"]), found.when(str(row["checkpoint"])),
            wording.count(row["units"]), *(wording.count(row[state]) for state in figures.STATES),
            wording.percent(row["active"]), f"{row['mean']:.3g}".replace("-", "−"),
            wording.count(row["n"]),
        )
        for row in counts.to_dict("records")
    )  # fmt: skip
    columns = (
        "layer", "checkpoint", "units", *figures.STATES, "active, median", "mean, median",
        "values of a unit",
    )  # fmt: skip
    return Figure(
        STATES, inline.embedded(picture),
        f"States of the units by layer, {found.networks}.",
        f"What became of the units{found.whose()}, {found.networks}"
        f"{some(layers, found.layers, 'layers', 'evenly spaced')}. Dead: always 0. Constant: "
        "always the same. Saturated: 95 % of its values within 1 % of a bound. Near-copy: fires as "
        "a unit before it does, on a sample of the observations.",
        Table(columns, rows, f"Units of every layer{found.whose()}."),
    )  # fmt: skip


def _boxes(found: Compared, whole: pd.DataFrame) -> Figure:
    layers = reading.spaced(found.layers, MOST_LAYERS)
    picture = figures.unit_boxes(
        found.in_order(whole, layers), {"active": "values above zero"}, shares=True
    )
    return Figure(
        ACTIVE, inline.embedded(picture),
        f"Share of values above zero by layer, {found.networks}.",
        f"How often units are above zero{found.whose()}, {found.networks}"
        f"{some(layers, found.layers, 'layers', 'evenly spaced')}: the distribution over the units "
        f"of each layer. {BOX}",
    )  # fmt: skip


def _over_time(found: Compared, whole: pd.DataFrame) -> Figure | None:
    """Return how the share of activity develops, if there is more than a beginning and an end."""
    if len(found.checkpoints) < 3:
        return None
    layers = reading.spaced(found.hidden, FEW)
    times = reading.spaced(found.checkpoints, MOST_LAYERS)
    part = arranged(whole[whole["checkpoint"].isin(times)], checkpoint=times, layer=layers)
    picture = figures.unit_boxes(
        part, {"active": "values above zero"}, along="checkpoint", beside="layer", shares=True
    )
    return Figure(
        TIMES, inline.embedded(picture),
        f"Share of values above zero by checkpoint in {wording.listing(layers)}.",
        f"How often units are above zero{found.whose()}, from checkpoint to checkpoint"
        f"{some(layers, found.hidden, 'hidden layers', 'the first, the last and between')}. {BOX}",
    )  # fmt: skip


def _by_class(found: Compared) -> Figure | None:
    """Return how active the units of the last layer are for every class."""
    layer = found.hidden[-1]
    frame = found.frame
    part = frame[
        (frame["layer"] == layer) & (frame["class"] >= 0) & frame["checkpoint"].isin(found.ends)
    ].drop_duplicates(["checkpoint", "class", "unit"])
    part = part[part["active"].notna()]
    every = sorted(part["class"].unique().tolist())
    if not every:
        return None
    codes = every if len(every) <= MOST_CLASSES else [
        int(code) for code in reading.spaced([str(code) for code in every], MOST_CLASSES)
    ]  # fmt: skip
    part = arranged(part, **{"class": codes, "checkpoint": list(found.ends)})
    named = dict(zip(codes, names_of(found.run, codes), strict=True))
    part = part.assign(
        **{"class": part["class"].map(named), "checkpoint": part["checkpoint"].map(found.words)}
    )
    picture = figures.unit_boxes(
        part, {"active": "values above zero"}, along="class", shares=True, title=f"Layer {layer}"
    )
    return Figure(
        CLASSES, inline.embedded(picture),
        f"Share of values above zero in layer {layer} by class, {found.networks}.",
        f"How often the units of layer {layer}, the last hidden one, are above zero for each "
        f"{reading.label(found.run) or 'class'}{found.whose()}, {found.networks}"
        f"{some(codes, every, 'classes', 'evenly spaced')}. {BOX}",
    )  # fmt: skip


def _time(found: Compared) -> str:
    words = found.words(found.ends[-1])
    return f"{words[0].upper()}{words[1:]}, " if len(found.ends) > 1 else ""
