"""The table of observations: one row for each, in order; its columns are the labels.

Labels are added but never changed, since stored scores and pictures were made with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store.durable import StoreError
from layerwise.store.tables import OBSERVATIONS, Table

if TYPE_CHECKING:
    import pandas as pd


class Observations:
    """The labels of a run with `n_observations`; read when first asked for."""

    def __init__(self, base: Path, n_observations: int) -> None:
        self._base, self._n = base, n_observations
        self._table = Table(base, OBSERVATIONS, "")
        self._read: tuple[pd.DataFrame, dict[str, Any]] | None = None

    def labels(self) -> dict[str, Array]:
        """Return the columns by name."""
        frame, _ = self._frame()
        names = [name for name in frame.columns if name != "observation"]
        return {str(name): _plain_array(frame[name]) for name in names}

    def class_names(self, label: str) -> tuple[str, ...] | None:
        """Return the names of the codes of a label, or None."""
        known = self.labels()
        if label not in known:
            raise checks.not_found("label", label, str(self._base), known)
        names = self._frame()[1].get("class_names", {}).get(label)
        return None if names is None else tuple(names)

    def add(self, frame: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
        """Store the columns of `frame` beside those that are there."""
        if len(frame) != self._n:
            raise checks.invalid("write_table", "observations", f"of {self._n} rows",
                                 f"{len(frame)}")  # fmt: skip
        frame = frame.reset_index(drop=True)
        if "observation" not in frame.columns:
            frame.insert(0, "observation", np.arange(self._n))
        if self._table.exists():
            old, known = self._table.read()
            names = {**known.get("class_names", {}), **provenance.get("class_names", {})}
            frame = _joined(old, frame, self._table.path)
            provenance = {**known, **provenance, "class_names": names}
        self._table.write(frame, provenance)
        self._read = None

    def _frame(self) -> tuple[pd.DataFrame, dict[str, Any]]:
        if self._read is None:
            if self._table not in Table.all(self._base):
                import pandas as pd

                return pd.DataFrame(), {}
            self._read = self._table.read()
        return self._read


def _joined(old: pd.DataFrame, new: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Return `old` with the columns that only `new` has."""
    for name in old.columns.intersection(new.columns):
        if not old[name].equals(new[name]):
            raise StoreError(
                path, f"holds other values of {name!r} than those given now. Labels of a run are "
                "added, not changed: name the new ones differently, or use another folder.",
            )  # fmt: skip
    added = new.columns.difference(old.columns, sort=False)
    return old.assign(**{str(name): new[name] for name in added})


def _plain_array(column: pd.Series[Any]) -> Array:
    """Return a column as numpy knows it: numbers, or text of fixed width if none is missing."""
    values = np.asarray(column.to_numpy())
    text = values.dtype == object and all(isinstance(value, str) for value in values)
    return values.astype(str) if text else values
