"""Does a class lie in several pieces? Sub-clusters within each class of a projection.

Rauber et al. 2017 saw two clusters per digit of SVHN, dark on light and light on dark (Fig. 6).
Leaves out how many pieces there are: compare the silhouettes of several `n_clusters`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.classes import class_codes
from layerwise.foundation.random import RandomState, seed
from layerwise.foundation.shapes import Array, Labels, PerClass, Points
from layerwise.scores.distances import centred
from layerwise.scores.stress import silhouette

STARTS = 10
"""Starts of k-means, the best of which counts."""


class SubClusters(NamedTuple):
    """The pieces of every class (:func:`sub_clusters`).

    Parameters
    ----------
    clusters : (n_observations,) of int
        Piece of the own class, 0 the largest.
    silhouettes : (n_classes,) of float64 in [-1, 1]
        How compact and far apart the pieces of a class are, classes in the order of
        ``np.unique(labels)``; NaN for a class that was not cut.
    """

    clusters: Labels
    silhouettes: PerClass


def sub_clusters(
    Y: Points, labels: Labels, *, n_clusters: int = 2, random_state: RandomState = None
) -> SubClusters:
    """Cut every class into pieces by k-means, and say how well they are separated.

    K-means always finds pieces. Whether they are there, the silhouette tells: 2 pieces of one round
    blob have 0.3 to 0.4, of two blobs far apart nearly 1.

    Parameters
    ----------
    Y : (n_observations, n_components)
    labels : (n_observations,)
        Integers or strings, none missing.
    n_clusters : int >= 2
        A class of fewer than n_clusters + 1 observations, or on fewer than n_clusters places, is
        not cut: cluster 0, silhouette NaN.
    random_state : int, Generator or None
        Of the starts. The pieces of a class do not depend on the other classes.

    Returns
    -------
    SubClusters

    Raises
    ------
    InvalidValue
        If `n_clusters` is below 2, or shapes disagree, or a label is missing.

    Notes
    -----
    The silhouette is of all pairs of a class, of 10,000 drawn observations if it has more.

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 1], [1, 0], [9, 9], [9, 8], [5, 5]])
    >>> found = sub_clusters(Y, np.array([7, 7, 7, 7, 7, 8]), random_state=0)
    >>> found.clusters.tolist(), found.silhouettes.round(2).tolist()
    ([0, 0, 0, 1, 1, 0], [0.91, nan])
    """
    name = "sub_clusters"
    points, _ = centred(checks.matrix(name, "Y", Y))
    codes, classes = class_codes(name, labels, len(points))
    checks.integer(name, "n_clusters", n_clusters, 2)
    start = seed(random_state)
    clusters = np.zeros(len(points), int)
    silhouettes = np.full(len(classes), np.nan)
    for code in range(len(classes)):
        members = codes == code
        places = points[members]
        if len(places) > n_clusters <= len(np.unique(places, axis=0)):
            pieces = _largest_first(_k_means(places, n_clusters, start))
            clusters[members] = pieces
            silhouettes[code] = silhouette(places, pieces, random_state=start)
    return SubClusters(clusters, silhouettes)


def _k_means(points: Array, n_clusters: int, start: int) -> Array:
    from sklearn.cluster import KMeans

    found: Array = KMeans(n_clusters, n_init=STARTS, random_state=start).fit_predict(points)
    return found


def _largest_first(pieces: Array) -> Array:
    """Renumber pieces by falling size."""
    numbers: Array = np.argsort(np.argsort(-np.bincount(pieces), kind="stable"))
    return numbers[pieces]
