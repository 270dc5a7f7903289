"""The label columns of the observations: classes, numbers or texts, and which one is the classes.

Codes are those of the whole run, so a class keeps its number and colour in every subset.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.analysis import SUBSET
from layerwise.foundation.shapes import Array
from layerwise.store import Run, StoreError
from layerwise.store.durable import wrapped
from layerwise.store.tables import OBSERVATIONS, Table
from layerwise.studio.data.files import NUMBERS, TEXT, File, class_form, stamp
from layerwise.studio.data.shown import Shown, finite

MOST_CLASSES = 1000
"""Distinct values above which whole numbers are numbers, not classes, unless they have names."""

MOST_NAMES = 65535
"""Classes that have names, and so a code of two bytes."""

FEW = 20
"""Distinct texts that are classes however few observations there are; else half as many."""


@dataclass(frozen=True)
class Column:
    """One label of all observations of a run.

    Attributes
    ----------
    name : str
    kind : {"class", "number", "text"}
    values : class numbers (-1: missing), float32 (NaN: missing), or text
    names : of the classes
    """

    name: str
    kind: str
    values: Array
    names: tuple[str, ...] = ()


def labels(shown: Shown) -> list[dict[str, Any]]:
    """Return what the manifest says of the labels, the subset among them if several are shown."""
    found = []
    for number, column in enumerate(columns(shown.run, shown.stored)):
        if column.name != SUBSET or not shown.subset:
            with shown.noting():
                found.append(_entry(shown, number, column))
    return found


def classes(shown: Shown) -> Column | None:
    """Return the label that classes mean: that of the run, else the first that has classes."""
    every = columns(shown.run, shown.stored)
    found = [one for one in every if one.kind == "class" and one.name != SUBSET]
    main = shown.run.provenance.get("label")
    return next((one for one in found if one.name == main), found[0] if found else None)


def columns(run: Run, stored: Mapping[str, Sequence[Table]]) -> tuple[Column, ...]:
    """Return the label columns of a run; worked out once for each state of its labels."""
    known = [table.stamp for table in stored.get(OBSERVATIONS, ())]
    return _columns(run.path, *known) if known else ()


@lru_cache(4)
def _columns(path: Path, stamp: str) -> tuple[Column, ...]:
    run = Run.open(path)
    with wrapped(path, "shown"):
        labels = run.labels
        if any(len(values) != run.n_observations for values in labels.values()):
            raise StoreError(path, "has labels of more or fewer observations than it recorded.")
        return tuple(
            _column(name, values, run.class_names(name)) for name, values in labels.items()
        )


def _column(name: str, values: Array, names: tuple[str, ...] | None) -> Column:
    import pandas as pd

    kind = values.dtype.kind
    if names is not None and len(names) <= MOST_NAMES and kind in "iubf":
        known = (values >= 0) & (values < len(names))  # neither is NaN
        codes = np.where(known, values, -1).astype(np.int64)
        return Column(name, "class", np.where(codes == values, codes, -1), tuple(map(str, names)))
    if kind in "iubUO":
        values = pd.Series(values).astype(str).to_numpy() if kind == "O" else values
        codes, distinct = pd.factorize(values, sort=True)
        few = max(FEW, len(values) / 2) if kind in "UO" else MOST_CLASSES
        if len(distinct) <= min(few, MOST_CLASSES):
            return Column(name, "class", codes.astype(np.int64), tuple(map(str, distinct)))
        if kind in "UO":
            return Column(name, "text", np.where(codes < 0, "", values))
    if kind in "iuf":
        with np.errstate(over="ignore"):
            numbers = values.astype(np.float32)
        numbers[~np.isfinite(numbers)] = np.nan
        return Column(name, "number", numbers)
    return Column(name, "text", values.astype(str))


def _entry(shown: Shown, number: int, column: Column) -> dict[str, Any]:
    from layerwise.figures import class_colors

    values, n, file = column.values[shown.rows], shown.n, f"label/{number}"
    about: dict[str, Any] = {"name": column.name, "kind": column.kind}
    mark = stamp(shown.data, column.name, [one.stamp for one, _ in shown.tables(OBSERVATIONS)])
    if column.kind == "class":
        form = class_form(len(column.names))
        about["names"], about["colors"] = list(column.names), class_colors(len(column.names))
        stored = File(form, (n,), mark, lambda: form.bytes(values))
    elif column.kind == "number":
        known = values[~np.isnan(values)]
        low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
        about["low"], about["high"] = finite(low), finite(high)
        stored = File(NUMBERS, (n,), mark, lambda: NUMBERS.bytes(values))
    else:
        stored = File(TEXT, (n,), mark, lambda: json.dumps(values.tolist()).encode())
    return {**about, "file": shown.add(file, stored)}
