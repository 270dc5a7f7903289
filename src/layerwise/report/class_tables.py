"""The numbers of the class statistics as tables: by layer, by pair of classes, by filter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from layerwise.analysis.class_statistics import (
    AGREED,
    ALIKE,
    BETWEEN,
    COMMON,
    DISTINCT,
    SAME,
    SERVED,
    SILENCE,
)
from layerwise.report import wording
from layerwise.report.blocks import Table
from layerwise.report.compared import Compared, names_of

if TYPE_CHECKING:
    import pandas as pd

SHARES = (BETWEEN, COMMON, SAME, SILENCE, AGREED)
SHOWN = (BETWEEN, ALIKE, COMMON, SAME, SILENCE, DISTINCT, AGREED)
"""Measures in the table, a column each; those that have a floor have it beside them."""

LISTED = 5
"""Pairs of classes at each end, and filters, that are named."""


def spatial(found: Compared) -> list[str]:
    """Return the layers whose filters have positions, so that there are winners at them."""
    measured = set(found.frame.loc[found.frame["measure"] == SILENCE, "layer"])
    return [layer for layer in found.layers if layer in measured]


def main(found: Compared) -> str:
    """Return the layer that questions about filters are about: the deepest that has positions."""
    return (spatial(found) or found.hidden)[-1]


def numbers(found: Compared) -> Table:
    """Return the mean of every measure over pairs or classes: a row a layer and network."""
    places = [(layer, time) for layer in found.layers for time in found.checkpoints]
    means = {
        (layer, time): {name: one for name in SHOWN if (one := mean(found, layer, time, name))}
        for layer, time in places
    }
    known = [name for name in SHOWN if any(name in one for one in means.values())]
    chance = {
        name for name in known
        if any(name in one and one[name][1] > 0 for one in means.values())
    }  # fmt: skip
    columns = [column for name in known for column in (name, *(["by chance"] * (name in chance)))]
    rows = []
    for (layer, time), values in means.items():
        if values:
            cells = []
            for name in known:
                value, floor = values.get(name, (math.nan, math.nan))
                write = wording.percent if name in SHARES else wording.plain
                cells += [write(value), *([write(floor)] * (name in chance))]
            rows.append((layer, found.when(time), *cells))
    return Table(
        ("layer", "checkpoint", *columns), tuple(rows),
        f"What class maps have in common, means over classes or pairs of classes{found.whose()}; "
        "the variance is that over observations and positions. "
        "Labels that mean nothing would make all classes alike: a low number says that they are "
        "told apart, one near chance that they have nothing to do with each other.",
    )  # fmt: skip


def pairs(found: Compared) -> Table | None:
    """Return the pairs of classes that are most and least alike in the deepest layer."""
    layer = main(found)
    first, last = (
        _by_pair(found.at(layer, end)) for end in (found.ends[0], found.ends[-1])
    )  # fmt: skip
    if ALIKE not in last or not last[ALIKE].notna().any():
        return None
    order = last[ALIKE].dropna().sort_values(ascending=False, kind="stable").index
    ends = [*order[:LISTED], *order[LISTED:][-LISTED:]]
    measures = [name for name in (ALIKE, COMMON, SAME) if name in last]
    two = len(found.ends) > 1
    rows = []
    for pair in ends:
        cells = []
        for name in measures:
            write = wording.percent if name in SHARES else wording.plain
            tables = (last, first) if two else (last,)
            cells += [
                write(float(table[name].get(pair, math.nan)) if name in table else math.nan)
                for table in tables
            ]
        rows.append((" – ".join(names_of(found.run, pair)), *cells))
    before = [found.words(found.ends[0])] if two else []
    columns = [column for name in measures for column in (name, *before)]
    return Table(
        ("classes", *columns), tuple(rows),
        f"The most and the least alike classes in layer {layer}, {found.words(found.ends[-1])}.",
        folded=True,
    )  # fmt: skip


def filters(found: Compared) -> Table | None:
    """Return for every layer the filters that most classes share and those that tell them."""
    rows = []
    for layer in found.layers:
        here = found.at(layer, found.ends[-1])
        both = here[(here["measure"] == SERVED) & (here["value"] > 0)]
        both = both.sort_values("value", ascending=False, kind="stable").head(LISTED)
        served = [f"{row['unit']} ({wording.percent(row['value'])})"
                  for row in both.to_dict("records")]  # fmt: skip
        told = tellers(here).head(LISTED)
        names = names_of(found.run, told["class"].tolist())
        best = [f"{row['unit']} ({name}, {wording.percent(row['value'])})"
                for row, name in zip(told.to_dict("records"), names, strict=True)]  # fmt: skip
        if served or best:
            rows.append((layer, ", ".join(served) or wording.MISSING,
                         ", ".join(best) or wording.MISSING))  # fmt: skip
    return Table(
        ("layer", "shared (classes that it is strongest for)",
         "telling (class of its greatest mean, variance between classes)"),
        tuple(rows), f"Filters that classes share and that tell them apart, "
        f"{found.words(found.ends[-1])}.", folded=True,
    ) if rows else None  # fmt: skip


def mean(found: Compared, layer: str, checkpoint: str, measure: str) -> tuple[float, float] | None:
    """Return the mean of a measure over classes or pairs, and of its floor, or None."""
    here = found.at(layer, checkpoint)
    here = here[here["measure"] == measure]
    if measure == BETWEEN:
        here = here[here["unit"] < 0]
    if not here["value"].notna().any():
        return None
    return float(here["value"].mean()), float(here["floor"].mean())


def _by_pair(here: pd.DataFrame) -> pd.DataFrame:
    """Return a row a pair of classes, a column a measure."""
    pairs = here[here["other"] >= 0].drop_duplicates(["measure", "class", "other"])
    return pairs.pivot(index=["class", "other"], columns="measure", values="value")


def tellers(here: pd.DataFrame) -> pd.DataFrame:
    """Return the filters by their variance between classes, greatest first."""
    rows = here[(here["measure"] == BETWEEN) & (here["unit"] >= 0) & (here["class"] >= 0)]
    return rows.sort_values("value", ascending=False, kind="stable")
