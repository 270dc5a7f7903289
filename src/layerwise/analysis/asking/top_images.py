"""What excites units, as pixels: patches of inputs and their projections in one picture a unit.

Leaves out where they come from (:mod:`layerwise.attribution.patches`) and how they are laid out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit
from layerwise.units.pictures import pixels
from layerwise.units.pictures.grid import PAPER, enlarged, grid

if TYPE_CHECKING:
    from layerwise.attribution.patches import TopPatches

LEAST_SIDE = 30
"""Pixels of the longer side of a patch, at least; smaller ones are enlarged pixel by pixel."""

SATURATED = 0.995
"""Share of the values of a typical projection within the scale of its unit: a few large ones would
leave the rest invisible."""

GAP, MIDDLE = 2, 8
"""Pixels between patches, and between projections and patches."""


@dataclass(frozen=True, eq=False)
class TopImages:
    """One picture a unit: projections of its strongest activations, left, and the patches, right.

    Attributes
    ----------
    pixels : (n, height, width, 3) uint8
    units : (n,) int, without the silent ones
    values : (n, 2) the largest and the smallest activation in each picture
    silent : (n_silent,) int, chosen units without an activation above 0: no picture
    limits : (n,) size of a projection's value at the end of the scale of each unit
    ramp : "rgb" or "signed", how projections are painted
    n_top : observations in each picture, at most
    """

    pixels: Array
    units: Array
    values: Array
    silent: Array
    limits: PerUnit
    ramp: str
    n_top: int


def top_images(found: TopPatches) -> TopImages:
    """Return one picture a unit: its projections in a square beside its patches in a square.

    The strongest stands first, row by row. Projections of a unit share one scale, and each unit has
    its own; it ends at the median, over its projections, of the size below which :data:`SATURATED`
    of the values lie. White is outside the input, or an observation with no activation above 0.

    Parameters
    ----------
    found : from :func:`layerwise.attribution.top_patches`

    Raises
    ------
    InvalidValue
        If all units are silent.

    Examples
    --------
    >>> import torch
    >>> from layerwise.attribution import top_patches
    >>> from layerwise.recording import top
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Sigmoid())
    >>> x = torch.rand(20, 1, 8, 8)
    >>> images = top_images(top_patches(net, x, top(net, x, "1")["1"]))
    >>> images.pixels.shape, images.ramp, images.silent.tolist()
    ((2, 94, 196, 3), 'signed', [])
    """
    speaks = ~found.top.silent[found.units]
    if not speaks.any():
        raise checks.invalid(
            "top_images", "found", "of a unit with an activation above 0",
            f"{len(found.units)} silent units of {found.top.layer!r}",
        )  # fmt: skip
    numbers = found.units[speaks]
    projections, patches = found.projections[speaks], found.patches[speaks]
    limits = _limits(projections)
    ramp = ramp_of(found)
    left = grid(_painted(projections, limits, ramp), gap=GAP)
    right = grid(_as_they_are(patches, found.is_picture), gap=GAP)
    between = np.full((*left.shape[:2], MIDDLE, 3), PAPER, np.uint8)
    values = found.top.values[numbers, : projections.shape[1]]
    ends = np.stack([values[:, 0], np.where(values > 0, values, np.inf).min(axis=1)], axis=1)
    return TopImages(
        np.concatenate([left, between, right], axis=2), numbers, ends, found.units[~speaks],
        limits, ramp, values.shape[1],
    )  # fmt: skip


def evolution_images(checkpoints: Mapping[str, TopPatches]) -> tuple[Array, Array]:
    """Return of every unit its strongest observation at each checkpoint: projection over patch.

    Each projection has its own scale. White is outside the input, or a unit that is silent there.

    Parameters
    ----------
    checkpoints : of the same units of one layer, by checkpoint, early to late

    Returns
    -------
    pixels : (n_units, n_checkpoints, height, width, 3) uint8
    units : (n_units,) int, without those silent at the last checkpoint

    Raises
    ------
    InvalidValue
        If they are not of the same units, or all units are silent.
    """
    *_, last = checkpoints.values()
    for found in checkpoints.values():
        if found.top.layer != last.top.layer or not np.array_equal(found.units, last.units):
            raise checks.invalid(
                "evolution_images", "checkpoints", "of the same units of one layer", "others"
            )
    speaks = ~last.top.silent[last.units]
    if not speaks.any():
        raise checks.invalid("evolution_images", "checkpoints",
                             "of a unit with an activation above 0", "silent units")  # fmt: skip
    ramp = ramp_of(last)
    cells = []
    for found in checkpoints.values():
        projections, patches = found.projections[speaks, :1], found.patches[speaks, :1]
        if projections.ndim != last.projections.ndim:  # all units were silent there
            projections, patches = (
                np.full_like(one[speaks, :1], np.nan) for one in (last.projections, last.patches)
            )
        over = _painted(projections, _limits(projections), ramp)
        under = _as_they_are(patches, last.is_picture)
        cells.append(grid(np.concatenate([over, under], axis=1), 1, GAP))
    return np.stack(cells, axis=1), last.units[speaks]


def ramp_of(found: TopPatches) -> str:
    """Return how projections are painted: as colours of the input, or by sign and size."""
    return "rgb" if found.is_picture and found.projections.shape[2:3] == (3,) else "signed"


def _limits(projections: Array) -> PerUnit:
    """Return where the scale of each unit ends; 0 where it has no projection."""
    n_units, n = projections.shape[:2]
    sizes = np.abs(projections).reshape(n_units * n, -1)
    is_there = ~np.isnan(sizes).all(axis=1)
    each = np.full(n_units * n, np.nan)
    each[is_there] = np.nanquantile(sizes[is_there], SATURATED, axis=1)
    # Where almost everything is 0, so is the quantile.
    each[each == 0] = np.nanmax(sizes[each == 0], axis=1, initial=0)
    each = each.reshape(n_units, n)
    each[np.isnan(each).all(axis=1)] = 0
    limits: PerUnit = np.nanmedian(each, axis=1)
    return limits


def _painted(projections: Array, limits: PerUnit, ramp: str) -> Array:
    """Return projections (n_units, n, n_channels, *size) as pictures, one scale a unit."""
    values = _spread(projections)
    ends = limits.reshape(-1, *[1] * (values.ndim - 1))
    missing = np.isnan(values).any(axis=-1)
    if ramp == "rgb":
        painted = pixels.rgb(values, ends)
    else:
        painted = pixels.signed(values.mean(axis=-1), ends[..., 0])
    painted[missing] = PAPER
    return enlarged(painted, LEAST_SIDE)


def _as_they_are(patches: Array, is_picture: bool) -> Array:
    """Return patches of inputs as pictures in RGB."""
    values = _spread(patches)
    missing = np.isnan(values).any(axis=-1)
    if is_picture:
        shown = np.rint(255 * np.nan_to_num(values).clip(0, 1)).astype(np.uint8)
        shown = np.broadcast_to(shown, (*shown.shape[:-1], 3)).copy()
    else:
        one = values.mean(axis=-1)
        sizes = np.nan_to_num(np.abs(one)).reshape(len(one), -1).max(axis=1)
        shown = pixels.signed(one, sizes.reshape(-1, *[1] * (one.ndim - 1)))
    shown[missing] = PAPER
    return enlarged(shown, LEAST_SIDE)


def _spread(values: Array) -> Array:
    """Return (n_units, n, n_channels, *size) as (n_units, n, height, width, n_channels).

    Of a signal the channels are its rows, of features their numbers are one row.
    """
    if values.ndim == 5:
        return np.moveaxis(values, 2, -1)
    if values.ndim in (3, 4):
        return values.reshape(*values.shape[:2], -1, values.shape[-1])[..., None]
    raise checks.invalid(
        "top_images", "found", "of pictures, signals or features", f"shape {values.shape[2:]}"
    )
