"""Does a picture keep distances, and does it keep classes apart? Scores of all pairs.

Neighbour scores look at each point's vicinity; these look at the whole: Kruskal's *stress* at the
distances themselves, *Shepard correlation* at their order, the *silhouette* at classes as blobs.

Sources: Kruskal 1964; Shepard 1962; Rousseeuw 1987.
"""

from __future__ import annotations

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.classes import class_codes
from layerwise.foundation.random import RandomState
from layerwise.foundation.shapes import Activations, Dissimilarity, Labels, OtherActivations
from layerwise.scores.distances import centred, pair_distances, sampled_rows, two_spaces


def kruskal_stress(
    X: Activations | Dissimilarity,
    Y: OtherActivations,
    *,
    metric: str = "euclidean",
    scale: bool = True,
    n_samples: int = 5_000,
    random_state: RandomState = 0,
) -> float:
    r"""Stress-1: how far the distances of a picture are from those it should show.

    .. math:: \sigma_1 = \sqrt{\sum_{i<j} (\delta_{ij} - d_{ij})^2 \Big/ \sum_{i<j} d_{ij}^2}

    with :math:`\delta` the distances in `X` and d those in `Y`. With ``scale=True`` the picture is
    first enlarged or shrunk to the size that makes :math:`\sigma_1` smallest, which gives
    :math:`\sqrt{1 - (\sum \delta d)^2 / (\sum \delta^2 \sum d^2)}`: the unit of length no longer
    matters, so projections that ignore it (t-SNE) can be compared with those that keep it (MDS).

    Parameters
    ----------
    X : (n_observations, n_units), or with ``metric="precomputed"`` a dissimilarity (n, n)
        Of a precomputed matrix the part above the diagonal is read.
    Y : (n_observations, n_components)
    metric : "euclidean" or "precomputed"
    scale : bool
        False: the coordinates of `Y` are taken as they are.
    n_samples : int >= 2
        With more observations than this, pairs of so many drawn at random. 5,000 points are 12.5
        million pairs and 100 MB a space.
    random_state : int, Generator or None
        Of that draw.

    Returns
    -------
    float >= 0, at most 1 with ``scale=True``; 0 is perfect
        Kruskal called 0.2 poor and 0.05 good, for a few dozen objects.

    Raises
    ------
    InvalidValue
        If all distances of a space are 0, or shapes disagree.

    References
    ----------
    Kruskal, Psychometrika 29 (1964); scaled: Borg and Groenen, Modern Multidimensional Scaling,
    section 11.1.

    Examples
    --------
    >>> square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    >>> kruskal_stress(square, 5 * square)
    0.0
    >>> kruskal_stress(square, 5 * square, scale=False)
    0.8
    """
    name = "kruskal_stress"
    checks.choice(name, "metric", metric, ("euclidean", "precomputed"))
    X, Y = two_spaces(name, X, Y, min_rows=2)
    checks.integer(name, "n_samples", n_samples, 2)
    rows = sampled_rows(len(X), n_samples, random_state)
    if metric == "precomputed":
        if X.shape[1] != len(X):
            raise checks.invalid(
                name, "X", "square", f"shape {X.shape}", "Points need metric='euclidean'."
            )
        upper = np.triu_indices(len(rows), k=1)
        target = X[rows[upper[0]], rows[upper[1]]].astype(np.float64)
    else:
        target = pair_distances(X[rows])
    shown = pair_distances(Y[rows])
    for argument, distances in (("X", target), ("Y", shown)):
        if not distances.any():
            raise checks.invalid(name, argument, "points that differ", "distances that are all 0")
    if scale:
        # The same minimum as over sizes of the picture, without a division by sum(delta * d).
        residual = target - shown * ((target @ shown) / (shown @ shown))
        return float(np.linalg.norm(residual) / np.linalg.norm(target))
    return float(np.linalg.norm(target - shown) / np.linalg.norm(shown))


def shepard_correlation(
    X: Activations,
    Y: OtherActivations,
    *,
    n_samples: int = 3_000,
    random_state: RandomState = 0,
) -> float:
    """Spearman correlation of the distances in two spaces: is farther shown as farther.

    Parameters
    ----------
    X : (n_observations, n_units)
    Y : (n_observations, n_components)
    n_samples : int >= 3
        With more observations than this, all pairs of so many drawn at random.
    random_state : int, Generator or None
        Of that draw.

    Returns
    -------
    float in [-1, 1]; 1 if both spaces put all pairs in the same order

    Raises
    ------
    InvalidValue
        If all pairs of a space are equally far, or shapes disagree.

    References
    ----------
    Shepard, Psychometrika 27 (1962).

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> bool(np.isclose(shepard_correlation(X, X * 7), 1))
    True
    """
    from scipy.stats import rankdata

    name = "shepard_correlation"
    X, Y = two_spaces(name, X, Y, min_rows=3)
    checks.integer(name, "n_samples", n_samples, 3)
    rows = sampled_rows(len(X), n_samples, random_state)
    ranks = []
    for argument, points in (("X", X), ("Y", Y)):
        distances = pair_distances(points[rows])
        if np.ptp(distances) == 0:
            raise checks.invalid(
                name, argument, "points at more than one distance",
                f"{len(distances)} pairs all equally far", "An order needs distances that differ.",
            )  # fmt: skip
        ranks.append(rankdata(distances))
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def silhouette(
    Y: Activations, labels: Labels, *, n_samples: int = 10_000, random_state: RandomState = 0
) -> float:
    r"""Mean silhouette of the classes: are they compact and far apart, or spread and mixed.

    .. math:: s_i = (b_i - a_i) / \max(a_i, b_i)

    with :math:`a_i` the mean distance to the own class and :math:`b_i` to the nearest other one.
    Unlike :func:`neighborhood_hit` it falls when a class is in two pieces.

    Parameters
    ----------
    Y : (n_observations, n_components)
    labels : (n_observations,)
        At least 2 classes and fewer classes than observations.
    n_samples : int >= 3
        With more observations than this, so many drawn at random.
    random_state : int, Generator or None
        Of that draw.

    Returns
    -------
    float in [-1, 1]; near 0 for shuffled labels

    References
    ----------
    Rousseeuw, J. Computational and Applied Mathematics 20 (1987), by scikit-learn.

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 1], [9, 9], [9, 8]])
    >>> round(silhouette(Y, np.array([0, 0, 1, 1])), 2)
    0.92
    """
    from sklearn.metrics import silhouette_score

    Y = checks.matrix("silhouette", "Y", Y, min_rows=3)
    checks.integer("silhouette", "n_samples", n_samples, 3)
    codes, _ = class_codes("silhouette", labels, len(Y))
    rows = sampled_rows(len(Y), n_samples, random_state)
    n_classes = len(np.unique(codes[rows]))
    if not 2 <= n_classes < len(rows):
        raise checks.invalid(
            "silhouette", "labels", f"of 2 to {len(rows) - 1} classes", n_classes,
            "A silhouette compares the own class with another.",
        )  # fmt: skip
    return float(silhouette_score(centred(Y)[0][rows], codes[rows]))
