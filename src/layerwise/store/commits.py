"""Commit records: ``_done/<checkpoint>__<first row>.json`` says that a range of rows is there.

One record for one checkpoint and one range of rows, written after all its parts are durable. What
has no record does not exist, whatever lies in the folder; so a recording that was killed leaves
only rows that are right, and knows which ones to do again.
"""

from __future__ import annotations

import operator
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store.contain import contain, slug
from layerwise.store.durable import StoreError, wrapped
from layerwise.store.manifest import Checkpoint, Layer
from layerwise.store.parts import AGAIN, Part, PartWriter
from layerwise.store.records import plain, read_record, write_record


@runtime_checkable
class Append(Protocol):
    """Adds a batch to one layer; counters (say, ``overflow=3``) are summed over the batches."""

    def __call__(self, layer: str, array: Array, /, **counters: int) -> int:
        """Add `array` to `layer` and return how many of its values are infinite."""


@dataclass(frozen=True)
class Commit:
    """The rows ``first`` to ``first + rows`` of some layers at one checkpoint."""

    base: Path
    checkpoint: Checkpoint
    first: int
    rows: int
    layers: Sequence[Layer]

    @property
    def path(self) -> Path:
        """Where its record lies."""
        return self.base / "_done" / f"{slug(self.checkpoint.name)}__{self.first:09d}.json"

    def exists(self) -> bool:
        """Say whether these rows are committed."""
        return self.path.exists()

    @contextmanager
    def write(self) -> Iterator[Append]:
        """Yield ``append(layer, array, **counters)``; commit all at a clean exit, or nothing."""
        started = time.perf_counter()
        writers: dict[str, PartWriter] = {}
        counters: dict[str, Counter[str]] = {layer.name: Counter() for layer in self.layers}

        def append(layer: str, array: Array, /, **counts: int) -> int:
            if layer not in writers:
                where = f"checkpoint {self.checkpoint.name!r}"
                raise checks.not_found("layer", layer, where, writers)
            counters[layer].update(counts)
            return writers[layer].append(array)

        try:
            for layer in self.layers:
                target = self.base / self._relative(layer)
                writers[layer.name] = PartWriter(target, layer.dtype, (self.rows, *layer.shape))
            yield append
            for writer in writers.values():
                writer.seal()
            for writer in writers.values():
                writer.publish()
            entries = {
                layer.name: self._entry(layer, writers[layer.name], counters[layer.name])
                for layer in self.layers
            }
            write_record(self.path, {
                "checkpoint": self.checkpoint.name,
                "fingerprint": self.checkpoint.fingerprint,
                "first": self.first,
                "rows": self.rows,
                "seconds": round(time.perf_counter() - started, 3),
                "host": socket.gethostname(),
                "layers": entries,
            })  # fmt: skip
        finally:
            for writer in writers.values():
                writer.discard()

    def read(self) -> dict[str, dict[str, Any]]:
        """Return the entry of each layer: path, checksum, counts."""
        record = read_record(self.path, "these rows are not committed.")
        with wrapped(self.path, "read"):
            found = (record["checkpoint"], record["fingerprint"], record["first"], record["rows"])
            expected = (self.checkpoint.name, self.checkpoint.fingerprint, self.first, self.rows)
            entries: dict[str, dict[str, Any]] = record["layers"]
            if found != expected or set(entries) != {layer.name for layer in self.layers}:
                raise StoreError(self.path, "is the record of something else. " + AGAIN)
        return entries

    def parts(self, *names: str) -> dict[str, Part]:
        """Return the committed parts of the layers named (all if none is), not opened yet."""
        entries, found = self.read(), {}
        for layer in self.layers:
            if not names or layer.name in names:
                with wrapped(self.path, "read"):
                    path = contain(self.base, entries[layer.name]["path"])
                    checksum = str(entries[layer.name]["checksum"])
                found[layer.name] = Part(path, layer.dtype, (self.rows, *layer.shape), checksum)
        return found

    def counts(self) -> dict[str, dict[str, int]]:
        """Return, for each layer, its number of values, of NaN, infinite, zero, and the rest."""
        entries, found = self.read(), {}
        with wrapped(self.path, "read"):
            for layer in self.layers:
                counts = entries[layer.name]["counts"].items()
                found[layer.name] = {name: operator.index(count) for name, count in counts}
                found[layer.name]["n_values"] = layer.n_units * self.rows
        return found

    def _relative(self, layer: Layer) -> str:
        folder = f"activations/{slug(self.checkpoint.name)}/{slug(layer.name)}"
        return f"{folder}/{self.first:09d}.npy"

    def _entry(self, layer: Layer, writer: PartWriter, counters: Counter[str]) -> dict[str, Any]:
        nan, inf, zero = writer.counts.tolist()
        counts = {"nan": nan, "inf": inf, "zero": zero, **counters}
        return {"path": self._relative(layer), "checksum": writer.checksum, "counts": plain(counts)}
