"""What inputs' answers rest on: the input, then one map a method, row by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from layerwise.analysis.asking.attributions import attribution_images, map_names, method_words
from layerwise.figures.tiles import Key, Tiles, tiles
from layerwise.figures.traces import MOST_LAYERS, Trace, traces
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units.pictures.heat import CLIPPED

if TYPE_CHECKING:
    from layerwise.attribution.explanation import Explanation

ACROSS = 4
"""Large pictures in a row; smaller ones stand closer."""

LARGE = 64
"""Pixels: of the shorter side of a large picture."""

KEY = Key("signed", within=1 - CLIPPED)
"""What the colours of maps mean; where each ends stands under it."""


def attributions(
    explanations: Sequence[Explanation],
    captions: Sequence[Sequence[str]],
    *,
    pictures: Array | None = None,
    signals: Array | None = None,
    title: str = "",
) -> Figure:
    """Draw what methods say of observations.

    Parameters
    ----------
    explanations : from :func:`layerwise.attribution.explain`, of the same observations: at one
        checkpoint, or at several, the trained one first
    captions : for each explanation, what stands over each observation
    pictures : (n, height, width, 1 or 3) uint8, optional
        The observations, if they are pictures; photographs (64 pixels a side and more) lie under
        their maps, in grey.
    signals : (n, n_channels, length), optional
        The observations, if they are signals: the first becomes traces over time.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is nothing to draw, or not one caption for each.

    Examples
    --------
    >>> import torch
    >>> from layerwise.attribution import explain
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
    >>> found = explain(net, torch.rand(2, 1, 8, 8), methods=["gradient"])
    >>> figure = attributions([found], [["first", "second"]])
    >>> [text.get_text() for text in figure.texts][:1]
    ['first']
    """
    name = "attributions"
    if not explanations or len(captions) != len(explanations):
        raise checks.invalid(
            name, "explanations", "one or more, with captions for each", f"{len(explanations)}"
        )
    n = len(explanations[0].values)
    if any(len(one.values) != n or len(words) != n
           for one, words in zip(explanations, captions, strict=True)):  # fmt: skip
        raise checks.invalid(name, "captions", f"one for each of {n} observations", "others")
    first = explanations[0]
    # Of tokens the last axis counts features, and a map has one number a token.
    if signals is not None and all(
        maps.shape[1:] == signals.shape[2:] for maps in first.maps.values()
    ):
        own = [
            Trace(method_words(method), maps[:1], ["all"])
            for method, maps in list(first.maps.items())[: MOST_LAYERS - 1]
        ]
        shown = Trace("input", signals[0], range(len(signals[0])))
        return traces([shown, *own], title=title or captions[0][0])
    groups = [
        _tiles(one, k, None if pictures is None else pictures[k], words[k])
        for k in range(n)
        for one, words in zip(explanations, captions, strict=True)
    ]
    return tiles(groups, title=title)


def _tiles(one: Explanation, k: int, picture: Array | None, caption: str) -> Tiles:
    """Return an observation and its maps as a group."""
    images = attribution_images(one, k, picture)
    names = map_names(one, images)
    pixels = images.pixels
    if picture is not None and picture.shape[:2] == pixels.shape[1:3]:
        shown = picture if picture.ndim == 3 else picture[..., None]
        pixels = np.concatenate([np.broadcast_to(shown, (1, *shown.shape[:2], 3)), pixels])
        names = ["input", *names]
    return Tiles(pixels, names, caption, KEY, columns_of(pixels))


def columns_of(pixels: Array) -> int | None:
    """Return how many of these pictures stand in a row, rows of about one length; None if small."""
    if min(pixels.shape[1:3]) < LARGE:
        return None
    return math.ceil(len(pixels) / math.ceil(len(pixels) / ACROSS))
