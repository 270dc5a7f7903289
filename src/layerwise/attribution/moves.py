"""Pictures moved, enlarged and turned about their middle, by bilinear interpolation.

Leaves out what a network makes of them (:mod:`layerwise.attribution.invariance`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from layerwise.attribution.windows import Baseline, baseline_of
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

EDGE = "edge"

Matrix = tuple[tuple[float, float, float], tuple[float, float, float]]
"""From the place of a pixel (right, down, 1), in pixels from the middle, to where it came from."""


@dataclass(frozen=True)
class Kind:
    """A way to change pictures.

    Attributes
    ----------
    unit : of its sizes
    identity : the size that changes nothing
    matrix : of a size
    usual : sizes for pictures of so many pixels a side
    """

    unit: str
    identity: float
    matrix: Callable[[float], Matrix]
    usual: Callable[[int], Array]


def _turn(degrees: float) -> Matrix:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return (cos, -sin, 0), (sin, cos, 0)


def _shifts(side: int) -> Array:
    """Return whole pixels up to a quarter of the side, at most 17 of them."""
    most = max(1, side // 4)
    return np.unique(np.rint(np.linspace(-most, most, min(2 * most + 1, 17))))


KINDS = {
    "translation": Kind("pixels down", 0, lambda by: ((1, 0, 0), (0, 1, -by)), _shifts),
    "horizontal translation": Kind(
        "pixels right", 0, lambda by: ((1, 0, -by), (0, 1, 0)), _shifts
    ),
    "scale": Kind(
        "times", 1, lambda by: ((1 / by, 0, 0), (0, 1 / by, 0)),
        lambda side: np.round(np.linspace(0.6, 1.8, 13), 6),
    ),
    "rotation": Kind(
        "degrees counter-clockwise", 0, _turn, lambda side: np.arange(0.0, 360.0, 15.0)
    ),
}  # fmt: skip
"""Name -> what it does. The range of sizes is ours."""


def transformed(
    pictures: Array | Tensor, kind: str, size: float | Array, *, fill: Baseline = EDGE
) -> Tensor:
    """Return pictures moved, scaled or turned.

    Parameters
    ----------
    pictures : (n, channels, height, width) float
    kind : one of :data:`KINDS`: "translation" (by pixels, down), "horizontal translation" (by
        pixels, to the right), "scale" (by a factor > 0), "rotation" (by degrees,
        counter-clockwise), both about the middle of the picture
    size : by how much, or one number for each picture
    fill : what comes in from outside: "edge" repeats the pixels of the border, which goes on with a
        plain ground; or as the `baseline` of :func:`layerwise.attribution.occlusion`

    Returns
    -------
    Tensor
        Of the shape of the pictures. A step of whole pixels, or a quarter turn of a square,
        interpolates nothing.

    Raises
    ------
    UserError
        If they are no pictures, or the size does not fit.

    Examples
    --------
    >>> picture = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    >>> transformed(picture, "rotation", 90).round().int().tolist()
    [[[[0, 0], [1, 0]]]]
    >>> transformed(picture, "translation", 1, fill=5.0).round().int().tolist()
    [[[[5, 5], [1, 0]]]]
    """
    name = "transformed"
    how = KINDS[checks.choice(name, "kind", kind, list(KINDS))]
    x = pictures if isinstance(pictures, Tensor) else torch.from_numpy(np.array(pictures))
    if x.ndim != 4 or not x.is_floating_point():
        raise checks.invalid(
            name, "pictures", "(n, channels, height, width) of floats",
            f"{x.dtype} of shape {tuple(x.shape)}",
        )  # fmt: skip
    sizes = np.asarray(size)
    fits = sizes.dtype.kind in "fiu" and sizes.shape in ((), (len(x),))
    if not fits or not np.isfinite(sizes).all() or (kind == "scale" and (sizes <= 0).any()):
        least = "finite numbers > 0" if kind == "scale" else "finite numbers"
        raise checks.invalid(name, "size", f"{least}, one for all or {len(x)}", repr(size)[:80])
    sizes = np.broadcast_to(sizes, len(x))
    height, width = x.shape[2:]
    matrices = torch.tensor(np.array([how.matrix(float(by)) for by in sizes]), dtype=torch.float64)
    # torch counts places from -1 to 1 along each axis.
    scale = torch.tensor([width / 2, height / 2, 1], dtype=torch.float64)
    theta = matrices * scale / scale[:2, None]
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    # Places in half precision would be pixels off.
    fine = x.to(torch.promote_types(x.dtype, torch.float32))
    if isinstance(fill, str) and fill == EDGE:
        seen = F.grid_sample(fine, grid.to(fine), padding_mode="border", align_corners=False)
        return seen.to(x)
    ground = baseline_of(name, fine, fill, 1)
    seen = F.grid_sample(fine - ground, grid.to(fine), padding_mode="zeros", align_corners=False)
    return (seen + ground).to(x)
