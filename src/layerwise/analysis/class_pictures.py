"""Class maps as pictures that a run keeps: class means, their differences, winners.

For grids of images; the figures of a report are drawn from the numbers themselves. Leaves out
layers without rows and columns of positions.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd

from layerwise.foundation.shapes import Array
from layerwise.store.media import LARGEST, pictures
from layerwise.units import Tally, selectivity
from layerwise.units.pictures import pixels
from layerwise.units.population.winners import SILENT

MOST_CLASSES = 20
MOST_UNITS = 12
"""Those with the greatest share of variance between classes."""

GOLDEN = (5**0.5 - 1) / 2
"""Steps of the circle of hues that keep any few numbers in turn apart."""


def class_pictures(tally: Tally, layer: str, checkpoint: str, subset: str = "") -> pd.DataFrame:
    """Return pictures of class maps as rows of the table "images"; none for other layers.

    Parameters
    ----------
    tally : with class maps
    layer, checkpoint, subset : what it counted, for the titles

    Returns
    -------
    DataFrame
        Kinds "class means" and "class differences", the maps of the twelve units whose variance
        lies most between classes, each on its own scale over the classes; "winners", a colour a
        unit. At most the first 20 classes with observations.
    """
    found = list(_sets(tally, layer, checkpoint, subset)) if _has_pictures(tally) else []
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def winner_pixels(index: Array) -> Array:
    """Return winners (..., height, width) as colours, one a unit; silence is grey.

    Examples
    --------
    >>> winner_pixels(np.array([[0, -1]])).tolist()
    [[[217, 87, 87], [187, 187, 187]]]
    """
    numbers = np.arange(SILENT, max(int(index.max(initial=0)), 0) + 1)
    colors = np.array([colorsys.hsv_to_rgb(GOLDEN * number % 1, 0.6, 0.85) for number in numbers])
    table = np.rint(255 * colors).astype(np.uint8)
    table[0] = pixels.anchors((pixels.MISSING,))[0]
    colored: Array = table[index - SILENT]
    return colored


def _has_pictures(tally: Tally) -> bool:
    positions = tally.positions
    is_map = len(positions) == 2 and min(positions) > 1 and max(positions) <= LARGEST
    return tally.has_maps and is_map and bool(tally.class_counts.any())


def _sets(tally: Tally, layer: str, checkpoint: str, subset: str) -> Iterator[pd.DataFrame]:
    codes = np.flatnonzero(tally.class_counts)[:MOST_CLASSES]
    eta2 = selectivity(tally.by_class())["eta2"].fillna(-1).to_numpy()
    units = np.sort(np.argsort(-eta2, kind="stable")[:MOST_UNITS])
    maps = tally.class_maps()
    means = maps[np.ix_(codes, units)]
    seen = maps[tally.class_counts > 0][:, units]
    whose = ", ".join(filter(None, (layer, subset)))
    n = int(tally.class_counts.sum())
    of = f"over {n:,} observations; each unit on its own scale"
    names = [f"{tally.class_names[code]}: {unit}" for code in codes for unit in units]

    def drawn(kind: str, title: str, colored: Array, names: Sequence[str]) -> pd.DataFrame:
        index = np.repeat(codes, len(names) // len(codes))
        return pictures(kind, colored, title=f"{whose}: {title}", checkpoint=checkpoint,
                        about="class", index=index, names=names)  # fmt: skip

    ramp = pixels.signed if (means < 0).any() else pixels.positive
    yield drawn("class means", f"class means of units {of}", _flat(ramp, means, seen), names)
    centre = seen.mean(axis=0)
    differences = _flat(pixels.signed, means - centre, seen - centre)
    yield drawn("class differences", f"class means less those of all classes {of}",
                differences, names)  # fmt: skip
    if tally.has_winners:
        won = tally.winners().index[codes]
        strongest = [_most(one) for one in won]
        title = f"strongest unit at each position over {n:,} observations; grey: all silent"
        labels = [f"{tally.class_names[code]}: {words}"
                  for code, words in zip(codes, strongest, strict=True)]  # fmt: skip
        yield drawn("winners", title, winner_pixels(won), labels)


def _flat(ramp: Callable[[Array, Array], Array], maps: Array, seen: Array) -> Array:
    """Return maps (n_classes, n_units, h, w) in colour, in a row, units on their own scales."""
    limit = np.abs(seen).max(axis=(0, 2, 3))[:, None, None]
    colored = ramp(maps, limit)
    return colored.reshape(-1, *colored.shape[2:])


def _most(index: Array) -> str:
    heard = index[index != SILENT]
    return f"most often {np.bincount(heard).argmax()}" if heard.size else "silent"
