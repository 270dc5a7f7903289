"""Gradient descent on the maps of several times at once: t-SNE with a price on movement.

One iteration is, for every time, the repulsion of all points and one pass over the neighbour graph
that adds the attraction and the pull of the times before and after, and moves the points with
plain momentum. All times move at once, from the maps that the last iteration left. Leaves out:
where P and the first map come from (`affinity`, `dynamic_tsne`).

Source: Rauber, Falcão and Telea 2016, and the authors' program thesne; the gradient
with its factor 4, which `descent` leaves out, because the learning rates are theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, no_type_check

import numpy as np
import scipy.sparse as sp
from numba import prange

from layerwise.foundation.shapes import Array
from layerwise.projection.descent import Repulsion
from layerwise.projection.kernels import kernel


class Phase(NamedTuple):
    """`n_iter` iterations of ``v = momentum v - learning_rate gradient``."""

    n_iter: int
    learning_rate: float
    momentum: float


def largest_rate(n_observations: int, movement_penalty: float, momentum: float) -> float:
    r"""Return the learning rate from which on the pull between the times makes them fly apart.

    .. math:: \frac{N (1 + \mu)}{2 \lambda}

    The pull is quadratic. The motion that it resists most, every time against the next, has the
    curvature :math:`4 \lambda / N` (a little less if the times are few), and momentum descent
    converges on a quadratic below :math:`2 (1 + \mu)` over the curvature (Polyak 1964).

    Examples
    --------
    >>> largest_rate(300, 1.0, 0.5)
    225.0
    """
    if movement_penalty == 0:
        return np.inf
    return n_observations * (1 + momentum) / (2 * movement_penalty)


@kernel(fastmath=True, parallel=True)
@no_type_check
def _move(indptr, indices, p, Y, before, after, parts, z, pull, rate, momentum, velocity, moved):
    """Write the points of one time after one step to `moved`; their velocity is kept."""
    x, y = Y[0], Y[1]
    four, one, two = np.float32(4), np.float32(1), np.float32(2)
    for i in prange(Y.shape[1]):
        xi, yi = x[i], y[i]
        ax = ay = np.float32(0)
        first, last = indptr[i], indptr[i + 1]
        neighbours, weights = indices[first:last], p[first:last]
        for k in range(len(neighbours)):
            j = neighbours[k]
            dx = xi - x[j]
            dy = yi - y[j]
            w = weights[k] / (one + dx * dx + dy * dy)
            ax += w * dx
            ay += w * dy
        rx = ry = np.float32(0)
        for t in range(parts.shape[0]):
            rx += parts[t, 0, i]
            ry += parts[t, 1, i]
        gx = four * (ax - rx / z) + pull * (two * xi - before[0, i] - after[0, i])
        gy = four * (ay - ry / z) + pull * (two * yi - before[1, i] - after[1, i])
        vx = momentum * velocity[0, i] - rate * gx
        vy = momentum * velocity[1, i] - rate * gy
        velocity[0, i] = vx
        velocity[1, i] = vy
        moved[0, i] = xi + vx
        moved[1, i] = yi + vy


def descend_together(
    affinities: Sequence[sp.csr_array],
    Y: Array,
    repulsions: Sequence[Repulsion],
    phases: Sequence[Phase],
    *,
    movement_penalty: float,
    advance: Callable[[float], None] = lambda amount: None,
) -> Array:
    """Move the maps of all times downhill through all phases and return where they end.

    Parameters
    ----------
    affinities : one (n, n) sparse float32 matrix a time
    Y : (n_times, 2, n) float32, the first maps
    repulsions : forces and Z of a map, one a time
    movement_penalty : float >= 0
    advance : called with 1 after every iteration

    Returns
    -------
    (n_times, 2, n) float32; the descent ends early where a place is no longer finite
    """
    graphs = [(P.indptr, P.indices.astype(np.uint32), P.data) for P in affinities]
    Y = np.array(Y, np.float32, order="C")  # a copy: the two buffers swap
    moved, velocity = np.empty_like(Y), np.zeros_like(Y)
    last, pull = len(Y) - 1, np.float32(movement_penalty / Y.shape[2])
    for phase in phases:
        rate, momentum = np.float32(phase.learning_rate), np.float32(phase.momentum)
        for _ in range(phase.n_iter):
            for t, (graph, repulsion) in enumerate(zip(graphs, repulsions, strict=True)):
                parts, z = repulsion(Y[t])
                # The first and the last time have one neighbour; they stand in for the other.
                before, after = Y[max(t - 1, 0)], Y[min(t + 1, last)]
                _move(*graph, Y[t], before, after, parts, np.float32(z), pull, rate, momentum,
                      velocity[t], moved[t])  # fmt: skip
            Y, moved = moved, Y
            advance(1)
            if not np.isfinite(Y).all():
                return Y
    return Y
