"""Metric multidimensional scaling by SMACOF, one pass over the dissimilarities per step.

Each step moves all points to the minimum of a parabola above the stress (the Guttman transform);
every second step goes twice as far, which never raises the stress either and halves the number
of steps (De Leeuw and Heiser 1980). Only the upper triangle is read, and no n x n temporary is
made. Leaves out: weights, ranks in place of values (non-metric scaling).

Source: De Leeuw 1977; Borg and Groenen 2005, section 8.6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import no_type_check

import numpy as np
from numba import prange

from layerwise.foundation.shapes import Array
from layerwise.projection.kernels import kernel, point, row, sums

TASKS = 16
"""Independent buffers, added in a fixed order; the most threads that can help."""

ROWS = 8
"""Consecutive rows per turn of a task; turns go back and forth, so that tasks do equal work."""

_TINY = np.float32(1e-30)


@kernel([(point, point, row, row, row, sums, sums)], fastmath=True)
@no_type_check
def _pull(xi, yi, x, y, d, gx, gy):
    """One row's share of the Guttman sums; return the row's own sums and its squared error."""
    ax = ay = error = np.float32(0)
    for j in range(len(x)):
        dx = xi - x[j]
        dy = yi - y[j]
        squared = dx * dx + dy * dy + _TINY
        inverse = np.float32(1) / np.sqrt(squared)
        miss = d[j] - squared * inverse
        error += miss * miss
        ratio = d[j] * inverse
        dx *= ratio
        dy *= ratio
        ax += dx
        ay += dy
        gx[j] -= dx
        gy[j] -= dy
    return ax, ay, error


@kernel(parallel=True)
@no_type_check
def _step(D, Y, relaxation, tasks):
    n = len(D)
    parts = np.zeros((tasks, 2, n), np.float32)
    errors = np.zeros(tasks)
    for task in prange(tasks):
        x, y, gx, gy = Y[0], Y[1], parts[task, 0], parts[task, 1]
        for i in range(n):
            turn = (i // ROWS) % (2 * tasks)
            if turn == task or turn == 2 * tasks - 1 - task:
                k = i + 1
                ax, ay, error = _pull(x[i], y[i], x[k:], y[k:], D[i, k:], gx[k:], gy[k:])
                gx[i] += ax
                gy[i] += ay
                errors[task] += error
    moved = np.empty_like(Y)
    for i in range(n):
        for axis in range(2):
            total = np.float32(0)
            for task in range(tasks):
                total += parts[task, axis, i]
            moved[axis, i] = Y[axis, i] + relaxation * (total / np.float32(n) - Y[axis, i])
    return moved, errors.sum()


def guttman_step(D: Array, Y: Array, *, relaxation: float = 1.0) -> tuple[Array, float]:
    r"""Move centred points by one majorisation step; also return the raw stress they had.

    .. math:: x_i' = \frac{1}{n} \sum_{j \ne i} \frac{D_{ij}}{d_{ij}} (x_i - x_j), \quad
              \sigma = \sum_{i<j} (D_{ij} - d_{ij})^2

    Parameters
    ----------
    D : (n, n) float32, C-contiguous, symmetric; only the upper triangle is read
    Y : (2, n) float32, centred
    relaxation : 1 is the Guttman transform; up to 2 the stress cannot rise

    Returns
    -------
    moved : (2, n) float32
    raw_stress : float, of `Y`, before the step
    """
    return _step(D, Y, np.float32(relaxation), TASKS)  # type: ignore[no-any-return]


def smacof(
    D: Array,
    Y: Array,
    *,
    max_iter: int,
    tol: float,
    advance: Callable[[float], None] = lambda amount: None,
) -> tuple[Array, float, int]:
    """Lower the stress of `Y` until two steps improve it by less than `tol` of itself.

    Parameters
    ----------
    D : (n, n) float32, symmetric
    Y : (2, n), the first map
    max_iter : steps
    tol : relative change of the raw stress
    advance : called with 1 after every step

    Returns
    -------
    Y : (2, n) float32
    raw_stress : float
    n_iter : int
    """
    Y = np.ascontiguousarray(Y - Y.mean(axis=1, keepdims=True), np.float32)
    earlier = np.inf
    for step in range(max_iter):
        # Plain and doubled steps in turn: doubled ones alone overshoot the last digits.
        moved, stress = guttman_step(D, Y, relaxation=1.0 + step % 2)
        advance(1)
        if step % 2 == 0:
            if earlier - stress <= tol * stress:
                return Y, stress, step
            earlier = stress
        Y = moved
    return Y, guttman_step(D, Y)[1], max_iter
