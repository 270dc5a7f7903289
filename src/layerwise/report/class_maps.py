"""Pictures of what filters do for each class: means, differences, winners, dense layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from layerwise import analysis, figures
from layerwise.analysis import ClassMaps
from layerwise.foundation.shapes import Array
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure
from layerwise.report.compared import MOST_CLASSES, Compared, names_of, some

if TYPE_CHECKING:
    import pandas as pd

FILTERS = 10
"""Filters whose class means are shown; two networks fit beside each other."""

Named = tuple[str, ClassMaps]
"""The class maps of one network and its name."""


def anchor(layer: str, layers: Sequence[str], kind: str = "means") -> str:
    """Return the id of a picture of a layer.

    Examples
    --------
    >>> anchor("conv2", ["conv1", "conv2"])
    'figure-class-means-1'
    """
    return f"figure-class-{kind}-{list(layers).index(layer)}"


def networks(found: Compared, layer: str) -> list[Named]:
    """Return the class maps of a layer in both networks, cut to classes that are shown."""
    shown = []
    for checkpoint in found.ends:
        for maps in analysis.class_maps_of(found.at(layer, checkpoint)):
            shown.append((found.words(checkpoint), maps))
    if len({maps.means.shape for _, maps in shown}) > 1:
        return shown[-1:]
    return shown


def pictures(
    found: Compared, layer: str, units: Compared | None, told: Compared | None
) -> list[Figure]:
    """Return what is drawn of one layer: of a dense one a matrix, else means and winners."""
    shown = networks(found, layer)
    if not shown or not shown[-1][1].seen.any():
        return []
    if shown[-1][1].n_positions == 1:
        matrix = _matrix(found, layer, shown, units)
        return [matrix] if matrix else []
    every = shown[-1][1].classes.tolist()
    codes = _few(every)
    kept = np.isin(every, codes)
    drawn = [(words, _cut(maps, kept)) for words, maps in shown]
    if not drawn[-1][1].seen.any():
        return []
    which = some(codes, every, "classes", "evenly spaced")
    n = _observations(found, shown[-1][1])
    made = [
        _maps(found, layer, drawn, shown, told, which + n),
        _maps(found, layer, drawn, shown, told, which + n, differences=True),
    ]
    if all(maps.winners is not None for _, maps in drawn):
        made.append(_winners(found, layer, drawn, which + n))
    return made


def _maps(
    found: Compared, layer: str, drawn: Sequence[Named], shown: Sequence[Named],
    told: Compared | None, which: str, *, differences: bool = False,
) -> Figure:  # fmt: skip
    """Return class means, or their differences from the mean of all classes."""
    maps = drawn[-1][1]
    columns, how = _telling(found, layer, shown[-1][1], told)
    many = some(columns.tolist(), maps.units.tolist(), "filters", how)
    panels = [
        _differences(whole, part)[:, columns] if differences else part.means[:, columns]
        for (_, part), (_, whole) in zip(drawn, shown, strict=True)
    ]
    picture = figures.class_maps(
        panels, [words for words, _ in drawn], filters=maps.units[columns].tolist(),
        class_names=names_of(found.run, maps.classes.tolist()),
        title=f"Layer {layer}: {'differences of class means' if differences else 'class means'}",
    )  # fmt: skip
    label = reading.label(found.run) or "class"
    scale = "The scale is each filter's own, up to its value furthest from 0 in that network" + (
        ", 0 in the middle." if any((one < 0).any() for one in panels) else "."
    )
    if differences:
        return Figure(
            anchor(layer, found.layers, "differences"), inline.embedded(picture),
            f"Class means of filters of layer {layer} less their mean over classes.",
            f"Layer {layer}, {found.networks}: the same maps less their mean over all classes, in "
            f"which each weighs alike{many}{which}. What is coloured tells a {label} from the "
            f"others. {scale}",
        )  # fmt: skip
    return Figure(
        anchor(layer, found.layers), inline.embedded(picture),
        f"Mean map of filters of layer {layer} for every {label}, {found.networks}.",
        f"Layer {layer}, {found.networks}: mean activation map of every filter (across) for every "
        f"{label} (down){many}{which}. {scale}",
    )  # fmt: skip


def _winners(found: Compared, layer: str, drawn: Sequence[Named], which: str) -> Figure:
    maps = drawn[-1][1]
    picture = figures.winner_maps(
        [np.asarray(part.winners) for _, part in drawn],
        [np.asarray(part.shares) for _, part in drawn],
        [words for words, _ in drawn], class_names=names_of(found.run, maps.classes.tolist()),
        title=f"Layer {layer}: the filter that wins each position",
    )  # fmt: skip
    return Figure(
        anchor(layer, found.layers, "winners"), inline.embedded(picture),
        f"Winner maps of layer {layer} by class, {found.networks}.",
        f"Layer {layer}, {found.networks}: the filter that is strongest at each position in most "
        f"observations of a {reading.label(found.run) or 'class'}, and in which share of them it "
        f"is{which}. Colours are numbers of filters, the same in both networks, and the legend "
        "has their part of the positions. All silent: no filter is above zero, so none wins.",
    )  # fmt: skip


def _matrix(
    found: Compared, layer: str, shown: Sequence[Named], units: Compared | None
) -> Figure | None:
    """Return the units of a dense layer by class, in their standard deviations if known."""
    panels = []
    for (_, maps), checkpoint in zip(shown, found.ends[-len(shown) :], strict=True):
        values = maps.differences[:, :, 0, 0]
        std = _whole(units, layer, checkpoint, maps, "std")
        panels.append(values if std is None else _over(values, std))
    if not any(np.isfinite(panel).any() for panel in panels):
        return None
    known = units is not None and len(units.at(layer, found.ends[-1])) > 0
    name = "difference from the mean of all classes" + (" / standard deviation" if known else "")
    classes = shown[-1][1].classes
    picture = figures.class_matrix(
        panels, [words for words, _ in shown], class_names=names_of(found.run, classes.tolist()),
        name=name, title=f"Layer {layer}: units by class",
    )  # fmt: skip
    deviations = ", in standard deviations of the unit" if known else ""
    return Figure(
        anchor(layer, found.layers), inline.embedded(picture),
        f"Units of layer {layer} by class, {found.networks}.",
        f"Layer {layer}, {found.networks}: mean activation of every unit for every "
        f"{reading.label(found.run) or 'class'} less its mean over all classes{deviations}, on one "
        "scale. Each network's units are sorted by the class in which they are greatest: a "
        "diagonal appears in any numbers, so compare how dark it is. Grey: a unit that never "
        f"varies{_observations(found, shown[-1][1])}.",
    )  # fmt: skip


def _few(codes: Sequence[int]) -> list[int]:
    names = [str(code) for code in codes]
    return [int(name) for name in reading.spaced(names, MOST_CLASSES)]


def _cut(maps: ClassMaps, kept: Array) -> ClassMaps:
    """Return the maps of some classes."""
    return replace(
        maps, classes=maps.classes[kept], means=maps.means[kept],
        counts=None if maps.counts is None else maps.counts[kept],
        winners=None if maps.winners is None else maps.winners[kept],
        shares=None if maps.shares is None else maps.shares[kept],
    )  # fmt: skip


def _differences(whole: ClassMaps, part: ClassMaps) -> Array:
    """Return the differences of some classes from the mean of all."""
    return whole.differences[np.isin(whole.classes, part.classes)]


def _telling(
    found: Compared, layer: str, maps: ClassMaps, told: Compared | None
) -> tuple[Array, str]:
    """Return the columns of the filters that tell classes best, best first, and how chosen."""
    eta = _whole(told, layer, found.ends[-1], maps, "eta2")
    if eta is None:
        score = np.nan_to_num(maps.profile[maps.seen].var(axis=0))
        how = "those whose class means differ most"
    else:
        score, how = np.nan_to_num(eta), "those with the greatest variance between classes"
    best = np.argsort(-score, kind="stable")[:FILTERS]
    return best, f"{how} {found.words(found.ends[-1])}, greatest first"


def _whole(
    about: Compared | None, layer: str, checkpoint: str, maps: ClassMaps, column: str
) -> Array | None:
    """Return a column of the table in the order of the units, NaN for those it lacks, or None."""
    if about is None:
        return None
    rows: pd.DataFrame = about.at(layer, checkpoint)
    if column == "std":
        rows = rows[rows["class"] < 0]
    if not len(rows):
        return None
    found = rows.drop_duplicates("unit").set_index("unit")[column]
    return np.asarray(found.reindex(maps.units).to_numpy(dtype=float))


def _over(values: Array, std: Array) -> Array:
    """Return values in standard deviations; NaN where there is none."""
    over: Array = np.divide(values, std, out=np.full(values.shape, np.nan), where=std > 0)
    return over


def _observations(found: Compared, maps: ClassMaps) -> str:
    """Return the words for how many observations these are means of, or none if unknown."""
    if maps.counts is None or not (seen := maps.counts[maps.counts > 0]).size:
        return ""
    many = wording.count(seen.sum(), reading.noun(found.run))
    least, most = wording.count(seen.min()), wording.count(seen.max())
    each = least if least == most else f"{least} to {most}"
    return f"; over {many}{found.whose()}, {each} of each {reading.label(found.run) or 'class'}"
