"""What the neurons of a layer do: a map of them, the class each tells best, near-copies, the dead.

Claims are computed in n dimensions, in the dissimilarity 1 - |r|: the map of neurons is lossy, and
its stress stands beside it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from layerwise import scores, units
from layerwise.analysis.answers import answer
from layerwise.analysis.rows import (
    SUBSET,
    checkpoint_name,
    class_codes,
    class_label,
    rows_of,
    subsets,
)
from layerwise.analysis.tidy import tidy
from layerwise.foundation import checks
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.projection import MDS
from layerwise.scores.names import (
    LEAST_AUC,
    ROLE_AGREEMENT,
    SEED_OVERLAP,
    SEED_SPEARMAN,
    SELECTIVE,
    STRESS,
    TOP_AUC,
)
from layerwise.store import Run

RANKINGS = ("forest", "gini")
NULL = "shuffled"
"""The ranking of a forest whose labels were shuffled: what importance means nothing."""

STRONG = 0.25
"""Part of the neurons, the most discriminative, whose roles are compared (Rauber et al. 2017)."""


def neurons(
    run: Run,
    *,
    layer: str,
    checkpoint: str | None = None,
    subset: str = "",
    n: int | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return the neurons of a layer: their statistics and their places in a map.

    The map is metric MDS of 1 - |r|, r being the correlation of two neurons over the observations
    (Rauber et al. 2017, section 5.2). Dead and constant neurons correlate with nothing and have no
    place in it.

    Parameters
    ----------
    run, layer, checkpoint, subset, n, random_state : as in :func:`project`

    Returns
    -------
    DataFrame
        Columns layer, checkpoint, subset, unit, state ("live", "constant", "dead"), mean, std,
        active (share of observations above zero), twin (lowest unit of its group of near-copies,
        itself if there is none), x, y.
    """
    checkpoint = checkpoint_name(run, checkpoint)

    def compute() -> pd.DataFrame:
        X = _observed(run, layer, checkpoint, rows_of(run, subset, n, random_state))
        frame = units.statistics(X)
        live = np.flatnonzero(frame["state"] == "live")
        twin, Y = frame["unit"].to_numpy().copy(), np.full((len(frame), 2), np.nan)
        if len(live) > 1:
            D = units.dissimilarity(X[:, live])
            twin[live] = live[units.duplicates(D)]
            Y[live] = MDS(dissimilarity="precomputed", random_state=random_state).fit_transform(D)
        head = {"layer": layer, "checkpoint": checkpoint, "subset": subset}
        shown = frame[["unit", "state", "mean", "std", "active"]]
        return pd.DataFrame({**head, **shown, "twin": twin, "x": Y[:, 0], "y": Y[:, 1]})

    spec = {
        "function": "neurons", "layer": layer, "checkpoint": checkpoint, "subset": subset, "n": n,
        "random_state": random_state,
    }  # fmt: skip
    return answer(run, "units", spec, compute)


