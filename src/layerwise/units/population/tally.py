"""What a layer does over a population that goes by once: statistics in memory that does not grow.

A :class:`Tally` is told activations batch by batch, forgets them, and knows at any time the moments
of every unit, how often it is active, silent and saturated, and its quantiles; for every class the
mean map and the winner at each position. Leaves out where activations come from (a live network:
:func:`layerwise.recording.tally`; a run: :func:`layerwise.analysis.tally`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Activations, Array
from layerwise.units.dissimilarity import dissimilarity, duplicates
from layerwise.units.moments import is_constant, states
from layerwise.units.population.counts import Counts
from layerwise.units.population.sample import Sample
from layerwise.units.population.winners import Winners, winners
from layerwise.units.selectivity import ClassMoments

if TYPE_CHECKING:
    import pandas as pd

QUANTILES = {"q01": 0.01, "q05": 0.05, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q95": 0.95,
             "q99": 0.99}  # fmt: skip

NEAR = 0.01
"""A value is saturated within this part of the range from a bound."""

SATURATED = 0.95
"""Share of saturated values from which a unit counts as saturated."""

BOUNDS = {
    "sigmoid": (0.0, 1.0), "hardsigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0),
    "relu6": (0.0, 6.0),
}  # fmt: skip
"""Bounds of nonlinearities by the name of their class or function, in small letters."""

MOST_COMPARED = 16_384
"""Units that are compared two by two for near-copies: a matrix of 1 GB."""

_PRECISION = float(np.finfo(np.float32).eps)


class Tally:
    """Running statistics of one layer.

    Parameters
    ----------
    n_units : int >= 1
        Channels of a convolution, features of a dense or token layer.
    positions : tuple of int
        What follows the units in the shape of one observation: (height, width), (length,) or ().
    n_classes : int >= 0
        Codes 0 ... n_classes - 1 are counted apart.
    maps : bool
        Keep the mean map of every unit for every class.
    winners : bool
        Keep how often every unit is the strongest at each position, for every class.
    bounds : (low, high), optional
        Of the nonlinearity, for the share of saturated values; see :data:`BOUNDS`.
    random_state : int, Generator or None
        Of the sample.
    class_names : sequence of str, optional
        What the codes mean, for whoever shows them.

    Notes
    -----
    Memory does not depend on the number of observations: what class maps and winners take
    (:func:`layerwise.units.population.room.map_bytes`), 16 kB a unit for the sample and 9 kB for
    the quantiles. Counts, winners and sample are the same however the stream is cut into batches,
    moments to rounding (of double precision); all are the same for any number of threads. The pass
    costs about 1 ns a value (``benchmarks/tally.py``).

    Examples
    --------
    >>> tally = Tally(2, (1, 2), n_classes=2)
    >>> A = np.array([[[[1, 0]], [[0, 0]]], [[[3, 0]], [[4, 0]]]], np.float32)     # (2, 2, 1, 2)
    >>> tally.update(A, np.array([0, 1]))
    >>> tally.statistics()[["unit", "n", "mean", "max", "active", "state"]].values.tolist()
    [[0, 4, 1.0, 3.0, 0.5, 'live'], [1, 4, 1.0, 4.0, 0.25, 'live']]
    >>> tally.class_maps()[1].tolist(), tally.winners().index.tolist()
    ([[[3.0, 0.0]], [[4.0, 0.0]]], [[[0, -1]], [[1, -1]]])
    """

    def __init__(
        self,
        n_units: int,
        positions: Sequence[int] = (),
        *,
        n_classes: int = 0,
        maps: bool = True,
        winners: bool = True,
        bounds: tuple[float, float] | None = None,
        random_state: RandomState = 0,
        class_names: Sequence[str] | None = None,
    ) -> None:
        self.n_units = checks.integer("Tally", "n_units", n_units, 1)
        self.positions = tuple(checks.integer("Tally", "positions", p, 1) for p in positions)
        self.n_classes = checks.integer("Tally", "n_classes", n_classes, 0)
        numbers = map(str, range(self.n_classes))
        self.class_names = tuple(numbers if class_names is None else map(str, class_names))
        if len(self.class_names) != self.n_classes:
            given = len(self.class_names)
            raise checks.invalid("Tally", "class_names", f"{n_classes}, one a class", given)
        self.has_maps, self.has_winners = maps and n_classes > 0, winners and n_classes > 0
        self.is_bounded = bounds is not None
        self._counts = Counts(
            self.n_units, math.prod(self.positions), self.n_classes,
            maps=self.has_maps, wins=self.has_winners, near=_near(bounds),
        )  # fmt: skip
        self._sample = Sample(self.n_units, generator(random_state))

    @property
    def n_observations(self) -> int:
        """Observations so far."""
        return int(self._counts.observations.sum())

    @property
    def class_counts(self) -> Array:
        """Observations of each class so far, (n_classes,)."""
        return self._counts.observations[:-1].copy()

    @property
    def sample(self) -> Activations:
        """Activations of at most 2,048 observations, (n, n_units) float32, each as likely as any.

        Of every observation one position is taken, the same for all units, drawn by
        `random_state`: what two units do at one place can be compared.
        """
        return self._sample.rows

    def update(self, A: Array, codes: Array | None = None, *, mask: Array | None = None) -> None:
        """Count a batch.

        Parameters
        ----------
        A : (n, n_units, *positions)
            Read where it lies if it is float32 and it, or ``np.moveaxis(A, 1, -1)``, is contiguous.
        codes : (n,) of int, optional
            The class of each observation; below 0 it counts in the whole and in no class.
        mask : (n, *positions) of bool, optional
            Where there is something: padding counts nowhere, and an observation that is nothing
            else is none.

        Raises
        ------
        UserError
            If shapes or codes do not fit, or a value is NaN or infinite. In this last case a part
            of the batch has been counted: begin anew.
        """
        A = np.asarray(A)
        if A.dtype.kind not in "fiub":
            raise checks.InvalidType(f"Tally: A must be numeric; got dtype {A.dtype}.")
        shape = (self.n_units, *self.positions)
        if A.shape[1:] != shape or A.ndim != 1 + len(shape):
            raise checks.invalid("Tally", "A", f"of shape (n, {', '.join(map(str, shape))})",
                                 f"shape {A.shape}")  # fmt: skip
        n, n_positions = len(A), math.prod(self.positions)
        slots = self._slots(codes, n)
        flat = _in_a_row(A.astype(np.float32, copy=False), n_positions)
        picked, place = self._sample.draw(n)
        there: Array | None = None
        if mask is not None:
            there = np.asarray(mask, dtype=bool)
            if there.shape != (n, *self.positions):
                raise checks.invalid("Tally", "mask", f"of shape {(n, *self.positions)}",
                                     f"shape {there.shape}")  # fmt: skip
            there = there.reshape(n, n_positions)
            seen = there.any(axis=1)
            if not seen.all():
                flat, slots, there = flat[seen], slots[seen], there[seen]
                picked, place = picked[seen], place[seen]
        if len(flat):
            rows = self._counts.add(flat, slots, _positions(picked, n_positions, there), there)
            self._sample.add(rows, place)

    def statistics(self) -> pd.DataFrame:
        """Return what each unit did, one row a unit.

        Returns
        -------
        DataFrame
            unit; n, the number of its values (observations times positions); mean, std (of the
            population), min, max; active, zeros, saturated: the shares above 0, exactly 0, and
            within 1 % of the range from a bound (exact zeros are silence, not saturation; NaN
            without bounds); state: "dead" (always 0), "constant" (always the same, not 0),
            "saturated" (at least 95 % of its values), "live"; twin: the lowest unit of its group of
            near-copies (:func:`duplicates`), itself if it is none or if more than 16,384 units
            vary; q01 ... q99, quantiles.

        Notes
        -----
        Moments, extremes and shares are of all values, to double precision. Quantiles and
        near-copies are of one position of every observation, see :attr:`sample`: quantiles with an
        error of rank below 1 % (exact up to 2,048 observations), near-copies on 2,048 of them.

        Raises
        ------
        InvalidValue
            If nothing has been counted.
        """
        import pandas as pd

        counts, n = self._counts, self._n_values("statistics")
        mean, squares = counts.whole()
        constant = is_constant(counts.low, counts.high, _PRECISION)
        saturated = counts.saturated / n if self.is_bounded else np.full(self.n_units, np.nan)
        state = states(counts.low, counts.high, constant)
        state[(state == "live") & (saturated >= SATURATED)] = "saturated"
        quantiles = self._sample.quantiles(np.array(list(QUANTILES.values())))
        return pd.DataFrame({
            "unit": np.arange(self.n_units), "n": n, "mean": mean,
            "std": np.where(constant, 0, np.sqrt(squares / n)),
            "min": counts.low, "max": counts.high,
            "active": counts.active.sum(axis=0) / n, "zeros": counts.zeros / n,
            "saturated": saturated, "state": state, "twin": self._twins(~constant),
            **{name: quantiles[:, k] for k, name in enumerate(QUANTILES)},
        })  # fmt: skip

    def by_class(self) -> ClassMoments:
        """Return the moments of every class, over observations and positions."""
        self._n_values("by_class")
        counts, classes = self._counts, slice(self.n_classes)
        n = counts.values[classes]
        some = np.where(n > 0, n, np.nan)[:, None]
        constant = is_constant(counts.low, counts.high, _PRECISION)
        mean = np.where(constant, counts.whole()[0], counts.mean[classes]) + 0 * some
        std = np.where(constant, 0, np.sqrt(counts.squares[classes] / some)) + 0 * some
        return ClassMoments(n.copy(), mean, std, counts.active[classes] / some)

    def class_maps(self) -> Array:
        """Return the mean map of every class, (n_classes, n_units, *positions) float32.

        NaN for a class without observations, and for a position that none of them has.

        Raises
        ------
        InvalidValue
            If the tally was told to keep none.
        """
        _check_kept("class_maps", "maps", self.has_maps)
        return self._counts.maps().reshape(self.n_classes, self.n_units, *self.positions)

    def winners(self) -> Winners:
        """Return the strongest unit at each position, most often over each class.

        Raises
        ------
        InvalidValue
            If the tally was told to keep none.
        """
        _check_kept("winners", "winners", self.has_winners)
        shape = (self.n_classes, *self.positions)
        return winners(self._counts.wins.reshape(*shape, -1), self._counts.ties.reshape(shape))

    def _slots(self, codes: Array | None, n: int) -> Array:
        """Return the place of each observation among classes, the last if it has none."""
        if codes is None:
            return np.full(n, self.n_classes)
        codes = checks.labels("Tally", codes, n, "codes")
        if codes.dtype.kind not in "iu":
            raise checks.InvalidType(f"Tally: codes must be integers; got dtype {codes.dtype}.")
        if n and codes.max() >= self.n_classes:
            raise checks.invalid("Tally", "codes", f"below n_classes ({self.n_classes})",
                                 codes.max())  # fmt: skip
        return np.where(codes < 0, self.n_classes, codes.astype(np.int64))

    def _twins(self, varies: Array) -> Array:
        twins, chosen = np.arange(self.n_units), np.flatnonzero(varies)
        if 1 < len(chosen) <= MOST_COMPARED and len(self.sample) > 1:
            twins[chosen] = chosen[duplicates(dissimilarity(self.sample[:, chosen]))]
        return twins

    def _n_values(self, function: str) -> int:
        if not self.n_observations:
            raise checks.invalid(function, "the tally", "of one observation or more", "none",
                                 "Call update first.")  # fmt: skip
        return int(self._counts.values.sum())


def _check_kept(function: str, argument: str, kept: bool) -> None:
    if not kept:
        raise checks.invalid(function, "the tally", f"one with {argument} of classes", "none",
                             f"Make it with n_classes > 0 and {argument}=True.")  # fmt: skip


def _near(bounds: tuple[float, float] | None) -> Array:
    """Return from where on a value is saturated, below and above; NaN without bounds."""
    if bounds is None:
        return np.full(2, np.nan, np.float32)
    low, high = bounds
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise checks.invalid("Tally", "bounds", "two finite numbers, the lower first", bounds)
    margin = NEAR * (high - low)
    return np.array([low + margin, high - margin], np.float32)


def _in_a_row(A: Array, n_positions: int) -> Array:
    """Return (n, n_units, n_positions), copied only if neither layout is contiguous."""
    if A.flags.c_contiguous:
        return A.reshape(len(A), A.shape[1], n_positions)
    turned = np.moveaxis(A, 1, -1).reshape(len(A), n_positions, A.shape[1])
    return np.swapaxes(turned, 1, 2)


def _positions(picked: Array, n_positions: int, there: Array | None) -> Array:
    """Return the position that each number in [0, 1) picks, among those that are there."""
    if there is None:
        return (picked * n_positions).astype(np.int64)
    wanted = (picked * there.sum(axis=1)).astype(np.int64)
    found: Array = (there.cumsum(axis=1) > wanted[:, None]).argmax(axis=1)
    return found
