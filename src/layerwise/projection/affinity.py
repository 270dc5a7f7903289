"""Affinities of t-SNE: who is near whom among the activations, and how much.

Each observation gets the Gaussian whose perplexity (effective number of neighbours) is the one
asked for, over its three times as many nearest neighbours. Leaves out: multiscale kernels.

Source: van der Maaten and Hinton 2008, equation 1; the cut at three perplexities is van der Maaten
2014, section 4.1.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
import scipy.sparse as sp
from numba import prange

from layerwise.foundation.shapes import Array
from layerwise.projection.kernels import kernel


@kernel(parallel=True)
@no_type_check
def _calibrate(squared, perplexity):
    """Rows of probabilities whose entropy is log(perplexity), by safeguarded Newton steps."""
    n, k = squared.shape
    probabilities = np.empty((n, k), np.float32)
    target = np.log(perplexity)
    for i in prange(n):
        d = squared[i].astype(np.float64)
        d -= d.min()
        low, high = 0.0, np.inf
        mean = d.mean()
        beta = 1.0 / mean if mean > 0 else 1.0
        w = np.ones(k)
        for _ in range(100):
            total = first = second = 0.0
            for j in range(k):
                w[j] = np.exp(-beta * d[j])
                total += w[j]
                first += w[j] * d[j]
                second += w[j] * d[j] * d[j]
            first /= total
            variance = second / total - first * first
            excess = np.log(total) + beta * first - target  # entropy minus its target
            if abs(excess) < 1e-5:
                break
            if excess > 0:
                low = beta
            else:
                high = beta
            # Entropy falls with slope -beta * variance
            step = beta + excess / (beta * variance) if beta * variance > 0 else np.inf
            if not (low < step < high):
                step = 0.5 * (low + high) if high < np.inf else 2.0 * low
            if step == beta or step > 1e300:
                break
            beta = step
        for j in range(k):
            probabilities[i, j] = w[j] / total
    return probabilities


def conditional_probabilities(squared_distances: Array, perplexity: float) -> Array:
    r"""Gaussian weights of each row's neighbours, as wide as the perplexity asks.

    .. math:: p_{j|i} = \frac{\exp(-\beta_i d_{ij}^2)}{\sum_k \exp(-\beta_i d_{ik}^2)}, \quad
              2^{H(p_i)} = \text{perplexity}

    Rows that cannot reach the perplexity (more duplicates than it) share their weight equally
    among the nearest.

    Parameters
    ----------
    squared_distances : (n, k), k > perplexity
    perplexity : float in [1, k)

    Returns
    -------
    (n, k) float32, rows sum to 1

    Examples
    --------
    >>> conditional_probabilities(np.array([[1.0, 1.0, 1.0, 1.0]]), 2.0)
    array([[0.25, 0.25, 0.25, 0.25]], dtype=float32)
    """
    return _calibrate(squared_distances, float(perplexity))  # type: ignore[no-any-return]


def joint_probabilities(
    neighbours: Array, squared_distances: Array, perplexity: float
) -> sp.csr_array:
    """Symmetric affinities of all observations, summing to one.

    Parameters
    ----------
    neighbours : (n, k) int, the row itself excluded
    squared_distances : (n, k)
    perplexity : float in [1, k)

    Returns
    -------
    (n, n) sparse float32, between k and 2 k entries a row on average
    """
    n, k = neighbours.shape
    weights = conditional_probabilities(squared_distances, perplexity)
    weights /= np.float32(2 * n)
    one_way = sp.csr_array(
        (weights.ravel(), neighbours.ravel(), np.arange(0, n * k + 1, k)), (n, n)
    )
    return sp.csr_array(one_way + one_way.T)
