"""Exact t-SNE repulsion between all pairs of points, each pair computed once.

The cost is n(n-1)/2 pairs at about 0.15 ns each on a 512-bit core; below ten thousand points no
approximation is faster. Pairs are taken tile by tile so that a tile's forces stay in the level-1
cache; every task adds into its own buffer and the buffers are added in a fixed order, so the
result is the same whatever the number of threads. Leaves out: the attraction (`descent`).

Source: van der Maaten and Hinton 2008, equation 5 (the second sum).
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import prange

from layerwise.foundation.shapes import Array
from layerwise.projection.kernels import (
    fast_reciprocals,
    kernel,
    multiply_add,
    point,
    row,
    sums,
)

TILE = 256
"""Points in a tile: 4 arrays of 256 float32 fill 4 KB of the level-1 cache."""

TASKS = 16
"""Independent force buffers, hence the most threads that can help."""

ONE = np.float32(1.0)


@kernel([(point, point, row, row, sums, sums)], fastmath=True)
@no_type_check
def _one_row(xi, yi, x, y, fx, fy):
    """Add one point's push on the points `x`, `y`; return their push on it and the sum of q."""
    fast_reciprocals()
    z = ax = ay = np.float32(0.0)
    for j in range(len(x)):
        dx = xi - x[j]
        dy = yi - y[j]
        q = ONE / (ONE + dx * dx + dy * dy)
        z += q
        q *= q
        ax = multiply_add(q, dx, ax)
        ay = multiply_add(q, dy, ay)
        fx[j] = multiply_add(-q, dx, fx[j])
        fy[j] = multiply_add(-q, dy, fy[j])
    return ax, ay, z


@kernel([(point, point, point, point, row, row, sums, sums)], fastmath=True)
@no_type_check
def _two_rows(xi, yi, xk, yk, x, y, fx, fy):
    """As :func:`_one_row` for two points at once: half the loads and stores of the tile."""
    fast_reciprocals()
    z = ax = ay = bx = by = np.float32(0.0)
    for j in range(len(x)):
        dx = xi - x[j]
        dy = yi - y[j]
        q = ONE / (ONE + dx * dx + dy * dy)
        ex = xk - x[j]
        ey = yk - y[j]
        p = ONE / (ONE + ex * ex + ey * ey)
        z += q + p
        q *= q
        p *= p
        ax = multiply_add(q, dx, ax)
        ay = multiply_add(q, dy, ay)
        bx = multiply_add(p, ex, bx)
        by = multiply_add(p, ey, by)
        fx[j] = multiply_add(-p, ex, multiply_add(-q, dx, fx[j]))
        fy[j] = multiply_add(-p, ey, multiply_add(-q, dy, fy[j]))
    return ax, ay, bx, by, z


@kernel()
@no_type_check
def _tile_pair(x, y, fx, fy, i0, i1, j0, j1):
    """Add the forces between tile i and tile j; return the sum of q over their pairs."""
    total = 0.0
    if i0 == j0:
        for i in range(i0, i1):
            k = i + 1
            ax, ay, z = _one_row(x[i], y[i], x[k:i1], y[k:i1], fx[k:i1], fy[k:i1])
            fx[i] += ax
            fy[i] += ay
            total += z
        return total
    xj, yj, fxj, fyj = x[j0:j1], y[j0:j1], fx[j0:j1], fy[j0:j1]
    for i in range(i0, i1, 2):  # tile i is full (only the last tile, always a tile j, may not be)
        k = i + 1
        ax, ay, bx, by, z = _two_rows(x[i], y[i], x[k], y[k], xj, yj, fxj, fyj)
        fx[i] += ax
        fy[i] += ay
        fx[k] += bx
        fy[k] += by
        total += z
    return total


@kernel(parallel=True)
@no_type_check
def _forces(Y, tile, tasks):
    n = Y.shape[1]
    parts = np.zeros((tasks, 2, n), np.float32)
    sums = np.zeros(tasks)
    tiles = (n + tile - 1) // tile
    for task in prange(tasks):
        pair = 0
        for a in range(tiles):
            for b in range(a, tiles):
                if pair % tasks == task:
                    sums[task] += _tile_pair(
                        Y[0], Y[1], parts[task, 0], parts[task, 1],
                        a * tile, min(n, a * tile + tile), b * tile, min(n, b * tile + tile),
                    )  # fmt: skip
                pair += 1
    return parts, 2.0 * sums.sum()


def exact_repulsion(Y: Array) -> tuple[Array, float]:
    r"""Return all pairwise repulsive forces, in parts to be added, and their normaliser Z.

    .. math:: F_i = \sum_{j \ne i} q_{ij}^2 (y_i - y_j), \quad Z = \sum_{i \ne j} q_{ij}, \quad
              q_{ij} = (1 + |y_i - y_j|^2)^{-1}

    Parameters
    ----------
    Y : (2, n) float32, C-contiguous

    Returns
    -------
    parts : (tasks, 2, n) float32 whose sum over the first axis is F
    Z : float

    Examples
    --------
    >>> parts, Z = exact_repulsion(np.array([[0, 1], [0, 0]], np.float32))
    >>> parts.sum(axis=0)[0].round(3).tolist(), round(Z, 3)
    ([-0.25, 0.25], 1.0)
    """
    return _forces(Y, TILE, TASKS)  # type: ignore[no-any-return]
