"""Four drawings in the plane: data that a network can be watched on while it takes them apart.

The same name always gives the same 600 points, so pictures of two networks compare. A straight line
separates the blobs alone; the others need the lines of several hidden units, the spiral most.

Source: blobs, circles and moons are drawn by scikit-learn's generators; two intertwined spirals are
the benchmark of Lang and Witbrock, "Learning to tell two spirals apart", Connectionist Models
Summer School 1988.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from layerwise.data.dataset import DataSet
from layerwise.data.split import SEED, seeded_split
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

N = 600
CLASSES = {
    "blobs": ("left", "right", "top"),
    "circles": ("outer", "inner"),
    "moons": ("upper", "lower"),
    "spiral": ("first arm", "second arm"),
}
"""Name of a drawing -> names of its classes."""

TURNS = 1.5
"""Of each arm of the spiral around the middle."""


def load_toy(name: str, split: str) -> DataSet:
    """Return one split of a drawing: 400 points to train, 200 to test, or all 600.

    Parameters
    ----------
    name : "blobs", "circles", "moons" or "spiral"
    split : "train", "test" or "all"

    Returns
    -------
    DataSet
        Two float32 features, x and y, of about -2 to 2; label "class".

    Raises
    ------
    InvalidValue
        If there is no such drawing.

    Examples
    --------
    >>> load_toy("moons", "train")
    DataSet('moons', 400 observations of shape (2,) float32, labels: class)
    """
    checks.choice("load", "name_or_path", name, tuple(CLASSES))
    points, codes = _drawn(name)
    rows = seeded_split(codes, split, Fraction(1, 3))
    source = f"{name}: {N} points in the plane, drawn with a fixed seed; 400 train / 200 test"
    return DataSet(
        name, points[rows].astype(np.float32), {"class": codes[rows]}, {"class": CLASSES[name]},
        source,
    )  # fmt: skip


def _drawn(name: str) -> tuple[Array, Array]:
    """Return the points (600, 2) of a drawing and the class of each."""
    if name == "spiral":
        return _spiral()
    from sklearn import datasets

    points: Array
    if name == "blobs":
        centers = [(-1.0, -0.6), (1.0, -0.6), (0.0, 1.1)]
        points, codes = datasets.make_blobs(N, centers=centers, cluster_std=0.4, random_state=SEED)
    elif name == "circles":
        points, codes = datasets.make_circles(N, noise=0.1, factor=0.5, random_state=SEED)
    else:
        points, codes = datasets.make_moons(N, noise=0.15, random_state=SEED)
    return points, codes


def _spiral() -> tuple[Array, Array]:
    """Return two arms, one turned by half a circle, as dense outside as inside."""
    draw = np.random.default_rng(SEED)
    codes = np.arange(N) % 2
    radius = np.sqrt(draw.uniform(0.02, 1, N))
    angle = np.pi * (2 * TURNS * radius + codes)
    arms = 2 * radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return arms + draw.normal(0, 0.08, arms.shape), codes
