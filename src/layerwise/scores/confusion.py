"""Whose neighbours are whose: the neighbourhood hit, taken apart into pairs of classes.

Beside the confusion matrix of a classifier it tells whether the classes that the network takes for
each other are those that lie beside each other.
"""

from __future__ import annotations

import numpy as np

from layerwise.foundation.shapes import Activations, Array, ClassByClass, Labels, Neighbors
from layerwise.scores.neighborhood import labelled_neighbors


def neighborhood_confusion(
    Y: Activations, labels: Labels, *, n_neighbors: int = 6, neighbors: Neighbors | None = None
) -> ClassByClass:
    r"""Share of each class among the nearest neighbours of each class.

    .. math:: M_{cd} = \frac{1}{k n_c} \sum_{i \in c} \sum_{j \in N_k(i)} [\ell_j = d]

    The diagonal is :func:`~layerwise.scores.neighborhood_hit_by_class`; weighted by the sizes of
    the classes, it averages to :func:`~layerwise.scores.neighborhood_hit`.

    Parameters
    ----------
    Y, labels, n_neighbors, neighbors
        As in :func:`~layerwise.scores.neighborhood_hit`.

    Returns
    -------
    (n_classes, n_classes) of float64
        Classes in the order of ``np.unique(labels)``: row = the point's own, column = its
        neighbours'. Rows sum to 1; of shuffled labels each is about the frequencies of the classes.

    Raises
    ------
    InvalidValue
        If `n_neighbors` is out of range, or shapes disagree, or a label is missing.

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 1], [0, 2.5], [0, 5]])
    >>> neighborhood_confusion(Y, np.array(["a", "a", "b", "b"]), n_neighbors=1)
    array([[1. , 0. ],
           [0.5, 0.5]])
    """
    name = "neighborhood_confusion"
    codes, classes, found = labelled_neighbors(name, Y, labels, n_neighbors, neighbors)
    n = len(classes)
    pairs = codes[:, None] * n + codes[found]
    counts = np.bincount(pairs.ravel(), minlength=n * n).reshape(n, n)
    shares: Array = counts / counts.sum(axis=1, keepdims=True)
    return shares
