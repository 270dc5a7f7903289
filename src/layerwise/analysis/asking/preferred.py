"""Preferred inputs as numbers and pictures, kept beside a run.

The images come from a live network (:func:`layerwise.synthesis.portraits`). Every row names what
must stand beside an image: the largest activation of real inputs, where the image's stands among
them, whether several starts agree, which class the network takes it for, the nearest real inputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.store.media import LARGEST
from layerwise.store.media import pictures as picture_rows
from layerwise.units.pictures.inputs import InputImages, input_images, strips

if TYPE_CHECKING:
    from layerwise.synthesis.portraits import Portrait

KEPT = "keep_preferred"
"""The function in the provenance of these tables."""

PREFERRED, NEAREST, STARTS = "preferred inputs", "nearest inputs", "preferred inputs, every start"
"""Kinds of these pictures in the table "images"."""

CLASSES = "classes"
"""What stands for a layer if the network's classes were maximised."""

STRIP = 88
"""Pixels of the longer side of a picture in a strip of eleven, which has at most 1,024."""

FLATTEST = 4
"""Times that a picture in a strip is wider than high, at most: a signal has few lines."""

MOST_CLIMBED = 60
"""Steps of a climb that are kept, evenly spaced, the first and the last among them."""

MOST_STARTS = 8
"""Units of which every start is kept as a picture, the first ones."""


