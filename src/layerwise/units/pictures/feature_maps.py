"""What one layer makes of one observation: pictures of its channels.

Values are (n_channels, *positions): a map for each channel of a picture, a line for each of a
signal or for each feature of tokens, one number for each unit of a dense layer. Leaves out where
values come from (:mod:`layerwise.recording.one`) and many observations.

Source: Fleuret, EE-559, lecture 8.2 (activations as images).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit
from layerwise.units.pictures import pixels
from layerwise.units.pictures.choice import Choice, choose

SCALES = ("layer", "channel")

MOST_CHANNELS = {"maps": 16, "matrix": 64, "cells": 4096}
"""Channels that are drawn if none are named, by the kind of the pictures."""

ACROSS = 64
"""Units in a row of cells."""


@dataclass(frozen=True, eq=False)
class MapImages:
    """Pictures of the channels of one layer, and what must stand beside them.

    Attributes
    ----------
    kind : "maps" (a picture a channel), "matrix" (one picture: a row a channel, positions across)
        or "cells" (one picture: a cell a unit, row by row)
    pixels : (n, height, width, 3) uint8
    channels : which are drawn
    limits : (n_channels drawn,) the activation at the end of the scale of each
    scale : "channel" if each has its own limit, "layer" if they share one
    signed : whether any of the layer's activations is below 0, and colours are for both signs
    positions : how many there are, in words
    """

    kind: str
    pixels: Array
    channels: Choice
    limits: PerUnit
    scale: str
    signed: bool
    positions: str

    @property
    def names(self) -> list[str]:
        """What stands under each picture: the number of its channel."""
        return [str(k) for k in self.channels.numbers] if self.kind == "maps" else [""]

    @property
    def limit(self) -> float | None:
        """The end of the scale if there is one for all, else None."""
        return float(self.limits[0]) if self.scale == "layer" else None

    @property
    def caption(self) -> str:
        """What is drawn, in words.

        Examples
        --------
        >>> map_images(np.ones((64, 7, 7))).caption
        'the 16 strongest of 64 channels by largest activation'
        >>> map_images(np.ones((3, 197))).caption
        'all 3 channels, a row each from the top; across: 197 positions'
        """
        if self.kind == "matrix":
            return f"{self.channels.words}, a row each from the top; across: {self.positions}"
        if self.kind == "cells":
            n = len(self.channels.numbers)
            rows = f", row by row of {ACROSS} from the top left" if n > ACROSS else " from the left"
            return self.channels.words + ("" if n == 1 else rows)
        return self.channels.words


def strength(values: Array) -> PerUnit:
    """Return the largest absolute activation of each channel; NaN counts as 0.

    Examples
    --------
    >>> strength(np.array([[[0.0, -3.0]], [[1.0, 2.0]]])).tolist()
    [3.0, 2.0]
    """
    sizes = np.nan_to_num(np.abs(values.reshape(len(values), -1).astype(np.float64)))
    strongest: PerUnit = sizes.max(axis=1)
    return strongest


def map_images(
    values: Array,
    *,
    channels: Choice | Sequence[int] | int | None = None,
    scale: str = "layer",
    tokens: bool = False,
    when: str = "",
) -> MapImages:
    """Return the channels of a layer as pictures in which 0 is always the same colour.

    Parameters
    ----------
    values : (n_channels, height, width), (n_channels, length) or (n_units,)
    channels : Choice, sequence of int, int or None
        These; so many, the strongest (largest absolute activation) first; or the strongest few
        (:data:`MOST_CHANNELS`), of dense layers and of a matrix with room all in their order.
    scale : "layer" or "channel"
        Where the colours end: at the largest absolute activation of the layer, or of each channel.
    tokens : whether the positions are tokens, for the words
    when : where the strongest were found, for the words: " at epoch-005"

    Returns
    -------
    MapImages

    Raises
    ------
    UserError
        If values have more than two dimensions of positions, or an argument does not fit them.

    Examples
    --------
    >>> images = map_images(np.array([[[0.0, 1]], [[-4, 0]], [[0, 2]]]), channels=2)
    >>> images.channels.numbers.tolist(), images.pixels.shape, images.limit, images.signed
    ([1, 2], (2, 1, 2, 3), 4.0, True)
    """
    name = "map_images"
    A = np.asarray(values)
    if not 1 <= A.ndim <= 3 or not A.size or A.dtype.kind not in "fiub":
        raise checks.invalid(
            name, "values", "(n_channels, height, width), (n_channels, length) or (n_units,)",
            f"{A.dtype} of shape {A.shape}", "Take one slice of maps in three dimensions.",
        )  # fmt: skip
    checks.choice(name, "scale", scale, SCALES)
    kind = {3: "maps", 2: "matrix", 1: "cells"}[A.ndim]
    noun = "unit" if kind == "cells" else "channel"
    sizes, most = strength(A), MOST_CHANNELS[kind]
    if channels is None and (kind == "maps" or (kind == "matrix" and len(A) > most)):
        channels = most
    if not isinstance(channels, Choice):
        by = f"largest activation{when}"
        channels = choose(sizes, channels, most, noun, by=by, function=name)
    limits = sizes if scale == "channel" else np.full(len(A), sizes.max())
    signed = bool((A < 0).any())
    drawn, ends = A[channels.numbers], limits[channels.numbers]
    paint = pixels.signed if signed else pixels.positive
    painted = paint(drawn, ends.reshape(-1, *[1] * (A.ndim - 1)))
    if kind == "matrix":
        painted = painted[None]
    elif kind == "cells":
        painted = _rows(painted)
    positions = "" if kind == "cells" else f"{A.shape[1]} {'tokens' if tokens else 'positions'}"
    return MapImages(kind, painted, channels, ends, scale, signed, positions)


def _rows(cells: Array) -> Array:
    """Return cells (n, 3) in rows of :data:`ACROSS`; paper where the last row has none."""
    across = min(len(cells), ACROSS)
    down = -(-len(cells) // across)
    sheet = np.full((down * across, 3), 255, np.uint8)
    sheet[: len(cells)] = cells
    return sheet.reshape(1, down, across, 3)
