"""Mean, standard deviation and range of every unit, in one pass over the observations.

Blocks are merged by the update of Chan, Golub and LeVeque (1979), which subtracts no large numbers:
a mean far above the deviations costs no digits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from layerwise.foundation.shapes import Array, PerUnit
from layerwise.units.blocks import blocks

ROUNDING = 4
"""Ranges up to so many units in the last place of the largest value are rounding, not activity."""


class Moments(NamedTuple):
    """What the observations say of every unit; float64."""

    mean: PerUnit
    std: PerUnit
    """Of the population; exactly 0 for a unit that is constant, if only up to rounding."""
    low: PerUnit
    high: PerUnit
    active: PerUnit
    """Share of the observations above 0."""

    @property
    def rate(self) -> PerUnit:
        """Return 1 / std, and 0 for constant units: they have no deviations to measure by."""
        return _inverse(self.std)

    @property
    def stretch(self) -> PerUnit:
        """Return 1 / range, and 0 for constant units."""
        return _inverse(np.where(self.std > 0, self.high - self.low, 0))


def moments(function: str, X: Any) -> Moments:
    """Return the moments of a layer that :func:`~layerwise.units.blocks.sliceable` let through."""
    n, mean, squares, active = 0, *np.zeros((3, X.shape[1]))
    low, high = np.full_like(mean, np.inf), np.full_like(mean, -np.inf)
    for _, block in blocks(function, X):
        centre = block.mean(axis=0)
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
        active += np.count_nonzero(block > 0, axis=0)
        deviations = block - centre
        own = np.einsum("ij,ij->j", deviations, deviations)
        mean, squares = merged(n, mean, squares, len(block), centre, own)
        n += len(block)
    # Half precision and integers are computed with in single precision, whoever wrote them.
    precision = float(np.finfo(np.float64 if X.dtype == np.float64 else np.float32).eps)
    std = np.where(is_constant(low, high, precision), 0, np.sqrt(squares / n))
    return Moments(mean, std, low, high, active / n)


def merged(
    n: Any, mean: Array, squares: Array, k: Any, centre: Array, own: Array
) -> tuple[Array, Array]:
    """Return mean and sum of squared deviations of n observations and k more, of which k > 0.

    `own` is the sum of the squared deviations of the k from their mean `centre`.
    """
    drift = centre - mean
    return mean + drift * (k / (n + k)), squares + own + drift**2 * (n * (k / (n + k)))


def is_constant(low: PerUnit, high: PerUnit, precision: float) -> Array:
    """Return whether a unit always gave the same, up to rounding at this relative precision."""
    constant: Array = high - low <= ROUNDING * precision * np.maximum(np.abs(low), np.abs(high))
    return constant


def states(low: PerUnit, high: PerUnit, constant: Array) -> Array:
    """Return "dead" (always zero), "constant" (always the same and not zero) or "live"."""
    silent = (low == 0) & (high == 0)
    state: Array = np.select([silent, constant], ["dead", "constant"], "live").astype(object)
    return state


def _inverse(values: PerUnit) -> PerUnit:
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)
