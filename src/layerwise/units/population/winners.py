"""Which unit is the strongest at each position, most often over the observations of a class.

The trap is silence. Where a rectifier leaves every unit at zero, an argmax names unit 0 and its map
shows a strong filter where there is none. Here that is a winner of its own, "all silent". Leaves
out by how much the winner wins: class means show that.

Source: HEIG-VD, Machine Learning, practical "Understanding Deep Neural Networks" (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

SILENT = -1
"""The winner where most observations of a class leave no unit to stand out."""


@dataclass(frozen=True, eq=False)
class Winners:
    """The strongest unit of every position, for every class.

    At one position of one observation that is the unit with the largest activation; of several
    equally large ones the first. If all units of a layer are exactly equal, which after a rectifier
    means that all are 0, none is: it is silent (a layer's only unit is silent where it is 0). Over
    the observations of a class it is the most frequent of these, and silence is one of them; if two
    are equally frequent, the lower unit, and silence last.

    Attributes
    ----------
    index : (n_classes, *positions) of int
        Unit, or :data:`SILENT`; SILENT too where the class has no observation.
    share : (n_classes, *positions) of float in (0, 1]
        Share of the observations in which that one wins; NaN where there is none.
    n : (n_classes, *positions) of int
        Observations of the class that have this position (a padded token is none).
    ties : (n_classes, *positions) of int
        Observations in which the largest value was that of several units, but not of all.
    """

    index: Array
    share: Array
    n: Array
    ties: Array


def winners(wins: Array, ties: Array | None = None) -> Winners:
    """Return the most frequent winners of counted ones.

    Parameters
    ----------
    wins : (n_classes, *positions, n_units + 1) of int
        How often each unit won; last how often all were silent.
    ties : (n_classes, *positions) of int, optional

    Examples
    --------
    >>> found = winners(np.array([[[5, 3, 0], [2, 2, 4], [1, 2, 2], [0, 0, 0]]]))
    >>> found.index.tolist(), found.share.tolist()
    ([[0, -1, 1, -1]], [[0.625, 0.5, 0.4, nan]])
    """
    wins = np.asarray(wins)
    if wins.ndim < 2 or wins.shape[-1] < 2 or wins.dtype.kind not in "iu":
        raise checks.invalid("winners", "wins", "(n_classes, *positions, n_units + 1) of int",
                             f"{wins.dtype} of shape {wins.shape}")  # fmt: skip
    n = wins.sum(axis=-1, dtype=np.int64)
    first = wins.argmax(axis=-1)
    most = np.take_along_axis(wins, first[..., None], axis=-1)[..., 0]
    silent = (first == wins.shape[-1] - 1) | (n == 0)
    share = np.divide(most, n, out=np.full(n.shape, np.nan), where=n > 0)
    shared = np.zeros_like(n) if ties is None else np.asarray(ties)
    return Winners(np.where(silent, SILENT, first), share, n, shared)
