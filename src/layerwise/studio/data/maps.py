"""Places of points in the frame of a page: maps from different tables brought to one size and pose.

A map has no scale, no up and no left-right of its own. Each is centred, brought to unit
root-mean-square radius, and turned (or mirrored) onto a reference by the observations they share,
so that a point that moves between two maps moves because its neighbours changed. No distance within
a map changes but by one factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerwise.foundation.shapes import Array, Points
from layerwise.studio.data.files import FRAME

LEAST, MOST = 1e-38, 1e38
"""Radius of a map that is more than a point, and the coordinate that is still a place."""


@dataclass(frozen=True)
class Map:
    """Points by their numbers (of observations or units), those with a finite place only.

    Attributes
    ----------
    ids : (m,) int
    Y : (m, 2) float64
    """

    ids: Array
    Y: Points

    @classmethod
    def of(cls, ids: Array, Y: Points) -> Map:
        """Return the map of the points that have a place."""
        there = np.isfinite(Y).all(axis=1)
        return cls(ids[there], Y[there])

    def laid_over(self, reference: Map) -> Map:
        """Return this map turned and mirrored to lie as close to `reference` as it can.

        Both are centred on the points they share; of fewer than two nothing is turned. If a point
        would leave the frame by that, all are drawn closer to its middle.
        """
        from scipy.linalg import orthogonal_procrustes

        _, own, other = np.intersect1d(self.ids, reference.ids, return_indices=True)
        if len(own) < 2:
            return self
        centre, target = self.Y[own].mean(axis=0), reference.Y[other].mean(axis=0)
        turn, _ = orthogonal_procrustes(self.Y[own] - centre, reference.Y[other] - target)
        Y = (self.Y - centre) @ turn + target
        return Map(self.ids, Y / max(1.0, float(np.hypot(*Y.T).max()) / FRAME))

    def scattered(self, n: int) -> Points:
        """Return the places of points 0 to n - 1, NaN for those that have none."""
        found = np.full((n, 2), np.nan)
        known = (self.ids >= 0) & (self.ids < n)
        found[self.ids[known]] = self.Y[known]
        return found


@dataclass(frozen=True)
class Pose:
    """What brings a map into the frame: a centre and a factor."""

    centre: Array
    factor: float

    @classmethod
    def of(cls, Y: Points) -> Pose:
        """Return the pose of places: unit radius, or less if a point would leave the frame.

        Examples
        --------
        >>> pose = Pose.of(np.array([[0.0, 0], [0, 4]]))
        >>> pose.apply(np.array([[0.0, 0], [0, 4]])).tolist()
        [[0.0, -1.0], [0.0, 1.0]]
        """
        there = Y[np.isfinite(Y).all(axis=1)]
        if not len(there):
            return cls(np.zeros(2), 1.0)
        centre = there.mean(axis=0)
        radii = np.hypot(*(there - centre).T)
        radius = max(float(np.sqrt((radii**2).mean())), float(radii.max()) / FRAME)
        return cls(centre, 1 / radius if radius > LEAST else 1.0)

    def apply(self, Y: Points) -> Points:
        """Return places in the frame."""
        return (Y - self.centre) * self.factor


def posed(ids: Array, Y: Points) -> Map:
    """Return the map of some points, in the frame.

    Raises
    ------
    ValueError
        If a point has two places: then this is more than one map.
    """
    if len(np.unique(ids)) < len(ids):
        raise ValueError("it has two places for one point")
    return Map.of(ids, Pose.of(Y).apply(Y))