def preferred_table(
    portraits: Sequence[Portrait],
    *,
    labels: Array | None = None,
    class_names: Sequence[str] = (),
) -> pd.DataFrame:
    """Return a row a preferred input.

    Parameters
    ----------
    portraits : of one layer or several, by one recipe or several
    labels : (n_observations,) class of every real input, if known
    class_names : of the classes

    Returns
    -------
    DataFrame
        layer ("classes" for classes), unit, name (of the class, or the number), recipe, position,
        value (the activation reached), best_real (the largest over the real inputs), best_row,
        percentile (share of real inputs below the value), n_real, predicted (name of the class that
        the network takes the image for; "" if it knows none), confidence, as_meant (whether that is
        the class maximised; missing for units), n_starts, agreement (mean cosine over the pairs of
        starts, images without their means), all_agree (whether every pair is above 0.95), spread
        (coefficient of variation of the values reached), step (of the best), nearest (row numbers,
        separated by commas), distance (1 - cosine of the first), nearest_classes (names of theirs,
        one a line: names may hold commas).
    """
    names = list(class_names)
    frames = []
    for one in portraits:
        found, n = one.preferred, len(one.units)
        best = found.start_values.argmax(axis=1)
        are_classes = one.layer == CLASSES
        close = [
            [_name(names, labels[row]) for row in rows] if labels is not None else []
            for rows in one.nearest.rows
        ]
        frames.append(pd.DataFrame({
            "layer": one.layer, "unit": one.units,
            "name": [_name(names, k) if are_classes else str(k) for k in one.units],
            "recipe": found.recipe.name, "position": one.position, "value": found.values,
            "best_real": one.among.largest, "best_row": one.among.row,
            "percentile": one.among.percentile, "n_real": one.among.n_observations,
            "predicted": [_name(names, k) if k >= 0 else "" for k in one.predicted],
            "confidence": one.confidence,
            "as_meant": pd.array(
                one.predicted == one.units if are_classes else [pd.NA] * n, dtype="boolean"
            ),
            "n_starts": found.start_values.shape[1], "agreement": one.agreement.cosine,
            "all_agree": one.agreement.all_agree, "spread": one.agreement.spread,
            "step": found.best_step[np.arange(n), best],
            "nearest": [",".join(map(str, rows)) for rows in one.nearest.rows],
            "distance": one.nearest.distances[:, 0],
            "nearest_classes": ["\n".join(row) for row in close],
        }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True, eq=False)
class PreferredImages:
    """Preferred inputs of one layer by one recipe as pictures.

    Attributes
    ----------
    best : one a unit, the best start
    beside : (n, height, width, 3) each with the nearest real inputs behind it, nearest first
    starts : of the first units, every start: (n_few, n_starts, height, width, 1 or 3)
    caption : what they are
    names : of the units
    """

    best: InputImages
    beside: Array
    starts: Array
    caption: str
    names: tuple[str, ...]


def preferred_images(
    portrait: Portrait,
    real: Mapping[int, Array],
    *,
    value_range: tuple[Any, Any] | None = None,
    class_names: Sequence[str] = (),
) -> PreferredImages:
    """Return preferred inputs as pictures; those too large for a run are made smaller.

    Parameters
    ----------
    portrait : from :func:`layerwise.synthesis.portraits`
    real : the nearest real inputs by row number, as the network takes them
    value_range : as of :func:`layerwise.units.input_images`
    class_names : of the classes
    """
    found = portrait.preferred
    best = input_images(found.images, value_range=value_range, side=LARGEST)
    small = input_images(found.images, value_range=value_range, side=STRIP)
    rows = list(dict.fromkeys(portrait.nearest.rows.ravel().tolist()))
    near = input_images(np.stack([real[row] for row in rows]), value_range=value_range, side=STRIP)
    place = {row: number for number, row in enumerate(rows)}
    height, width = small.pixels.shape[1:3]
    tall = max(1, width // FLATTEST // height)
    beside = strips([
        [small.pixels[k], *(near.pixels[place[row]] for row in portrait.nearest.rows[k])]
        for k in range(len(portrait.units))
    ]).repeat(tall, axis=1)  # fmt: skip
    few, n_starts = found.start_images[:MOST_STARTS], found.start_images.shape[1]
    every = few.reshape(-1, *few.shape[2:])
    flat = input_images(every, value_range=value_range, side=LARGEST).pixels
    are_classes = portrait.layer == CLASSES
    names = tuple(
        _name(list(class_names), k) if are_classes else str(k) for k in portrait.units.tolist()
    )
    return PreferredImages(
        best, beside, flat.reshape(len(few), n_starts, *flat.shape[1:]), _caption(portrait), names
    )


def keep_preferred(
    run: Run,
    portraits: Sequence[Portrait],
    real: Mapping[int, Array],
    *,
    checkpoint: str,
    data: str = "",
    first: int = 0,
    value_range: tuple[Any, Any] | None = None,
    labels: Array | None = None,
    class_names: Sequence[str] = (),
) -> pd.DataFrame:
    """Keep preferred inputs in a run: tables "preferred", "climbs" and "images".

    Parameters
    ----------
    run : Run
    portraits : at one checkpoint of the run
    real : the nearest real inputs by row number in the data
    checkpoint : of the run
    data : what the real inputs are: "the 10,000 test images of MNIST"
    first : place of the first of these layers among all that are kept, for their order
    value_range, labels, class_names : as of :func:`preferred_images`, :func:`preferred_table`

    Returns
    -------
    DataFrame
        As :func:`preferred_table`, with checkpoint, ramp (of its picture, as of
        :class:`layerwise.units.pictures.inputs.InputImages`), data and order (of the layer). Kept
        again for the same layer, checkpoint and recipe, it takes the place of the earlier one.
        "climbs" holds the objective of every start of the first units: layer, checkpoint, recipe,
        unit, start, step, value.

    Raises
    ------
    UserError
        If the run has no such checkpoint.
    """
    run.checkpoint(checkpoint)
    frames = []
    layers = list(dict.fromkeys(one.layer for one in portraits))
    for one in portraits:
        about = {
            "function": KEPT, "layer": one.layer, "checkpoint": checkpoint,
            "recipe": one.preferred.recipe.name,
        }  # fmt: skip
        drawn = preferred_images(one, real, value_range=value_range, class_names=class_names)
        frame = preferred_table([one], labels=labels, class_names=class_names).assign(
            checkpoint=checkpoint,
            ramp=drawn.best.ramp,
            data=data,
            order=first + layers.index(one.layer),
        )
        run.write_table("preferred", frame, about)
        run.write_table("climbs", _climbs(one, checkpoint), about)
        run.write_table("images", _stored(run, one, checkpoint, drawn), about)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def sentence(row: Mapping[Any, Any]) -> str:
    """Return what the network says of one preferred input, and what that does not show.

    Parameters
    ----------
    row : of :func:`preferred_table`

    Examples
    --------
    >>> sentence({"predicted": "3", "confidence": 0.999, "percentile": 1.0, "n_real": 3000,
    ...           "value": 25.6, "best_real": 23.5})
    'The network takes it for 3 with probability 0.999; its activation, 25.6, is above that of all
    3,000 real inputs (at most 23.5). Sufficient, not necessary.'
    """
    parts = []
    if row["predicted"]:
        parts.append(
            f"The network takes it for {row['predicted']} with probability {row['confidence']:.3f}"
        )
    n = row["n_real"]
    above = "all" if row["percentile"] == 1 else f"{round(row['percentile'] * n):,} of"
    parts.append(
        f"its activation, {row['value']:.3g}, is above that of {above} {n:,} real "
        f"inputs (at most {row['best_real']:.3g})"
    )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}. Sufficient, not necessary."


def climbs(portrait: Portrait) -> pd.DataFrame:
    """Return the objective of every start of the first units: unit, start, step, value.

    Of long climbs :data:`MOST_CLIMBED` steps, evenly spaced.
    """
    history = portrait.preferred.history[:MOST_STARTS]
    n, n_starts, n_steps = history.shape
    steps = np.unique(np.linspace(0, n_steps - 1, min(n_steps, MOST_CLIMBED)).round().astype(int))
    unit, start, step = np.meshgrid(
        portrait.units[:n], np.arange(n_starts), steps, indexing="ij"
    )  # fmt: skip
    columns = {"unit": unit, "start": start, "step": step, "value": history[:, :, steps]}
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def _climbs(portrait: Portrait, checkpoint: str) -> pd.DataFrame:
    recipe = portrait.preferred.recipe.name
    return climbs(portrait).assign(layer=portrait.layer, checkpoint=checkpoint, recipe=recipe)


def _stored(run: Run, portrait: Portrait, checkpoint: str, drawn: PreferredImages) -> pd.DataFrame:
    """Return the pictures as rows of the table "images", by channel of a recorded layer."""
    layer, n_channels = portrait.layer, portrait.among.shape[0]
    recorded = layer in run.layers and run.layer(layer).shape[0] == n_channels
    place: dict[str, Any] = {
        "layer": layer if recorded else "", "checkpoint": checkpoint,
        "about": "class" if layer == CLASSES else "unit",
    }  # fmt: skip
    units, names = portrait.units, drawn.names
    few, n_starts = drawn.starts.shape[:2]
    parts = [
        picture_rows(PREFERRED, drawn.best.pixels, title=drawn.caption, index=units, names=names,
                     **place),
        picture_rows(NEAREST, drawn.beside, index=units, names=names, **place,
                     title=f"{drawn.caption}, each before the nearest real inputs"),
    ]  # fmt: skip
    if n_starts > 1:
        parts.append(picture_rows(
            STARTS, drawn.starts.reshape(-1, *drawn.starts.shape[2:]), **place,
            title=f"{drawn.caption}, every start", index=np.repeat(units[:few], n_starts),
            names=[f"{name}, start {k}" for name in names[:few] for k in range(n_starts)],
        ))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _caption(portrait: Portrait) -> str:
    recipe = portrait.preferred.recipe.name
    if portrait.layer == CLASSES:
        return f"Preferred inputs of classes ({recipe})"
    return f"{portrait.layer}: preferred inputs ({recipe})"


def _name(names: Sequence[str], number: int) -> str:
    if 0 <= number < len(names):
        return str(names[number])
    return str(int(number))
