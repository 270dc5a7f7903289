"""Stored pictures about units, classes or observations: filters, preferred inputs, attributions."""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.foundation.shapes import Array
from layerwise.store import media
from layerwise.studio.data.files import SHEET, File, stamp
from layerwise.studio.data.sheets import Layout, webp
from layerwise.studio.data.shown import Shown

if TYPE_CHECKING:
    from layerwise.store.tables import Table

MOST = 2**31
"""Numbers of units and classes are below."""

MOST_SETS = 1000
"""Sets of pictures in one table."""


def images(shown: Shown) -> list[dict[str, Any]]:
    """Return what the manifest says of stored pictures; more than a sheet holds are several."""
    found: list[dict[str, Any]] = []
    for table, provenance in shown.tables("images"):
        with shown.noting(table.path):
            if not shown.covers(provenance.get("subset", "")):
                continue
            for number, one in enumerate(_sets(table, table.stamp)):
                found += _entries(shown, table, number, one)
    return found


def _entries(shown: Shown, table: Table, number: int, one: media.Pictures) -> list[dict[str, Any]]:
    layer, checkpoint = shown.layers.get(one.layer), shown.checkpoints.get(one.checkpoint)
    if (one.layer and layer is None) or (one.checkpoint and checkpoint is None):
        return []
    if one.about == "observation":
        index = shown.index(one.index)
    else:
        n_units = shown.run.layer(one.layer).n_units if one.about == "unit" and one.layer else MOST
        index = np.where(one.index < n_units, one.index, -1)
    kept = np.flatnonzero(index >= 0)
    _, height, width, _ = one.pixels.shape
    layout = Layout(width, height, len(kept))
    found = []
    for sheet in range(layout.n_sheets):
        chosen = kept[layout.part(sheet)]
        make = partial(_sheet, table, number, chosen, layout.columns)
        file = File(SHEET, layout.shape(sheet), stamp(shown.data, table.stamp, number, sheet), make)
        found.append({
            "kind": one.kind, "layer": layer, "checkpoint": checkpoint, "about": one.about,
            "title": one.title if layout.n_sheets == 1 else f"{one.title} ({sheet + 1})",
            "index": index[chosen].tolist(), "names": [one.names[k] for k in chosen],
            "channels": _channels(shown, one),
            "width": width, "height": height, "columns": layout.columns,
            "sheet": shown.add(f"images/{table.key}/{number}-{sheet}", file),
        })  # fmt: skip
    return found


def _channels(shown: Shown, one: media.Pictures) -> int | None:
    """Return how many channels a layer of maps has whose channels the pictures are about.

    Such a layer may have been recorded position by position, and then has many units a channel.
    """
    if one.about != "unit" or not one.layer or one.layer not in shown.layers:
        return None
    n_channels, *positions = shown.run.layer(one.layer).shape
    return n_channels if positions and int(one.index.max()) < n_channels else None


def _sheet(table: Table, number: int, chosen: Array, columns: int) -> bytes:
    return webp(_sets(table, table.stamp)[number].pixels[chosen], columns, sharp=True)


@lru_cache(8)
def _sets(table: Table, stamp: str) -> tuple[media.Pictures, ...]:
    found = tuple(islice(media.Pictures.sets(table.read()[0]), MOST_SETS + 1))
    if len(found) > MOST_SETS:
        raise ValueError(f"more than {MOST_SETS} sets of pictures")
    return found
