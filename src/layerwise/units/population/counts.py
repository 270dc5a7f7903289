"""What a tally has counted so far: sums, extremes, class maps and wins.

The arithmetic of one batch is in :mod:`.passes`; here batches become one population. Leaves out
what the user gives and asks (:mod:`.tally`).

Source: Chan, Golub and LeVeque 1979, for the merging of moments.
"""

from __future__ import annotations

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit
from layerwise.units.moments import merged

SHARED = 2**20
"""Values of a batch from which threads share it: of fewer, waking them costs more."""


class Counts:
    """Running counts of one layer, whose positions are in one row.

    Parameters
    ----------
    n_units, n_positions, n_classes : int
    maps, wins : bool
        What is counted for each class at each position.
    near : (2,) float32
        From where on a value is saturated, below and above; NaN for none.

    Attributes
    ----------
    values : (n_classes + 1,) number of values of a unit in each class, last in none
    mean, squares : (n_classes + 1, n_units) mean, and sum of squared deviations from it
    active : (n_classes + 1, n_units) number of values above 0
    zeros, saturated : (n_units,)
    observations : (n_classes + 1,)
    wins : (n_classes, n_positions, n_units + 1), last that all were equal
    ties : (n_classes, n_positions)
    """

    def __init__(
        self, n_units: int, n_positions: int, n_classes: int, *, maps: bool, wins: bool, near: Array
    ) -> None:
        self.n_units, self.n_positions, self.n_classes = n_units, n_positions, n_classes
        self.values, self.observations = np.zeros((2, n_classes + 1), np.int64)
        self.mean, self.squares = np.zeros((2, n_classes + 1, n_units))
        self.active = np.zeros((n_classes + 1, n_units), np.int64)
        self.zeros, self.saturated = np.zeros((2, n_units), np.int64)
        counted = n_classes if wins else 0
        self.wins = np.zeros((counted, n_positions, n_units + 1), np.int32)
        self.ties = np.zeros((counted, n_positions), np.int64)
        self._missing = np.zeros((n_classes + 1, 1), np.int64)
        # One position's map is the mean of each class, which is known anyway.
        self._maps = np.zeros((n_classes if maps and n_positions > 1 else 0, n_units, n_positions))
        self._low = np.full(n_units, np.inf, np.float32)
        self._high = -self._low
        self._units_last = False
        self._near, self._shift = near, np.zeros(n_units)
        self._best, self._rival = np.empty((0, 0, 0), np.float32), np.empty((0, 0, 0), np.int32)

    @property
    def low(self) -> PerUnit:
        """Least value of every unit."""
        return self._low.astype(np.float64) + 0.0  # no minus zero

    @property
    def high(self) -> PerUnit:
        """Largest value of every unit."""
        return self._high.astype(np.float64) + 0.0

    def whole(self) -> tuple[PerUnit, PerUnit]:
        """Return mean and sum of squared deviations over all classes and none."""
        n = self.values[:, None]  # by sums, which do not depend on a unit's place as products do
        mean = (n * self.mean).sum(axis=0) / n.sum()
        return mean, (self.squares + n * (self.mean - mean) ** 2).sum(axis=0)

    def maps(self) -> Array:
        """Return the mean map of every class (n_classes, n_units, n_positions); NaN for none."""
        sums = np.swapaxes(self._maps, 1, 2) if self._units_last else self._maps
        if self.n_positions == 1:
            sums = (self.mean * self.values[:, None])[: self.n_classes, :, None]
        n = (self.observations[:, None] - self._missing)[: self.n_classes, None]
        mean = np.full(sums.shape, np.nan, np.float32)
        np.divide(sums, n, out=mean, where=n > 0, casting="same_kind")
        return mean

    def add(self, A: Array, slots: Array, picked: Array, there: Array | None) -> Array:
        """Count a batch and return the picked position of every observation, (n, n_units).

        Parameters
        ----------
        A : (n, n_units, n_positions) float32, fastest in units or in positions
        slots : (n,) class, or n_classes
        picked : (n,) position
        there : (n, n_positions) of bool, or None for all
        """
        from numba import get_num_threads, set_num_threads

        from layerwise.units.population import passes

        n, (n_units, n_positions) = len(A), A.shape[1:]
        if not self.observations.any():
            seen = A[0] if there is None else A[0][:, there[0]]
            self._shift = seen.mean(axis=1, dtype=np.float64)
        if there is not None or n_positions == 1 or not A.flags.c_contiguous:
            self._turn()
        counts = np.bincount(slots)
        present = np.flatnonzero(counts)
        counts, own = counts[present], np.searchsorted(present, slots)
        total, squares = np.zeros((2, len(present), n_units))
        active = np.zeros((len(present), n_units), np.int64)
        sample = np.empty((n, n_units), np.float32)
        before = get_num_threads()
        n_threads = before if A.size >= SHARED else 1
        groups = _groups(n_units, n_threads, passes.LARGEST_GROUP)
        self._make_room(len(groups) - 1, n if len(self.wins) else 0)
        arguments = (
            np.argsort(slots, kind="stable"), own, slots, picked, self._shift, self._near,
            total, squares, active, self.zeros, self.saturated, self._low, self._high, self._maps,
            sample, self._best, self._rival, groups,
        )  # fmt: skip
        set_num_threads(n_threads)
        try:
            if self._units_last:
                everywhere = np.broadcast_to(True, (n, n_positions))
                passes.by_position(
                    np.ascontiguousarray(np.swapaxes(A, 1, 2)),
                    np.ascontiguousarray(everywhere if there is None else there), *arguments,
                )  # fmt: skip
            else:
                passes.by_unit(A, *arguments)
            if not np.isfinite(total).all():  # of NaN nobody is the largest, so not a step further
                finite = np.isfinite(A).all(axis=(1, 2))
                raise checks.not_finite("Tally", "A", np.flatnonzero(~finite))
            if len(self.wins):
                gaps = np.empty((n, 0), bool) if there is None else there
                passes.count_wins(
                    self._best, self._rival, groups, slots, gaps, self.wins, self.ties
                )
        finally:
            set_num_threads(before)
        values = counts * n_positions
        if there is not None:
            if self._missing.shape[1] < n_positions:
                self._missing = np.repeat(self._missing, n_positions, axis=1)
            np.add.at(self._missing, slots, ~there)
            values = np.bincount(own, there.sum(axis=1)).astype(np.int64)
        self._merge(present, values, total, squares)
        self.active[present] += active
        self.values[present] += values
        self.observations[present] += counts
        return sample

    def _merge(self, present: Array, values: Array, total: Array, squares: Array) -> None:
        """Merge moments about the shift into those of the classes that are present."""
        k = values[:, None]
        offset = total / k
        self.mean[present], self.squares[present] = merged(
            self.values[present][:, None], self.mean[present], self.squares[present], k,
            self._shift + offset, np.maximum(squares - total * offset, 0),
        )  # fmt: skip
        self._shift = self._shift + total.sum(axis=0) / values.sum()  # near the next batch's mean

    def _turn(self) -> None:
        """Count units as the last dimension from now on."""
        if not self._units_last:
            self._maps = np.ascontiguousarray(np.swapaxes(self._maps, 1, 2))
            self._units_last = True

    def _make_room(self, n_groups: int, n: int) -> None:
        """Have room for the rivals of a batch, the same for each: fresh memory costs time."""
        shape = n_groups, n, self.n_positions
        if self._best.shape != shape:
            self._best, self._rival = np.empty(shape, np.float32), np.empty(shape, np.int32)


def _groups(n_units: int, n_threads: int, largest: int) -> Array:
    """Return where groups of units begin, and their end: one a thread, none too large.

    Examples
    --------
    >>> _groups(5, 2, 100).tolist(), _groups(5, 2, 2).tolist(), _groups(1, 2, 100).tolist()
    ([0, 2, 5], [0, 1, 3, 5], [0, 1])
    """
    n_groups = max(min(n_threads, n_units), -(-n_units // largest))
    return np.arange(n_groups + 1) * n_units // n_groups
