"""One observation through the network: the channels of its layers, and what their units see of it.

Beside the channels after training stand the same ones before it. Leaves out populations, which say
more: one observation shows how a layer answers, not what it is for.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from layerwise import analysis, figures
from layerwise.analysis.feature_maps import INPUT, KEPT_MAPS
from layerwise.figures.receptive_field import Box
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.layers import MOST_UNFOLDED
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

MOST_DRAWN = 6
"""Layers with pictures; of more so many, evenly spaced."""

CAUTION = (
    "Location is preserved in these maps, so an activation tells where something is; but "
    "“individual channels usually have no clear semantic” (F. Fleuret, EE-559 Deep Learning, "
    "lecture 8.2)."
)


def feature_maps(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no observation was followed through the network."""
    run = runs[0]
    table = reading.table(run, "feature_maps")
    if table is None:
        return None
    order = {name: number for number, name in enumerate(run.checkpoints)}
    kept = sorted(set(table["checkpoint"]) & set(order), key=order.__getitem__)
    seen = table.groupby("checkpoint")["observation"].first()
    kept = [checkpoint for checkpoint in kept if seen[checkpoint] == seen[kept[-1]]]
    ends = list(dict.fromkeys([kept[0], kept[-1]]))
    table = table[table["checkpoint"].isin(ends)]
    whose = reading.first_of(runs, "Activations")
    blocks: list[Block] = [Note(" ".join(filter(None, [CAUTION, whose])))]
    pictures = _pictures(run)
    last = table[table["checkpoint"] == ends[-1]].sort_values("position")
    own = str(last["observation"].iloc[0])
    name = own or "one observation"
    layers = [layer for layer in analysis.main_layers(last) if (layer, ends[-1]) in pictures]
    shown = reading.spaced(layers, MOST_DRAWN)
    picture = pictures.get((INPUT, ""))
    if picture is not None and picture.names == (own,):
        blocks += [_seen(picture, last, name)]
    if shown:
        blocks += [_drawn(run, table, pictures, shown, ends, name)]
    blocks += [_numbers(run, table, ends, name)]
    return Section("activations", "Activations of one observation", tuple(blocks))


def _pictures(run: Run) -> dict[tuple[str, str], Pictures]:
    """Return the kept pictures by layer and checkpoint; the observation is at no checkpoint."""
    found = {}
    for table in run.stored().get("images", []):
        about = table.provenance()
        if about.get("function") == KEPT_MAPS:
            place = str(about.get("layer", "")), str(about.get("checkpoint", ""))
            found[place] = next(Pictures.sets(table.read()[0]))
    return found


def _seen(picture: Pictures, table: pd.DataFrame, name: str) -> Figure:
    """Return the observation with a box around what one unit of each layer sees."""
    known = table.dropna(subset=["y0", "x0"])
    known = known.drop_duplicates(subset=["y0", "y1", "x0", "x1"])
    boxes: dict[str, Box] = {
        str(row["layer"]): ((int(row["y0"]), int(row["y1"])), (int(row["x0"]), int(row["x1"])))
        for row in known.to_dict("records")
    }
    chosen = reading.spaced(list(boxes), figures.MOST_BOXES)
    size = (int(table["height"].iloc[0]), int(table["width"].iloc[0]))
    drawn = figures.feature_maps(
        {}, picture=picture.pixels[0], boxes={layer: boxes[layer] for layer in chosen},
        input_size=size if min(size) > 0 else None, caption=name,
    )  # fmt: skip
    return Figure(
        "activations-input", inline.embedded(drawn),
        f"{name}, with boxes around what the middle unit of each layer sees of it.",
        f"{name}. A box is the receptive field of the unit in the middle of a layer's map, cut at "
        "the borders: by the architecture nothing outside can change the unit. Layers that see the "
        "same have one box.",
    )  # fmt: skip


def _drawn(
    run: Run,
    table: pd.DataFrame,
    pictures: Mapping[tuple[str, str], Pictures],
    layers: Sequence[str],
    checkpoints: Sequence[str],
    name: str,
) -> Figure:
    """Return the same channels of layers before and after training."""
    groups = [
        _tiles(run, table, pictures[layer, checkpoint], layer, checkpoint)
        for layer in layers for checkpoint in checkpoints if (layer, checkpoint) in pictures
    ]  # fmt: skip
    several = len(checkpoints) > 1
    last = f" {reading.when(run, checkpoints[-1])}" if several else ""
    return Figure(
        "activations-channels", inline.embedded(figures.tiles(groups)),
        f"Channels of {wording.listing(list(layers))} for {name}.",
        f"What layers make of {name}, {wording.count(len(layers), 'layer')} in the order of the "
        f"network; channels of maps are those that answer most strongly{last}"
        f"{', the same ones before it' if several else ''}. Grey is 0, brown above it, "
        "blue below. A scale holds for the layer at one checkpoint alone.",
    )  # fmt: skip


def _tiles(
    run: Run, table: pd.DataFrame, one: Pictures, layer: str, checkpoint: str
) -> figures.Tiles:
    row = table[(table["layer"] == layer) & (table["checkpoint"] == checkpoint)].iloc[0]
    when = reading.when(run, checkpoint)
    limit = None if math.isnan(row["limit"]) else float(row["limit"])
    key = figures.Key("signed" if row["signed"] else "positive", limit)
    return figures.Tiles(one.pixels, one.names, f"{layer}, {when}: {row['caption']}", key)


def _numbers(run: Run, table: pd.DataFrame, checkpoints: Sequence[str], name: str) -> Table:
    place = {checkpoint: number for number, checkpoint in enumerate(checkpoints)}
    shown = table.assign(time=table["checkpoint"].map(place))
    shown = shown.sort_values(["position", "time"], kind="stable")
    rows = tuple(_row(run, row) for row in shown.to_dict("records"))
    columns = (
        "layer", "checkpoint", "shape", "sees", "every", "largest", "active", "silent", "strongest",
    )  # fmt: skip
    return Table(
        columns, rows,
        f"Layers for {name}. Sees: size of the receptive field in pixels (or steps) of the input, "
        "were it without borders; all: the unit in the middle sees everything. Every: from one "
        "unit's field to the next. Active: values above 0. Silent: channels that are 0 everywhere. "
        "Strongest: channels of largest absolute activation.",
        folded=len(rows) > MOST_UNFOLDED,
    )  # fmt: skip


def _row(run: Run, row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    sees = _size(row["size_y"], row["size_x"])
    return (
        str(row["layer"]), reading.when(run, str(row["checkpoint"])),
        str(row["shape"]).replace("x", " × "), f"{sees} (all)" if row["whole"] else sees,
        _size(row["stride_y"], row["stride_x"]), f"{row['max']:.3g}".replace("-", "−"),
        wording.percent(row["active"]),
        f"{wording.count(row['silent'])} of {wording.count(row['n_channels'])}",
        str(row["strongest"]).replace(",", ", "),
    )  # fmt: skip


def _size(*sides: float) -> str:
    return " × ".join(f"{side:g}" for side in sides if not math.isnan(side)) or wording.MISSING
