"""What inputs' answers rest on, kept beside a run: maps as pictures, and the checks as numbers.

The attributions come from a live network (:func:`layerwise.attribution.explain`); the same question
put to the untrained network is the control. Leaves out how they are computed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.scores import rank_correlation
from layerwise.store import Run
from layerwise.store.media import LARGEST
from layerwise.store.media import pictures as picture_rows
from layerwise.units.pictures.grid import thinned
from layerwise.units.pictures.heat import HeatImages, heat_images

if TYPE_CHECKING:
    from layerwise.attribution.explanation import Explanation

KEPT_ATTRIBUTIONS = "keep_attributions"
"""The function in the provenance of these tables."""

PICTURES = "attributions"
"""The kind of these pictures in the table "images"."""

WORDS = {
    "smoothgrad": "SmoothGrad", "grad_cam": "Grad-CAM", "input_x_gradient": "input × gradient",
}  # fmt: skip
"""Names of methods that are not spelled like their functions."""

SMOOTH = ("grad_cam", "occlusion")
"""Methods whose maps are laid over a photograph."""

ACROSS = 64
"""Features in a row of cells, at least."""


def method_words(method: str, layer: str = "") -> str:
    """Return the name of a method for people.

    Examples
    --------
    >>> method_words("grad_cam", "conv3"), method_words("integrated_gradients")
    ('Grad-CAM at conv3', 'integrated gradients')
    """
    name = WORDS.get(method, method.replace("_", " "))
    return f"{name} at {layer}" if layer else name


def map_names(explanation: Explanation, images: HeatImages) -> list[str]:
    """Return what stands under the pictures of one observation's maps."""
    layers = explanation.checks.groupby("method", sort=False)["layer"].first()
    return [
        f"{method_words(method, str(layers[method]))} {images.name(k)}"
        for k, method in enumerate(explanation.maps)
    ]


def attribution_images(
    explanation: Explanation, observation: int, picture: Array | None = None
) -> HeatImages:
    """Return the maps of one observation as pictures, in the order of the methods.

    Parameters
    ----------
    explanation : from :func:`layerwise.attribution.explain`
    observation : its place among the inputs
    picture : (height, width), or with 1 or 3 channels, uint8, optional
        What the smooth maps of a photograph are laid over (:data:`SMOOTH`); those that differ from
        pixel to pixel are seen better alone.

    Raises
    ------
    InvalidValue
        If maps have three dimensions.

    Examples
    --------
    >>> import torch
    >>> from layerwise.attribution import explain
    >>> net = torch.nn.Sequential(torch.nn.Linear(9, 2))
    >>> found = explain(net, np.eye(9, dtype=np.float32)[:2], methods=["gradient", "smoothgrad"])
    >>> attribution_images(found, 1).pixels.shape
    (2, 1, 9, 3)
    """
    planes = np.stack([_plane(maps[observation]) for maps in explanation.maps.values()])
    plain = heat_images(planes)
    if picture is None or np.shape(picture)[:2] != planes.shape[1:]:
        return plain
    laid = heat_images(planes, over=np.broadcast_to(_rgb(picture), (*planes.shape, 3)))
    smooth = np.isin(list(explanation.maps), SMOOTH)[:, None, None, None]
    return replace(plain, pixels=np.where(smooth, laid.pixels, plain.pixels))


