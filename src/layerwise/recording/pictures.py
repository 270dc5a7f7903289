"""Small pictures of the observations, to be shown beside what a network makes of them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from layerwise.foundation.shapes import Array

LARGEST_SIDE = 64
"""Pixels; a run keeps pictures to recognise an observation by, not the data."""


def thumbnails(x: Tensor, largest_side: int = LARGEST_SIDE) -> Array | None:
    """Return uint8 pictures (n, height, width, channels), or None if the inputs are no pictures.

    Pictures are inputs of 1 or 3 channels and at least 2 x 2 pixels. Values within [0, 1] keep
    their brightness; others (normalised inputs) are stretched from each picture's own range.

    Examples
    --------
    >>> thumbnails(torch.rand(2, 1, 28, 28)).shape, thumbnails(torch.rand(2, 3, 200, 100)).shape
    ((2, 28, 28, 1), (2, 64, 32, 3))
    >>> thumbnails(torch.rand(2, 10)) is None
    True
    """
    if x.ndim != 4 or x.shape[1] not in (1, 3) or min(x.shape[2:]) < 2 or x.is_complex():
        return None
    if not x.is_floating_point():
        x = x.float() / 255
    side = max(x.shape[2:])
    if side > largest_side:
        size = [max(1, round(s * largest_side / side)) for s in x.shape[2:]]
        x = interpolate(x.float(), size, mode="bilinear", antialias=True)
    low, high = torch.aminmax(x)
    if not (low >= 0 and high <= 1):  # NaN comes here too
        x = x.float().nan_to_num(posinf=0, neginf=0)
        low, high = x.amin((1, 2, 3), keepdim=True), x.amax((1, 2, 3), keepdim=True)
        keeps = (low >= 0) & (high <= 1)
        x = torch.where(keeps, x, (x - low) / (high - low).clamp_min(1e-12))
    rounded = torch.add(0.5, x, alpha=255).to(torch.uint8)  # one pass fewer than round()
    return rounded.permute(0, 2, 3, 1).cpu().numpy()
