"""Filters as pictures in which 0 is always the same colour, with the words for what is drawn.

Which filters and which of their inputs are shown is a choice, and where colours end is another:
both stand beside the pictures. Leaves out laying them out (:mod:`layerwise.figures.tiles`).

Source: Fleuret, EE-559, lecture 8.1 (filters as images, of deeper layers as tiles of channels).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit
from layerwise.units.pictures import pixels
from layerwise.units.pictures.choice import Choice, choose
from layerwise.units.weights.filters import flat

SCALES = ("filter", "layer")

MOST_FILTERS = {"rgb": 128, "signed": 128, "tiles": 24, "strips": 48, "matrix": 256}
"""Filters that are drawn if none are named, by the kind of their pictures."""

MOST_INPUTS = {"tiles": 16, "strips": 64, "matrix": 256}
"""Inputs that are drawn of each if none are named."""

_PAPER = 255


@dataclass(frozen=True, eq=False)
class FilterImages:
    """Pictures of filters, and what must stand beside them.

    Attributes
    ----------
    kind : "rgb" (three inputs as colours), "signed" (one input), "tiles" (a block of small
        pictures, one an input), "strips" (one row an input, along the length) or "matrix" (all in
        one picture: a row a filter, a column an input)
    pixels : (n, height, width, 3) uint8, n = 1 for a matrix
    filters, inputs : what is drawn
    limits : (n_filters drawn,) the weight at the end of the scale of each
    scale : "filter" if each has its own limit, "layer" if they share one
    """

    kind: str
    pixels: Array
    filters: Choice
    inputs: Choice
    limits: PerUnit
    scale: str

    @property
    def names(self) -> list[str]:
        """What stands under each picture: the number of its filter, nothing under a matrix."""
        return [""] if self.kind == "matrix" else [str(k) for k in self.filters.numbers]

    @property
    def limit(self) -> float | None:
        """The end of the scale if there is one for all, else None."""
        return float(self.limits[0]) if self.scale == "layer" else None

    @property
    def caption(self) -> str:
        """What is drawn, in words.

        Examples
        --------
        >>> filter_images(np.ones((64, 32, 5, 5))).caption
        'the first 24 of 64 filters, each a block of the first 16 of 32 inputs'
        >>> filter_images(np.ones((1, 3, 7, 7))).caption
        'the only filter, its inputs 0, 1 and 2 as red, green and blue'
        """
        one = len(self.filters.numbers) == 1
        one_or_each = ", " if one else ", each "
        red, green, blue = self.inputs.numbers[:3] if self.kind == "rgb" else (0, 1, 2)
        whose = {
            "rgb": f", {'its ' * one}inputs {red}, {green} and {blue} as red, green and blue",
            "signed": "" if self.inputs.words == "the only input"
            else f"{one_or_each}on {self.inputs.words}",
            "tiles": f"{one_or_each}a block of {self.inputs.words}",
            "strips": f"{one_or_each}along its length"
            + (f", a row for each of {self.inputs.words}" if len(self.inputs.numbers) > 1 else ""),
            "matrix": ("" if one else ", a row each from the top")
            + f"; across: {self.inputs.words}",
        }[self.kind]  # fmt: skip
        return f"{self.filters.words}{whose}"


def filter_images(
    weights: Array,
    *,
    groups: int = 1,
    scale: str | float = "filter",
    filters: Choice | Sequence[int] | int | None = None,
    inputs: Choice | Sequence[int] | int | None = None,
    image_shape: Sequence[int] | None = None,
) -> FilterImages:
    """Return filters as pictures in which 0 is always the same colour.

    Two dimensions: three inputs of an ungrouped layer are red, green and blue in the order in which
    they are named, with 0 as mid grey; one input is blue, pale, brown for minus, 0, plus; others
    are blocks of such tiles, one an input. One dimension: strips, a row an input. Kernels of one
    position and linear layers: one matrix, because a tile of one pixel tells nothing.

    Parameters
    ----------
    weights : (n_filters, n_inputs per group), (..., length) or (..., height, width)
    groups : int
        Inputs are numbered within the group of each filter.
    scale : "filter", "layer" or float >= 0
        Where the colours end: at the largest absolute weight of each filter, at that of the layer,
        or at this weight, for layers that are to be compared.
    filters, inputs : sequence of int, int or None
        These; so many, the strongest by norm; or the first few (:data:`MOST_FILTERS`,
        :data:`MOST_INPUTS`).
    image_shape : (channels, height, width) or (height, width), optional
        What the inputs of a linear layer are, whose filters then are pictures too.

    Returns
    -------
    FilterImages

    Raises
    ------
    UserError
        If weights have more than two dimensions of size, or an argument does not fit them.

    Examples
    --------
    >>> images = filter_images(np.array([[[[1.0, 0, -1]]], [[[0, 4, 0]]]]), scale="layer")
    >>> images.kind, images.pixels.shape, images.limits.tolist()
    ('signed', (2, 1, 3, 3), [4.0, 4.0])
    >>> filter_images(np.ones((10, 784)), image_shape=(28, 28)).pixels.shape
    (10, 28, 28, 3)
    """
    name = "filter_images"
    rows = flat(name, weights, groups)
    W = _arranged(weights, image_shape)
    kind = _kind(W.shape, groups)
    if not isinstance(inputs, Choice):
        strength = np.linalg.norm(W.reshape(*W.shape[:2], -1), axis=(0, 2))
        inputs = choose(strength, inputs, MOST_INPUTS.get(kind, W.shape[1]), "input")
        if groups > 1:
            inputs = replace(inputs, words=f"{inputs.words} of its group")
    if kind in ("rgb", "tiles") and len(inputs.numbers) != W.shape[1]:
        kind = "signed" if len(inputs.numbers) == 1 else "tiles"
    if not isinstance(filters, Choice):
        filters = choose(np.linalg.norm(rows, axis=1), filters, MOST_FILTERS[kind], "filter")
    if isinstance(scale, str):
        checks.choice(name, "scale", scale, SCALES)
        limits = np.abs(rows).max(axis=1)
        limits = limits if scale == "filter" else np.full(len(limits), limits.max())
    else:
        limits, scale = np.full(len(rows), checks.number(name, "scale", scale, 0)), "layer"
    part, ends = W[filters.numbers][:, inputs.numbers], limits[filters.numbers]
    return FilterImages(kind, _painted(kind, part, ends), filters, inputs, ends, scale)


def _painted(kind: str, part: Array, limits: PerUnit) -> Array:
    """Return filters (n, n_inputs, *size) as pixels (n, height, width, 3)."""
    if kind == "matrix":
        return pixels.signed(part.reshape(*part.shape[:2]), limits[:, None])[None]
    if kind == "strips":
        return pixels.signed(part, limits[:, None, None])
    if kind == "rgb":
        return pixels.rgb(np.moveaxis(part, 1, -1), limits[:, None, None, None])
    tiles = pixels.signed(part, limits[:, None, None, None])
    if kind == "signed":
        return tiles[:, 0]
    n, k, height, width, _ = tiles.shape
    across = math.ceil(math.sqrt(k))
    down = math.ceil(k / across)
    # One white pixel between the tiles: pale is 0, so paper is told from it.
    block = np.full((n, down * (height + 1), across * (width + 1), 3), _PAPER, np.uint8)
    for place in range(k):
        y, x = place // across * (height + 1), place % across * (width + 1)
        block[:, y : y + height, x : x + width] = tiles[:, place]
    return block[:, :-1, :-1]


def _kind(shape: tuple[int, ...], groups: int) -> str:
    """Return how filters of this shape are drawn if all their inputs are."""
    _, n_inputs, *size = shape
    if math.prod(size) == 1:
        return "matrix"
    if len(size) == 1:
        return "strips"
    if n_inputs == 1:
        return "signed"
    return "rgb" if n_inputs == 3 and groups == 1 else "tiles"


def _arranged(weights: Array, image_shape: Sequence[int] | None) -> Array:
    """Return weights with the inputs of a linear layer as channels of a picture, if they are."""
    W = np.asarray(weights)
    if W.ndim > 4:
        size = " x ".join(map(str, W.shape[2:]))
        raise checks.invalid(
            "filter_images", "weights", "of one or two dimensions in space",
            f"filters of {size}", "Draw one slice of each, weights[:, :, k].",
        )  # fmt: skip
    if image_shape is None or W.ndim > 2:
        return W
    shape = [checks.integer("filter_images", "image_shape", k, 1) for k in image_shape]
    if len(shape) not in (2, 3) or math.prod(shape) != W.shape[1]:
        got = " x ".join(map(str, shape)) or "none"
        raise checks.invalid(
            "filter_images", "image_shape", f"[channels,] height and width of {W.shape[1]} inputs",
            got,
        )  # fmt: skip
    return W.reshape(len(W), *([1] * (3 - len(shape))), *shape)
