"""Gradient descent on the Kullback-Leibler divergence of t-SNE.

One iteration is the repulsion of all points (`exact_repulsion` or `grid_repulsion`) and one pass
over the neighbour graph that adds the attraction and moves the points. Leaves out: where P and
the first map come from (`affinity`, `tsne`).

Source: van der Maaten and Hinton 2008, equation 5; adaptive gains of Jacobs 1988; constants as in
openTSNE (Poličar et al. 2024), whose gradient, too, leaves out the factor 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
import scipy.sparse as sp
from numba import prange

from layerwise.foundation.shapes import Array
from layerwise.projection.kernels import kernel

Repulsion = Callable[[Array], tuple[Array, float]]
"""Y (2, n) to the unnormalised forces, in parts (parts, 2, n) to be added, and Z."""

MOMENTUM = np.float32(0.8)
GAIN_UP = np.float32(0.2)
GAIN_DOWN = np.float32(0.8)
MIN_GAIN = np.float32(0.01)
MAX_STEP = np.float32(5.0)


@dataclass(frozen=True)
class Phase:
    """`n_iter` iterations with the attraction multiplied by `exaggeration`."""

    n_iter: int
    exaggeration: float
    learning_rate: float


@kernel(fastmath=True, parallel=True)
@no_type_check
def _move(indptr, indices, p, target, Y, parts, z, scale, rate, velocity, gains, moved):
    """Write the points after one step to `moved`; attraction is towards `target`."""
    n = Y.shape[1]
    x, y = target[0], target[1]
    for i in prange(n):
        xi, yi = Y[0, i], Y[1, i]
        ax = ay = np.float32(0)
        first, last = indptr[i], indptr[i + 1]
        neighbours, weights = indices[first:last], p[first:last]
        for k in range(len(neighbours)):
            j = neighbours[k]
            dx = xi - x[j]
            dy = yi - y[j]
            w = weights[k] / (np.float32(1) + dx * dx + dy * dy)
            ax += w * dx
            ay += w * dy
        rx = ry = np.float32(0)
        for t in range(parts.shape[0]):
            rx += parts[t, 0, i]
            ry += parts[t, 1, i]
        gx = scale * ax - rx / z
        gy = scale * ay - ry / z
        vx, vy = velocity[0, i], velocity[1, i]
        hx = gains[0, i] + GAIN_UP if vx * gx < 0 else gains[0, i] * GAIN_DOWN + MIN_GAIN
        hy = gains[1, i] + GAIN_UP if vy * gy < 0 else gains[1, i] * GAIN_DOWN + MIN_GAIN
        gains[0, i] = hx
        gains[1, i] = hy
        vx = MOMENTUM * vx - rate * hx * gx
        vy = MOMENTUM * vy - rate * hy * gy
        length = np.sqrt(vx * vx + vy * vy)
        if length > MAX_STEP:
            vx *= MAX_STEP / length
            vy *= MAX_STEP / length
        velocity[0, i] = vx
        velocity[1, i] = vy
        moved[0, i] = xi + vx
        moved[1, i] = yi + vy


def descend(
    P: sp.csr_array,
    Y: Array,
    repulsion: Repulsion,
    phases: tuple[Phase, ...],
    *,
    target: Array | None = None,
    advance: Callable[[float], None] = lambda amount: None,
) -> Array:
    """Move `Y` downhill through all phases and return where it ends.

    Parameters
    ----------
    P : (n, m) sparse affinities, float32
    Y : (2, n) float32, the first map
    repulsion : forces and Z of a map
    target : (2, m) fixed points that attract, or None for the moving points themselves
    advance : called with 1 after every iteration

    Returns
    -------
    (2, n) float32; centred at every step unless there is a fixed target
    """
    indptr, indices, p = P.indptr, P.indices.astype(np.uint32), P.data.astype(np.float32)
    Y = np.array(Y, np.float32, order="C")  # a copy: the two buffers swap
    moved, velocity, gains = np.empty_like(Y), np.zeros_like(Y), np.ones_like(Y)
    for phase in phases:
        scale, rate = np.float32(phase.exaggeration), np.float32(phase.learning_rate)
        for _ in range(phase.n_iter):
            parts, z = repulsion(Y)
            attracting = Y if target is None else target
            _move(indptr, indices, p, attracting, Y, parts, np.float32(z), scale, rate, velocity,
                  gains, moved)  # fmt: skip
            if target is None:
                moved -= moved.mean(axis=1, keepdims=True)
            Y, moved = moved, Y
            advance(1)
    return Y


@kernel(fastmath=True, parallel=True)
@no_type_check
def _attraction_terms(indptr, indices, p, Y):
    """Per row, the sum of p log p/q with q not normalised."""
    terms = np.zeros(Y.shape[1])
    for i in prange(Y.shape[1]):
        for k in range(indptr[i], indptr[i + 1]):
            j = indices[k]
            dx, dy = Y[0, i] - Y[0, j], Y[1, i] - Y[1, j]
            if p[k] > 0:
                terms[i] += p[k] * np.log(p[k] * (1 + dx * dx + dy * dy))
    return terms


def kl_divergence(P: sp.csr_array, Y: Array, z: float) -> float:
    r"""Kullback-Leibler divergence of the map `Y` (2, n) from `P`, which sums to one.

    .. math:: KL = \sum_{ij} p_{ij} \log \frac{p_{ij}}{q_{ij} / Z}

    Examples
    --------
    >>> P = sp.csr_array(np.array([[0, 0.5], [0.5, 0]]))
    >>> kl_divergence(P, np.array([[0, 1], [0, 0]], np.float32), z=1.0)
    0.0
    """
    terms = _attraction_terms(P.indptr, P.indices, P.data.astype(np.float64), Y)
    return float(terms.sum() + P.data.sum(dtype=np.float64) * np.log(z))
