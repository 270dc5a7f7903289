"""What the most excited units saw: cuts of inputs beside cuts of their deconvnet projections.

A cut is the receptive field of the unit. At a border of the input it is padded, not shrunk, so cuts
of one layer are of one size and lie in a grid. Leaves out how they are drawn
(:mod:`layerwise.figures.asking.top`).

Source: Zeiler and Fergus 2014, Fig. 2: the top 9 activations of a feature map, projected down to
pixels, beside the patches of the images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.utils._pytree import tree_map

from layerwise.attribution.deconvnet import project
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.receptive_field import ReceptiveField
from layerwise.network.values import Batch, first_tensor
from layerwise.recording.pictures import thumbnails
from layerwise.recording.source import Source, as_source
from layerwise.recording.top import Top

LARGEST_SIDE = 112
"""Pixels; larger patches are shrunk: seven in a row are a picture that a run can keep."""


@dataclass(frozen=True, eq=False)
class TopPatches:
    """What chosen units of one layer are most excited by, and why.

    Where a unit has fewer activations above 0, and in the padding outside an input, values are NaN.

    Attributes
    ----------
    top : of all units of the layer
    units : (n_units,) int, those chosen
    patches : (n_units, n, n_channels, *size) float32, the receptive field of the input
        Pictures are in [0, 1]; what is no picture has the values of the input.
    projections : the same of the deconvnet projection, in units of activation times weight
    is_picture : whether inputs are pictures, of 1 or 3 channels
    rule : as of :func:`layerwise.attribution.project`
    """

    top: Top
    units: Array
    patches: Array
    projections: Array
    is_picture: bool
    rule: str = "deconvolution"


def patches(field: ReceptiveField | None, values: Array, units: Array, positions: Array) -> Array:
    """Return of each observation the part that one unit sees, all of one size.

    Parameters
    ----------
    field : of the units' layer; None returns everything
    values : (m, n_channels, *input_size), (m, *input_size, n_channels) or (m, *input_size)
        Inputs or projections.
    units : (m,) int, channel of each unit
    positions : (m, n_dims) int, where each is in its map

    Returns
    -------
    (m, ..., *size) of float32
        `size` is that of the layer's largest receptive field within the input. At a border, and of
        channels that see less than others, the rest is NaN.

    Examples
    --------
    >>> from layerwise.network import receptive_fields
    >>> x = torch.arange(16.0).reshape(1, 1, 4, 4)
    >>> field = receptive_fields(nn.Conv2d(1, 1, 3, padding=1), x, "output")["output"]
    >>> patches(field, x.numpy(), np.array([0]), np.array([[0, 2]]))[0, 0].tolist()
    [[nan, nan, nan], [1.0, 2.0, 3.0], [5.0, 6.0, 7.0]]
    """
    found: Array = np.asarray(values, dtype=np.float32)
    if field is None:
        return found
    n_axes = len(field.input_size)
    ends = (found.ndim - n_axes, 1)  # channels before the positions, or after them
    first = next((at for at in ends if found.shape[at : at + n_axes] == field.input_size), None)
    if first is None:
        raise checks.invalid(
            "patches", "values", f"of {field.input_size} positions", f"shape {found.shape}"
        )
    sizes = (field.high - field.low + 1).reshape(n_axes, -1).max(axis=1)
    boxes = field.boxes(np.asarray(units), np.asarray(positions))
    for axis, (size, end) in enumerate(zip(sizes, field.input_size, strict=True)):
        low, high = boxes[:, axis, :1], boxes[:, axis, 1:]
        spare = size - (high - low + 1)
        # Cut off at the first position it is set right, at the last left; smaller fields amid.
        before = np.where(low <= 0, spare, np.where(high >= end - 1, 0, spare // 2))
        index = low - before + np.arange(size)
        shape = [1] * found.ndim
        shape[0], shape[first + axis] = index.shape
        taken = np.take_along_axis(
            found, index.clip(0, end - 1).reshape(shape), axis=first + axis
        )  # fmt: skip
        found = np.where(((index >= low) & (index <= high)).reshape(shape), taken, np.nan)
    return found


def top_patches(
    model: nn.Module,
    data: Any,
    top: Top,
    units: Sequence[int] | Array | None = None,
    *,
    ranks: int | None = None,
    rule: str = "deconvolution",
    batch_size: int = 128,
    largest_side: int = LARGEST_SIDE,
    axes: Mapping[str, int] | None = None,
) -> TopPatches:
    """Return the patches that excite units most, and the deconvnet projections of these units.

    Parameters
    ----------
    model, data : those that `top` was found with
    top : from :func:`layerwise.recording.top`
    units : numbers of channels or dense units; all by default
    ranks : so many of each unit, the strongest; all by default
    rule : as of :func:`layerwise.attribution.project`
    batch_size : forward and backward passes at once
    largest_side : patches of pictures with a longer side than so many positions are shrunk to it
    axes : overrides of :func:`layerwise.network.channel_axes`

    Raises
    ------
    UserError
        If there is no such unit, the data have fewer rows than `top` names, or as of
        :func:`layerwise.attribution.project`.

    Notes
    -----
    One forward and backward pass for each patch; in memory are one batch and the patches.

    Examples
    --------
    >>> from layerwise.recording import top as top_of
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    >>> x = torch.rand(20, 1, 8, 8)
    >>> found = top_patches(net, x, top_of(net, x, "1", n=4)["1"])
    >>> found.patches.shape, found.projections.shape
    ((2, 4, 1, 3, 3), (2, 4, 1, 3, 3))
    """
    batch_size = checks.integer("top_patches", "batch_size", batch_size, 1)
    checks.integer("top_patches", "largest_side", largest_side, 1)
    source = as_source(data)
    n_units, most = top.rows.shape
    n = most if ranks is None else min(most, checks.integer("top_patches", "ranks", ranks, 1))
    chosen = np.arange(n_units) if units is None else np.asarray(units, dtype=np.int64)
    for unit in chosen:
        checks.integer("top_patches", "units", unit, 0, n_units - 1)
    rows, values = top.rows[chosen, :n].ravel(), top.values[chosen, :n].ravel()
    if not len(rows) or rows.max() >= len(source):
        raise checks.invalid("top_patches", "data", f"the {top.n_observations:,} observations of "
                             "top, for one unit or more", f"{len(source):,}")  # fmt: skip
    shown = np.flatnonzero(values > 0)
    which, places = np.repeat(chosen, n), top.positions[chosen, :n].reshape(len(rows), -1)
    parts: list[tuple[Array, Array]] = []
    is_picture = False
    with bar("top patches", len(shown), "patches") as advance:
        for first in range(0, len(shown), batch_size):
            some = shown[first : first + batch_size]
            inputs = _rows(source, rows[some])
            x = first_tensor(inputs)
            found = project(
                model, top.layer, which[some], inputs, places[some], rule=rule,
                batch_size=batch_size, axes=axes,
            )  # fmt: skip
            pictures = thumbnails(x, max(x.shape[1:], default=1))
            is_picture = pictures is not None
            seen = x.float().numpy() if pictures is None else np.moveaxis(pictures, -1, 1) / 255
            where = (top.field, which[some], places[some])
            parts.append((
                _shrunk(patches(where[0], seen, *where[1:]), largest_side),
                _shrunk(patches(where[0], found, *where[1:]), largest_side),
            ))  # fmt: skip
            advance(len(some))
    size = parts[0][0].shape[1:] if parts else (1,)
    both = np.full((2, len(rows), *size), np.nan, np.float32)
    for side in range(2):
        if parts:
            both[side, shown] = np.concatenate([part[side] for part in parts])
    cut, projected = both.reshape(2, len(chosen), n, *size)
    return TopPatches(top, chosen, cut, projected, is_picture, rule)


def _rows(source: Source, rows: Array) -> Batch:
    """Return observations by row number as one batch."""
    distinct, place = np.unique(rows, return_inverse=True)
    single = [batch for batch, _ in source.batches([(int(row), int(row) + 1) for row in distinct])]
    at = torch.from_numpy(place)
    found: Batch = tree_map(lambda *xs: _together(xs)[at], single[0], *single[1:])
    return found


def _together(parts: Sequence[Tensor]) -> Tensor:
    sizes = list(dict.fromkeys(str(tuple(part.shape[1:])) for part in parts))
    if len(sizes) > 1:
        raise checks.invalid(
            "top_patches", "data", "observations of one size", " and ".join(sizes[:2])
        )
    return torch.cat(list(parts))


def _shrunk(values: Array, largest_side: int) -> Array:
    """Return pictures (m, n_channels, height, width) with no longer side than allowed."""
    if values.ndim != 4 or max(values.shape[2:]) <= largest_side:
        return values
    scale = largest_side / max(values.shape[2:])
    size = [max(1, round(side * scale)) for side in values.shape[2:]]
    is_there = torch.from_numpy(~np.isnan(values)).float()
    both = torch.stack([torch.from_numpy(np.nan_to_num(values)), is_there])
    small, weight = (
        interpolate(one, size, mode="bilinear", antialias=True).numpy() for one in both
    )
    found: Array = np.where(weight > 0.5, small / weight.clip(0.5), np.nan).astype(np.float32)
    return found
