"""How features came about: when each unit found the observations that it ends with.

A jump in a feature's picture is a change of the observation that excites it most. Leaves out the
pictures (:mod:`layerwise.analysis.asking.top_images`).

Source: Zeiler and Fergus 2014, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array


def feature_evolution(table: pd.DataFrame, checkpoints: Sequence[str]) -> pd.DataFrame:
    """Return when each unit found the observations that it ends with.

    Parameters
    ----------
    table : of :func:`top_table` with a column checkpoint, of one layer or more
    checkpoints : early to late

    Returns
    -------
    DataFrame, one row a unit and checkpoint
        layer, unit, checkpoint, time (its number), observation and value (of the strongest),
        jumped (whether it is another observation than at the checkpoint before), final (whether it
        is that of the last checkpoint, from here on), shared (the share of the last checkpoint's
        strongest observations that are among the strongest here). Units that are silent at the last
        checkpoint are left out: they have no feature.

    Examples
    --------
    >>> table = pd.DataFrame({"layer": "fc", "unit": 0, "rank": 0, "observation": [4, 7, 7],
    ...                       "value": 1.0, "checkpoint": ["a", "b", "c"]})
    >>> feature_evolution(table, ["a", "b", "c"])[["observation", "jumped", "final"]].values
    array([[4, False, False], [7, True, True], [7, False, True]], dtype=object)
    """
    if not checkpoints:
        raise checks.invalid("feature_evolution", "checkpoints", "one or more", "none")
    time = {name: number for number, name in enumerate(checkpoints)}
    shown = table[table["checkpoint"].isin(checkpoints)]
    shown = shown.assign(time=shown["checkpoint"].map(time))
    key, last = ["layer", "unit"], shown[shown["checkpoint"] == checkpoints[-1]]
    at_last = last.loc[last["value"] > 0, [*key, "observation"]]
    alive = last.loc[(last["rank"] == 0) & (last["value"] > 0), [*key, "observation"]]
    first = shown[shown["rank"] == 0].merge(alive.rename(columns={"observation": "end"}), on=key)
    first = first.sort_values([*key, "time"], kind="stable").reset_index(drop=True)
    by = first.groupby(key)
    before = by["observation"].shift()
    is_end = first["observation"] == first["end"]
    stays = is_end[::-1].groupby([first["layer"], first["unit"]]).cummin()[::-1]
    common = shown[shown["value"] > 0].merge(at_last, on=[*key, "observation"])
    counts = common.groupby([*key, "time"]).size().rename("both").reset_index()
    total = at_last.groupby(key).size().rename("total").reset_index()
    first = first.merge(counts, on=[*key, "time"], how="left").merge(total, on=key)
    told = first.assign(
        jumped=before.notna() & (before != first["observation"]), final=stays.astype(bool),
        shared=first["both"].fillna(0) / first["total"],
    )  # fmt: skip
    return told[[*key, "checkpoint", "time", "observation", "value", "jumped", "final", "shared"]]


def jumps_of(moved: pd.DataFrame, layer: str, units: Array, n_checkpoints: int) -> Array:
    """Return where units of a layer jumped to another strongest observation.

    Parameters
    ----------
    moved : from :func:`feature_evolution`
    layer : str
    units : (n_units,) int
    n_checkpoints : int

    Returns
    -------
    (n_units, n_checkpoints) bool

    Examples
    --------
    >>> moved = pd.DataFrame({"layer": "fc", "unit": 3, "time": [0, 1], "jumped": [False, True]})
    >>> jumps_of(moved, "fc", np.array([3]), 2).tolist()
    [[False, True]]
    """
    found = np.zeros((len(units), n_checkpoints), bool)
    own = moved[(moved["layer"] == layer) & moved["jumped"] & moved["unit"].isin(units)]
    place = {int(unit): row for row, unit in enumerate(units)}
    found[own["unit"].map(place).to_numpy(int), own["time"].to_numpy(int)] = True
    return found
