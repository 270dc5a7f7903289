"""Questions that a recorded run answers without the network: maps, scores, predictions.

Each answer is a tidy table kept in the run with its provenance, so asking again costs a read.
Left out: how a map or a score is computed (projection, scores) and how it is drawn (figures).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from layerwise import scores
from layerwise.foundation import checks
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.projection import METHODS, procrustes
from layerwise.scores import ACCURACY, CONTINUITY, HIT_2D, HIT_ND, TRUSTWORTHINESS
from layerwise.store import Run

SUBSET = "subset"
"""The label column that splits observations, for example into "train" and "test"."""

ROWS = (
    "network", "data", "subset", "checkpoint", "layer", "score", "method", "n_neighbors", "value",
    "spread", "floor", "n_observations", "seed", "published", "source",
)  # fmt: skip
"""Columns of a table of scores: values are fractions, `floor` is the value under shuffled labels
(NaN where labels do not enter), `spread` the standard deviation over seeds, `method` "" and
`n_neighbors` 0 where there is no projection or no neighbourhood."""


def subsets(run: Run) -> list[str]:
    """Return the values of the subset column in order of appearance; [""] if there is none."""
    column = run.labels.get(SUBSET)
    return [""] if column is None else [str(name) for name in pd.unique(pd.Series(column))]


def class_label(run: Run, label: str | None = None) -> str:
    """Return the label column that scores are about: the one asked for, else the first.

    Raises
    ------
    NotFound
        If the run has no such column, or none at all.
    """
    columns = [name for name in run.labels if name != SUBSET]
    wanted = label or run.provenance.get("label") or (columns[0] if columns else "")
    if wanted not in columns:
        raise checks.not_found("label column", wanted, str(run.path), columns)
    return str(wanted)


def rows_of(run: Run, subset: str = "", n: int | None = None, random_state: int = 0) -> Array:
    """Return the row numbers of a subset, or of a seeded sample of `n` of them, ascending.

    Raises
    ------
    NotFound
        If the run has no such subset.
    """
    rows = np.arange(run.n_observations)
    if subset:
        if subset not in subsets(run):
            raise checks.not_found("subset", subset, str(run.path), subsets(run))
        rows = rows[run.labels[SUBSET].astype(str) == subset]
    if n is not None and n < len(rows):
        rows = np.sort(generator(random_state).choice(rows, n, replace=False))
    return rows


def project(
    run: Run,
    *,
    layer: str,
    checkpoint: str | None = None,
    subset: str = "",
    method: str = "tsne",
    n: int | None = None,
    random_state: int = 0,
    align_to: pd.DataFrame | None = None,
    **parameters: Any,
) -> pd.DataFrame:
    """Return a 2-D projection of the observations by their activations in one layer.

    Parameters
    ----------
    run : a recording
    layer, checkpoint : which activations; the latest checkpoint by default
    subset : value of the column "subset"; "" for all observations
    method : "pca", "tsne", "mds" or "umap"
    n : project a seeded sample of this many
    random_state : seed of the sample and the method
    align_to : another projection of the same observations; this one is rotated and reflected
        onto it, which changes no distance
    **parameters : of the method, for example ``perplexity=30``

    Returns
    -------
    DataFrame
        Columns checkpoint, layer, subset, method, observation, x, y; one row per observation.
    """
    checks.choice("project", "method", method, tuple(METHODS))
    checkpoint = _checkpoint(run, checkpoint)
    activations = run.activations(layer, checkpoint)

    def compute() -> pd.DataFrame:
        rows = rows_of(run, subset, n, random_state)
        estimator = METHODS[method](random_state=random_state, **parameters)
        Y = estimator.fit_transform(np.asarray(activations[rows], dtype=np.float32))
        if align_to is not None:
            Y = procrustes(Y, align_to[["x", "y"]].to_numpy(), scaling=False)
        head = {"checkpoint": checkpoint, "layer": layer, "subset": subset, "method": method}
        return pd.DataFrame({**head, "observation": rows, "x": Y[:, 0], "y": Y[:, 1]})

    spec = {
        "function": "project", "layer": layer, "checkpoint": checkpoint, "subset": subset,
        "method": method, "n": n, "random_state": random_state, "parameters": parameters,
        "aligned": None if align_to is None else str(align_to["layer"].iloc[0]),
    }  # fmt: skip
    found = run.cached("projections", spec, compute)
    found.attrs = {str(key): value for key, value in spec.items()}
    return found


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
    checkpoint = _checkpoint(run, checkpoint)
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
    return run.cached("predictions", spec, compute)


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
    checkpoint, label = _checkpoint(run, checkpoint), class_label(run, label)
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
    return run.cached("scores", spec, compute)


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
    checkpoint, label = _checkpoint(run, checkpoint), class_label(run, label)

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
    return run.cached("scores", spec, compute)


def tidy(
    run: Run,
    table: Sequence[tuple[str, float, float, str]],
    n_observations: int,
    n_neighbors: int = 0,
    /,
    **where: str,
) -> pd.DataFrame:
    """Return scores as rows of :data:`ROWS`; `where` is their checkpoint, layer and subset.

    Network, data and seed come from the provenance of the run, and so do published values: a
    study keeps there which value of a paper each row stands beside. A published value that names
    its method or k stands beside rows of these only.
    """
    frame = pd.DataFrame(table, columns=["score", "value", "floor", "method"])
    about = {name: str(run.provenance.get(name, "")) for name in ("network", "data")}
    frame = frame.assign(
        **about,
        **where,
        n_neighbors=n_neighbors,
        spread=np.nan,
        n_observations=n_observations,
        seed=int(run.provenance.get("seed", 0)),
        published=np.nan,
        source="",
    )
    for known in run.provenance.get("published", ()):
        place = (frame["score"] == known["score"]) & all(
            known[key] == value for key, value in where.items()
        )
        for key in {"method", "n_neighbors"} & known.keys():
            place &= frame[key] == known[key]
        frame.loc[place, ["published", "source"]] = [known["value"], known["source"]]
    return frame[list(ROWS)]


def _checkpoint(run: Run, checkpoint: str | None) -> str:
    return run.checkpoint(run.checkpoints[-1] if checkpoint is None else checkpoint).name
