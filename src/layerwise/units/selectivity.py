r"""How much more a unit answers to some classes than to others, in four numbers with a definition.

All are computed from what a stream leaves: count, mean and deviation of each class. They answer
different questions, so none stands for the rest: one class against the mean of the others
(selectivity), how few classes it answers to (sparseness), how much of what it does follows from the
class (eta squared), and whether one observation tells its class (d'). Leaves out what takes the
observations themselves: discrimination by trees and areas under curves
(:mod:`layerwise.units.discrimination`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

NONE = -1
"""The preferred class of a unit that answers to all alike."""


@dataclass(frozen=True, eq=False)
class ClassMoments:
    """What the values of each class say of every unit, over observations and positions.

    Attributes
    ----------
    n : (n_classes,) of int, values of a unit
    mean : (n_classes, n_units) float64; NaN for a class without observations
    std : (n_classes, n_units) float64, of the population; NaN likewise
    active : (n_classes, n_units) float64, share above 0; NaN likewise
    """

    n: Array
    mean: Array
    std: Array
    active: Array


def selectivity(moments: ClassMoments) -> pd.DataFrame:
    r"""Return how each unit's activity depends on the class.

    With m_c, s_c and n_c the mean, standard deviation and number of values of class c, p the class
    of the greatest mean, and C the number of classes with observations:

    .. math::
        \text{selectivity} &= \frac{m_p - m_{-p}}{m_p + m_{-p}}, \quad
            m_{-p} = \frac{1}{C - 1} \sum_{c \ne p} m_c

        \text{sparseness} &= \frac{1 - a}{1 - 1/C}, \quad
            a = \frac{(\sum_c m_c / C)^2}{\sum_c m_c^2 / C}

        \eta^2 &= \frac{\sum_c n_c (m_c - m)^2}{\sum_c n_c (m_c - m)^2 + \sum_c n_c s_c^2}

        d' &= \frac{m_p - m_r}{\sqrt{(s_p^2 + s_r^2) / 2}}

    where m is the mean of all these values, and m_r and s_r are of all values of other classes
    together.

    Parameters
    ----------
    moments : ClassMoments
        From :meth:`layerwise.units.Tally.by_class`.

    Returns
    -------
    DataFrame, one row a unit
        unit; class (the code of p, the first of equals; -1 if all means are equal); selectivity
        in [0, 1], 0 for a unit that answers to all classes alike, 1 to one alone; sparseness in
        [0, 1], likewise; eta2 in [0, 1], the share of the variance that lies between classes;
        d_prime >= 0, in standard deviations. NaN where a number is not defined: selectivity and
        sparseness of means below 0, or all 0, or of fewer than two classes; eta2 and d_prime of a
        unit that does not vary.

    Notes
    -----
    In a convolution the values are those at all positions, so eta2 and d_prime are small by the
    differences between positions. Classes with few observations have noisy means, which raises
    selectivity and sparseness: compare with the untrained network.

    References
    ----------
    Selectivity: Morcos, Barrett, Rabinowitz and Botvinick, "On the importance of single directions
    for generalization", ICLR 2018, section 2.3. Sparseness: Rolls and Tovee, J. Neurophysiology
    73(2), 1995 (a), turned and scaled by Vinje and Gallant, Science 287, 2000; here over classes.
    Eta squared: of a one-way analysis of variance (Fisher 1925). d': Green and Swets 1966, with the
    root mean square of the two deviations.

    Examples
    --------
    >>> mean = np.array([[4.0, 1], [0, 1], [0, 1]])
    >>> found = selectivity(ClassMoments(np.full(3, 10), mean, np.ones((3, 2)), mean > 0))
    >>> found[["class", "selectivity", "sparseness"]].values.tolist()
    [[0.0, 1.0, 1.0], [-1.0, 0.0, 0.0]]
    """
    import pandas as pd

    n, mean, std = (np.asarray(a, np.float64) for a in (moments.n, moments.mean, moments.std))
    if mean.ndim != 2 or n.shape != mean.shape[:1] or std.shape != mean.shape:
        raise checks.invalid("selectivity", "moments", "n (n_classes,), mean and std (n_classes, "
                             "n_units)", f"{n.shape}, {mean.shape}, {std.shape}")  # fmt: skip
    there = np.flatnonzero(n > 0)
    if not len(there):
        raise checks.invalid("selectivity", "moments", "of a class with observations at least",
                             "none", "Give labels to the tally.")  # fmt: skip
    n, mean, std = n[there], mean[there], std[there]
    best, units = mean.argmax(axis=0), np.arange(mean.shape[1])
    alike = np.ptp(mean, axis=0) == 0
    return pd.DataFrame({
        "unit": units,
        "class": np.where(alike, NONE, there[best]),
        "selectivity": _selectivity(mean),
        "sparseness": _sparseness(mean),
        "eta2": _eta2(n, mean, std),
        "d_prime": _d_prime(n, mean, std, best),
    })  # fmt: skip


def _selectivity(mean: Array) -> Array:
    top, others = mean.max(axis=0), len(mean) - 1
    if not others:
        return np.full(mean.shape[1], np.nan)
    rest = (mean.sum(axis=0) - top) / others
    # Where all means are equal the sum leaves a rounding error, and there is nothing to divide.
    rest = np.where(np.ptp(mean, axis=0) == 0, top, rest)
    return _ratio(top - rest, top + rest, (mean >= 0).all(axis=0))


def _sparseness(mean: Array) -> Array:
    n_classes = len(mean)
    if n_classes < 2:
        return np.full(mean.shape[1], np.nan)
    a = _ratio(mean.mean(axis=0) ** 2, (mean**2).mean(axis=0), (mean >= 0).all(axis=0))
    return np.clip((1 - a) / (1 - 1 / n_classes), 0, 1)


def _eta2(n: Array, mean: Array, std: Array) -> Array:
    grand = n @ mean / n.sum()
    between, within = n @ (mean - grand) ** 2, n @ std**2
    return _ratio(between, between + within)


def _d_prime(n: Array, mean: Array, std: Array, best: Array) -> Array:
    if len(n) < 2:
        return np.full(mean.shape[1], np.nan)
    units = np.arange(mean.shape[1])
    weight = np.broadcast_to(n[:, None], mean.shape).copy()
    weight[best, units] = 0
    weight /= weight.sum(axis=0)
    rest = (weight * mean).sum(axis=0)
    spread = (weight * (std**2 + (mean - rest) ** 2)).sum(axis=0)
    gap = mean[best, units] - rest
    return _ratio(gap, np.sqrt((std[best, units] ** 2 + spread) / 2))


def _ratio(above: Array, below: Array, defined: Any = True) -> Array:
    """Return a quotient; NaN where the divisor is 0 or it is not defined."""
    where = (below > 0) & defined
    quotient: Array = np.divide(above, below, out=np.full(below.shape, np.nan), where=where)
    return quotient
