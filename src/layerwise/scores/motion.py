r"""Scores of motion: does a moving picture move as the activations do, and do classes part.

Time is the epochs or the layers of a network. The step of observation i at time t is
:math:`c_i(t) = \|x_i(t + 1) - x_i(t)\|`, in n-D and in 2-D alike. Leaves out the direction of
motion: a projection is free to turn it.

Sources: Rauber, Falcão and Telea 2016 (dynamic t-SNE); Vernier et al., "Quantitative evaluation of
time-dependent multidimensional projection techniques", EuroVis 2020 (the measures of stability).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.classes import class_codes
from layerwise.foundation.shapes import Activations, Array, Labels, Maps, PerObservation

ROUNDING = 1e-6
"""Steps that differ by less than this share of the longest are equal, in single precision."""


class MotionCorrelation(NamedTuple):
    """How well the steps in 2-D follow those in n-D (:func:`motion_correlation`).

    Parameters
    ----------
    pearson, spearman, kendall : in [-1, 1]; 1 if the steps agree in proportion, in order, in order
    stress : normalised stress of the scaled steps, >= 0; 0 if they agree in proportion
    """

    pearson: float
    spearman: float
    kendall: float
    stress: float


def trail_length(maps: Maps) -> PerObservation:
    r"""How far each observation travels through its maps, in standard deviations of the maps.

    .. math:: L_i = \frac{1}{\sigma} \sum_{t=1}^{T-1} \|y_i(t + 1) - y_i(t)\|, \quad
              \sigma^2 = \frac{1}{2nT} \sum_{t, i} \|y_i(t) - \bar y\|^2

    :math:`\sigma` is the standard deviation along an axis, over all observations and times, so
    maps of different size compare. Divide by T - 1 for the mean step.

    Parameters
    ----------
    maps : (n_times >= 2, n_observations, 2)

    Returns
    -------
    (n_observations,) of float64 >= 0
        Unchanged by one rotation, shift and scale of all maps.

    Raises
    ------
    InvalidValue
        If there are fewer than two maps, their shapes differ, or all their points coincide.

    Examples
    --------
    >>> there, back = [[0.0, 0.0], [2.0, 0.0]], [[0.0, 0.0], [-2.0, 0.0]]
    >>> trail_length(np.array([there, back, there])).round(3).tolist()
    [0.0, 8.232]
    """
    length: Array = _steps("trail_length", "maps", maps).sum(axis=0)
    deviation = np.sqrt(np.asarray(maps, np.float64).var(axis=(0, 1)).mean())
    if deviation == 0:
        raise checks.invalid(
            "trail_length", "maps", "points that differ", "points all in one place"
        )
    length /= deviation
    return length


def motion_correlation(sequence: Sequence[Activations], maps: Maps) -> MotionCorrelation:
    r"""Compare the steps of all observations at all times in 2-D with those in n-D.

    The correlations are of the pairs :math:`(c_i(t), d_i(t))`, n-D and 2-D, pooled over i and t
    (Kendall's is tau-b). The stress is

    .. math:: \sum_{i, t} (\hat c_i(t) - \hat d_i(t))^2 \Big/ \sum_{i, t} \hat c_i(t)^2

    where the hat is min-max scaling of all steps of a space to [0, 1].

    Parameters
    ----------
    sequence : (n_observations, n_units) for each time
        As many times as `maps`, and the same units throughout: epochs of one layer. Layers of
        different units have no step from one to the next.
    maps : (n_times >= 2, n_observations, 2)

    Returns
    -------
    MotionCorrelation
        All NaN if one of the spaces does not move, or moves all observations equally far at all
        times: a constant correlates with nothing.

    Raises
    ------
    InvalidValue
        If the number of times, observations or units changes on the way.

    Notes
    -----
    Two times of `sequence` are in memory at once. 100,000 pairs cost 0.1 CPU s; Kendall's sorts.

    References
    ----------
    Vernier et al. 2020.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> maps = rng.normal(size=(3, 20, 2)).cumsum(axis=0)
    >>> wide = [Y @ np.ones((2, 5)) for Y in maps]
    >>> motion_correlation(wide, maps).pearson > 0.5
    True
    >>> motion_correlation([5 * Y for Y in maps], maps).spearman
    1.0
    """
    name = "motion_correlation"
    true, shown = _steps(name, "sequence", sequence), _steps(name, "maps", maps)
    if true.shape != shown.shape:
        times, n = true.shape
        raise checks.invalid(
            name, "maps", f"{times + 1} times {n} points, as sequence",
            f"{len(shown) + 1} times {shown.shape[1]} points",
        )  # fmt: skip
    true, shown = true.ravel(), shown.ravel()
    if any(np.ptp(steps) <= ROUNDING * steps.max() for steps in (true, shown)):
        return MotionCorrelation(np.nan, np.nan, np.nan, np.nan)
    from scipy import stats

    scaled, drawn = ((steps - steps.min()) / np.ptp(steps) for steps in (true, shown))
    return MotionCorrelation(
        pearson=float(stats.pearsonr(true, shown).statistic),
        spearman=float(stats.spearmanr(true, shown).statistic),
        kendall=float(stats.kendalltau(true, shown).statistic),
        stress=float(((scaled - drawn) ** 2).sum() / (scaled**2).sum()),
    )


def spread_ratio(Y: Activations, labels: Labels) -> float:
    r"""Spread within classes over the distance between them: falls as classes part.

    .. math:: \frac{\frac{1}{C} \sum_c \sqrt{\frac{1}{n_c} \sum_{i \in c} \|y_i - \mu_c\|^2}}
                   {\frac{2}{C (C - 1)} \sum_{c < c'} \|\mu_c - \mu_{c'}\|}

    with :math:`\mu_c` the mean of class c. The spread of a class is the root of its mean
    squared distance to the mean: its standard deviation in all directions together.

    Parameters
    ----------
    Y : (n_observations, n_components)
        A projection, or the activations of a layer for the ratio in n-D.
    labels : (n_observations,)
        None missing. A class of one observation has no spread and is left out.

    Returns
    -------
    float >= 0
        Unchanged by rotation, shift and scale of `Y`. Infinite if all class means coincide, NaN if
        all points do.

    Raises
    ------
    InvalidValue
        If fewer than two classes have two observations or more.

    Notes
    -----
    Class by class; memory is one copy of the largest class.

    Examples
    --------
    >>> Y = np.array([[0.0, 0], [0, 2], [10, 0], [10, 2]])
    >>> spread_ratio(Y, np.array([0, 0, 1, 1]))
    0.1
    """
    from scipy.spatial.distance import pdist

    Y = checks.matrix("spread_ratio", "Y", Y)
    codes, _ = class_codes("spread_ratio", labels, len(Y))
    large = np.flatnonzero(np.bincount(codes) > 1)
    if len(large) < 2:
        raise checks.invalid(
            "spread_ratio", "labels", "of 2 classes or more with 2 observations or more each",
            len(large), "A ratio to the distance between classes needs two.",
        )  # fmt: skip
    spreads, means = zip(*(_class_spread(Y[codes == c]) for c in large), strict=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.divide(np.mean(spreads), pdist(np.stack(means)).mean()))


def _class_spread(members: Array) -> tuple[float, Array]:
    """Return the root mean square distance to the mean, and the mean; `members` is overwritten."""
    mean: Array = members.mean(axis=0, dtype=np.float64)
    members -= mean
    squares = np.einsum("ij,ij->", members, members, dtype=np.float64)
    return float(np.sqrt(squares / len(members))), mean


def _steps(function: str, argument: str, sequence: Iterable[Array]) -> Array:
    """Return the steps (n_times - 1, n_observations); two times are in memory at once."""
    steps: list[Array] = []
    before: Array | None = None
    for time, values in enumerate(sequence):
        after = checks.matrix(function, f"{argument}[{time}]", values)
        if before is not None:
            if after.shape != before.shape:
                raise checks.invalid(
                    function, f"{argument}[{time}]", f"of the shape before it, {before.shape}",
                    after.shape, "Steps need the same observations and units at every time.",
                )  # fmt: skip
            step = np.subtract(after, before, dtype=np.float64)
            steps.append(np.sqrt(np.einsum("ij,ij->i", step, step)))
        before = after
    if not steps:
        found = int(before is not None)
        raise checks.invalid(function, argument, "of 2 times or more", found)
    return np.stack(steps)
