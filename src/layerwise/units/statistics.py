"""What every unit does on its own: alive or not, how strongly, how often, and for whom.

Leaves out what units do together (:mod:`layerwise.units.dissimilarity`), what they tell of classes
(:mod:`layerwise.units.discrimination`), and activations that are never held as a whole
(:mod:`layerwise.units.population.tally`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Activations, Array, PerUnit
from layerwise.units.blocks import blocks, sliceable
from layerwise.units.moments import moments, states

if TYPE_CHECKING:
    import pandas as pd


def statistics(X: Activations) -> pd.DataFrame:
    """Return what each unit does over the observations.

    Parameters
    ----------
    X : (n_observations, n_units)
        An array, or a layer of a run, which is read once, in blocks.

    Returns
    -------
    DataFrame, one row a unit
        unit (its number); state: "live", "dead" (always zero) or "constant" (always the same, up
        to rounding, and not zero); mean, std (of the population), min, max; active (the share of
        observations above zero).

    Raises
    ------
    UserError
        If `X` is not a finite matrix.

    Examples
    --------
    >>> statistics(np.array([[0.0, 3, 0], [0, 3, 4]]))
       unit     state  mean  std  min  max  active
    0     0      dead   0.0  0.0  0.0  0.0     0.0
    1     1  constant   3.0  0.0  3.0  3.0     1.0
    2     2      live   2.0  2.0  0.0  4.0     0.5
    """
    import pandas as pd

    X = sliceable("statistics", X)
    about = moments("statistics", X)
    state = states(about.low, about.high, about.std == 0)
    return pd.DataFrame(
        {
            "unit": np.arange(X.shape[1]), "state": state, "mean": about.mean, "std": about.std,
            "min": about.low, "max": about.high, "active": about.active,
        }
    )  # fmt: skip


def contrast(X: Activations, selected: Array) -> PerUnit:
    r"""Return how much stronger each unit fires on some observations than on the rest.

    .. math:: (\bar x_\text{selected} - \bar x_\text{rest}) / s

    with s the standard deviation over all observations: the inverse of colouring observations by
    one unit is to select observations and to colour the units by this.

    Parameters
    ----------
    X : (n_observations, n_units)
        An array, or a layer of a run, which is read twice, in blocks.
    selected : (n_observations,) of bool, or row numbers
        At least one observation, and not all.

    Returns
    -------
    (n_units,) of float64; 0 for constant units

    Raises
    ------
    UserError
        If `selected` is neither, or holds no observation, or all; if `X` is not a finite matrix.

    Examples
    --------
    >>> X = np.array([[0.0, 5], [0, 7], [4, 6], [4, 6]])
    >>> contrast(X, np.array([2, 3])).tolist()
    [2.0, 0.0]
    """
    X = sliceable("contrast", X, min_rows=2)
    chosen = _mask(selected, len(X))
    about, total = moments("contrast", X), np.zeros(X.shape[1])
    for rows, block in blocks("contrast", X):
        total += (block[chosen[rows]] - about.mean).sum(axis=0)
    n, k = len(X), int(chosen.sum())
    # The deviations of the selected and of the rest add up to nothing.
    difference: PerUnit = total / k + total / (n - k)
    return difference * about.rate


def _mask(selected: object, n: int) -> Array:
    """Return a mask of the selected observations from a mask or from row numbers."""
    hint = "Give a mask of all observations, or row numbers."
    rows, mask = np.asarray(selected), np.zeros(n, dtype=bool)
    if rows.dtype == bool and rows.shape == (n,):
        mask = rows
    elif rows.ndim == 1 and rows.dtype.kind in "iu" and len(rows):
        if rows.min() < 0 or rows.max() >= n:
            got = f"{rows.min()} to {rows.max()}"
            raise checks.invalid("contrast", "selected", f"rows in [0, {n - 1}]", got)
        mask[rows] = True
    elif rows.size:
        got = f"{rows.dtype} of shape {rows.shape}"
        raise checks.invalid("contrast", "selected", "a mask or row numbers", got, hint)
    if not 0 < mask.sum() < n:
        raise checks.invalid(
            "contrast", "selected", "some observations, not all", f"{mask.sum()} of {n}", hint
        )
    return mask
