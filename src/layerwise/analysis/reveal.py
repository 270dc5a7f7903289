"""What a map reveals: points among strangers, classes that mix, classes in two pieces.

Each reading of a picture has its number: how confusions in the map agree with those of the
network, how far the pieces of a class stand apart, what the pieces have to do with a property of
the observations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from layerwise import scores
from layerwise.analysis.answers import answer
from layerwise.analysis.rows import class_codes, class_label
from layerwise.analysis.separation import predictions
from layerwise.analysis.tidy import tidy
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.scores.names import CONFUSION, PIECES, PIECES_SILHOUETTE, WITHIN
from layerwise.store import Run

K_WITHIN = 6
"""Neighbours within a class, as many as of the neighbourhood hit."""

PLACE = ["layer", "checkpoint", "subset", "method"]
"""The columns that say which map a row belongs to."""


def outliers(
    run: Run, projection: pd.DataFrame, *, label: str | None = None, n_neighbors: int = 6
) -> pd.DataFrame:
    """Return the visual outliers: points most of whose neighbours in the map are of other classes.

    Parameters
    ----------
    projection : from :func:`project`
    label : the class column; by default the run's

    Returns
    -------
    DataFrame
        Columns layer, checkpoint, subset, method, observation, hit (share of its neighbours of its
        own class, below one half), nearest (class that most of them have); worst first.
    """

    def compute() -> pd.DataFrame:
        Y, classes = _classified(run, projection, label)
        neighbors = scores.nearest_neighbors(Y, n_neighbors)
        hits = scores.neighborhood_hits(Y, classes, n_neighbors=n_neighbors, neighbors=neighbors)
        rows = np.flatnonzero(hits < 0.5)
        around = classes[neighbors[rows]]
        counts = (around[:, :, None] == np.arange(classes.max() + 1)).sum(axis=1)
        frame = pd.DataFrame(
            {
                **_head(projection), "observation": projection["observation"].to_numpy()[rows],
                "hit": hits[rows], "nearest": counts.argmax(axis=1),
            }
        )  # fmt: skip
        return frame.sort_values("hit", kind="stable", ignore_index=True)

    return answer(run, "outliers", _spec("outliers", projection, label, k=n_neighbors), compute)


def confusions(
    run: Run, projection: pd.DataFrame, *, label: str | None = None, n_neighbors: int = 6
) -> pd.DataFrame:
    """Return which classes mix in the map, beside which ones the network confuses.

    Parameters
    ----------
    projection : from :func:`project`
    label : the class column; by default the run's

    Returns
    -------
    DataFrame
        Columns layer, checkpoint, subset, method, class, other, neighbors (share of the class's
        neighbours that are of the other one), predicted (share of the class that the network calls
        so; NaN if its output was not recorded).
    """
    label = class_label(run, label)

    def compute() -> pd.DataFrame:
        Y, classes = _classified(run, projection, label)
        present = np.unique(classes)
        share = scores.neighborhood_confusion(Y, classes, n_neighbors=n_neighbors)
        predicted = np.full(share.shape, np.nan)
        if "output" in run.layers:
            answers = predictions(run, str(projection["checkpoint"].iloc[0]), label)
            said = answers["predicted"].to_numpy()[projection["observation"].to_numpy()]
            predicted = np.array([[(said[classes == a] == b).mean() for b in present]
                                  for a in present])  # fmt: skip
        return pd.DataFrame(
            {
                **_head(projection), "class": np.repeat(present, len(present)),
                "other": np.tile(present, len(present)), "neighbors": share.ravel(),
                "predicted": predicted.ravel(),
            }
        )  # fmt: skip

    spec = _spec("confusions", projection, label, k=n_neighbors)
    return answer(run, "confusions", spec, compute)


def sub_clusters(
    run: Run, projection: pd.DataFrame, *, label: str | None = None, random_state: int = 0
) -> pd.DataFrame:
    """Return each class of the map cut into two pieces, and how far apart these stand.

    Parameters
    ----------
    projection : from :func:`project`
    label : the class column; by default the run's

    Returns
    -------
    DataFrame
        Columns layer, checkpoint, subset, method, observation, class, cluster (0 or 1), silhouette
        (of the two pieces of the class: near 1 for two islands, 0.35 for one round one).
    """

    def compute() -> pd.DataFrame:
        Y, classes = _classified(run, projection, label)
        found = scores.sub_clusters(Y, classes, random_state=random_state)
        silhouette = found.silhouettes[np.searchsorted(np.unique(classes), classes)]
        return pd.DataFrame(
            {
                **_head(projection), "observation": projection["observation"].to_numpy(),
                "class": classes, "cluster": found.clusters, "silhouette": silhouette,
            }
        )  # fmt: skip

    spec = _spec("sub_clusters", projection, label, random_state=random_state)
    return answer(run, "subclusters", spec, compute)


def score_errors(
    run: Run, projection: pd.DataFrame, confusions: pd.DataFrame, pieces: pd.DataFrame,
    *, column: str | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return the numbers beside :func:`confusions` and :func:`sub_clusters`, as rows.

    Parameters
    ----------
    column : a numeric label column that may explain the pieces, for example "polarity"

    Returns
    -------
    DataFrame
        Rows of :data:`ROWS`: the rank correlation of confusions in map and network (off the
        diagonal); the mean silhouette of the pieces of a class; and for a `column` the mean over
        classes of the absolute point-biserial correlation of piece and column (floor: pieces
        shuffled), and of the share of nearest neighbours within the class for which the column has
        the same sign (floor: signs shuffled), which needs no two round pieces.
    """

    def compute() -> pd.DataFrame:
        method = str(projection["method"].iloc[0])
        table: list[tuple[str, float, float, str]] = []
        off = confusions[confusions["class"] != confusions["other"]]
        if off["predicted"].nunique() > 1 and off["neighbors"].nunique() > 1:
            rank = spearmanr(off["neighbors"], off["predicted"]).statistic
            table.append((CONFUSION, float(rank), 0.0, method))
        by_class = pieces.drop_duplicates("class")["silhouette"]
        if by_class.notna().any():
            table.append((PIECES_SILHOUETTE, float(by_class.mean()), np.nan, method))
        if column is not None:
            values = np.asarray(run.labels[column], dtype=float)
            explained, floor = _explained(pieces, values[pieces["observation"].to_numpy()])
            table.append((f"{PIECES} and {column}", explained, floor, method))
            table.append((f"{WITHIN} {column}", *_within(projection, pieces, values), method))
        place = {name: str(projection[name].iloc[0]) for name in PLACE[:3]}
        return tidy(run, table, len(projection), **place)

    spec = {"function": "score_errors", "projection": dict(projection.attrs), "column": column,
            "pieces": dict(pieces.attrs)}  # fmt: skip
    return answer(run, "scores", spec, compute)


