"""What a recording will write, before it writes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from layerwise.foundation.checks import InvalidValue
from layerwise.network.sites import Site
from layerwise.store import Layer

PART_BYTES = 128 * 2**20
"""Bytes of all layers together that one commit covers: what a kill can cost."""

FREE_SHARE = 0.8
"""Share of the free disk that a recording may take."""


@dataclass(frozen=True)
class Plan:
    """The layers that will be stored and the room they take.

    Attributes
    ----------
    n_observations : rows of every layer
    rows_per_part : rows that are committed together; a multiple of the batch size
    layers : as stored, after pooling; pictures of the inputs and labels among them
    sites : where in the network each of the first layers comes from
    """

    n_observations: int
    rows_per_part: int
    layers: tuple[Layer, ...]
    sites: tuple[Site, ...]

    @property
    def n_bytes(self) -> int:
        """Bytes of one checkpoint, what is stored once included."""
        return self.n_observations * sum(layer.bytes_per_observation for layer in self.layers)

    @property
    def has_labels(self) -> bool:
        """Whether the data bring a label with each observation."""
        return any(layer.kind == "label" for layer in self.layers)

    def check(self, folder: Path, max_bytes: int | None = None) -> None:
        """Refuse a plan over the limit or over 80 % of the free disk, and say what to pool.

        Raises
        ------
        InvalidValue
            Names the widest layer and what pooling it would save.
        """
        existing = next(p for p in (folder, *folder.absolute().parents) if p.exists())
        limit, why = int(shutil.disk_usage(existing).free * FREE_SHARE), "80 % of the free disk"
        if max_bytes is not None and max_bytes < limit:
            limit, why = max_bytes, "the limit"
        if self.n_bytes <= limit:
            return
        widest = max(self.layers, key=lambda layer: layer.bytes_per_observation)
        way_out = "Record fewer observations or layers, or in float16."
        if len(widest.shape) > 1:
            pooled = f"pooling={{{widest.name!r}: 'mean'}}"
            way_out = f"{pooled} stores 1/{widest.n_units // widest.shape[0]} of it. {way_out}"
        share = widest.bytes_per_observation * self.n_observations
        raise InvalidValue(
            f"record: the recording would take {readable(self.n_bytes)}, and {why} is "
            f"{readable(limit)}. The widest layer {widest.name!r} {widest.shape} takes "
            f"{readable(share)}; {way_out}"
        )


def rows_per_part(bytes_per_observation: int, batch_size: int, n_observations: int) -> int:
    """Return how many rows are committed together: whole batches, about :data:`PART_BYTES`.

    Examples
    --------
    >>> rows_per_part(16_000, 256, 60_000)
    8192
    >>> rows_per_part(16_000, 256, 1_000)
    1024
    """
    batches = max(1, PART_BYTES // max(1, bytes_per_observation) // batch_size)
    return batch_size * min(batches, -(-n_observations // batch_size))


def readable(n_bytes: float) -> str:
    """Return bytes with a unit.

    Examples
    --------
    >>> readable(20_400_000_000)
    '20.4 GB'
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} TB"
