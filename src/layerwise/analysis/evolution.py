"""How the observations move from layer to layer and from epoch to epoch.

Over layers one checkpoint is looked at, over epochs one layer. The untrained network (over layers
at the first checkpoint) is the control of whatever is said about depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from layerwise import projection, scores
from layerwise.analysis.answers import answer
from layerwise.analysis.rows import checkpoint_name, class_codes, hidden_layers, rows_of
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.scores import names
from layerwise.store import Run

OVER = ("layers", "epochs")
USUAL = {"layers": "sequential", "epochs": "joint"}
"""The method of Rauber et al. 2017, as two independent replications of it read the paper."""

PLACE = ["over", "at", "method", "subset"]
"""The columns that say which evolution a row belongs to."""


def evolve(
    run: Run,
    *,
    over: str,
    at: str | None = None,
    method: str | None = None,
    subset: str = "",
    n: int | None = None,
    random_state: int = 0,
    **parameters: Any,
) -> pd.DataFrame:
    """Return the maps of the same observations in every layer, or at every checkpoint.

    Parameters
    ----------
    run : a recording
    over : "layers" (all hidden ones) or "epochs" (all checkpoints)
    at : the checkpoint whose layers, or the layer whose epochs are shown; the last by default
    method : "independent", "sequential", "joint" or "dynamic", see
        :func:`layerwise.projection.evolve`; by default "sequential" over layers and "joint" over
        epochs, as Rauber et al. 2017
    subset, n, random_state : as in :func:`project`
    **parameters : of the method, for example ``movement_penalty=0.1``

    Returns
    -------
    DataFrame
        Columns over, at, method, subset, time (0, 1, ...), layer, checkpoint, observation, x, y.

    Raises
    ------
    InvalidValue
        If there are fewer than two times, or one joint map of several layers is asked for: their
        units are not the same axes.
    """
    checks.choice("evolve", "over", over, OVER)
    method = USUAL[over] if method is None else method
    checks.choice("evolve", "method", method, projection.EVOLUTIONS)
    if over == "layers" and method == "joint":
        raise checks.invalid(
            "evolve", "method", "independent, sequential or dynamic over layers", "joint",
            "One map of all needs one space, and units of different layers are different axes.",
        )  # fmt: skip
    at = _fixed(run, over, at)
    times = _times(run, over, at)
    if len(times) < 2:
        what = "hidden layer" if over == "layers" else "checkpoint"
        raise checks.invalid(
            "evolve", over, "at least two", f"{len(times)} {what}{'' if len(times) == 1 else 's'}",
            f"Record more {what}s into the run.",
        )  # fmt: skip

    def compute() -> pd.DataFrame:
        rows = rows_of(run, subset, n, random_state)
        sequence = [_points(run, layer, checkpoint, rows) for layer, checkpoint in times]
        maps = projection.evolve(sequence, method=method, random_state=random_state, **parameters)
        head = dict(zip(PLACE, (over, at, method, subset), strict=True))
        return pd.concat(
            [
                pd.DataFrame(
                    {
                        **head, "time": time, "layer": layer, "checkpoint": checkpoint,
                        "observation": rows, "x": Y[:, 0], "y": Y[:, 1],
                    }
                )
                for time, ((layer, checkpoint), Y) in enumerate(zip(times, maps, strict=True))
            ],
            ignore_index=True,
        )  # fmt: skip

    spec = {
        "function": "evolve", "over": over, "at": at, "times": times, "method": method,
        "subset": subset, "n": n, "random_state": random_state, "parameters": parameters,
    }  # fmt: skip
    return answer(run, "evolution", spec, compute)


def trails(run: Run, evolution: pd.DataFrame, *, label: str | None = None) -> pd.DataFrame:
    """Return the bundled paths of the observations through their maps, class by class.

    Parameters
    ----------
    evolution : from :func:`evolve`
    label : the class column; by default the run's

    Returns
    -------
    DataFrame
        Columns over, at, method, subset, place (0, 1, ...), time (of that place, in maps),
        observation, x, y; sorted by place.
    """

    def compute() -> pd.DataFrame:
        maps, rows = maps_of(evolution)
        codes, _ = class_codes(run, label)
        bundled = projection.bundle(maps, codes[rows])
        n_places = bundled.shape[1]
        places = np.repeat(np.arange(n_places), len(rows))
        head = {name: evolution[name].iloc[0] for name in PLACE}
        return pd.DataFrame(
            {
                **head, "place": places, "time": places * (len(maps) - 1) / (n_places - 1),
                "observation": np.tile(rows, n_places),
                "x": bundled[:, :, 0].T.ravel(), "y": bundled[:, :, 1].T.ravel(),
            }
        )  # fmt: skip

    spec = {"function": "trails", "evolution": dict(evolution.attrs), "label": label}
    return answer(run, "trails", spec, compute)


def motion(
    run: Run, evolution: pd.DataFrame, *, label: str | None = None, n_neighbors: int = 6
) -> pd.DataFrame:
    """Return how stable an evolution is, and how its classes part.

    Parameters
    ----------
    evolution : from :func:`evolve`
    label : the class column; by default the run's
    n_neighbors : k of the neighbourhood hit

    Returns
    -------
    DataFrame
        Columns over, at, method, subset, time, layer, checkpoint, measure, value, seed. Time -1
        is about the whole: "trail length" (mean, in standard deviations of the maps) and, over
        epochs, "Pearson", "Spearman", "Kendall" and "normalised stress" of the motion in 2-D
        against that in n-D (layers have no common space to move in). At each time: "spread 2-D"
        and "spread n-D" (within classes over between them), "neighborhood hit 2-D".
    """

    def compute() -> pd.DataFrame:
        maps, rows = maps_of(evolution)
        classes = class_codes(run, label)[0][rows]
        over, at = evolution["over"].iloc[0], evolution["at"].iloc[0]
        times = _times(run, over, at)
        sequence = [_points(run, layer, checkpoint, rows) for layer, checkpoint in times]
        found = [(-1, "", "", names.TRAIL_LENGTH, float(scores.trail_length(maps).mean()))]
        if over == "epochs":
            moved = scores.motion_correlation(sequence, maps)
            measures = (names.PEARSON, names.SPEARMAN, names.KENDALL, names.MOTION_STRESS)
            found += [
                (-1, at, "", name, value) for name, value in zip(measures, moved, strict=True)
            ]
        for time, (X, Y, place) in enumerate(zip(sequence, maps, times, strict=True)):
            found += [
                (time, *place, names.SPREAD_2D, scores.spread_ratio(Y, classes)),
                (time, *place, names.SPREAD_ND, scores.spread_ratio(X, classes)),
                (time, *place, names.HIT_2D,
                 scores.neighborhood_hit(Y, classes, n_neighbors=n_neighbors)),
            ]  # fmt: skip
        frame = pd.DataFrame(found, columns=["time", "layer", "checkpoint", "measure", "value"])
        head = {name: evolution[name].iloc[0] for name in PLACE}
        frame = frame.assign(**head, seed=int(run.provenance.get("seed", 0)))
        return frame[[*PLACE, "time", "layer", "checkpoint", "measure", "value", "seed"]]

    spec = {
        "function": "motion", "evolution": dict(evolution.attrs), "label": label,
        "n_neighbors": n_neighbors,
    }  # fmt: skip
    return answer(run, "motion", spec, compute)


def maps_of(evolution: pd.DataFrame) -> tuple[Array, Array]:
    """Return the maps (n_times, n_observations, 2) and the row numbers of the observations."""
    n_times = int(evolution["time"].max()) + 1
    maps = evolution[["x", "y"]].to_numpy(dtype=np.float32).reshape(n_times, -1, 2)
    return maps, evolution["observation"].to_numpy()[: maps.shape[1]]


def paths_of(trails: pd.DataFrame) -> tuple[Array, Array]:
    """Return the paths (n_observations, n_places, 2) and the row numbers of the observations."""
    n_places = int(trails["place"].max()) + 1
    paths = trails[["x", "y"]].to_numpy(dtype=np.float32).reshape(n_places, -1, 2).swapaxes(0, 1)
    return paths, trails["observation"].to_numpy()[: len(paths)]


def _fixed(run: Run, over: str, at: str | None) -> str:
    if over == "layers":
        return checkpoint_name(run, at)
    hidden = hidden_layers(run)
    return run.layer(hidden[-1] if at is None and hidden else str(at)).name


def _times(run: Run, over: str, at: str) -> list[tuple[str, str]]:
    """Return (layer, checkpoint) of every time."""
    if over == "layers":
        return [(layer, at) for layer in hidden_layers(run)]
    return [(at, checkpoint) for checkpoint in run.checkpoints]


def _points(run: Run, layer: str, checkpoint: str, rows: Sequence[int] | Array) -> Array:
    return np.asarray(run.activations(layer, checkpoint)[rows], dtype=np.float32)