def _explained(pieces: pd.DataFrame, values: Array) -> tuple[float, float]:
    """Return the mean over classes of |r| between piece and value, and the same if shuffled."""
    rng, found, floors = generator(0), [], []
    for _, rows in pieces.reset_index(drop=True).groupby("class").indices.items():
        piece, value = pieces["cluster"].to_numpy()[rows], values[rows]
        if piece.std() > 0 and value.std() > 0:
            found.append(abs(float(np.corrcoef(piece, value)[0, 1])))
            floors.append(abs(float(np.corrcoef(rng.permutation(piece), value)[0, 1])))
    return (float(np.mean(found)), float(np.mean(floors))) if found else (np.nan, np.nan)


def _within(projection: pd.DataFrame, pieces: pd.DataFrame, values: Array) -> tuple[float, float]:
    """Return the mean over classes of the hit of the sign of a value, and the same if shuffled."""
    Y, found = projection[["x", "y"]].to_numpy(dtype=np.float32), []
    signs = values[projection["observation"].to_numpy()] > 0
    for rows in pieces.reset_index(drop=True).groupby("class").indices.values():
        if len(rows) > K_WITHIN:
            own, sign = Y[rows], signs[rows]
            neighbors = scores.nearest_neighbors(own, K_WITHIN)
            floor, _ = scores.shuffled_neighborhood_hit(
                own, sign, n_neighbors=K_WITHIN, neighbors=neighbors, random_state=0
            )
            value = scores.neighborhood_hit(own, sign, n_neighbors=K_WITHIN, neighbors=neighbors)
            found.append((value, floor))
    if not found:
        return np.nan, np.nan
    return float(np.mean([hit for hit, _ in found])), float(np.mean([floor for _, floor in found]))


def _classified(run: Run, projection: pd.DataFrame, label: str | None) -> tuple[Array, Array]:
    Y = projection[["x", "y"]].to_numpy(dtype=np.float32)
    return Y, class_codes(run, label)[0][projection["observation"].to_numpy()]


def _head(projection: pd.DataFrame) -> dict[str, str]:
    return {name: str(projection[name].iloc[0]) for name in PLACE}


def _spec(
    function: str, projection: pd.DataFrame, label: str | None, **settings: Any
) -> dict[str, Any]:
    return {"function": function, "projection": dict(projection.attrs), "label": label, **settings}
