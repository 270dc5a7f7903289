"""One run as the page shows it: which observations, layers and checkpoints, by number.

Observation i of the page is row ``rows[i]`` of the run; layers and checkpoints are numbered as in
the run, which only ever adds to them. A run may come from a stranger: what cannot be read becomes a
sentence in `notes`, and the rest is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from layerwise.foundation.checks import UserError
from layerwise.foundation.shapes import Array
from layerwise.store.durable import StoreError, wrapped
from layerwise.studio.data.files import File, digest, stamp

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run
    from layerwise.store.tables import Table

Found = TypeVar("Found")


class Shown:
    """The state of a run at one moment, and the files that a page may ask for.

    Attributes
    ----------
    run : Run
    stored : mapping of str to sequence of Table
        Its tables by kind.
    number : int
        Which of the runs of the page.
    subset : str
        Of which all observations are; "" for those of the whole run.
    rows : (n,) row numbers in the run, ascending
    data : str
        The same for runs that show the same observations in the same order.
    whole : str
        The same for all samples of the same observations.
    files : dict of str to File
    notes : list of str
        What could not be shown and why.
    """

    def __init__(
        self, run: Run, stored: Mapping[str, Sequence[Table]], number: int, subset: str,
        rows: Array, whole: str | None = None,
    ) -> None:  # fmt: skip
        self.run, self.stored, self.number = run, stored, number
        self.subset, self.rows = subset, rows
        self.files: dict[str, File] = {}
        self.notes: list[str] = []
        self._tables: dict[str, list[tuple[Table, Mapping[str, Any]]]] = {}
        self.data = stamp(
            run.fingerprint.get("data", str(run.path)), run.n_observations, digest(rows.tobytes())
        )
        self.whole = whole or self.data
        self.layers = {name: index for index, name in enumerate(run.layers)}
        self.checkpoints = {name: index for index, name in enumerate(run.checkpoints)}

    @property
    def n(self) -> int:
        """Number of observations that are shown."""
        return len(self.rows)

    @cached_property
    def recorded(self) -> list[int]:
        """Rows recorded so far at every checkpoint."""
        return [
            sum(commit.rows for commit in self.run.commits(name) if commit.exists())
            for name in self.run.checkpoints
        ]

    def complete(self, checkpoint: int) -> bool:
        """Say whether all observations have been recorded at a checkpoint."""
        return self.recorded[checkpoint] == self.run.n_observations

    def at(self, layer: str, checkpoint: str) -> list[tuple[int, int]]:
        """Return the numbers of a place, or none if it is unknown or not completely recorded.

        A layer that does not depend on the weights (the input) is the same at every checkpoint.
        """
        if layer not in self.layers or checkpoint not in self.checkpoints:
            return []
        number, home = self.layers[layer], self.checkpoints[checkpoint]
        if self.run.layer(layer).per_checkpoint:
            return [(number, home)] if self.complete(home) else []
        if not self.complete(0):
            return []
        return [(number, other) for other in range(len(self.checkpoints)) if self.complete(other)]

    def recording(self, checkpoint: str) -> str:
        """Return a stamp of what was recorded at a checkpoint, of the observations shown."""
        fingerprints = sorted(self.run.fingerprint.items())
        return stamp(self.data, fingerprints, self.run.checkpoint(checkpoint).fingerprint)

    def covers(self, subset: object) -> bool:
        """Say whether what was computed of a subset holds all observations that are shown."""
        return subset in (self.subset, "")

    def index(self, observations: Array) -> Array:
        """Return the numbers of rows of the run in the page, -1 for those that are not shown."""
        place = np.minimum(np.searchsorted(self.rows, observations), self.n - 1)
        return np.where(self.rows[place] == observations, place, -1)

    def add(self, name: str, file: File) -> str:
        """Offer a file and return its full name; `name` is of fixed words and numbers only."""
        full = f"r{self.number}/{name}"
        self.files[full] = file
        return full

    def tables(self, kind: str) -> list[tuple[Table, Mapping[str, Any]]]:
        """Return the tables of a kind with what is known of how they were made, unread."""
        if kind not in self._tables:
            found = self._tables.setdefault(kind, [])
            for table in self.stored.get(kind, ()):
                with self.noting(table.path):
                    found.append((table, provenance(table, table.stamp)))
        return self._tables[kind]

    def attempt(self, section: Callable[[Shown], Found]) -> Found | None:
        """Return what a section says of this run, or None and a note if it cannot be read."""
        found = None
        with self.noting():
            found = section(self)
        return found  # noqa: RET504 - `noting` lets it pass without a value

    @contextmanager
    def noting(self, path: Path | None = None) -> Iterator[None]:
        """Leave out what cannot be read, and note why; where the run lies is nobody's business."""
        path = self.run.path if path is None else path
        try:
            with wrapped(path, "shown"):
                yield
        except UserError as error:
            reason = str(error)
            if isinstance(error, StoreError):
                path, reason = error.path, error.reason
            if path.is_relative_to(self.run.path):
                path = path.relative_to(self.run.path.parent)
            self.notes.append(f"{path}: {reason}")


@lru_cache(8192)
def provenance(table: Table, stamp: str) -> Mapping[str, Any]:
    """Return what made a table; read once for each state (`stamp`) of it."""
    return table.provenance()


@lru_cache(8)
def rows_of(table: Table, stamp: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return columns of a table; the last few are kept, since several files are made of one."""
    return table.read(columns)[0]


def numbers(frame: pd.DataFrame, column: str) -> Array:
    """Return a column of real numbers as float64, or raise one sentence."""
    values = frame[column].to_numpy()
    if values.dtype.kind not in "fiub":
        raise ValueError(f"column {column} holds no numbers")
    return values.astype(np.float64)


def integers(frame: pd.DataFrame, column: str) -> Array:
    """Return a column of whole numbers as int64, or raise one sentence."""
    values = frame[column].to_numpy()
    if values.dtype.kind not in "iu":
        raise ValueError(f"column {column} holds no whole numbers")
    return values.astype(np.int64)


def finite(value: Any) -> float | None:
    """Return a number as JSON can hold it: None for NaN, infinities and what is no number.

    Six digits: it is looked at, not computed with.

    Examples
    --------
    >>> finite(2 / 3), finite(float("nan")), finite("1")
    (0.666667, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        return None
    return float(f"{value:.6g}") if np.isfinite(value) else None


def epoch(name: str, metadata: Mapping[str, Any]) -> int | None:
    """Return the epoch of a checkpoint: as recorded, else the number in its name.

    Examples
    --------
    >>> epoch("epoch-005", {}), epoch("best", {"epoch": 7}), epoch("best", {})
    (5, 7, None)
    """
    known = metadata.get("epoch") if isinstance(metadata, Mapping) else None
    if isinstance(known, int) and not isinstance(known, bool):
        return known
    found = re.search(r"epoch\D?(\d{1,9})$", name)
    return int(found[1]) if found else None
