"""The cheaper of two repulsions, chosen at every step.

While the map is small, as it is under early exaggeration, a fine grid has few nodes; when it has
grown, all pairs of some thousand points are cheaper, and of very many points the grid again. The
choice depends on the map alone, not on a clock, so that the same seed gives the same map.
"""

from __future__ import annotations

from layerwise.foundation.shapes import Array
from layerwise.projection.exact_repulsion import exact_repulsion
from layerwise.projection.grid_repulsion import GridRepulsion

PAIR = 0.15
POINT = 90.0
NODE = 24.0
STEP = 200_000.0
"""Nanoseconds of one 3 GHz core with AVX-512: a pair; a point on the grid; a node; a call."""


class CheapestRepulsion:
    """Exact or on the grid, whichever costs less for the map at hand.

    Attributes
    ----------
    used : set of "exact" and "fft", what the calls so far took
    """

    def __init__(self) -> None:
        self.used: set[str] = set()
        self._grid = GridRepulsion()

    def __call__(self, Y: Array) -> tuple[Array, float]:
        """Return forces in parts and Z for the map `Y` (2, n)."""
        n = Y.shape[1]
        exact = PAIR * n * (n - 1) / 2 < STEP + POINT * n + NODE * self._grid.size(Y) ** 2
        self.used.add("exact" if exact else "fft")
        return exact_repulsion(Y) if exact else self._grid(Y)
