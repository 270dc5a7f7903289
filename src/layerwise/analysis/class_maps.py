"""The class maps that a run keeps, as arrays: class means, winners and how often they win."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

PLACE = ["layer", "checkpoint", "subset"]
"""What one set of class maps is about."""

SILENT = -1
"""The winner where most observations of a class leave all filters silent."""


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """The class maps of one layer at one checkpoint; a dense layer has one position.

    Attributes
    ----------
    classes : (n_classes,) class numbers, ascending
    units : (n_units,) numbers of the filters, ascending
    means : (n_classes, n_units, height, width)
        NaN for a class without observations, and at positions that none of them has (padding).
    winners : (n_classes, height, width) of int, or None
        The filter that wins a position most often in the class; :data:`SILENT` is none of them.
    shares : (n_classes, height, width), or None
        Share of the observations of the class in which that one wins; NaN where there are none.
    counts : (n_classes,) of int, or None
        Observations of each class, if the table says so.
    """

    layer: str
    checkpoint: str
    subset: str
    classes: Array
    units: Array
    means: Array
    winners: Array | None
    shares: Array | None
    counts: Array | None = None

    @property
    def seen(self) -> Array:
        """Whether each class has observations, (n_classes,) of bool."""
        return np.array([not np.isnan(maps).all() for maps in self.means], dtype=bool)

    @property
    def n_positions(self) -> int:
        """How many positions a map has; 1 in a dense layer."""
        return int(np.prod(self.means.shape[2:]))

    @property
    def profile(self) -> Array:
        """Mean of every class map over its positions, (n_classes, n_units)."""
        return _mean(self.means.astype(np.float64), axis=(2, 3))

    @property
    def differences(self) -> Array:
        """Class maps less their mean over the classes, in which every class weighs alike."""
        differences: Array = self.means - _mean(self.means, axis=(0,))
        return differences


def class_maps_of(frame: pd.DataFrame) -> Iterator[ClassMaps]:
    """Yield the sets of class maps in a table "class_maps", in its order.

    Parameters
    ----------
    frame : DataFrame
        Columns layer, checkpoint, subset, kind ("mean", "winner", "share"), class, unit (-1 but
        for means), height, width, values (bytes: float32, little-endian, row by row), and n (the
        observations of the class) where it is known. A map that is there twice counts once, one
        that is not there is NaN.

    Raises
    ------
    InvalidValue
        If maps of one layer differ in size, or a row holds other than the bytes of its size.

    Examples
    --------
    >>> means = np.arange(4, dtype="<f4").reshape(2, 2)      # two classes of a layer of two units
    >>> frame = pd.DataFrame([
    ...     {"layer": "fc", "checkpoint": "trained", "subset": "", "kind": "mean", "class": c,
    ...      "unit": u, "height": 1, "width": 1, "values": means[c, u].tobytes()}
    ...     for c in range(2) for u in range(2)])
    >>> (maps,) = class_maps_of(frame)
    >>> maps.profile.tolist(), maps.differences[:, :, 0, 0].tolist()
    ([[0.0, 1.0], [2.0, 3.0]], [[-1.0, -1.0], [1.0, 1.0]])
    """
    for key, rows in frame.groupby(PLACE, sort=False):
        rows = rows.drop_duplicates(["kind", "class", "unit"])
        sizes = rows[["height", "width"]].drop_duplicates().to_numpy()
        height, width = (int(side) for side in sizes[0])
        if len(sizes) > 1 or (rows["values"].map(len) != 4 * height * width).any():
            requirement = f"4 bytes for each of {height} x {width} positions"
            raise checks.invalid("class_maps", "values", requirement, f"others in {key[0]}")
        kinds = dict(iter(rows.groupby("kind", sort=False)))
        if "mean" not in kinds:
            continue
        classes = np.unique(rows["class"])
        units = np.unique(kinds["mean"]["unit"])
        means = _filled(kinds["mean"], classes, units, height, width)
        found = [
            _filled(kinds[kind], classes, np.array([-1]), height, width)[:, 0]
            if kind in kinds else None
            for kind in ("winner", "share")
        ]  # fmt: skip
        winners = None if found[0] is None else np.nan_to_num(found[0], nan=SILENT).astype(int)
        place = dict(zip(PLACE, map(str, key), strict=True))
        counts = rows.groupby("class")["n"].max().to_numpy() if "n" in rows else None
        yield ClassMaps(
            **place, classes=classes, units=units, means=means, winners=winners, shares=found[1],
            counts=counts,
        )  # fmt: skip


def _mean(values: Array, axis: tuple[int, ...]) -> Array:
    """Return the mean of what is there, NaN where nothing is (``np.nanmean`` warns of that)."""
    there = ~np.isnan(values)
    n, total = there.sum(axis=axis), np.where(there, values, 0).sum(axis=axis)
    mean: Array = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    return mean


def _filled(rows: pd.DataFrame, classes: Array, units: Array, height: int, width: int) -> Array:
    """Return the maps of the rows as (n_classes, n_units, height, width)."""
    values = np.frombuffer(b"".join(rows["values"]), "<f4").reshape(-1, height, width)
    filled = np.full((len(classes), len(units), height, width), np.nan, dtype=np.float32)
    filled[np.searchsorted(classes, rows["class"]), np.searchsorted(units, rows["unit"])] = values
    return filled
