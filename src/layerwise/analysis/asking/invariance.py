"""How features followed their pictures, kept in a run beside the untrained network.

The numbers come from a live network (:func:`layerwise.attribution.invariance`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run

KEPT_INVARIANCE = "keep_invariance"
"""The function in the provenance of these tables."""

INVARIANCE = "invariance"
"""The table of these numbers."""

DISTANCE, RELATIVE, PROBABILITY = "distance", "relative distance", "probability"
"""Measures: of a layer's features, the same divided by their length, and P(true class)."""


@dataclass(frozen=True, eq=False)
class Invariance:
    """How far features moved, by size of a change of the picture.

    Attributes
    ----------
    kind : "translation", "horizontal translation", "scale" or "rotation"
    unit : of the sizes, such as "pixels down"
    sizes : (n_sizes,)
    layers : addresses
    distances : layer -> (n, n_sizes), Euclidean, between features of the original and the changed
    norms : layer -> (n,), length of the features of the original
    probability : (n, n_sizes) of the true class
    predicted : (n, n_sizes) the most probable class
    classes : (n,) the true ones
    """

    kind: str
    unit: str
    sizes: Array
    layers: tuple[str, ...]
    distances: Mapping[str, Array]
    norms: Mapping[str, Array]
    probability: Array
    predicted: Array
    classes: Array

    def __len__(self) -> int:
        return len(self.classes)

    def relative(self, layer: str) -> Array:
        """Return distances divided by the length of the original's features; NaN where it is 0."""
        if layer not in self.distances:
            raise checks.not_found("layer", layer, "these distances", self.layers)
        norms = self.norms[layer][:, None]
        shares: Array = np.divide(
            self.distances[layer], norms, out=np.full(self.probability.shape, np.nan),
            where=norms > 0,
        )  # fmt: skip
        return shares


def invariance_table(found: Invariance, names: Sequence[str] = ()) -> pd.DataFrame:
    """Return one number a row: see :func:`keep_invariance`.

    Examples
    --------
    >>> one = np.array([[0.0, 2.0]])
    >>> found = Invariance("scale", "times", np.array([1, 2]), ("fc",), {"fc": one},
    ...                    {"fc": np.array([4.0])}, 1 - one / 4, one.astype(int), np.array([0]))
    >>> table = invariance_table(found)
    >>> table[["layer", "measure", "size", "value"]].values.tolist()[2:4]
    [['fc', 'relative distance', 1, 0.0], ['fc', 'relative distance', 2, 0.5]]
    """
    n, n_sizes = found.probability.shape
    names = list(names) or [f"observation {k}" for k in range(n)]
    if len(names) != n:
        raise checks.invalid("invariance_table", "names", f"{n}, one an observation", len(names))
    series = [("", PROBABILITY, found.probability)]
    for layer in reversed(found.layers):
        series.insert(0, (layer, RELATIVE, found.relative(layer)))
        series.insert(0, (layer, DISTANCE, found.distances[layer]))
    frames = [
        pd.DataFrame({
            "transform": found.kind, "unit": found.unit, "layer": layer, "measure": measure,
            "observation": np.repeat(np.arange(n), n_sizes), "name": np.repeat(names, n_sizes),
            "class": np.repeat(found.classes, n_sizes), "size": np.tile(found.sizes, n),
            "value": values.ravel(),
        })
        for layer, measure, values in series
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def keep_invariance(
    run: Run, checkpoints: Mapping[str, Sequence[Invariance]], *, names: Sequence[str] = ()
) -> pd.DataFrame:
    """Keep how features followed their pictures: table "invariance".

    Parameters
    ----------
    run : Run
    checkpoints : one :class:`Invariance` a kind of change, by checkpoint of the run
    names : what each observation is

    Returns
    -------
    DataFrame, one number a row
        checkpoint, transform, unit (of the sizes), layer ("" for the probability), measure
        ("distance", "relative distance", "probability"), observation (0, 1, ... among these), name,
        class, size, value. Kept again, it takes the place of the earlier observations.

    Raises
    ------
    UserError
        If there is no checkpoint, one that the run does not have, or not one name an observation.
    """
    if not checkpoints or not all(checkpoints.values()):
        raise checks.invalid("keep_invariance", "checkpoints", "one or more, with curves", "none")
    frames = []
    for checkpoint, found in checkpoints.items():
        run.checkpoint(checkpoint)
        parts = [invariance_table(one, names) for one in found]
        frame = pd.concat(parts, ignore_index=True).assign(checkpoint=checkpoint)
        run.write_table(INVARIANCE, frame, {"function": KEPT_INVARIANCE, "checkpoint": checkpoint})
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def invariance_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return mean and spread over observations at every size.

    Parameters
    ----------
    table : of :func:`keep_invariance`, or of :func:`invariance_table` with a column checkpoint

    Returns
    -------
    DataFrame
        checkpoint, transform, unit, layer, measure, size, value (mean), spread (standard deviation
        over observations), n_observations; in order of first appearance, sizes ascending.
    """
    keys = ["checkpoint", "transform", "unit", "layer", "measure", "size"]
    groups = table.groupby(keys, sort=False)["value"]
    curves = groups.agg(value="mean", spread="std", n_observations="count").reset_index()
    order = curves.groupby(keys[:-1], sort=False).ngroup()
    return (
        curves.assign(order=order).sort_values(["order", "size"], kind="stable")
        .drop(columns="order").reset_index(drop=True)
    )  # fmt: skip
