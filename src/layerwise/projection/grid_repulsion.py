"""Approximate t-SNE repulsion on a regular grid, in time n plus the area of the map.

The repulsive force is minus half the gradient of one potential, the sum of all q. So the points
are spread onto a grid with cubic B-splines, one Fourier convolution with q gives the potential,
and its gradient is read back with the same splines: a particle mesh as in molecular dynamics
(Essmann et al. 1995, smooth particle-mesh Ewald), where FIt-SNE (Linderman et al. 2019) and
openTSNE convolve four charges with Lagrange polynomials. Leaves out: maps that are not planar.
"""

from __future__ import annotations

from typing import no_type_check

import numpy as np
from numba import prange
from scipy import fft

from layerwise.foundation.shapes import Array
from layerwise.projection.kernels import kernel

SPACING = 0.3
"""Distance of grid nodes in map units (q is 1/2 at distance 1): forces are within 1 % (rms)."""

BLOCKS = 16
"""Blocks of points whose partial sums of Z are added in a fixed order."""

CELLS = 64
"""The fewest cells a side; a map that would fill fewer gets smaller ones."""

MOST_CELLS = 4096
"""The most cells a side (0.5 GB); a map that flies apart gets larger ones."""

MARGIN = 12
"""More nodes than cells: three that splines reach, the others where the kernel has its kink."""

BAND = 4
"""Grid rows in a band: a spline covers 4, so that every second band can be filled in parallel."""


@kernel(fastmath=True)
@no_type_check
def _spline(t):
    """Weights of the four nodes around a point that lies `t` in [0, 1) beyond the second."""
    sixth = np.float32(1 / 6)
    u = np.float32(1) - t
    squared, cubed = t * t, t * t * t
    return (
        sixth * u * u * u,
        sixth * (np.float32(4) - np.float32(6) * squared + np.float32(3) * cubed),
        sixth * (np.float32(1) + np.float32(3) * (t + squared - cubed)),
        sixth * cubed,
    )


@kernel(fastmath=True)
@no_type_check
def _slope(t):
    """Differentiate the four weights of :func:`_spline`."""
    half, three_halves = np.float32(0.5), np.float32(1.5)
    u = np.float32(1) - t
    return (
        -half * u * u,
        t * (three_halves * t - np.float32(2)),
        half + t - three_halves * t * t,
        half * t * t,
    )


@kernel(fastmath=True)
@no_type_check
def _overlap(a, b):
    """Sum the products of weights `a` and `b` that lie 0, 1, 2 and 3 nodes apart, either way."""
    return (
        a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3],
        a[0] * b[1] + a[1] * (b[0] + b[2]) + a[2] * (b[1] + b[3]) + a[3] * b[2],
        a[0] * b[2] + a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[3] * b[0],
    )


@kernel(fastmath=True)
@no_type_check
def _sort_by_row(u, size):
    """Sort the points by grid row, counting: the order, and where each row starts."""
    start = np.zeros(size + 1, np.int64)
    for i in range(len(u)):
        start[int(u[i]) + 1] += 1
    start = np.cumsum(start)
    free = start.copy()
    order = np.empty(len(u), np.uint32)
    for i in range(len(u)):
        row = int(u[i])
        order[free[row]] = i
        free[row] += 1
    return order, start


