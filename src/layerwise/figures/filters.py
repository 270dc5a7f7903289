"""Filters of layers: the same ones at every checkpoint, under each other, each with its scale."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from layerwise.figures.tiles import Key, Tiles, tiles
from layerwise.foundation import checks
from layerwise.units import FilterImages


def filter_sheet(pictures: Mapping[str, Mapping[str, FilterImages]], *, title: str = "") -> Figure:
    """Draw filters, layer by layer, their checkpoints under each other.

    Parameters
    ----------
    pictures : FilterImages by layer and checkpoint, "" if there is but one
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is no picture.

    Examples
    --------
    >>> import numpy as np
    >>> from layerwise.units import filter_images
    >>> figure = filter_sheet({"conv1": {"epoch-005": filter_images(np.ones((6, 1, 5, 5)))}})
    >>> len(figure.axes[0].images), figure.texts[0].get_text()
    (6, 'conv1, epoch-005: all 6 filters')
    """
    groups = [
        filter_tiles(layer, checkpoint, images)
        for layer, over in pictures.items()
        for checkpoint, images in over.items()
    ]
    if not groups:
        raise checks.invalid("filter_sheet", "pictures", "of at least one layer", "none")
    return tiles(groups, title=title)


def filter_tiles(layer: str, checkpoint: str, images: FilterImages) -> Tiles:
    """Return the filters of one layer at one checkpoint as a group of tiles."""
    where = f"{layer}, {checkpoint}" if checkpoint else layer
    caption = f"{where}: {images.caption}"
    ramp = "rgb" if images.kind == "rgb" else "signed"
    own = "row" if images.kind == "matrix" else "picture"
    return Tiles(images.pixels, images.names, caption, Key(ramp, images.limit, own))
