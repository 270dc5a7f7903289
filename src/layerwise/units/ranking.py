"""What a discrimination says: the role of each unit, its power, and whether two rankings agree.

Source: Rauber et al. 2017 (see :mod:`layerwise.units.discrimination`): hue is the role, brightness
the power.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Discrimination, PerUnit, Roles


class Agreement(NamedTuple):
    """How far two rankings of the same units agree, averaged over classes."""

    spearman: float
    """Rank correlation over all units, in [-1, 1]; NaN where one ranks nothing."""
    overlap: float
    """Share of the top units that both have, in [0, 1]; `top` / n_units by chance."""


def roles(S: Discrimination) -> Roles:
    """Return the class that each unit tells best, as a column of `S`; -1 where it tells none.

    Parameters
    ----------
    S : (n_units, n_classes), from :func:`discrimination`

    Examples
    --------
    >>> roles(np.array([[0.7, 0.1], [0.3, 0.9], [0, 0]])).tolist()
    [0, 1, -1]
    """
    S = _scores("roles", "S", S)
    return np.where(S.any(axis=1), S.argmax(axis=1), -1)


def power(S: Discrimination) -> PerUnit:
    """Return how strong each unit is beside the strongest of some class: the brightness of a map.

    Every class is divided by its largest value first: a class that many units tell apart would
    otherwise look weaker than one that hangs on a single unit.

    Parameters
    ----------
    S : (n_units, n_classes), from :func:`discrimination`

    Returns
    -------
    (n_units,) of float in [0, 1]

    Examples
    --------
    >>> power(np.array([[0.8, 0.0], [0.2, 0.1], [0, 0.2]])).tolist()
    [1.0, 0.5, 1.0]
    """
    S = _scores("power", "S", S)
    largest = S.max(axis=0)
    strength: PerUnit = np.divide(S, largest, out=np.zeros_like(S), where=largest > 0).max(axis=1)
    return strength


def agreement(S: Discrimination, other: Discrimination, *, top: int = 50) -> Agreement:
    """Return how far two discriminations of the same units rank them alike.

    For two seeds of a forest it says how much of the ranking is chance; for a forest and the
    histogram Gini, what the quick way costs. Every class ranks the units; both numbers are means
    over the classes.

    Parameters
    ----------
    S, other : (n_units, n_classes), from :func:`discrimination`
    top : int >= 1
        Units that count as the top of a class; at most all.

    Returns
    -------
    Agreement
        spearman, overlap. Constant units are last in both, which raises the rank correlation:
        leave them out to compare layers.

    Examples
    --------
    >>> S = np.array([[0.6], [0.3], [0.1]])
    >>> agreement(S, S[[1, 0, 2]], top=1)
    Agreement(spearman=0.5, overlap=0.0)
    """
    S, other = _scores("agreement", "S", S), _scores("agreement", "other", other)
    if S.shape != other.shape:
        raise checks.invalid("agreement", "other", f"of the shape of S {S.shape}", other.shape)
    top = min(checks.integer("agreement", "top", top, 1), len(S))
    pairs = list(zip(S.T, other.T, strict=True))
    shared = [len(np.intersect1d(_strongest(a, top), _strongest(b, top))) for a, b in pairs]
    return Agreement(
        spearman=float(np.mean([_spearman(a, b) for a, b in pairs])),
        overlap=float(np.mean(shared) / top),
    )


def _strongest(column: Array, top: int) -> Array:
    return np.argsort(-column, kind="stable")[:top]


def _spearman(a: Array, b: Array) -> float:
    """Rank correlation, ties sharing their mean rank; NaN if one is constant."""
    from scipy.stats import rankdata

    a, b = rankdata(a), rankdata(b)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _scores(function: str, argument: str, S: object) -> Discrimination:
    S = checks.matrix(function, argument, S)
    if S.min() < 0:
        raise checks.invalid(function, argument, "not negative", f"{S.min():g}")
    return S
