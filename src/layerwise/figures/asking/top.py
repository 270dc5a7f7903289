"""What excites units most: the strongest observations beside their deconvnet projections.

After Zeiler and Fergus 2014, Fig. 2: of each feature map the top 9, projected down to pixels, and
the patches of the images. Leaves out which units are worth it, and how pictures are made of numbers
(:mod:`layerwise.analysis.asking.top_images`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from layerwise.analysis.asking.top_images import SATURATED
from layerwise.figures.tiles import Key, Tiles, tiles
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.analysis.asking.top_images import TopImages

COLUMNS = 2
"""Units in a row: with nine projections and nine patches each, more would be too small."""

MOST_NAMED = 6
"""Silent units that are named; of more, how many there are."""


def top_patches(
    layers: Mapping[str, TopImages],
    *,
    classes: Mapping[str, pd.DataFrame] | None = None,
    observations: str = "observations",
    title: str = "",
) -> Figure:
    """Draw the strongest observations of units, layer under layer.

    Parameters
    ----------
    layers : from :func:`layerwise.analysis.top_images`, by what stands in the caption: a layer, or
        a layer and when
    classes : for some of them, from :func:`layerwise.analysis.top_classes`: of which class most of
        a unit's observations are
    observations : what was looked through, for the captions: "10,000 test images"
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is no layer.

    Examples
    --------
    >>> import numpy as np
    >>> from layerwise.analysis import TopImages
    >>> images = TopImages(np.zeros((2, 30, 68, 3), np.uint8), np.array([4, 7]), np.ones((2, 2)),
    ...                    np.array([1]), np.ones(2), "signed", 9)
    >>> figure = top_patches({"conv2": images}, observations="500 digits")
    >>> " ".join(figure.texts[0].get_text().split())
    'conv2: the 9 of 500 digits that excite each unit most; projections left, patches right;
    silent, so without a picture: unit 1'
    """
    if not layers:
        raise checks.invalid("top_patches", "layers", "at least one", "none")
    known = classes or {}
    groups = [
        top_tiles(
            images.pixels, top_names(images.units.tolist(), known.get(name)),
            f"{name}: the {images.n_top} of {observations} that excite each unit most; projections "
            f"left, patches right{_silent(images.silent.tolist())}", images.ramp,
        )
        for name, images in layers.items()
    ]  # fmt: skip
    return tiles(groups, title=title)


def top_tiles(pixels: Array, names: Sequence[str], caption: str, ramp: str) -> Tiles:
    """Return pictures of units as a group of tiles.

    Parameters
    ----------
    pixels : (n, height, width, 3) uint8, from :func:`layerwise.analysis.top_images`
    names : what stands under each
    caption : what they are
    ramp : "rgb" or "signed", of the projections

    Examples
    --------
    >>> import numpy as np
    >>> top_tiles(np.zeros((1, 9, 20, 3), np.uint8), ["7"], "conv1", "rgb").key
    Key(ramp='rgb', limit=None, own='unit', within=0.995)
    """
    return Tiles(pixels, names, caption, Key(ramp, None, "unit", SATURATED), COLUMNS)


def top_names(units: Sequence[int], classes: pd.DataFrame | None = None) -> list[str]:
    """Return what stands under each unit: its number, and the class of most of its observations.

    Examples
    --------
    >>> import pandas as pd
    >>> classes = pd.DataFrame({"unit": [7], "class": ["beagle"], "agree": [6], "n": [9]})
    >>> top_names([3, 7], classes)
    ['3', '7: class beagle, 6 of 9']
    """
    if classes is None or classes.empty:
        return [str(unit) for unit in units]
    rows = {int(row["unit"]): row for row in classes.to_dict("records")}
    return [
        f"{unit}: class {row['class']}, {row['agree']} of {row['n']}"
        if (row := rows.get(unit))
        else str(unit)
        for unit in units
    ]


def _silent(units: Sequence[int]) -> str:
    if not units:
        return ""
    if len(units) > MOST_NAMED:
        return f"; silent, so without a picture: {len(units)} units"
    noun = "unit" if len(units) == 1 else "units"
    return f"; silent, so without a picture: {noun} {', '.join(map(str, units))}"
