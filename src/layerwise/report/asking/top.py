"""What excites each unit most, and how features came about: the pictures that were kept.

The first section shows the strongest observations of units after training, the same units before it
beside them: an untrained unit is excited by something too. The second follows the strongest
observation over the checkpoints. Leaves out units that were not drawn; the table has them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import analysis, figures
from layerwise.analysis.asking.top import (
    EVOLUTION_PICTURES,
    KEPT_EVOLUTION,
    KEPT_TOP,
    PICTURES,
)
from layerwise.analysis.asking.top_images import GAP
from layerwise.foundation.shapes import Array
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

MOST_LAYERS, MOST_UNITS = 4, 6
"""Layers and units of each with pictures; of more layers so many, evenly spaced."""

MOST_EVOLVING = 3
"""Units of each layer that are followed over the checkpoints."""

RULES = {
    "deconvolution": "deconvnet", "guided": "guided backpropagation", "gradient": "gradient",
}  # fmt: skip

CAUTION = (
    "Beside the patches, the part of each observation that the unit sees, stand {rule} "
    "projections of the activation: the pattern in that observation which excites the unit. They "
    "are made from one observation each and say nothing of what else might; a likeness that a "
    "reader sees in nine patches is no measurement. The nine are the extremes: how a unit answers "
    "to the rest of the data is in its class statistics."
)

PUBLISHED = (
    "Zeiler and Fergus (2014, Fig. 4) report that features of lower layers converge within a few "
    "epochs, those of upper layers after 40 to 50, with sudden jumps of the strongest image."
)


def top(runs: Sequence[Run]) -> Section | None:
    """Return the section on the strongest observations, or None if none were kept."""
    run = runs[0]
    table = reading.table(run, "top")
    if table is None:
        return None
    found = _kept(run, PICTURES, KEPT_TOP)
    ends = [name for name in run.checkpoints if any(at == name for _, at in found)]
    layers = list(dict.fromkeys(layer for layer, _ in found))
    shown = reading.spaced(_in_order(run, layers), MOST_LAYERS)
    rules = sorted(set(table["rule"]) - {""})
    rule = wording.listing([RULES.get(name, name) for name in rules]) or "deconvnet"
    whose = reading.first_of(runs, "Units")
    blocks: list[Block] = [Note(" ".join(filter(None, [CAUTION.format(rule=rule), whose])))]
    for number, layer in enumerate(shown, start=1):
        groups = []
        for checkpoint in reversed(ends[:1] + ends[1:][-1:]):
            if (layer, checkpoint) in found:
                groups.append(_tiles(run, table, *found[layer, checkpoint], layer, checkpoint))
        control = reading.when(run, ends[0])
        also = f", and of the same units {control}" if len(groups) > 1 else ""
        blocks.append(Figure(
            f"figure-top-{number}", inline.embedded(figures.tiles(groups)),
            f"The strongest observations of units of {layer}: projections and patches{also}.",
            f"What excites units of {layer} most{also}. After Fig. 2 of Zeiler and Fergus 2014. "
            "Projections of a unit share one scale, each unit has its own: compare patterns, not "
            "sizes. White is outside the input, or an observation without activation.",
        ))  # fmt: skip
    blocks.append(_numbers(run, table))
    return Section("top", "What excites each unit most", tuple(blocks))


def feature_evolution(runs: Sequence[Run]) -> Section | None:
    """Return the section on how features came about, or None if one checkpoint was asked."""
    run = runs[0]
    table = reading.table(run, "feature_evolution")
    if table is None:
        return None
    subset = str(table["subset"].iloc[-1])
    moved = table[table["subset"] == subset]
    names = list(moved.sort_values("time", kind="stable")["checkpoint"].unique())
    kept = _kept(run, EVOLUTION_PICTURES, KEPT_EVOLUTION, subset)
    found = {layer: pictures for (layer, _), (pictures, _) in kept.items()}
    layers = _in_order(run, list(dict.fromkeys(moved["layer"])))
    blocks: list[Block] = [Note(PUBLISHED + " " + _finding(moved, layers, names))]
    drawn = _curves(moved, layers, names)
    if drawn is not None:
        blocks.append(drawn)
    known = [layer for layer in layers if layer in found]
    if known:
        blocks.append(_drawn(moved, {layer: found[layer] for layer in known}, names))
    blocks.append(_settled(moved, layers))
    return Section("feature-evolution", "How features came about", tuple(blocks))


def _kept(
    run: Run, kind: str, function: str, subset: str | None = None
) -> dict[tuple[str, str], tuple[Pictures, str]]:
    """Return pictures and their subset by layer and checkpoint; of several subsets one."""
    found = {}
    for table in run.stored().get("images", []):
        about = table.provenance()
        if about.get("function") == function and subset in (None, about.get("subset", "")):
            for pictures in Pictures.sets(table.read()[0]):
                if pictures.kind == kind:
                    place = str(about.get("layer", "")), str(about.get("checkpoint", ""))
                    found[place] = pictures, str(about.get("subset", ""))
    return found


def _in_order(run: Run, layers: Sequence[str]) -> list[str]:
    """Return layers as the network computes them, as far as the run knows."""
    order = {name: number for number, name in enumerate(run.layers)}
    return sorted(layers, key=lambda name: order.get(name, len(order)))


def _tiles(
    run: Run, table: pd.DataFrame, pictures: Pictures, subset: str, layer: str, checkpoint: str
) -> figures.Tiles:
    own = table[(table["layer"] == layer) & (table["checkpoint"] == checkpoint)]
    own = own[own["subset"] == subset]
    units = pictures.index[:MOST_UNITS].tolist()
    many = wording.count(own["n_observations"].iloc[0], f"{subset} observation".strip())
    time = reading.when(run, checkpoint)
    return figures.top_tiles(
        pictures.pixels[:MOST_UNITS], figures.top_names(units, analysis.top_classes(own)),
        f"{layer}{f', {time}' if time else ''}: the {own['rank'].max() + 1} of {many} that excite "
        "each unit most; projections left, patches right", str(own["ramp"].iloc[0]),
    )  # fmt: skip


def _numbers(run: Run, table: pd.DataFrame) -> Table:
    """Return a row a layer and checkpoint: how much its strongest observations agree."""
    rows = []
    order = {name: number for number, name in enumerate(run.checkpoints)}
    place = ["layer", "checkpoint", "subset"]
    groups = {tuple(map(str, key)): part for key, part in table.groupby(place, sort=False)}
    layers = _in_order(run, list(dict.fromkeys(key[0] for key in groups)))
    for layer, checkpoint, subset in sorted(
        groups, key=lambda key: (layers.index(key[0]), order.get(key[1], 0), key[2])
    ):
        own = groups[layer, checkpoint, subset]
        first = own[own["rank"] == 0]
        share, pure = _of_one_class(own)
        rows.append((
            layer, reading.when(run, checkpoint) or wording.MISSING, subset or wording.MISSING,
            wording.count(len(first)), wording.count(int((first["value"] <= 0).sum())),
            wording.percent(share), wording.MISSING if math.isnan(share) else wording.count(pure),
        ))  # fmt: skip
    return Table(
        ("layer", "checkpoint", "observations", "units", "silent", "same class", "all one class"),
        tuple(rows),
        "Do the strongest observations of a unit share a class? Same class: share of them that are "
        "of the unit's most frequent class, mean over units. All one class: units whose strongest "
        "are all of one class. Silent: units without an activation above 0."
        f"{_control(run, table)}",
        folded=len(rows) > 2 * MOST_LAYERS,
    )


def _control(run: Run, table: pd.DataFrame) -> str:
    """Return which checkpoint is the control, if the network was asked before training."""
    before = reading.before(run)
    return f" The control is the network {reading.when(run, before)}." if (
        before is not None and before in set(table["checkpoint"])
    ) else ""  # fmt: skip


def _of_one_class(own: pd.DataFrame) -> tuple[float, int]:
    """Return the mean share of the most frequent class, and of how many units it is all."""
    shown = own[(own["value"] > 0) & (own["class"] != "")]
    counts = shown.groupby(["unit", "class"]).size().groupby("unit").max()
    shares = counts / shown.groupby("unit").size()
    return (float(shares.mean()) if len(shares) else math.nan), int((shares == 1).sum())


def _shares(moved: pd.DataFrame, layers: Sequence[str]) -> pd.DataFrame:
    """Return the share of units that have found their last observation, by layer and time."""
    shares = moved.groupby(["layer", "time"], sort=False)["final"].mean().reset_index()
    order = {layer: number for number, layer in enumerate(layers)}
    return shares.sort_values(["layer", "time"], key=lambda c: c.map(order).fillna(c))


def _finding(moved: pd.DataFrame, layers: Sequence[str], names: Sequence[str]) -> str:
    """Return what the run says about it, in numbers."""
    if len(layers) < 2 or len(names) < 3:
        return ""
    shares = _shares(moved, layers).set_index(["layer", "time"])["final"]
    middle = len(names) // 2
    first, last = (float(shares.loc[(layer, middle)]) for layer in (layers[0], layers[-1]))
    return (
        f"Here {wording.percent(first)} of the units of {layers[0]} and {wording.percent(last)} of "
        f"those of {layers[-1]} are at {names[middle]} excited most by the observation by which "
        "they are in the end. Few checkpoints, one seed: a trend, no law."
    )


def _curves(moved: pd.DataFrame, layers: Sequence[str], names: Sequence[str]) -> Figure | None:
    if len(names) < 3:
        return None
    shown = reading.spaced(layers, 2 * MOST_LAYERS)
    shares = _shares(moved, layers)
    shares = shares[shares["layer"].isin(shown)].assign(share=lambda t: 100 * t["final"])
    drawn = figures.time_curves(
        shares, x="time", y="share", color="layer", xlabels=names, xlabel="checkpoint",
        ylabel="units at their last strongest observation (%)",
    )  # fmt: skip
    return Figure(
        "figure-feature-settling", inline.embedded(drawn),
        "Share of units whose strongest observation no longer changes, by checkpoint and layer.",
        "Units whose strongest observation is, from this checkpoint on, the one of the last "
        "checkpoint. At the last all are, by definition.",
    )  # fmt: skip


def _drawn(moved: pd.DataFrame, found: dict[str, Pictures], names: Sequence[str]) -> Figure:
    """Return the strongest observation of some units at every checkpoint."""
    layers = reading.spaced(list(found), MOST_LAYERS)
    cells = {
        layer: (_columns(found[layer].pixels[:MOST_EVOLVING], len(names)),
                found[layer].index[:MOST_EVOLVING])
        for layer in layers
    }  # fmt: skip
    marks = {
        layer: analysis.jumps_of(moved, layer, units, len(names))
        for layer, (_, units) in cells.items()
    }
    return Figure(
        "figure-feature-evolution",
        inline.embedded(figures.feature_evolution(cells, names, marks=marks)),
        f"The strongest observation of units of {wording.listing(layers)} at each checkpoint.",
        "The strongest observation of a unit (its number at the left) at each checkpoint: the "
        "projection over the patch. A bar: another observation than before. After Fig. 4 of Zeiler "
        "and Fergus 2014. Each projection has its own scale.",
    )


def _columns(strips: Array, n: int) -> Array:
    """Return the pictures that stand side by side in each strip."""
    wide = (strips.shape[2] - (n - 1) * GAP) // n
    starts = [k * (wide + GAP) for k in range(n)]
    return np.stack([strips[:, :, start : start + wide] for start in starts], axis=1)


def _settled(moved: pd.DataFrame, layers: Sequence[str]) -> Table:
    rows = []
    for layer in layers:
        own = moved[moved["layer"] == layer]
        n = own["unit"].nunique()
        start = own[own["final"]].groupby("unit")["time"].min()
        name = own.drop_duplicates("time").set_index("time")["checkpoint"]
        before = own[own["time"] == own["time"].max() - 1]["shared"].mean()
        rows.append((
            layer, wording.count(n), wording.plain(float(own["jumped"].sum()) / n),
            str(name[int(start.median())]), wording.percent(float(before)),
        ))  # fmt: skip
    return Table(
        ("layer", "units", "jumps", "settled", "kept"), tuple(rows),
        "Jumps: times that another observation became the strongest, mean over units that are not "
        "silent in the end. Settled: the checkpoint from which it stays, median. Kept: share of "
        "the last strongest observations that were among the strongest one checkpoint before.",
    )  # fmt: skip
