r"""Place new observations into a finished t-SNE map.

Every new point starts at the weighted mean of its nearest neighbours' places and descends on its
own :math:`KL(p_{\cdot|i} \| q_{\cdot|i})` over the fixed map. New points do not see each other, so
that the place of one does not depend on which others are asked for. Leaves out: moving the map.

Source: the start and the fixed reference of openTSNE (Poličar et al. 2023, Machine Learning 112);
the normaliser of one point instead of all is ours.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import prange

from layerwise.foundation.shapes import Array, NewPoints, Points
from layerwise.projection.kernels import kernel, point, row

STEPS = 100
RATE = 1.0
MOMENTUM = 0.8


@kernel([(point, point, row, row)], fastmath=True)
@no_type_check
def _repulsion(xi, yi, x, y):
    fx = fy = z = np.float32(0)
    for j in range(len(x)):
        dx = xi - x[j]
        dy = yi - y[j]
        q = np.float32(1) / (np.float32(1) + dx * dx + dy * dy)
        z += q
        q *= q
        fx += q * dx
        fy += q * dy
    return fx, fy, z


@kernel(parallel=True)
@no_type_check
def _descend(neighbours, weights, x, y, steps, rate, momentum):
    m, k = neighbours.shape
    Y = np.zeros((m, 2), np.float32)
    for i in prange(m):
        for j in range(k):
            Y[i, 0] += weights[i, j] * x[neighbours[i, j]]
            Y[i, 1] += weights[i, j] * y[neighbours[i, j]]
        vx = vy = np.float32(0)
        for _ in range(steps):
            fx, fy, z = _repulsion(Y[i, 0], Y[i, 1], x, y)
            gx, gy = -fx / z, -fy / z
            for j in range(k):
                dx = Y[i, 0] - x[neighbours[i, j]]
                dy = Y[i, 1] - y[neighbours[i, j]]
                w = weights[i, j] / (1 + dx * dx + dy * dy)
                gx += w * dx
                gy += w * dy
            vx = momentum * vx - rate * gx
            vy = momentum * vy - rate * gy
            Y[i, 0] += vx
            Y[i, 1] += vy
    return Y


def place(neighbours: Array, weights: Array, embedding: Points) -> NewPoints:
    """Return places (m, n_components) for new observations in a fixed map.

    Parameters
    ----------
    neighbours : (m, k) int, rows of the map
    weights : (m, k) float32, rows sum to 1
    embedding : (n, n_components), the map; 1 or 2 components

    Notes
    -----
    Time m times n per step; 1,000 points into 10,000 take half a CPU second.

    Examples
    --------
    >>> square = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    >>> place(np.array([[0, 1, 2, 3]]), np.full((1, 4), 0.25, np.float32), square)
    array([[0.5, 0.5]], dtype=float32)
    """
    n, n_components = embedding.shape
    Y = np.zeros((2, n), np.float32)  # a line is a map without height
    Y[:n_components] = embedding.T
    placed: NewPoints = _descend(
        neighbours, weights, Y[0], Y[1], STEPS, np.float32(RATE), np.float32(MOMENTUM)
    )
    return placed[:, :n_components]
