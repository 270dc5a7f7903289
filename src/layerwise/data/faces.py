"""Drawn faces whose parts stand at known places: a toy for questions about parts of a picture.

Whether a network relates an eye to an eye can only be asked where eyes are marked. Here they are
by construction, in pictures that a small network learns in seconds. Left out is everything that
makes real faces hard; what a network shows here says nothing about photographs.

The same call always gives the same 1,200 pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from layerwise.data.dataset import DataSet
from layerwise.data.split import SEED, seeded_split
from layerwise.foundation.shapes import Array

N, SIDE = 1200, 32
EXPRESSIONS = ("happy", "sad", "surprised", "asleep")

PARTS = {
    "left eye": (-3.0, -4.5),
    "right eye": (-3.0, 4.5),
    "nose": (1.5, 0.0),
    "mouth": (6.0, 0.0),
}
"""Part -> (down, right) of the middle of an upright face, in pixels; left is the viewer's."""

HEAD = (13.0, 10.5)
"""Half the height and width of a head."""

SOURCE = (
    f"faces: {N:,} faces of {SIDE}x{SIDE} grey, drawn with a fixed seed: four expressions, moved, "
    f"turned by up to 12 degrees and scaled; {N * 2 // 3} train / {N // 3} test"
)


def load_faces(split: str) -> DataSet:
    """Return one split of the faces: 800 to train, 400 to test, or all 1,200.

    Parameters
    ----------
    split : "train", "test" or "all"

    Returns
    -------
    DataSet
        (n, 32, 32, 1) uint8; label "expression": happy, sad, surprised or asleep.

    Examples
    --------
    >>> load_faces("test")
    DataSet('faces', 400 observations of shape (32, 32, 1) uint8, labels: expression)
    """
    pictures, codes, _ = _drawn()
    rows = seeded_split(codes, split, Fraction(1, 3))
    names = {"expression": EXPRESSIONS}
    return DataSet("faces", pictures[rows], {"expression": codes[rows]}, names, SOURCE)


def face_parts(split: str) -> dict[str, Array]:
    """Return where the parts of the faces of one split are.

    Parameters
    ----------
    split : "train", "test" or "all"

    Returns
    -------
    dict
        Part ("left eye", "right eye", "nose", "mouth") -> (n, 2) float64: row and column of its
        middle in pixels, where (0, 0) is the middle of the first pixel. Left is the viewer's.

    Examples
    --------
    >>> places = face_parts("test")
    >>> list(places), places["nose"].shape
    (['left eye', 'right eye', 'nose', 'mouth'], (400, 2))
    """
    _, codes, places = _drawn()
    rows = seeded_split(codes, split, Fraction(1, 3))
    return {part: where[rows] for part, where in places.items()}


@dataclass(frozen=True, eq=False)
class _Pose:
    """Where each face stands: (n, 1, 1) arrays of its middle, its size and its turn."""

    y: Array
    x: Array
    size: Array
    turn: Array

    def own(self) -> tuple[Array, Array]:
        """Return every pixel in the face's own (down, right), (n, 32, 32) each."""
        rows, columns = np.mgrid[:SIDE, :SIDE].astype(float)
        down, right = rows - self.y, columns - self.x
        cos, sin = np.cos(self.turn) / self.size, np.sin(self.turn) / self.size
        return cos * down - sin * right, sin * down + cos * right

    def placed(self, down: float, right: float) -> Array:
        """Return a point of the face's own in pixels, (n, 2)."""
        cos, sin = np.cos(self.turn) * self.size, np.sin(self.turn) * self.size
        y, x = self.y + cos * down + sin * right, self.x - sin * down + cos * right
        return np.concatenate([y, x], axis=2)[:, 0]


@cache
def _drawn() -> tuple[Array, Array, dict[str, Array]]:
    """Return the pictures, the expression of each, and where parts are."""
    draw = np.random.default_rng(SEED)

    def each(low: float, high: float) -> Array:
        return draw.uniform(low, high, (N, 1, 1))

    codes = np.arange(N) % len(EXPRESSIONS)
    middle = (SIDE - 1) / 2
    pose = _Pose(
        middle + each(-2, 2), middle + each(-3, 3), each(0.85, 1.1), np.deg2rad(each(-12, 12))
    )
    down, right = pose.own()
    ground, skin, ink = each(0.0, 0.35), each(0.6, 0.95), each(0.0, 0.2)
    head = _ellipse(down, right, *HEAD)
    ink_there = _features(down, right, codes[:, None, None])
    pictures = ground + (skin - ground) * head
    pictures += (ink - pictures) * ink_there
    pictures += draw.normal(0, 0.03, pictures.shape)
    pixels = np.rint(255 * pictures.clip(0, 1)).astype(np.uint8)[..., None]
    return pixels, codes, {part: pose.placed(*where) for part, where in PARTS.items()}


def _features(down: Array, right: Array, codes: Array) -> Array:
    """Return how much ink is on each pixel: eyes, nose and mouth of each expression."""
    happy, sad, surprised, asleep = (codes == k for k in range(len(EXPRESSIONS)))
    ink = np.zeros(down.shape)
    for part in ("left eye", "right eye"):
        y, x = down - PARTS[part][0], right - PARTS[part][1]
        wide = np.where(surprised, 2.8, 1.9)
        opened = _ellipse(y, x, wide, 0.8 * wide)
        closed = _ellipse(y, x, 0.6, 2.6)
        ink = np.maximum(ink, np.where(asleep, closed, opened))
    y, x = down - PARTS["nose"][0], right - PARTS["nose"][1]
    ink = np.maximum(ink, 0.8 * _ellipse(y, x, 2.2, 0.7))
    y, x = down - PARTS["mouth"][0], right - PARTS["mouth"][1]
    bend = np.where(happy, 0.12, 0.0) - np.where(sad, 0.12, 0.0)
    line = _ellipse(y + bend * (x**2 - 8), 0.13 * x, 0.7, 0.65)
    ring = _ellipse(y, x, 2.9, 2.4) - _ellipse(y, x, 1.6, 1.1)
    return np.maximum(ink, np.where(surprised, ring, line))


def _ellipse(y: Array, x: Array, high: float | Array, wide: float | Array) -> Array:
    """Return how much of each pixel an ellipse of these half axes covers, its edge a pixel soft."""
    inside = 1 - np.sqrt((y / high) ** 2 + (x / wide) ** 2)
    covered: Array = np.clip(0.5 + inside * np.minimum(high, wide), 0, 1)
    return covered