def discriminate(
    run: Run,
    *,
    layer: str,
    checkpoint: str | None = None,
    subset: str = "",
    label: str | None = None,
    ranking: str = "forest",
    n_trees: int = 250,
    n: int | None = None,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how well every neuron tells every class from the rest.

    Parameters
    ----------
    run, layer, checkpoint, subset, n, random_state : as in :func:`project`
    label : the class column; by default the run's
    ranking : "forest" (extremely randomised trees, class against the rest: Rauber et al. 2017;
        two independent ones, and one of shuffled labels) or "gini" (the best single split, quick)
    n_trees : of each forest; their mean is that of twice as many (see
        :func:`layerwise.units.discrimination` for what 500 are good for)

    Returns
    -------
    DataFrame
        Columns layer, checkpoint, subset, ranking ("forest", "gini", "shuffled"), repeat (0 or 1:
        which forest), unit, class (number), importance.
    """
    checks.choice("discriminate", "ranking", ranking, RANKINGS)
    checkpoint, label = checkpoint_name(run, checkpoint), class_label(run, label)

    def compute() -> pd.DataFrame:
        rows = rows_of(run, subset, n, random_state)
        X, classes = _observed(run, layer, checkpoint, rows), class_codes(run, label)[0][rows]
        rng = generator(random_state)
        jobs = [(ranking, 0, classes)]
        if ranking == "forest":
            jobs += [(ranking, 1, classes), (NULL, 0, rng.permutation(classes))]
        present = np.unique(classes)
        head = {"layer": layer, "checkpoint": checkpoint, "subset": subset}
        frames = []
        for name, repeat, y in jobs:
            S = units.discrimination(
                X, y, method=ranking, n_trees=n_trees, n_jobs=-1, random_state=rng
            )
            frames.append(
                pd.DataFrame(
                    {
                        **head, "ranking": name, "repeat": repeat,
                        "unit": np.repeat(np.arange(len(S)), len(present)),
                        "class": np.tile(present, len(S)), "importance": S.ravel(),
                    }
                )
            )  # fmt: skip
        return pd.concat(frames, ignore_index=True)

    spec = {
        "function": "discriminate", "layer": layer, "checkpoint": checkpoint, "subset": subset,
        "label": label, "ranking": ranking, "n": n, "random_state": random_state,
        "n_trees": n_trees if ranking == "forest" else 0,
    }  # fmt: skip
    return answer(run, "discrimination", spec, compute)


def importances(discrimination: pd.DataFrame, ranking: str, repeat: int | None = None) -> Array:
    """Return importances (n_units, n_classes): the mean over repeats, or one of them."""
    found = discrimination[discrimination["ranking"] == ranking]
    if repeat is not None:
        found = found[found["repeat"] == repeat]
    table = found.pivot_table(index="unit", columns="class", values="importance", aggfunc="mean")
    return table.to_numpy()


def score_neurons(
    run: Run, neurons: pd.DataFrame, discrimination: pd.DataFrame, *, n_neighbors: int = 6
) -> pd.DataFrame:
    """Return how far the picture of the neurons, and the roles in it, can be trusted.

    Parameters
    ----------
    neurons : from :func:`neurons`
    discrimination : from :func:`discriminate`, of the same layer, checkpoint and observations
    n_neighbors : k of the agreement of roles

    Returns
    -------
    DataFrame
        Rows of :data:`ROWS`: stress-1 of the map; agreement of roles among the nearest neurons in
        1 - |r|, within the strongest quarter (floor: roles shuffled); the area under the ROC curve
        of every class's strongest neuron, mean and least (floor: one half), on the other subset
        where there is one; and of a forest the rank correlation and the top-50 overlap of two
        seeds, and the share of neurons above 99 % of those of shuffled labels.
    """
    layer, checkpoint, subset = (
        str(neurons[name].iloc[0]) for name in ("layer", "checkpoint", "subset")
    )
    about, asked = dict(neurons.attrs), dict(discrimination.attrs)
    ranking = str(asked["ranking"])

    def compute() -> pd.DataFrame:
        rows = rows_of(run, subset, about["n"], about["random_state"])
        live = np.flatnonzero(neurons["state"] == "live")
        S = importances(discrimination, ranking)
        found: list[tuple[str, float, float, str]] = []
        if len(live) > 1:
            D = units.dissimilarity(_observed(run, layer, checkpoint, rows)[:, live])
            Y = neurons[["x", "y"]].to_numpy(dtype=np.float32)[live]
            stress = scores.kruskal_stress(D, Y, metric="precomputed", scale=False)
            found.append((STRESS, stress, np.nan, ""))
            found += _roles(D, S[live], n_neighbors)
        found += _strongest(run, layer, checkpoint, subset, rows, S, str(asked["label"]))
        if ranking == "forest" and len(live):
            both = (importances(discrimination, ranking, repeat)[live] for repeat in (0, 1))
            null = importances(discrimination, NULL)[live].max(axis=1)
            spearman, overlap = units.agreement(*both)
            above = float((S[live].max(axis=1) > np.quantile(null, 0.99)).mean())
            found += [
                (SEED_SPEARMAN, spearman, 0.0, ""),
                (SEED_OVERLAP, overlap, min(1.0, 50 / max(len(live), 1)), ""),
                (SELECTIVE, above, 0.01, ""),
            ]
        place = {"checkpoint": checkpoint, "layer": layer, "subset": subset}
        return tidy(run, found, len(rows), **place)

    spec = {
        "function": "score_neurons", "neurons": about, "discrimination": asked,
        "n_neighbors": n_neighbors,
    }  # fmt: skip
    return answer(run, "scores", spec, compute)


def contrast(
    run: Run, selected: Array, *, layer: str, checkpoint: str | None = None, subset: str = ""
) -> pd.DataFrame:
    """Return how much stronger every neuron fires on some observations than on the rest.

    Parameters
    ----------
    selected : row numbers of observations, of the subset if one is given
    run, layer, checkpoint, subset : as in :func:`project`

    Returns
    -------
    DataFrame
        Columns unit, contrast (in standard deviations of the neuron); strongest first.
    """
    rows = rows_of(run, subset)
    X = _observed(run, layer, checkpoint_name(run, checkpoint), rows)
    values = units.contrast(X, np.isin(rows, selected))
    found = pd.DataFrame({"unit": np.arange(len(values)), "contrast": values})
    return found.sort_values("contrast", ascending=False, kind="stable", ignore_index=True)


def _observed(run: Run, layer: str, checkpoint: str, rows: Array) -> Array:
    return np.asarray(run.activations(layer, checkpoint)[rows])


def _roles(D: Array, S: Array, n_neighbors: int) -> list[tuple[str, float, float, str]]:
    """Return the agreement of roles among the strongest neurons, beside that of shuffled roles."""
    strength = S.max(axis=1)
    strong = np.flatnonzero((strength >= np.quantile(strength, 1 - STRONG)) & (strength > 0))
    if len(strong) <= n_neighbors:
        return []
    near = D[np.ix_(strong, strong)].copy()
    np.fill_diagonal(near, np.inf)
    neighbors = np.argsort(near, axis=1, kind="stable")[:, :n_neighbors]
    roles = units.roles(S[strong])
    places = np.zeros((len(strong), 1))  # the neighbours are known: no coordinates are needed
    value = scores.neighborhood_hit(places, roles, n_neighbors=n_neighbors, neighbors=neighbors)
    floor, _ = scores.shuffled_neighborhood_hit(
        places, roles, n_neighbors=n_neighbors, neighbors=neighbors, random_state=0
    )
    return [(ROLE_AGREEMENT, value, floor, "")]


def _strongest(
    run: Run, layer: str, checkpoint: str, subset: str, rows: Array, S: Array, label: str
) -> list[tuple[str, float, float, str]]:
    """Return the mean and the least AUC over classes of each class's strongest neuron."""
    others = [name for name in subsets(run) if subset and name != subset]
    if others:
        rows = np.flatnonzero(np.isin(run.labels[SUBSET].astype(str), others))
    from sklearn.metrics import roc_auc_score

    classes = class_codes(run, label)[0]
    X = _observed(run, layer, checkpoint, rows)
    found = []
    for column, code in enumerate(np.unique(classes[rows_of(run, subset)])):
        own = classes[rows] == code
        if S[:, column].any() and 0 < own.sum() < len(own):
            found.append(roc_auc_score(own, X[:, S[:, column].argmax()]))
    if not found:
        return []
    return [(TOP_AUC, float(np.mean(found)), 0.5, ""),
            (LEAST_AUC, float(np.min(found)), 0.5, "")]  # fmt: skip
