"""The learned filters: pictures of the first layers, and how training changed each layer.

Beside the filters after training stand the same ones before it: a pattern that was there before is
none that was learned. Leaves out layers whose filters are no pictures, but for their numbers.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise import figures
from layerwise.analysis.filters import KEPT
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.layers import MOST_UNFOLDED
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

MOST_DRAWN = 2
"""Layers with pictures, the shallowest: their filters see pixels, or nearly so."""

DRAWABLE = ("rgb", "signed", "tiles", "strips")


def filters(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no filters were kept."""
    run = runs[0]
    kernels, units = reading.table(run, "kernels"), reading.table(run, "filters")
    if kernels is None or units is None:
        return None
    kernels = kernels.sort_values("position", kind="stable")
    order = {name: number for number, name in enumerate(["", *run.checkpoints])}
    kept = sorted(set(kernels["checkpoint"]) & set(order), key=order.__getitem__)
    whose = reading.first_of(runs, "Filters")
    blocks: list[Block] = [Note(whose)] if whose else []
    pictured = set(units.loc[units["picture"].isin(DRAWABLE), "layer"])
    layers = [name for name in dict.fromkeys(kernels["layer"]) if name in pictured]
    blocks += _drawn(run, units, layers[:MOST_DRAWN], list(dict.fromkeys([kept[0], kept[-1]])))
    blocks += [_numbers(kernels, reading.spaced(kept))]
    return Section("filters", "Filters", tuple(blocks))


def _drawn(
    run: Run, units: pd.DataFrame, layers: Sequence[str], checkpoints: Sequence[str]
) -> list[Block]:
    """Return a figure of each layer, the same filters at the first and the last checkpoint."""
    pictures = _pictures(run)
    found: list[Block] = []
    for number, layer in enumerate(layers):
        groups = [
            _tiles(run, pictures[layer, checkpoint], layer, checkpoint, units)
            for checkpoint in checkpoints if (layer, checkpoint) in pictures
        ]  # fmt: skip
        if groups:
            several = len(groups) > 1
            found.append(Figure(
                f"figure-filters-{number}",
                inline.embedded(figures.tiles(groups)),
                f"Filters of {layer}{', before and after training' if several else ''}.",
                f"What the filters of {layer} multiply their inputs by"
                f"{', the same filters before and after training' if several else ''}. Blue is "
                "below 0 and brown above it, unless inputs are drawn as colours. "
                f"{_scales(groups)}",
            ))  # fmt: skip
    return found


def _scales(groups: Sequence[figures.Tiles]) -> str:
    """Return what pictures on their scales can be compared in."""
    if any(group.key and group.key.limit is None for group in groups):
        return "On its own scale each: compare patterns, not sizes, which are in the table."
    return "One scale: patterns and sizes compare."


def _pictures(run: Run) -> dict[tuple[str, str], Pictures]:
    """Return the kept pictures by layer and checkpoint."""
    found = {}
    for table in run.stored().get("images", []):
        about = table.provenance()
        if about.get("function") == KEPT:
            place = str(about.get("layer", "")), str(about.get("checkpoint", ""))
            found[place] = next(Pictures.sets(table.read()[0]))
    return found


def _tiles(
    run: Run, one: Pictures, layer: str, checkpoint: str, units: pd.DataFrame
) -> figures.Tiles:
    own = units[(units["layer"] == layer) & (units["checkpoint"] == checkpoint)]
    own = own[own["picture"] != ""]
    # The title is "layer: what is drawn; scale", and the key says the scale.
    what = one.title.removeprefix(f"{layer}: ").rpartition("; ")[0]
    time = reading.when(run, checkpoint)
    limits = np.unique(own["limit"])
    ramp = "rgb" if (own["picture"] == "rgb").any() else "signed"
    return figures.Tiles(
        one.pixels, one.names, f"{layer}{f', {time}' if time else ''}: {what}",
        figures.Key(ramp, float(limits[0]) if len(limits) == 1 else None),
    )  # fmt: skip


def _numbers(kernels: pd.DataFrame, checkpoints: Sequence[str]) -> Table:
    """Return a row a layer and checkpoint."""
    shown = kernels[kernels["checkpoint"].isin(checkpoints)]
    place = {name: number for number, name in enumerate(checkpoints)}
    time = shown["checkpoint"].map(place)
    shown = shown.assign(time=time).sort_values(["position", "time"], kind="stable")
    rows = tuple(_row(row) for row in shown.to_dict("records"))
    columns = (
        "layer", "checkpoint", "weights", "norm", "effective rank", "dead", "twins", "zeros",
        "moved",
    )  # fmt: skip
    return Table(
        columns, rows,
        "Learned filters by layer. Weights: filters × inputs of each × size. Norm: of all of them. "
        "Effective rank: in how many directions the filters lie (exponential of the entropy of the "
        "singular values; Roy and Vetterli 2007). Dead: all weights 0. Twins: nearly proportional "
        "to an earlier filter (|cosine| above 0.99). Zeros: weights that are exactly 0. Moved: "
        "norm of the change since the first checkpoint by the norm there.",
        folded=len(rows) > MOST_UNFOLDED,
    )  # fmt: skip


def _row(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    sizes = [f"{row['n_filters']:,}", f"{row['n_inputs'] // row['groups']:,}"]
    sizes += str(row["size"]).split("x") if row["size"] else []
    groups = f" in {wording.count(row['groups'], 'group')}" if row["groups"] > 1 else ""
    return (
        str(row["layer"]), str(row["checkpoint"]) or wording.MISSING,
        f"{row['kind']} {' × '.join(sizes)}{groups}", wording.plain(row["norm"]),
        f"{row['effective_rank']:,.1f} of {row['max_rank']:,}", wording.count(row["dead"]),
        wording.count(row["twins"]), wording.percent(row["zeros"]), wording.percent(row["moved"]),
    )  # fmt: skip
