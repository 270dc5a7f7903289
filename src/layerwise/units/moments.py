"""Mean, standard deviation and range of every unit, in one pass over the observations.

Blocks are merged by the update of Chan, Golub and LeVeque (1979), which subtracts no large numbers:
a mean far above the deviations costs no digits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from layerwise.foundation.shapes import PerUnit
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
        k, centre = len(block), block.mean(axis=0)
        np.minimum(low, block.min(axis=0), out=low)
        np.maximum(high, block.max(axis=0), out=high)
        active += np.count_nonzero(block > 0, axis=0)
        deviations, drift = block - centre, centre - mean
        squares += np.einsum("ij,ij->j", deviations, deviations) + drift**2 * (n * k / (n + k))
        n += k
        mean += drift * (k / n)
    # Half precision and integers are computed with in single precision, whoever wrote them.
    precision = np.finfo(np.float64 if X.dtype == np.float64 else np.float32).eps
    constant = high - low <= ROUNDING * precision * np.maximum(np.abs(low), np.abs(high))
    std = np.where(constant, 0, np.sqrt(squares / n))
    return Moments(mean, std, low, high, active / n)


def _inverse(values: PerUnit) -> PerUnit:
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)
