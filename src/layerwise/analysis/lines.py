"""A network with two inputs, kept as numbers, and how its hidden units divide the plane.

The table "affine" holds the weights of every checkpoint; pictures and counts are computed from it
and from the recorded input, so the network is not needed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from layerwise import units
from layerwise.analysis.answers import answer
from layerwise.analysis.rows import class_codes, rows_of, subsets
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.units import Window

POINTS = "input"
"""The recorded layer that holds the points of the plane."""


def keep_affine(
    run: Run, checkpoint: str, weights: Sequence[Array], biases: Sequence[Array]
) -> pd.DataFrame:
    """Write the weights of one checkpoint as the table "affine", one row a unit.

    Parameters
    ----------
    run : one whose layer "input" holds two numbers an observation
    checkpoint : one of the run
    weights, biases : of each layer, (n_units, n_inputs) and (n_units,); all but the last rectified

    Returns
    -------
    DataFrame
        checkpoint, layer (0 is the first), unit, bias, weights (a list).

    Raises
    ------
    UserError
        If the input of the run, or the network's, is not two-dimensional.
    """
    points(run)
    if weights[0].shape[1] != 2:
        got = f"{weights[0].shape[1]}"
        raise checks.invalid("keep_affine", "weights", "of a network with two inputs", got)
    rows = [
        (run.checkpoint(checkpoint).name, layer, unit, float(bias), row.astype(float).tolist())
        for layer, (W, b) in enumerate(zip(weights, biases, strict=True))
        for unit, (row, bias) in enumerate(zip(W, b, strict=True))
    ]
    table = pd.DataFrame(rows, columns=["checkpoint", "layer", "unit", "bias", "weights"])
    run.write_table("affine", table, {"function": "keep_affine", "checkpoint": checkpoint})
    return table


def affine(run: Run) -> dict[str, tuple[list[Array], list[Array]]]:
    """Return (weights, biases) of the layers at each checkpoint, as :func:`keep_affine` got them.

    Raises
    ------
    NotFound
        If none were kept.
    """
    found = {}
    for checkpoint, own in run.table("affine").groupby("checkpoint"):
        layers = [part for _, part in own.sort_values(["layer", "unit"]).groupby("layer")]
        found[str(checkpoint)] = (
            [np.array(part["weights"].tolist(), dtype=float) for part in layers],
            [part["bias"].to_numpy(dtype=float) for part in layers],
        )
    return {name: found[name] for name in run.checkpoints if name in found}


def points(run: Run) -> Array:
    """Return the places of the observations in the plane, (n_observations, 2).

    Raises
    ------
    InvalidValue
        If the input was not recorded or is no pair of numbers.
    """
    if POINTS not in run.layers or run.layer(POINTS).n_units != 2:
        raise checks.invalid(
            "lines", "run", 'recorded with its "input" of two numbers', f"{run.path.name}"
        )
    return np.asarray(run.activations(POINTS)[:], dtype=float).reshape(-1, 2)


def lines(run: Run) -> pd.DataFrame:
    """Count, checkpoint by checkpoint, how the hidden units divide the plane.

    Parameters
    ----------
    run : one with the table "affine"

    Returns
    -------
    DataFrame, one row a checkpoint
        checkpoint; iteration (-1 if the run does not know); train_accuracy and test_accuracy
        (NaN without that subset; without subsets all observations stand under train); units
        (hidden, of all layers); lines (units that are zero somewhere in the window); cells (of the
        window, on each of which the network is one affine map); reached (cells that hold an
        observation); dead (hidden units that no observation makes active).

    Notes
    -----
    The window is that of all observations, the same for every checkpoint; see
    :func:`layerwise.units.window_around`.
    """
    kept = affine(run)
    window = units.window_around(points(run))
    counted = [
        answer(
            run, "lines", {"function": "lines", "checkpoint": name, "window": window},
            partial(_counted, run, name, *layers, window),
        )
        for name, layers in kept.items()
    ]  # fmt: skip
    return pd.concat(counted, ignore_index=True)


def _counted(
    run: Run, checkpoint: str, weights: list[Array], biases: list[Array], window: Window
) -> pd.DataFrame:
    patterns, outputs = units.responses(weights, biases, points(run))
    divided = units.partition(weights, biases, window)
    right = outputs.argmax(axis=1) == class_codes(run)[0]
    share = {name: float(right[rows_of(run, name)].mean()) for name in subsets(run)}
    crossing = divided.boundaries[["layer", "unit"]].drop_duplicates()
    return pd.DataFrame(
        [{
            "checkpoint": checkpoint, "iteration": _iteration(run, checkpoint),
            "train_accuracy": share.get("train", share.get("", np.nan)),
            "test_accuracy": share.get("test", np.nan), "units": patterns.shape[1],
            "lines": len(crossing), "cells": len(divided.cells),
            "reached": len(np.unique(patterns, axis=0)), "dead": int((~patterns.any(0)).sum()),
        }]
    )  # fmt: skip


def _iteration(run: Run, checkpoint: str) -> int:
    """Return the updates that the weights had seen, or -1 if nobody wrote it down."""
    if "training" not in run.tables:
        return -1
    history = run.table("training")
    found = history.loc[history["checkpoint"] == checkpoint, "step"]
    return int(found.iloc[0]) if len(found) else -1
