"""Pictures, sounds and activations of the observations, read when a page asks for them."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.foundation.shapes import Array
from layerwise.store import Activations, Run, StoreError, media
from layerwise.studio.data.files import COLUMN, SHEET, SOUND, File, column, stamp
from layerwise.studio.data.sheets import SIDE, Layout, webp
from layerwise.studio.data.shown import Shown

if TYPE_CHECKING:
    from layerwise.store.tables import Table


def thumbnails(shown: Shown) -> dict[str, Any] | None:
    """Return what the manifest says of the pictures of the observations, or None."""
    shape = _thumbnail_shape(shown)
    if shape is None:
        return None
    height, width, _ = shape
    layout = Layout(width, height, shown.n)
    mark = shown.recording(shown.run.checkpoints[0])
    sheets = [
        shown.add(
            f"inputs/{sheet}",
            File(SHEET, layout.shape(sheet), mark,
                 partial(_sheet, shown.run.path, shown.rows[layout.part(sheet)], layout.columns)),
        )
        for sheet in range(layout.n_sheets)
    ]  # fmt: skip
    return {"width": width, "height": height, "columns": layout.columns,
            "per_sheet": layout.per_sheet, "count": shown.n, "sheets": sheets}  # fmt: skip


def pictures(run: Run, rows: Array) -> Array:
    """Return the thumbnails of some rows of a run that has any, (n, height, width, channels)."""
    stored = run.thumbnails()
    if stored is None:
        raise ValueError("the run holds no pictures")
    found: Array = stored[rows].reshape(-1, *stored.unit_shape)
    return found


def sounds(shown: Shown) -> dict[str, Any] | None:
    """Return what the manifest says of the sounds of the observations, or None."""
    for table, _ in shown.tables("sounds"):
        with shown.noting(table.path):
            clips = _clips(table, table.stamp)
            if len(clips.clips) != shown.run.n_observations:
                known = f"{len(clips.clips)} clips of {shown.run.n_observations} observations"
                raise StoreError(table.path, f"has {known}.")
            mark = stamp(shown.data, table.stamp)
            file = File(SOUND, (shown.n,), mark, partial(_wav, table, shown.rows), parts=shown.n)
            return {"rate": clips.rate, "file": shown.add("sound", file)}
    return None


def activations(shown: Shown) -> list[dict[str, Any]]:
    """Return what the manifest says of the activations: every unit of every recorded layer."""
    found = []
    for name in shown.layers:
        for checkpoint, home in enumerate(shown.run.checkpoints):
            places = [place for place in shown.at(name, home) if place[1] == checkpoint]
            for layer, number in places:
                n_units = shown.run.layer(name).n_units
                mark = stamp(shown.recording(home), name)
                file = File(COLUMN, (n_units, shown.n), mark,
                            partial(_unit, shown.run.path, name, home, mark, shown.rows),
                            parts=n_units)  # fmt: skip
                entry = {"layer": layer, "checkpoint": number, "units": None}
                found.append({**entry, "file": shown.add(f"act/{layer}@{number}", file)})
    return found


def _thumbnail_shape(shown: Shown) -> tuple[int, ...] | None:
    if not shown.checkpoints or not shown.complete(0):
        return None
    stored = shown.run.layers_at(shown.run.checkpoints[0])
    for layer in stored:
        if layer.kind == "thumbnail":
            plain = len(layer.shape) == 3 and max(layer.shape[:2]) <= SIDE
            if not plain or layer.shape[2] not in (1, 3) or layer.dtype != "uint8":
                raise ValueError(f"pictures of shape {layer.shape} and dtype {layer.dtype}")
            return layer.shape
    return None


def _sheet(path: Path, rows: Array, columns: int) -> bytes:
    return webp(pictures(Run.open(path), rows), columns)


@lru_cache(2)
def _clips(table: Table, stamp: str) -> media.Sounds:
    return media.Sounds.of(table.read()[0])


def _wav(table: Table, rows: Array, observation: int) -> bytes:
    return _clips(table, table.stamp).wav(int(rows[observation]))


@lru_cache(32)
def _opened(path: Path, layer: str, checkpoint: str, stamp: str) -> Activations:
    return Run.open(path).activations(layer, checkpoint)


def _unit(path: Path, layer: str, checkpoint: str, stamp: str, rows: Array, unit: int) -> bytes:
    return column(np.asarray(_opened(path, layer, checkpoint, stamp)[rows, unit]))
