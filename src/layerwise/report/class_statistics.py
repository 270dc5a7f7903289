"""Class statistics: which filters classes share, which tell them apart, what winner maps show.

The questions of the practical, answered in numbers beside the untrained network and chance; the
pictures follow, layer by layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
from layerwise.report import class_maps, class_tables, reading, wording
from layerwise.report.blocks import Block, Finding, Findings, Note, Section
from layerwise.report.compared import FEW, Compared, names_of

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run


def class_statistics(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no class maps are kept."""
    run = runs[0]
    found = Compared.of(run, "class_maps")
    if found is None:
        return None
    units, told = Compared.of(run, "activity"), Compared.of(run, "selectivity")
    measured = Compared.of(run, "class_statistics")
    whose = reading.first_of(runs, "Figures and numbers")
    blocks: list[Block] = [Note(whose)] if whose else []
    if measured is None:
        blocks.append(Note("No numbers yet. layerwise.analysis.class_statistics makes them."))
    else:
        sentences = (shared(measured), *telling(measured), *winning(measured))
        blocks.append(Findings(tuple(sentence for sentence in sentences if sentence)))
        blocks.append(class_tables.numbers(measured))
    for layer in _shown(found):
        blocks += class_maps.pictures(found, layer, units, told)
    if measured is not None:
        blocks += [
            table
            for table in (class_tables.pairs(measured), class_tables.filters(measured))
            if table
        ]
    return Section("class-statistics", "Class statistics", tuple(blocks))


def told(runs: Sequence[Run]) -> list[Finding]:
    """Return what the findings of the whole report take from here."""
    run = runs[0]
    measured = Compared.of(run, "class_statistics")
    if measured is None or Compared.of(run, "class_maps") is None:
        return []
    return [finding for finding in (shared(measured), *telling(measured)[:1]) if finding]


def shared(found: Compared) -> Finding | None:
    """Say which filters the classes share in the deepest layer."""
    layer = class_tables.main(found)
    noun = _noun(found, layer)
    now, was = (
        class_tables.mean(found, layer, end, COMMON) for end in (found.ends[-1], found.ends[0])
    )
    if now is None:
        return None
    old = wording.percent(was[0]) if was else wording.MISSING
    text = (
        f"Two classes have {wording.percent(now[0])} of their strongest {noun}s of layer {layer} "
        f"in common ({found.control(old)}; {noun}s drawn at random {wording.percent(now[1])})."
    )
    here = found.at(layer, found.ends[-1])
    everyone = here[(here["measure"] == SERVED) & (here["value"] == 1)]["unit"].tolist()
    if everyone:
        numbers = wording.listing([str(unit) for unit in everyone], at_most=class_tables.LISTED)
        one = len(everyone) == 1
        text += f" {noun.capitalize()}{'' if one else 's'} {numbers} "
        text += f"{'is' if one else 'are'} so for all classes."
    else:
        text += f" No {noun} is among the strongest of all classes."
    pairs = here[here["measure"] == COMMON].sort_values("value", kind="stable")
    if len(pairs) > 1:
        most, least = (_pair(found, pairs.iloc[k]) for k in (-1, 0))
        text += f" {most} share most, {least} least."
    return Finding(text, class_maps.anchor(layer, found.layers))


def telling(found: Compared) -> list[Finding]:
    """Say which filters tell classes apart in the deepest layer, and how layers compare."""
    layer, findings = class_tables.main(found), []
    first, last = found.ends[0], found.ends[-1]
    now, was = (class_tables.mean(found, layer, end, BETWEEN) for end in (last, first))
    if now is not None:
        old = wording.percent(was[0]) if was else wording.MISSING
        floor = f"; shuffled labels {wording.percent(now[1])}" if not math.isnan(now[1]) else ""
        best = _best(found, layer)
        text = (
            f"{wording.percent(now[0])} of the variance of layer {layer} lies between classes "
            f"({found.control(old)}{floor})."
        )
        if best is not None:
            name = names_of(found.run, [best["class"]])[0]
            text += (
                f" {_noun(found, layer).capitalize()} {best['unit']} tells them best: "
                f"{wording.percent(best['value'])} of its variance, greatest mean on {name}."
            )
        findings.append(Finding(text, class_maps.anchor(layer, found.layers)))
    if len(found.hidden) > 1:
        ends = (found.hidden[0], found.hidden[-1])
        course = {
            end: [class_tables.mean(found, name, end, ALIKE) for name in ends]
            for end in (last, first)
        }
        if all(course[last]):
            words = {
                end: " → ".join(wording.plain(one[0]) if one else wording.MISSING for one in ones)
                for end, ones in course.items()
            }
            findings.append(Finding(
                f"From {ends[0]} to {ends[1]} the correlation of two classes over the filters goes "
                f"{words[last]} ({found.control(words[first])}; 1 if the layer does not tell them "
                "apart).", class_maps.anchor(ends[1], found.layers),
            ))  # fmt: skip
    return findings


def winning(found: Compared) -> list[Finding]:
    """Say what the winner maps of a few layers hold, and whether classes differ in them."""
    layers = class_tables.spatial(found)
    findings = []
    for layer in reading.spaced(layers, FEW):

        def words(
            measure: str, noun: str, write: Callable[[float], str] = wording.percent,
            layer: str = layer,
        ) -> str:  # fmt: skip
            """Return number and noun, the number of the untrained network, chance where known."""
            now, was = (
                class_tables.mean(found, layer, end, measure)
                for end in (found.ends[-1], found.ends[0])
            )
            value, floor = now or (math.nan, math.nan)
            chance = "" if math.isnan(floor) else f"; shuffled positions {write(floor)}"
            old = found.control(write(was[0] if was else math.nan))
            return f"{write(value)} {noun} ({old}{chance})"

        findings.append(Finding(
            f"In layer {layer} "
            f"{words(DISTINCT, 'filters win somewhere in the map of a class', _tenths)}, each in "
            f"{words(AGREED, 'of the observations')}, and "
            f"{words(SILENCE, 'of the positions are silent')}. Two classes have the same winner at "
            f"{words(SAME, 'of the others')}. All are means over classes.",
            class_maps.anchor(layer, found.layers, "winners"),
        ))  # fmt: skip
    return findings


def _shown(found: Compared) -> list[str]:
    """Return layers to draw: a few of those with positions, and the last dense one."""
    frame = found.frame
    several = frame[(frame["height"] * frame["width"]) > 1]["layer"]
    spatial = [layer for layer in found.layers if layer in set(several)]
    dense = [layer for layer in found.hidden if layer not in set(several)]
    return [*reading.spaced(spatial, FEW), *dense[-1:]]


def _tenths(value: float) -> str:
    return f"{value:.1f}"


def _noun(found: Compared, layer: str) -> str:
    """Return what the outputs of a layer are called: filters if they have positions."""
    return "filter" if layer in class_tables.spatial(found) else "unit"


def _best(found: Compared, layer: str) -> pd.Series | None:
    rows = class_tables.tellers(found.at(layer, found.ends[-1]))
    return rows.iloc[0] if len(rows) else None


def _pair(found: Compared, row: pd.Series) -> str:
    names = names_of(found.run, [row["class"], row["other"]])
    return f"{' and '.join(names)} ({wording.percent(row['value'])})"
