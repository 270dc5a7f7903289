"""What the learned weights of a layer say on their own: the numbers of its filters.

A filter is what one output unit, or one output channel of a convolution, multiplies its input by.
Weights are (n_filters, n_inputs, *size): size is () for a linear layer, (length,) or (height,
width) for a convolution, whose n_inputs are those of one group. Leaves out where weights come from
(:mod:`layerwise.network.parameters`), their pictures (:mod:`.filter_pictures`) and what filters do
to data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

ALIKE = 0.99
"""The absolute cosine above which two filters are nearly proportional: twins."""

_BLOCK = 512


def filter_statistics(weights: Array, groups: int = 1) -> pd.DataFrame:
    """Return what each filter is: how large, how much of it is zero, alive, like another one.

    Parameters
    ----------
    weights : (n_filters, n_inputs per group, *size)
    groups : int
        Filters of different groups look at different inputs, so they are no twins.

    Returns
    -------
    DataFrame, one row a filter
        unit (its number); norm (Euclidean); mean; zeros (the share of weights that are exactly 0);
        state: "live" or "dead" (all zero); twin (the lowest filter that it is nearly proportional
        to, of either sign: absolute cosine above 0.99; itself if there is none). A filter of one
        weight has no twin.

    Raises
    ------
    UserError
        If `weights` are not finite numbers of that shape or `groups` does not divide them.

    Notes
    -----
    Twins cost n_filters squared times the weights of one; memory is that of 512 rows of cosines.

    Examples
    --------
    >>> filter_statistics(np.array([[3.0, 4], [0, 0], [-6, -8]]))
       unit  norm  mean  zeros state  twin
    0     0   5.0   3.5    0.0  live     0
    1     1   0.0   0.0    1.0  dead     1
    2     2  10.0  -7.0    0.0  live     0
    """
    import pandas as pd

    W = flat("filter_statistics", weights, groups)
    norm = np.linalg.norm(W, axis=1)
    twin, per = np.arange(len(W)), len(W) // groups
    if W.shape[1] > 1:
        V = np.divide(W, norm[:, None], out=np.zeros_like(W), where=norm[:, None] > 0)
        for first in range(0, len(W), per):
            twin[first : first + per] = first + _twins(V[first : first + per].astype(np.float32))
    return pd.DataFrame(
        {
            "unit": np.arange(len(W)), "norm": norm, "mean": W.mean(axis=1),
            "zeros": (W == 0).mean(axis=1), "state": np.where(norm > 0, "live", "dead"),
            "twin": twin,
        }
    )  # fmt: skip


def effective_rank(weights: Array, groups: int = 1) -> float:
    r"""Return how many directions of its input a layer really looks at.

    .. math:: \exp\Big(-\sum_i p_i \ln p_i\Big), \quad p_i = \sigma_i / \sum_j \sigma_j

    with the singular values of the matrix that has a row a filter; of a grouped convolution, those
    of all groups. Scaling the weights does not change it.

    Parameters
    ----------
    weights : (n_filters, n_inputs per group, *size)
    groups : int

    Returns
    -------
    float in [1, :func:`max_rank`]; 0 if all weights are 0

    References
    ----------
    Roy and Vetterli, The effective rank: a measure of effective dimensionality, EUSIPCO 2007.

    Examples
    --------
    >>> round(effective_rank(np.eye(4)), 6), round(effective_rank(np.ones((4, 9))), 6)
    (4.0, 1.0)
    """
    W = flat("effective_rank", weights, groups)
    parts = W.reshape(groups, len(W) // groups, -1)
    # The smaller Gram matrix: singular values to half the digits of double precision, soon.
    grams = [part @ part.T if len(part) <= part.shape[1] else part.T @ part for part in parts]
    values = np.sqrt(np.maximum(np.concatenate([np.linalg.eigvalsh(gram) for gram in grams]), 0))
    total = values.sum()
    if total == 0:
        return 0.0
    p = values[values > 0] / total
    return float(np.exp(-(p * np.log(p)).sum()))


def max_rank(weights: Array, groups: int = 1) -> int:
    """Return the largest :func:`effective_rank` that weights of this shape can have.

    Examples
    --------
    >>> max_rank(np.zeros((64, 32, 5, 5))), max_rank(np.zeros((32, 1, 3, 3)), groups=32)
    (64, 32)
    """
    return groups * min(len(weights) // groups, int(weights[0].size))


def flat(function: str, weights: Array, groups: int) -> Array:
    """Return weights as (n_filters, rest) in double precision, checked."""
    W = np.asarray(weights)
    if W.ndim < 2 or not W.size:
        got = f"shape {W.shape}"
        raise checks.invalid(function, "weights", "(n_filters, n_inputs, *size)", got)
    flat = checks.matrix(function, "weights", W.reshape(len(W), -1)).astype(np.float64)
    if checks.integer(function, "groups", groups, 1) and len(W) % groups:
        raise checks.invalid(function, "groups", f"a divisor of {len(W)} filters", groups)
    return flat


def _twins(V: Array) -> Array:
    """Return for each row of length 1 (or 0) the one that it nearly is; greedy, in order.

    The rule is that of :func:`layerwise.units.duplicates`, without a matrix of all pairs.
    """
    twins = np.arange(len(V))
    for start in range(0, len(V), _BLOCK):
        near = np.abs(V[start : start + _BLOCK] @ V[start:].T) > ALIKE
        for row in np.flatnonzero(near.sum(axis=1) > 1):
            unit = start + row
            if twins[unit] == unit:
                copies = unit + 1 + np.flatnonzero(near[row, row + 1 :])
                twins[copies[twins[copies] == copies]] = unit
    return twins