def attribution_table(
    checkpoints: Mapping[str, Explanation], names: Sequence[str] | None = None
) -> pd.DataFrame:
    """Return what methods say of observations, and what checks say of the methods.

    Parameters
    ----------
    checkpoints : explanations of the same observations by checkpoint, early to late
    names : what each observation is; their numbers by default

    Returns
    -------
    DataFrame, a row for each checkpoint, observation and method
        checkpoint, observation (its place among the inputs), name, target, method, value (of the
        target), predicted (class, or -1), layer, total, at_baseline, error, measured, deletion,
        deletion_random, insertion, insertion_random (as in
        :class:`layerwise.attribution.Explanation`), before (Spearman's correlation of the absolute
        map with that of the first checkpoint; NaN at the first).

    Examples
    --------
    >>> import torch
    >>> from layerwise.attribution import explain
    >>> net, x = torch.nn.Linear(4, 2), np.eye(4, dtype=np.float32)[:2]
    >>> found = explain(net, x, "logit:1", methods=["gradient"])
    >>> table = attribution_table({"trained": found}, ["first", "second"])
    >>> table[["name", "target"]].values.tolist()
    [['first', 'logit:1'], ['second', 'logit:1']]
    """
    if not checkpoints:
        raise checks.invalid("attribution_table", "checkpoints", "one or more", "none")
    first, *_ = checkpoints.values()
    n = len(first.values)
    known = list(names) if names is not None else [str(k) for k in range(n)]
    if len(known) != n:
        raise checks.invalid("attribution_table", "names", f"one for each of {n}", len(known))
    frames = []
    for checkpoint, one in checkpoints.items():
        alike = {
            method: rank_correlation(
                abs(maps).reshape(n, -1), abs(first.maps[method]).reshape(n, -1)
            )
            for method, maps in one.maps.items()
            if method in first.maps
        }
        frame = one.checks.copy()
        rows = frame["observation"].to_numpy()
        frame.insert(0, "checkpoint", checkpoint)
        frame.insert(2, "name", [known[k] for k in rows])
        frame.insert(3, "target", [one.targets[k] for k in rows])
        frame.insert(5, "value", one.values[rows])
        frame.insert(6, "predicted", one.predicted[rows])
        frame["measured"] = [one.measured[k] for k in rows]
        frame["before"] = [
            alike[method][k] if one is not first and method in alike else np.nan
            for k, method in zip(rows, frame["method"], strict=True)
        ]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def keep_attributions(
    run: Run,
    checkpoints: Mapping[str, Explanation],
    *,
    pictures: Array | None = None,
    names: Sequence[str] | None = None,
    rows: Sequence[int] | None = None,
    numbers: Sequence[int] | None = None,
    remains: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Keep attributions: tables "attributions", "attribution_curves", "images".

    Parameters
    ----------
    run : Run
    checkpoints : explanations of the same observations by checkpoint of the run, early to late
    pictures : (n, height, width, 1 or 3) uint8, optional
        The observations, if they are pictures.
    names : what each observation is: "test 7 (digit 9)"
    rows : their row numbers in the run, if they are observations of it
    numbers : their row numbers in their data, if they are not
    remains : from :func:`layerwise.attribution.unlearn` at the last checkpoint, optional

    Returns
    -------
    DataFrame
        The columns of :func:`attribution_table`, "observation" being the row number where one is
        known. Kept again, an observation's answers to the same target replace the earlier ones.

    Raises
    ------
    UserError
        If there is no checkpoint, or one that the run does not have.

    Examples
    --------
    >>> import tempfile, torch
    >>> from layerwise.attribution import explain
    >>> from layerwise.recording import record
    >>> net, x = torch.nn.Sequential(torch.nn.Linear(4, 2)), torch.rand(3, 4)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(net, x, to=folder, checkpoint="trained")
    ...     found = explain(net, x[:1], methods=["gradient"])
    ...     kept = keep_attributions(run, {"trained": found}, rows=[0])
    ...     list(run.table("images")["name"].str.split(" ").str[0])
    ['gradient']
    """
    table = attribution_table(checkpoints, names)
    for checkpoint in checkpoints:
        run.checkpoint(checkpoint)
    *_, last = checkpoints
    known = rows if rows is not None else numbers
    number_of = np.asarray(table["observation"].unique() if known is None else known, np.int64)
    if remains is not None:
        about: dict[str, object] = {"function": KEPT_ATTRIBUTIONS, "checkpoint": last}
        frame = remains.assign(checkpoint=last, n_observations=len(number_of))
        run.write_table("attribution_randomized", frame, about)
    for checkpoint, one in checkpoints.items():
        own = table[table["checkpoint"] == checkpoint]
        for k, number in enumerate(number_of):
            frame = own[own["observation"] == k].assign(observation=number)
            name = str(frame["name"].iloc[0])
            about = {
                "function": KEPT_ATTRIBUTIONS, "checkpoint": checkpoint,
                "observation": int(number), "name": name, "target": one.targets[k],
            }  # fmt: skip
            run.write_table("attributions", frame, about)
            curves = one.curves[one.curves["observation"] == k].assign(
                observation=number, checkpoint=checkpoint, name=name, target=one.targets[k],
                measured=one.measured[k],
            )  # fmt: skip
            run.write_table("attribution_curves", curves, about)
            if next(iter(one.maps.values())).ndim > 3:
                continue  # of volumes there are no pictures
            picture = None if pictures is None else pictures[k]
            row = None if rows is None else int(number)
            drawn = _pictures(one, k, picture, name, checkpoint, row)
            run.write_table("images", drawn, about)
    return table.assign(observation=number_of[table["observation"].to_numpy()])


def _pictures(
    one: Explanation, k: int, picture: Array | None, name: str, checkpoint: str, row: int | None
) -> pd.DataFrame:
    """Return an observation and its maps as rows of the table "images"."""
    images = attribution_images(one, k, picture)
    words = map_names(one, images)
    pixels = images.pixels
    if picture is not None and np.shape(picture)[:2] == pixels.shape[1:3]:
        pixels = np.concatenate([_rgb(picture)[None], pixels])
        words = ["input", *words]
    return picture_rows(
        PICTURES, thinned(pixels, LARGEST),
        title=f"{one.targets[k]} of {name}: what it rests on; each on its own scale",
        checkpoint=checkpoint, about="" if row is None else "observation",
        index=None if row is None else [row] * len(pixels), names=words,
    )  # fmt: skip


def _plane(values: Array) -> Array:
    """Return one number a position as a plane: a line is one row, features are rows of cells."""
    if values.ndim == 2:
        return values
    if values.ndim > 2:
        raise checks.invalid(
            "attribution_images", "explanation", "of inputs with one or two axes of positions",
            f"maps of shape {values.shape}",
        )  # fmt: skip
    across = min(len(values), max(ACROSS, math.isqrt(len(values)) + 1))
    plane = np.full(-(-len(values) // across) * across, np.nan)
    plane[: len(values)] = values
    return plane.reshape(-1, across)


def _rgb(picture: Array) -> Array:
    pixels = np.asarray(picture)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))
