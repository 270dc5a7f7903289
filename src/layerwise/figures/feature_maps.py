"""What every layer makes of one observation: its channels as pictures, layer under layer.

The observation stands first, with boxes around what one unit of each layer sees of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from layerwise.figures.receptive_field import MOST_BOXES, Box, draw_boxes
from layerwise.figures.tiles import LARGEST, MARGIN, NARROWEST, Key, Tiles, tiles
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units import MapImages

NAMED = 2.6
"""Inches beside the observation in which the boxes are named."""


def feature_maps(
    layers: Mapping[str, Mapping[str, MapImages]],
    *,
    picture: Array | None = None,
    boxes: Mapping[str, Box] | None = None,
    input_size: Sequence[int] | None = None,
    caption: str = "the observation",
    title: str = "",
) -> Figure:
    r"""Draw the channels of layers for one observation.

    Parameters
    ----------
    layers : MapImages by layer and checkpoint, "" if there is but one
    picture : (height, width), (height, width, 1) or (height, width, 3) uint8, optional
        The observation.
    boxes : what one unit of each layer sees of it, in pixels of the input; the first
        :data:`MOST_BOXES` are drawn
    input_size : height and width of the input, if the picture is of another size
    caption : what the observation is
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is neither a layer nor a picture.

    Examples
    --------
    >>> from layerwise.units import map_images
    >>> figure = feature_maps({"conv1": {"": map_images(np.ones((6, 9, 9)))}},
    ...                       picture=np.zeros((12, 12), np.uint8),
    ...                       boxes={"conv1": ((4, 7), (4, 7))})
    >>> figure.texts[0].get_text().replace("\n", " ")
    'the observation, and what the middle unit of each layer sees of it'
    """
    groups = [
        map_tiles(layer, checkpoint, images)
        for layer, over in layers.items()
        for checkpoint, images in over.items()
    ]
    if picture is None:
        if not groups:
            raise checks.invalid("feature_maps", "layers", "at least one, or a picture", "none")
        return tiles(groups, title=title)
    shown = dict(itertools.islice((boxes or {}).items(), MOST_BOXES))
    sees = ", and what the middle unit of each layer sees of it" if shown else ""
    first = Tiles(np.asarray(picture)[None], (), caption + sees)
    wide = LARGEST + NAMED if shown else NARROWEST
    figure = tiles([first, *groups], title=title, narrowest=wide)
    if shown:
        ax = figure.axes[0]
        left, right, bottom, top = ax.images[0].get_extent()
        size = tuple(input_size or np.shape(picture)[:2])
        labels = (right + MARGIN, top)
        draw_boxes(ax, (left, right, bottom, top), size, shown, labels=labels)
    return figure


def map_tiles(layer: str, when: str, images: MapImages) -> Tiles:
    """Return the channels of one layer, at one checkpoint, as a group of tiles.

    Examples
    --------
    >>> from layerwise.units import map_images
    >>> map_tiles("relu1", "epoch-000", map_images(np.ones((2, 3, 3)))).caption
    'relu1, epoch-000: all 2 channels, strongest by largest activation first'
    """
    where = f"{layer}, {when}" if when else layer
    own = {"maps": "picture", "matrix": "row", "cells": "cell"}[images.kind]
    key = Key("signed" if images.signed else "positive", images.limit, own)
    return Tiles(images.pixels, images.names, f"{where}: {images.caption}", key)
