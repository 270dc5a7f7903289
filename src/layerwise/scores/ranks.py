"""How alike two orders are: whether what is high in one is high in the other."""

from __future__ import annotations

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerObservation


def rank_correlation(A: Array, B: Array) -> PerObservation:
    """Return Spearman's correlation of each row of one array with the same row of another.

    Parameters
    ----------
    A, B : (n_observations, ...) of one shape; ties share their mean rank

    Returns
    -------
    (n_observations,) in [-1, 1]; 0 where a row is constant and so has no order

    Raises
    ------
    InvalidValue
        If the shapes differ.

    Examples
    --------
    >>> rank_correlation(np.array([[1.0, 2, 3], [1, 1, 1]]), np.array([[2.0, 4, 9], [3, 2, 1]]))
    array([1., 0.])
    """
    from scipy.stats import rankdata

    A, B = np.asarray(A), np.asarray(B)
    if A.shape != B.shape or A.ndim < 2 or not A.size:
        raise checks.invalid(
            "rank_correlation", "A and B", "of one shape (n, ...)", f"{A.shape} and {B.shape}"
        )
    ranks = [rankdata(one.reshape(len(one), -1), axis=1) for one in (A, B)]
    a, b = (one - one.mean(axis=1, keepdims=True) for one in ranks)
    norms = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    found: PerObservation = np.divide(
        (a * b).sum(axis=1), norms, out=np.zeros(len(a)), where=norms > 0
    )
    return found
