"""``run.json``: what a run holds, fixed when it is created, and its growing list of checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from layerwise.foundation import checks
from layerwise.foundation.version import VERSION
from layerwise.store import records
from layerwise.store.durable import StoreError, wrapped
from layerwise.store.values import STORED

_MOST_PARTS = 10**6
_MOST_UNITS = 2**48
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Layer:
    """One stored array of the cube.

    Parameters
    ----------
    name : str
        ``"relu1"``, ``"block#1[0]"``, ``"input"``; never used as a path.
    shape : tuple of int
        Per observation, as stored; ``()`` becomes ``(1,)``.
    dtype : {"float32", "float16", "bfloat16", "float64", "uint8", "int64"}
    kind : str
        Class name of the module, or ``"function relu"``, ``"input"``, ``"output"``,
        ``"thumbnail"``, ``"label"``.
    pooling : str
        How positions were reduced while recording; ``"flatten"`` keeps all.
    per_checkpoint : bool
        False for what does not depend on the weights (input, thumbnail): it is stored once, with
        the first checkpoint, and reading it for any checkpoint gives that one.

    Examples
    --------
    >>> layer = Layer("conv1", (8, 14, 14), "float16", "Conv2d")
    >>> layer.n_units, layer.bytes_per_observation
    (1568, 3136)
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    kind: str
    pooling: str = "flatten"
    per_checkpoint: bool = True

    def __post_init__(self) -> None:
        checks.choice("Layer", "dtype", self.dtype, tuple(STORED))
        for label in ("name", "kind", "pooling"):
            if not isinstance(getattr(self, label), str):
                raise checks.InvalidType(f"Layer: {label} must be text; got {self}.")
        shape = tuple(checks.integer("Layer", "shape", n, 1, _MOST_UNITS) for n in self.shape)
        object.__setattr__(self, "shape", shape or (1,))
        checks.integer("Layer", "n_units", self.n_units, 1, _MOST_UNITS)

    @property
    def hidden(self) -> bool:
        """Whether it lies between input and output, by its name and kind."""
        return not {"input", "output"} & {self.name, self.kind}

    @property
    def n_units(self) -> int:
        """Number of units: the product of the shape."""
        return math.prod(self.shape)

    @property
    def bytes_per_observation(self) -> int:
        """Bytes on disk for one observation."""
        return self.n_units * STORED[self.dtype].itemsize


@dataclass(frozen=True)
class Checkpoint:
    """A saved state of the network: its name, a hash of its weights, and what else is known."""

    name: str
    fingerprint: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """The content of ``run.json``."""

    n_observations: int
    rows_per_part: int
    fingerprint: Mapping[str, str]
    provenance: Mapping[str, Any]
    layers: tuple[Layer, ...]
    checkpoints: tuple[Checkpoint, ...] = ()

    def __post_init__(self) -> None:
        checks.integer("Run", "n_observations", self.n_observations, 1)
        checks.integer("Run", "rows_per_part", self.rows_per_part, 1)
        if self.n_observations > self.rows_per_part * _MOST_PARTS:
            raise checks.invalid("Run", "rows_per_part", f"at least n_observations / {_MOST_PARTS}",
                                 self.rows_per_part)  # fmt: skip
        for kind, names in (("layers", [layer.name for layer in self.layers]),
                            ("checkpoints", [one.name for one in self.checkpoints])):  # fmt: skip
            if len(set(names)) < len(names):
                raise checks.invalid("Run", kind, "of different names", names)
        if not self.layers:
            raise checks.invalid("Run", "layers", "at least one layer", "none")

    def rows(self, first: int) -> int:
        """Return the number of rows of the part that starts with row `first`."""
        return min(self.rows_per_part, self.n_observations - first)

    @property
    def firsts(self) -> range:
        """First rows of all parts."""
        return range(0, self.n_observations, self.rows_per_part)

    def with_checkpoint(self, checkpoint: Checkpoint) -> Manifest:
        """Return the manifest with one more checkpoint."""
        return replace(self, checkpoints=(*self.checkpoints, checkpoint))

    def differences(self, other: Manifest) -> list[str]:
        """Return what of the plan (not provenance, not checkpoints) is not the same in `other`."""
        found = [
            f"{name} ({getattr(self, name)}, not {getattr(other, name)})"
            for name in ("n_observations", "rows_per_part")
            if getattr(self, name) != getattr(other, name)
        ]
        keys = sorted({*self.fingerprint, *other.fingerprint})
        found += [k for k in keys if self.fingerprint.get(k) != other.fingerprint.get(k)]
        mine, others = ({layer.name: layer for layer in m.layers} for m in (self, other))
        changed = [n for n in {**mine, **others} if mine.get(n) != others.get(n)]
        if changed:
            found.append("layers (" + ", ".join(changed) + ")")
        elif list(mine) != list(others):
            found.append("order of layers")
        return found

    def write(self, path: Path) -> None:
        """Write ``run.json`` atomically."""
        record = {
            "written_by": f"layerwise {VERSION}",
            "n_observations": int(self.n_observations),
            "rows_per_part": int(self.rows_per_part),
            "fingerprint": records.plain(self.fingerprint),
            "provenance": records.plain(self.provenance),
            "layers": [{**asdict(layer), "shape": list(layer.shape)} for layer in self.layers],
            "checkpoints": [
                {"name": one.name, "fingerprint": one.fingerprint,
                 "metadata": records.plain(one.metadata)}
                for one in self.checkpoints
            ],
        }  # fmt: skip
        records.write_record(path, record)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Return the content of the ``run.json`` at `path`.

        Raises
        ------
        StoreError
            If there is none, it is damaged, or a newer layerwise wrote it.
        """
        record = records.read_record(
            path, "there is no such file, so this folder is not a run. layerwise.record makes one."
        )
        try:
            with wrapped(path, "read"):
                return cls(
                    n_observations=record["n_observations"],
                    rows_per_part=record["rows_per_part"],
                    fingerprint=_text(record["fingerprint"]),
                    provenance=dict(record["provenance"]),
                    layers=_all(_layer, record["layers"]),
                    checkpoints=_all(Checkpoint, record["checkpoints"]),
                )
        except (checks.InvalidValue, checks.InvalidType) as error:
            raise StoreError(path, f"cannot be read: {error}") from error


def _text(mapping: Mapping[str, str]) -> dict[str, str]:
    if not all(isinstance(value, str) for value in mapping.values()):
        raise TypeError("a fingerprint is not text")
    return dict(mapping)


def _layer(*, shape: Sequence[int], **others: Any) -> Layer:
    """Return the layer of a record, where `shape` is a list: JSON has no tuples."""
    return Layer(shape=tuple(shape), **others)


def _all(kind: Callable[..., _Item], items: Sequence[Mapping[str, Any]]) -> tuple[_Item, ...]:
    return tuple(kind(**item) for item in items)
