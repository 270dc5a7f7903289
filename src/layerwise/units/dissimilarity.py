"""Which units do the same: one less their absolute correlation, and groups of near-copies.

The map of neurons is made of it by the caller: metric MDS of this matrix. Leaves out the signed
correlation, and delays.

Source: Rauber, Fadel, Falcao and Telea, "Visualizing the Hidden Activity of Artificial Neural
Networks", IEEE TVCG 23(1), 2017, section 5.
"""

from __future__ import annotations

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Activations, Array, Dissimilarity
from layerwise.units.blocks import blocks, sliceable
from layerwise.units.moments import moments

PANEL = 512
"""Rows of the matrix that are finished together."""


def dissimilarity(X: Activations) -> Dissimilarity:
    r"""Return one less the absolute correlation of every two units.

    .. math:: d_{ij} = 1 - |r_{ij}|, \quad
              r_{ij} = \frac1n \sum_k
              \frac{x_{ki} - \bar x_i}{s_i} \cdot \frac{x_{kj} - \bar x_j}{s_j}

    Two units that rise together, or one of which falls as the other rises, are near each other:
    the next layer can use the one for the other. Scale, offset and sign of a unit do not matter.

    Parameters
    ----------
    X : (n_observations >= 2, n_units)
        An array, or a layer of a run, which is read in blocks, twice: for means and standard
        deviations, then for the products.

    Returns
    -------
    (n_units, n_units) of float32 in [0, 1], symmetric, 0 on the diagonal
        A constant unit (dead, or without activity beyond rounding) correlates with nothing: it is
        at distance 1 from every other unit.

    Raises
    ------
    UserError
        If `X` is not a finite matrix of two rows or more.

    Notes
    -----
    n_observations x n_units^2 floating point operations, in single precision on standardised
    values: r is exact to 5e-6, however far the means lie from 0. Memory: the result and 100 MB.
    4,096 units of 10,000 observations cost 2.2 CPU seconds, numpy.corrcoef of them 2.8
    (``benchmarks/units.py``).

    References
    ----------
    Rauber et al. 2017, section 5 (which leaves open what becomes of constant units).

    Examples
    --------
    >>> rises, other = np.arange(4.0), np.array([1.0, -1, -1, 1])
    >>> dissimilarity(np.column_stack([rises, -2 * rises, other, np.ones(4)]))
    array([[0., 0., 1., 1.],
           [0., 0., 1., 1.],
           [1., 1., 0., 1.],
           [1., 1., 1., 0.]], dtype=float32)
    """
    from scipy.linalg.blas import ssyrk

    X = sliceable("dissimilarity", X, min_rows=2)
    n, n_units = X.shape
    about = moments("dissimilarity", X)
    R: Array = np.zeros((n_units, n_units), np.float32, order="F")
    for _, block in blocks("dissimilarity", X):
        Z = ((block - about.mean) * about.rate).astype(np.float32)
        R = ssyrk(1 / n, Z.T, beta=1, c=R, overwrite_c=1)  # the triangle above the diagonal only
    return _finished(R.T)


def _finished(R: Array) -> Dissimilarity:
    """Turn the correlations below the diagonal into the whole matrix 1 - |r|, in place."""
    for start in range(0, len(R), PANEL):
        rows, before = slice(start, start + PANEL), slice(0, start)
        panel = R[rows, : start + PANEL]
        np.abs(panel, out=panel)
        np.subtract(1, panel, out=panel)
        np.maximum(panel, 0, out=panel)  # rounding
        R[before, rows] = R[rows, before].T
        corner = np.tril(R[rows, rows], -1)
        R[rows, rows] = corner + corner.T
    return R


def duplicates(D: Dissimilarity, *, below: float = 0.01) -> Array:
    """Return for each unit the unit that it nearly copies.

    Units are taken in order. Each joins the lowest unit before it that copies none itself and is
    nearer than `below`; if there is none, it stands for itself. So every unit really is near the
    one that it is a twin of, and those that stand for themselves are all apart. Groups by chains
    (connected components) would promise neither: a chain of small steps joins opposites.

    Parameters
    ----------
    D : (n_units, n_units), from :func:`dissimilarity`
    below : float in (0, 1]
        0.01 is a correlation above 0.99.

    Returns
    -------
    (n_units,) of int
        The lowest unit of the group, itself if there is none. A constant unit is at distance 1
        from all, so it is never a copy.

    Examples
    --------
    >>> D = np.array([[0, 0.004, 0.7], [0.004, 0, 0.7], [0.7, 0.7, 0]])
    >>> duplicates(D).tolist()
    [0, 0, 2]
    """
    D = checks.matrix("duplicates", "D", D)
    if D.shape[0] != D.shape[1]:
        raise checks.invalid("duplicates", "D", "square (n_units, n_units)", f"shape {D.shape}")
    if checks.number("duplicates", "below", below, 0, 1) == 0:
        raise checks.invalid("duplicates", "below", "a number in (0, 1]", below)
    twins = np.arange(len(D))
    for unit in range(len(D)):
        if twins[unit] == unit:
            near = unit + 1 + np.flatnonzero(D[unit, unit + 1 :] < below)
            twins[near[twins[near] == near]] = unit
    return twins