@kernel(fastmath=True, parallel=True)
@no_type_check
def _spread(u, v, order, start, size):
    """Density of the points on the grid; the right half stays empty for the convolution."""
    density = np.zeros((size, 2 * size), np.float32)
    bands = (size + BAND - 1) // BAND
    for parity in range(2):
        for half in prange((bands - parity + 1) // 2):
            first = (2 * half + parity) * BAND
            for p in range(start[first], start[min(size, first + BAND)]):
                i = order[p]
                row, column = int(u[i]), int(v[i])
                a = _spline(u[i] - row)
                b0, b1, b2, b3 = _spline(v[i] - column)
                for k in range(4):
                    line = density[row + k, column : column + 4]
                    line[0] += a[k] * b0
                    line[1] += a[k] * b1
                    line[2] += a[k] * b2
                    line[3] += a[k] * b3
    return density


@kernel(fastmath=True, parallel=True)
@no_type_check
def _gather(u, v, order, potential, near, spacing):
    """Minus half the gradient of the potential of the other points, and the potential's sum.

    A point also feels its own image on the grid, as a force that depends on where it lies between
    the nodes. That is the largest error of a particle mesh, known in full (`near` is the potential
    of one node on itself and the nodes next to it), and taken away here.
    """
    n = len(u)
    forces = np.empty((1, 2, n), np.float32)
    sums = np.zeros(BLOCKS)
    scale = np.float32(-0.5 / spacing)
    for block in prange(BLOCKS):
        for p in range(n * block // BLOCKS, n * (block + 1) // BLOCKS):
            i = order[p]
            row, column = int(u[i]), int(v[i])
            a, da = _spline(u[i] - row), _slope(u[i] - row)
            b, db = _spline(v[i] - column), _slope(v[i] - column)
            aa, ada, bb, bdb = _overlap(a, a), _overlap(a, da), _overlap(b, b), _overlap(b, db)
            value = fx = fy = np.float32(0)
            for k in range(4):
                line = potential[row + k, column : column + 4]
                across = line[0] * b[0] + line[1] * b[1] + line[2] * b[2] + line[3] * b[3]
                slope = line[0] * db[0] + line[1] * db[1] + line[2] * db[2] + line[3] * db[3]
                own = near[k, 0] * bb[0] + near[k, 1] * bb[1] + near[k, 2] * bb[2]
                own += near[k, 3] * bb[3]
                own_slope = near[k, 0] * bdb[0] + near[k, 1] * bdb[1] + near[k, 2] * bdb[2]
                own_slope += near[k, 3] * bdb[3]
                value += a[k] * across - aa[k] * own
                fx += da[k] * across - ada[k] * own
                fy += a[k] * slope - aa[k] * own_slope
            forces[0, 0, i] = scale * fx
            forces[0, 1, i] = scale * fy
            sums[block] += value
    return forces, sums.sum()


class GridRepulsion:
    r"""The repulsion of :func:`~layerwise.projection.exact_repulsion.exact_repulsion`, on a grid.

    Calling it with Y (2, n) returns parts (1, 2, n) and Z. The Fourier transform of q is kept from
    call to call, because it only changes when the map outgrows its grid.

    Parameters
    ----------
    spacing : float, distance of grid nodes; half of it costs up to four times as much,
        for less than a third of the error
    """

    def __init__(self, spacing: float = SPACING) -> None:
        self.spacing = spacing
        self._shape = (0, 0.0)
        self._kernel: Array = np.empty((0, 0), np.float32)
        self._near = self._kernel

    def size(self, Y: Array) -> int:
        """Return how many nodes a side the grid has for the map `Y`."""
        return _grid(Y, self.spacing)[0]

    def __call__(self, Y: Array) -> tuple[Array, float]:
        """Return the forces, as one part, and Z."""
        size, spacing = _grid(Y, self.spacing)
        if (size, spacing) != self._shape:
            self._shape, self._kernel = (size, spacing), _kernel(size, spacing)
            self._near = fft.irfft2(self._kernel)[:4, :4].copy()
        u, v = (Y - Y.min(axis=1, keepdims=True)) * np.float32(1 / spacing)
        order, start = _sort_by_row(u, size)
        # Zero padding to twice the size in both directions makes the convolution not periodic;
        # rows and columns that are only padding are not transformed.
        spectrum = fft.rfft(_spread(u, v, order, start, size), axis=1)
        spectrum = fft.fft(spectrum, n=2 * size, axis=0, overwrite_x=True)
        spectrum *= self._kernel
        spectrum = fft.ifft(spectrum, axis=0, overwrite_x=True)[:size]
        potential = fft.irfft(spectrum, n=2 * size, axis=1)
        forces, total = _gather(u, v, order, potential, self._near, spacing)
        n = Y.shape[1]
        return forces, total + n * (n - 1.0)  # q is one more than the kernel; own q do not count


def _grid(Y: Array, spacing: float) -> tuple[int, float]:
    """Nodes a side, and their distance, for a map.

    A small map gets a finer grid of at least :data:`CELLS` cells, so that the first iterations, on
    which the picture depends, are precise. Both numbers move in jumps: the kernel can be kept.
    """
    extent = float(np.ptp(Y, axis=1).max())
    while extent < CELLS / 2 * spacing > 1e-6:
        spacing /= 2
    while extent > MOST_CELLS * spacing:
        spacing *= 2
    cells = max(CELLS, 16 * (int(extent / spacing) // 16 + 1))
    return fft.next_fast_len(cells + MARGIN, real=True), spacing


def _kernel(size: int, spacing: float) -> Array:
    """Fourier transform of q - 1 over the padded grid, corrected for spreading and reading back.

    One less than q has the same gradient, and in float32 the digits that a small map needs. The
    correction is the one of least squared error (Hockney and Eastwood 1988, section 8-3).
    """
    nodes = np.arange(2 * size)
    squared = ((np.minimum(nodes, 2 * size - nodes) * spacing) ** 2).astype(np.float32)
    distance = squared[:, None] + squared
    potential = fft.rfft2(-distance / (1 + distance)).real
    frequency = fft.fftfreq(2 * size)
    images = np.sinc(frequency + np.arange(-2, 3)[:, None]) ** 8  # squared splines, aliases too
    correction = (images[2] / images.sum(axis=0) ** 2).astype(np.float32)
    potential *= correction[:, None]
    potential *= correction[: size + 1]
    return potential
