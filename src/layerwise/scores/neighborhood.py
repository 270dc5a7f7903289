"""Does a picture, or a layer, keep like with like? Scores of nearest neighbours.

*Neighbourhood hit* asks whether near points share a label; *trustworthiness*, *continuity* and
*agreement* ask whether two spaces have the same neighbours, labels aside. Compute the hit in the
projection and in the activations: when 2-D is far below n-D, blame the projection, not the network.

Sources: Paulovich et al. 2008 (hit); Rauber et al. 2017 (hit of hidden activity, k = 6);
Venna and Kaski 2001 (trustworthiness, continuity).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.classes import class_codes
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import (
    Activations,
    Array,
    Labels,
    Neighbors,
    OtherActivations,
    PerObservation,
)
from layerwise.scores.distances import centred, sampled_rows, squared_distances, two_spaces
from layerwise.scores.neighbors import check_n_neighbors, nearest_neighbors, recall, smallest


def neighborhood_hit(
    Y: Activations, labels: Labels, *, n_neighbors: int = 6, neighbors: Neighbors | None = None
) -> float:
    r"""Fraction of each point's nearest neighbours that share its label, averaged over points.

    .. math:: NH_k = \frac{1}{nk} \sum_i \sum_{j \in N_k(i)} [\ell_i = \ell_j]

    Parameters
    ----------
    Y : (n_observations, n_components), any unit of length
        A projection, or the activations of a layer for the hit in n-D.
    labels : (n_observations,)
        Integers or strings, none missing.
    n_neighbors : int in [1, n_observations - 1], the point itself excluded
    neighbors : (n_observations, n_neighbors) of int, optional
        What :func:`nearest_neighbors` returned for `Y`, where several scores share one search.

    Returns
    -------
    float in [0, 1]
        Unchanged by rotation, shift and scale of `Y`; near the sum of squared class frequencies if
        labels are shuffled (:func:`shuffled_neighborhood_hit`).

    Raises
    ------
    InvalidValue
        If `n_neighbors` is out of range, or shapes disagree, or a label is missing.

    Notes
    -----
    Costs one search (:func:`nearest_neighbors`): 0.1 CPU s for 60,000 points in 2-D.

    References
    ----------
    Paulovich et al. 2008; used for hidden activity by Rauber et al. 2017 with 6 neighbours.

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 1], [9, 9], [9, 8]])
    >>> neighborhood_hit(Y, np.array([0, 0, 1, 1]), n_neighbors=1)
    1.0
    """
    codes, _, found = labelled_neighbors("neighborhood_hit", Y, labels, n_neighbors, neighbors)
    return float(_hits(codes, found).mean())


def neighborhood_hits(
    Y: Activations, labels: Labels, *, n_neighbors: int = 6, neighbors: Neighbors | None = None
) -> PerObservation:
    """Neighbourhood hit of every single point; the mean is :func:`neighborhood_hit`.

    Low values find the points that lie among strangers: errors, outliers, wrong labels.

    Parameters
    ----------
    Y, labels, n_neighbors, neighbors
        As in :func:`neighborhood_hit`.

    Returns
    -------
    (n_observations,) of float64, multiples of 1 / n_neighbors in [0, 1]

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 1], [0, 2]])
    >>> neighborhood_hits(Y, np.array([7, 7, 8]), n_neighbors=1).tolist()
    [1.0, 1.0, 0.0]
    """
    codes, _, found = labelled_neighbors("neighborhood_hits", Y, labels, n_neighbors, neighbors)
    return _hits(codes, found)


def neighborhood_hit_by_class(
    Y: Activations, labels: Labels, *, n_neighbors: int = 6, neighbors: Neighbors | None = None
) -> dict[Any, float]:
    """Neighbourhood hit averaged over the points of each class.

    Parameters
    ----------
    Y, labels, n_neighbors, neighbors
        As in :func:`neighborhood_hit`.

    Returns
    -------
    dict from label to float in [0, 1], in the order of the sorted labels

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 1], [0, 2]])
    >>> neighborhood_hit_by_class(Y, np.array(["a", "a", "b"]), n_neighbors=1)
    {'a': 1.0, 'b': 0.0}
    """
    codes, classes, found = labelled_neighbors(
        "neighborhood_hit_by_class", Y, labels, n_neighbors, neighbors
    )
    means = np.bincount(codes, weights=_hits(codes, found)) / np.bincount(codes)
    return dict(zip(classes.tolist(), means.tolist(), strict=True))


def shuffled_neighborhood_hit(
    Y: Activations,
    labels: Labels,
    *,
    n_neighbors: int = 6,
    neighbors: Neighbors | None = None,
    n_permutations: int = 10,
    random_state: RandomState = 0,
) -> tuple[float, float]:
    r"""Neighbourhood hit under shuffled labels: the floor any real value must clear.

    Its expectation is :math:`\sum_c n_c (n_c - 1) / (n (n - 1))`, about the sum of squared class
    frequencies; the shuffles add how far it strays by chance.

    Parameters
    ----------
    Y, labels, n_neighbors, neighbors
        As in :func:`neighborhood_hit`; the neighbours are searched once.
    n_permutations : int >= 2
    random_state : int, Generator or None

    Returns
    -------
    (mean, sd) of floats
        Over the shuffles; the sample standard deviation.

    Examples
    --------
    >>> Y = np.random.default_rng(0).normal(size=(100, 2))
    >>> mean, sd = shuffled_neighborhood_hit(Y, np.arange(100) % 10)
    >>> abs(mean - 9 / 99) < 3 * sd
    True
    """
    name = "shuffled_neighborhood_hit"
    checks.integer(name, "n_permutations", n_permutations, 2)
    codes, _, found = labelled_neighbors(name, Y, labels, n_neighbors, neighbors)
    rng = generator(random_state)
    values = [_hits(rng.permutation(codes), found).mean() for _ in range(n_permutations)]
    return float(np.mean(values)), float(np.std(values, ddof=1))


def trustworthiness(
    X: Activations,
    Y: OtherActivations,
    *,
    n_neighbors: int = 6,
    n_samples: int = 5_000,
    random_state: RandomState = 0,
) -> float:
    r"""Are neighbours in the projection true ones: falls when strangers are put side by side.

    .. math:: T_k = 1 - \frac{2}{nk(2n - 3k - 1)}
              \sum_i \sum_{j \in N_k^Y(i)} \max(0,\, r_X(i, j) - k)

    where :math:`r_X(i, j)` is the rank of j among the neighbours of i in `X`, equal distances
    sharing the best.

    Parameters
    ----------
    X : (n_observations, n_units)
    Y : (n_observations, n_components)
    n_neighbors : int in [1, (n_observations - 1) // 2]
        Beyond that the normalisation does not hold.
    n_samples : int >= 1
        With more observations than this, the sum runs over so many points drawn at random, ranked
        among all.
    random_state : int, Generator or None
        Of that draw.

    Returns
    -------
    float in [0, 1]; 1 if each point's neighbours in `Y` are its neighbours in `X`

    Notes
    -----
    Time grows as n_samples x n_observations x n_units; memory does not depend on n_samples.

    References
    ----------
    Venna and Kaski, Neighborhood preservation in nonlinear projection methods, ICANN 2001.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> trustworthiness(X, X[:, :2] * 3 + 1) < trustworthiness(X, X * 3 + 1) == 1.0
    True
    """
    X, Y = two_spaces("trustworthiness", X, Y, min_rows=3)
    return _trust("trustworthiness", X, Y, n_neighbors, n_samples, random_state)


def continuity(
    X: Activations,
    Y: OtherActivations,
    *,
    n_neighbors: int = 6,
    n_samples: int = 5_000,
    random_state: RandomState = 0,
) -> float:
    """Are true neighbours kept in the projection: falls when what belongs together is torn apart.

    :func:`trustworthiness` with the two spaces exchanged.

    Parameters
    ----------
    X, Y, n_neighbors, n_samples, random_state
        As in :func:`trustworthiness`.

    Returns
    -------
    float in [0, 1]; 1 if each point's neighbours in `X` are its neighbours in `Y`

    References
    ----------
    Venna and Kaski, Neighborhood preservation in nonlinear projection methods, ICANN 2001.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(50, 5))
    >>> continuity(X, X[:, :2]) == trustworthiness(X[:, :2], X)
    True
    """
    X, Y = two_spaces("continuity", X, Y, min_rows=3)
    return _trust("continuity", Y, X, n_neighbors, n_samples, random_state)


def neighborhood_agreement(X: Activations, Y: OtherActivations, *, n_neighbors: int = 6) -> float:
    r"""Mean share of nearest neighbours that two spaces have in common.

    .. math:: A_k = \frac{1}{nk} \sum_i |N_k^X(i) \cap N_k^Y(i)|

    Symmetric, blind to how far off a false neighbour is; about k / (n - 1) for unrelated spaces.

    Parameters
    ----------
    X, Y : (n_observations, any width)
        A layer and its projection, or two layers, or two networks.
    n_neighbors : int in [1, n_observations - 1]

    Returns
    -------
    float in [0, 1]

    References
    ----------
    Lee and Verleysen, Quality assessment of dimensionality reduction, Neurocomputing 72 (2009):
    their Q_NX at one k.

    Examples
    --------
    >>> X, Y = np.array([[0.0], [1], [3], [7]]), np.array([[0.0], [1], [3], [-9]])
    >>> neighborhood_agreement(X, Y, n_neighbors=1)
    0.75
    """
    X, Y = two_spaces("neighborhood_agreement", X, Y, min_rows=2)
    check_n_neighbors("neighborhood_agreement", n_neighbors, len(X))
    return recall(nearest_neighbors(X, n_neighbors), nearest_neighbors(Y, n_neighbors))


def _hits(codes: Array, neighbors: Array) -> PerObservation:
    hits: Array = (codes[neighbors] == codes[:, None]).mean(axis=1)
    return hits


def labelled_neighbors(
    function: str, Y: object, labels: object, n_neighbors: int, neighbors: object
) -> tuple[Array, Array, Array]:
    """Return labels as integers, the classes they number, and every point's neighbours."""
    Y = checks.matrix(function, "Y", Y, min_rows=2)
    check_n_neighbors(function, n_neighbors, len(Y))
    codes, classes = class_codes(function, labels, len(Y))
    if neighbors is None:
        return codes, classes, nearest_neighbors(Y, n_neighbors)
    found = np.asarray(neighbors)
    if (
        found.shape != (len(Y), n_neighbors)
        or found.dtype.kind not in "iu"
        or not (found.min() >= 0 and found.max() < len(Y))
    ):
        raise checks.invalid(
            function, "neighbors", f"row numbers of shape {(len(Y), n_neighbors)}",
            f"{found.dtype} of shape {found.shape}", "Pass what nearest_neighbors(Y) returned.",
        )  # fmt: skip
    return codes, classes, found


def _trust(
    function: str, X: Array, Y: Array, k: int, n_samples: int, random_state: RandomState
) -> float:
    n = len(X)
    check_n_neighbors(function, k, n, high=(n - 1) // 2)
    checks.integer(function, "n_samples", n_samples, 1)
    rows = sampled_rows(n, n_samples, random_state)
    true = squared_distances(centred(X)[0], rows)
    shown = squared_distances(centred(Y)[0], rows)
    excess = 0
    for (_, DX), (_, DY) in zip(true, shown, strict=True):
        near = np.take_along_axis(DX, smallest(DY, k), axis=1)
        for distance in near.T:
            closer = np.count_nonzero(distance[:, None] > DX, axis=1)
            excess += int(np.maximum(1 + closer - k, 0).sum())
    return 1.0 - 2.0 * excess / (len(rows) * k * (2 * n - 3 * k - 1))
