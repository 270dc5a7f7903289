"""How far adversarial twins go in each layer of a run, among which class, and where on its map.

Distances are told in distances between nearest observations of the layer, so that layers compare;
neighbours and maps are those of the originals, in which a twin is placed afterwards. Random steps
of the same length are asked the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from layerwise.analysis.maps import project
from layerwise.analysis.rows import SUBSET, class_codes, rows_of
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.projection.affinity import conditional_probabilities
from layerwise.projection.neighbours import neighbours
from layerwise.projection.placement import place
from layerwise.store import Run

PERPLEXITY = 30.0
"""Of a t-SNE whose provenance names none: that method's default."""


def twin_table(
    run: Run,
    twins: Mapping[str, Array],
    controls: Mapping[str, Array],
    *,
    checkpoint: str,
    rows: Array,
    before: Array,
    after: Array,
    n_neighbors: int = 10,
) -> pd.DataFrame:
    """Return how far twins have gone in each layer, and among which class.

    Parameters
    ----------
    run, twins, controls, checkpoint, rows, n_neighbors : as of :func:`keep_twins`
    before, after : (m,) the class that the network gives the original and the twin

    Returns
    -------
    DataFrame, a row a layer and observation
        checkpoint, layer, depth (0, 1, ... in the order of the run), observation, before, after,
        distance and control_distance (Euclidean, from the original), typical (median distance of
        an observation of the run to its nearest other, in this layer), of_old and of_new (share of
        the nearest other originals whose label is `before` and `after`), control_of_old,
        control_of_new (of the random step); shares are NaN without labels. The original itself is
        not among the neighbours.
    """
    if not twins or set(twins) != set(controls):
        raise checks.invalid("twin_table", "twins", "one or more layers, those of the controls",
                             f"{', '.join(twins)} and {', '.join(controls)}")  # fmt: skip
    try:
        codes = class_codes(run)[0]
    except LookupError:
        codes = None
    k = checks.integer("twin_table", "n_neighbors", n_neighbors, 1, run.n_observations - 2)
    frames = []
    for depth, layer in enumerate(name for name in run.layers if name in twins):
        X = np.asarray(run.activations(layer, checkpoint), dtype=np.float32)
        nearest = np.sqrt(neighbours(X, 1)[1][:, 0])
        columns: dict[str, object] = {
            "checkpoint": checkpoint, "layer": layer, "depth": depth, "observation": rows,
            "before": before, "after": after, "typical": float(np.median(nearest)),
        }  # fmt: skip
        for prefix, moved in (("", twins[layer]), ("control_", controls[layer])):
            if moved.shape != (len(rows), X.shape[1]):
                raise checks.invalid(
                    "twin_table", layer, f"of shape {(len(rows), X.shape[1])} as recorded",
                    moved.shape,
                )  # fmt: skip
            moved = np.ascontiguousarray(moved, dtype=np.float32)
            columns[f"{prefix}distance"] = np.linalg.norm(moved - X[rows], axis=1)
            near = _others(neighbours(X, k + 1, queries=moved)[0], rows)
            for name, one in (("old", before), ("new", after)):
                columns[f"{prefix}of_{name}"] = (
                    np.nan if codes is None else (codes[near] == one[:, None]).mean(axis=1)
                )
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def twin_summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a layer of a table of twins.

    Returns
    -------
    DataFrame
        checkpoint, layer, travelled and control_travelled (median distance from the original, in
        typical distances), of_old, of_new, control_of_old, control_of_new (means), crossed and
        control_crossed (share of twins with more neighbours of the new class than of the old),
        changes (share of twins that have changed sides for good from this layer on: they are across
        here and in all later ones, and were not in the one before), n.

    Examples
    --------
    >>> table = pd.DataFrame({"checkpoint": "a", "layer": ["l", "m"], "depth": [0, 1],
    ...     "observation": 0, "distance": [1.0, 6.0], "control_distance": [1.0, 1.0],
    ...     "typical": 2.0, "of_old": [1.0, 0.2], "of_new": [0.0, 0.8], "control_of_old": 1.0,
    ...     "control_of_new": 0.0})
    >>> twin_summary(table)[["layer", "travelled", "crossed", "changes"]].values.tolist()
    [['l', 0.5, 0.0, 0.0], ['m', 3.0, 1.0, 1.0]]
    """
    frame = table.assign(
        travelled=table["distance"] / table["typical"],
        control_travelled=table["control_distance"] / table["typical"],
        crossed=_across(table, ""), control_crossed=_across(table, "control_"),
    )  # fmt: skip
    wide = frame.pivot(index="observation", columns=["checkpoint", "depth"], values="crossed")
    rows = []
    for (checkpoint, depth, layer), part in frame.groupby(["checkpoint", "depth", "layer"]):
        own = wide[checkpoint].to_numpy()
        at = list(wide[checkpoint].columns).index(depth)
        stays = own[:, at:].all(axis=1)
        new = stays & ~own[:, at - 1].astype(bool) if at else stays
        means = ["of_old", "of_new", "control_of_old", "control_of_new", "crossed",
                 "control_crossed"]  # fmt: skip
        rows.append({
            "checkpoint": checkpoint, "layer": layer,
            "travelled": part["travelled"].median(),
            "control_travelled": part["control_travelled"].median(),
            **part[means].astype(float).mean().to_dict(),
            "changes": float(new.mean()), "n": len(part),
        })  # fmt: skip
    return pd.DataFrame(rows)


def map_of(run: Run, layer: str, checkpoint: str) -> tuple[pd.DataFrame, float] | None:
    """Return the first t-SNE map of a layer that the run holds, and its perplexity, or None."""
    constant = not run.layer(layer).per_checkpoint
    for table in run.stored().get("projections", []):
        about = table.provenance()
        named = about.get("method") == "tsne" and about.get("layer") == layer
        if named and (constant or about.get("checkpoint") == checkpoint):
            perplexity = (about.get("parameters") or {}).get("perplexity", PERPLEXITY)
            return table.read()[0], float(perplexity)
    return None


def twin_places(
    run: Run,
    frame: pd.DataFrame,
    twins: Mapping[str, Array],
    controls: Mapping[str, Array],
    checkpoint: str,
    rows: Array,
    with_maps: bool,
) -> pd.DataFrame:
    """Return where originals, twins and random steps lie in each layer's t-SNE map.

    Columns x, y, twin_x, twin_y, control_x, control_y, in the rows of a :func:`twin_table`; NaN
    where there is no map, or it lacks the observation.
    """
    columns = [f"{prefix}{axis}" for prefix in ("", "twin_", "control_") for axis in "xy"]
    places = pd.DataFrame(np.nan, index=frame.index, columns=columns)
    for layer, part in frame.groupby("layer", sort=False):
        found = map_of(run, str(layer), checkpoint)
        if found is None and with_maps:
            _lay_out(run, str(layer), checkpoint, _subset(run, rows))
            found = map_of(run, str(layer), checkpoint)
        if found is None:
            continue
        points, perplexity = found
        there = points["observation"].to_numpy()
        Y = points[["x", "y"]].to_numpy(dtype=np.float32)
        X = np.asarray(run.activations(str(layer), checkpoint)[there], dtype=np.float32)
        known = pd.DataFrame(Y, index=there).reindex(rows).to_numpy()
        moved = [_placed(X, Y, of[str(layer)], perplexity) for of in (twins, controls)]
        places.loc[part.index] = np.hstack([known, *moved])
    return places


def _lay_out(run: Run, layer: str, checkpoint: str, subset: str) -> None:
    """Keep a t-SNE map of a layer; of few observations at the largest perplexity there is."""
    most = (len(rows_of(run, subset)) - 1) // 3
    if most >= 1:
        fewer: dict[str, Any] = {"perplexity": most} if most < PERPLEXITY else {}
        project(run, layer=layer, checkpoint=checkpoint, subset=subset, **fewer)


def _placed(X: Array, Y: Array, moved: Array, perplexity: float) -> Array:
    """Return the places of new observations in a map, as t-SNE places them."""
    k = min(int(3 * perplexity), len(X))
    found, squared = neighbours(X, k, queries=np.ascontiguousarray(moved, dtype=np.float32))
    return place(found, conditional_probabilities(squared, min(perplexity, k / 3)), Y)


def _subset(run: Run, rows: Array) -> str:
    """Return the subset that holds all these rows, or "" for all observations."""
    column = run.labels.get(SUBSET)
    names = [] if column is None else pd.unique(column[rows].astype(str)).tolist()
    return str(names[0]) if len(names) == 1 else ""


def _across(table: pd.DataFrame, prefix: str) -> pd.Series:
    return table[f"{prefix}of_new"] > table[f"{prefix}of_old"]


def _others(near: Array, rows: Array) -> Array:
    """Return (m, k) of (m, k + 1) neighbours: without the original itself, or the farthest."""
    own = near == rows[:, None]
    own[~own.any(axis=1), -1] = True
    others: Array = near[~own].reshape(len(near), -1)
    return others
