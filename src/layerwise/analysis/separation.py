"""How well the layers, their maps and the network itself tell the classes apart."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layerwise import scores
from layerwise.analysis.answers import answer
from layerwise.analysis.rows import checkpoint_name, class_label, rows_of
from layerwise.analysis.tidy import tidy
from layerwise.scores import ACCURACY, CONTINUITY, HIT_2D, HIT_ND, TRUSTWORTHINESS
from layerwise.store import Run


def predictions(run: Run, checkpoint: str | None = None, label: str | None = None) -> pd.DataFrame:
    """Return what the network says of every observation, from its recorded "output".

    Returns
    -------
    DataFrame
        Columns checkpoint, observation, predicted (class number), correct, confidence (softmax of
        the output at the prediction).

    Raises
    ------
    NotFound
        If "output" was not recorded.
    """
    checkpoint = checkpoint_name(run, checkpoint)
    label = class_label(run, label)
    output = run.activations("output", checkpoint)

    def compute() -> pd.DataFrame:
        logits = np.asarray(output, dtype=np.float64)
        predicted = logits.argmax(axis=1)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return pd.DataFrame(
            {
                "checkpoint": checkpoint,
                "observation": np.arange(run.n_observations),
                "predicted": predicted,
                "correct": predicted == run.labels[label],
                "confidence": odds.max(axis=1) / odds.sum(axis=1),
            }
        )

    spec = {"function": "predictions", "checkpoint": checkpoint, "label": label}
    return answer(run, "predictions", spec, compute)


def score(
    run: Run,
    *,
    layer: str,
    checkpoint: str | None = None,
    subset: str = "",
    label: str | None = None,
    projection: pd.DataFrame | None = None,
    n: int | None = None,
    n_neighbors: int = 6,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how well one layer separates the classes, in n-D and in a projection of it.

    Parameters
    ----------
    run, layer, checkpoint, subset, n, random_state : as in :func:`project`
    label : the class column; by default the run's
    projection : from :func:`project`; its observations are scored. None scores n-D alone.
    n_neighbors : k of the neighbourhood hit

    Returns
    -------
    DataFrame
        Columns of :data:`ROWS`.
    """
    checkpoint, label = checkpoint_name(run, checkpoint), class_label(run, label)
    method = "" if projection is None else str(projection["method"].iloc[0])

    def compute() -> pd.DataFrame:
        if projection is None:
            rows = rows_of(run, subset, n, random_state)
        else:
            rows = projection["observation"].to_numpy()
        X = np.asarray(run.activations(layer, checkpoint)[rows], dtype=np.float32)
        classes = run.labels[label][rows]
        found = [(HIT_ND, X, "")]
        if projection is not None:
            Y = projection[["x", "y"]].to_numpy(dtype=np.float32)
            found.insert(0, (HIT_2D, Y, method))
        table = []
        for name, points, how in found:
            neighbors = scores.nearest_neighbors(points, n_neighbors)
            hit = scores.neighborhood_hit(
                points, classes, n_neighbors=n_neighbors, neighbors=neighbors
            )
            floor, _ = scores.shuffled_neighborhood_hit(
                points, classes, n_neighbors=n_neighbors, neighbors=neighbors,
                random_state=random_state,
            )  # fmt: skip
            table.append((name, hit, floor, how))
        if projection is not None:
            for name, measure in (
                (TRUSTWORTHINESS, scores.trustworthiness),
                (CONTINUITY, scores.continuity),
            ):
                table.append((name, measure(X, Y, n_neighbors=n_neighbors), np.nan, method))
        return tidy(
            run, table, len(rows), n_neighbors, checkpoint=checkpoint, layer=layer, subset=subset
        )

    spec = {
        "function": "score", "layer": layer, "checkpoint": checkpoint, "subset": subset,
        "label": label, "n": n, "n_neighbors": n_neighbors, "random_state": random_state,
        "projection": None if projection is None else dict(projection.attrs),
    }  # fmt: skip
    return answer(run, "scores", spec, compute)


def accuracy(
    run: Run,
    *,
    checkpoint: str | None = None,
    subset: str = "",
    label: str | None = None,
    n: int | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return the share of recorded observations that the network classifies rightly.

    Returns
    -------
    DataFrame
        One row of :data:`ROWS`; the floor is the share of the largest class.
    """
    checkpoint, label = checkpoint_name(run, checkpoint), class_label(run, label)

    def compute() -> pd.DataFrame:
        rows = rows_of(run, subset, n, random_state)
        correct = predictions(run, checkpoint, label)["correct"].to_numpy()[rows]
        floor = pd.Series(run.labels[label][rows]).value_counts(normalize=True).max()
        table = [(ACCURACY, correct.mean(), floor, "")]
        return tidy(run, table, len(rows), checkpoint=checkpoint, layer="", subset=subset)

    spec = {
        "function": "accuracy", "checkpoint": checkpoint, "subset": subset, "label": label,
        "n": n, "random_state": random_state,
    }  # fmt: skip
    return answer(run, "scores", spec, compute)
