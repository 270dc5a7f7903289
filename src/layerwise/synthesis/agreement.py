"""Whether the climbs that began elsewhere ended at the same summit.

An objective with one maximum sends every start to the same preferred input; Erhan et al. found that
almost all units of their networks do. Three numbers say how far that holds: how alike the images
are, whether all of them are, and how much the activations they reach differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

ALIKE = 0.95
"""Cosine above which two images are the same maximum."""


@dataclass(frozen=True, eq=False)
class Agreement:
    """How far several starts agree, unit by unit.

    Attributes
    ----------
    cosine : (n_units,) mean over the pairs of starts; NaN if there is one start
    least : (n_units,) of the two starts that agree least
    spread : (n_units,) coefficient of variation of the activations that were reached: standard
        deviation by the size of their mean
    """

    cosine: Array
    least: Array
    spread: Array

    @property
    def all_agree(self) -> Array:
        """Whether every pair of starts is alike: cosine above :data:`ALIKE`."""
        found: Array = self.least > ALIKE
        return found


def agreement(images: Any, values: Any, *, centered: bool = False) -> Agreement:
    """Return how far the preferred inputs from several starts agree.

    Parameters
    ----------
    images : (n_units, n_starts, ...)
    values : (n_units, n_starts), the activations reached
    centered : whether to take the mean of its values off each image first, so that the cosine is
        their correlation. Pictures between black and white are all of one sign, and so at small
        angles whatever they show.

    Raises
    ------
    InvalidValue
        If the shapes do not fit.

    References
    ----------
    Erhan, Bengio, Courville and Vincent 2009, figure 3.

    Examples
    --------
    >>> found = agreement([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [2.0, 0.0]]], [[3, 5], [2, 2]])
    >>> found.cosine.tolist(), found.all_agree.tolist(), found.spread.tolist()
    ([0.0, 1.0], [False, True], [0.25, 0.0])
    """
    X, reached = np.asarray(images, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if X.ndim < 3 or reached.shape != X.shape[:2]:
        raise checks.invalid(
            "agreement", "values", "(n_units, n_starts), and images (n_units, n_starts, ...)",
            f"shapes {reached.shape} and {X.shape}",
        )  # fmt: skip
    flat = X.reshape(*X.shape[:2], -1)
    if centered:
        flat = flat - flat.mean(axis=2, keepdims=True)
    length = np.linalg.norm(flat, axis=2, keepdims=True)
    unit = np.divide(flat, length, out=np.zeros_like(flat), where=length > 0)
    one, other = np.triu_indices(X.shape[1], k=1)
    mean = np.abs(reached.mean(axis=1))
    spread = np.divide(reached.std(axis=1), mean, out=np.full(len(X), np.nan), where=mean > 0)
    if not len(one):
        nothing = np.full(len(X), np.nan)
        return Agreement(nothing, nothing, spread)
    cosines = (unit @ unit.transpose(0, 2, 1))[:, one, other].clip(-1, 1)
    return Agreement(cosines.mean(axis=1), cosines.min(axis=1), spread)
