"""What a network made of covered inputs, kept in a run and read back from it.

The numbers come from a live network (:func:`layerwise.attribution.occlusion_maps`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.store.media import pictures as picture_rows
from layerwise.units.pictures.pixels import rgb, signed

KEPT_OCCLUSION = "keep_occlusion"
"""The function in the provenance of these tables."""

OCCLUSION = "occlusion"
"""The table of these numbers, and the kind of the pictures of what was covered."""

PROJECTIONS = "projections of covered maps"
"""The kind of the pictures of what the followed feature maps rest on."""

TITLES = {
    OCCLUSION: "What was covered part by part",
    PROJECTIONS: "What the largest activation of the strongest feature map rests on",
}

MEASURES = ("activity", "probability", "predicted")
"""Of the strongest feature map, of the correct class, and the most probable class."""

UNCOVERED = -1
"""Place of the rows about the whole input."""


@dataclass(frozen=True, eq=False)
class OcclusionMaps:
    """What a network makes of inputs with a window over each of their places.

    Attributes
    ----------
    layer : whose feature map is followed
    channels : (n,) number of that map
    classes : (n,) the correct class
    starts : along each axis of the input, the first position of the window at each of its places
    window : its size along each axis
    size : that of the input
    activity : (n, *places) float, sum of the feature map over its positions
    probability : (n, *places) float in [0, 1], of the correct class
    predicted : (n, *places) int, the most probable class
    whole_activity, whole_probability, whole_predicted : (n,) the same of the input uncovered
    """

    layer: str
    channels: Array
    classes: Array
    starts: tuple[Array, ...]
    window: tuple[int, ...]
    size: tuple[int, ...]
    activity: Array
    probability: Array
    predicted: Array
    whole_activity: Array
    whole_probability: Array
    whole_predicted: Array

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def middles(self) -> tuple[Array, ...]:
        """Along each axis, the position in the middle of the window at each of its places."""
        return tuple(
            first + (width - 1) / 2 for first, width in zip(self.starts, self.window, strict=True)
        )


def keep_occlusion(
    run: Run,
    checkpoints: Mapping[str, OcclusionMaps],
    *,
    names: Sequence[str] = (),
    pictures: Array | None = None,
    projections: Array | None = None,
) -> pd.DataFrame:
    """Keep what a network made of covered pictures: tables "occlusion" and "images".

    Parameters
    ----------
    run : Run
    checkpoints : maps by checkpoint of the run, of the same observations, pictures
    names : what each observation is: "test 7 (digit 9)"
    pictures : (n, height, width, 1 or 3) uint8, optional
        The observations.
    projections : (n, height, width, 3) uint8, optional
        What the largest activation of each feature map rests on, at the last checkpoint: of
        :func:`projection_pixels`.

    Returns
    -------
    DataFrame, one number a row
        checkpoint, observation (0, 1, ... among these), name, layer, channel, class (the correct
        one), measure (one of :data:`MEASURES`), y, x (first row and column of the square; -1 for
        the whole input), square_y, square_x (its sides), height, width (of the input), value. Kept
        again, it takes the place of the earlier observations.

    Raises
    ------
    UserError
        If there is no checkpoint, one that the run does not have, maps of other than pictures, or
        not one name a picture.

    Examples
    --------
    >>> one = np.zeros(1)
    >>> maps = OcclusionMaps("conv1", one, one, (np.arange(2), np.arange(3)), (2, 2), (3, 4),
    ...                      *[np.zeros((1, 2, 3))] * 3, one, one, one)
    >>> occlusion_table(maps, ["test 7"])[["name", "measure", "y", "x"]].values.tolist()[-1]
    ['test 7', 'predicted', -1, -1]
    """
    if not checkpoints:
        raise checks.invalid("keep_occlusion", "checkpoints", "one or more", "none")
    frames = []
    for checkpoint, maps in checkpoints.items():
        run.checkpoint(checkpoint)
        frame = occlusion_table(maps, names).assign(checkpoint=checkpoint)
        about = {"function": KEPT_OCCLUSION, "checkpoint": checkpoint}
        run.write_table(OCCLUSION, frame, about)
        frames.append(frame)
    kinds = {OCCLUSION: pictures, PROJECTIONS: projections}
    for kind, images in kinds.items():
        if images is not None:
            rows = picture_rows(kind, images, title=TITLES[kind], about="", names=names or None)
            run.write_table("images", rows, {"function": KEPT_OCCLUSION, "kind": kind})
    return pd.concat(frames, ignore_index=True)


def occlusion_table(maps: OcclusionMaps, names: Sequence[str] = ()) -> pd.DataFrame:
    """Return the numbers of maps of pictures as of :func:`keep_occlusion`, without a checkpoint."""
    n, shape = len(maps), maps.activity.shape[1:]
    if len(shape) != 2:
        raise checks.invalid("occlusion_table", "maps", "of pictures", f"{len(shape)} axes")
    names = list(names) or [f"observation {k}" for k in range(n)]
    if len(names) != n:
        raise checks.invalid("occlusion_table", "names", f"{n}, one an observation", len(names))
    y, x = (grid.ravel() for grid in np.meshgrid(*maps.starts, indexing="ij"))
    y, x = np.append(y, UNCOVERED), np.append(x, UNCOVERED)
    frames = []
    for k in range(n):
        for measure in MEASURES:
            values = np.append(getattr(maps, measure)[k], getattr(maps, f"whole_{measure}")[k])
            frames.append(pd.DataFrame({
                "observation": k, "name": names[k], "layer": maps.layer,
                "channel": int(maps.channels[k]), "class": int(maps.classes[k]),
                "measure": measure, "y": y, "x": x, "square_y": maps.window[0],
                "square_x": maps.window[1], "height": maps.size[0], "width": maps.size[1],
                "value": values.astype(np.float64),
            }))  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def projection_pixels(projections: Array) -> Array:
    """Return projections back to the input as pictures, each on its own scale around 0.

    The scale ends where one value in a thousand is beyond it.

    Parameters
    ----------
    projections : (n, channels, height, width), of :func:`layerwise.attribution.project`

    Returns
    -------
    (n, height, width, 3) uint8
        Three channels are red, green and blue, 0 mid grey; else the mean, blue below and brown
        above 0.

    Examples
    --------
    >>> projection_pixels(np.array([[[[0.0, 2.0]]]])).tolist()
    [[[[220, 220, 220], [74, 26, 3]]]]
    """
    values = np.moveaxis(np.asarray(projections, dtype=np.float64), 1, -1)
    sizes = np.abs(values)
    # A few pixels far beyond all others would leave nothing else to see.
    limits = np.quantile(sizes, 0.999, axis=(1, 2, 3), keepdims=True)
    limits = np.where(limits > 0, limits, sizes.max(axis=(1, 2, 3), keepdims=True))
    if values.shape[-1] == 3:
        return rgb(values, limits)
    return signed(values.mean(axis=-1), limits[..., 0])


def occlusion_of(table: pd.DataFrame) -> OcclusionMaps:
    """Return the maps that a table holds for one checkpoint.

    Parameters
    ----------
    table : of :func:`keep_occlusion`, the rows of one checkpoint
    """
    first = table.drop_duplicates("observation").sort_values("observation")
    covered = table[table["y"] != UNCOVERED]
    starts = tuple(np.unique(covered[axis]) for axis in ("y", "x"))
    shape = (len(first), *map(len, starts))
    maps, whole = {}, {}
    for measure in MEASURES:
        dtype = np.int64 if measure == "predicted" else np.float64
        rows = covered[covered["measure"] == measure].sort_values(["observation", "y", "x"])
        maps[measure] = rows["value"].to_numpy().reshape(shape).astype(dtype)
        rows = table[(table["y"] == UNCOVERED) & (table["measure"] == measure)]
        rows = rows.sort_values("observation")
        whole[f"whole_{measure}"] = rows["value"].to_numpy().astype(dtype)
    one = first.iloc[0]
    return OcclusionMaps(
        layer=str(one["layer"]), channels=first["channel"].to_numpy(),
        classes=first["class"].to_numpy(), starts=starts,
        window=(int(one["square_y"]), int(one["square_x"])),
        size=(int(one["height"]), int(one["width"])), **maps, **whole,
    )  # fmt: skip
