"""Look at an image a little differently at every step: moved, zoomed, turned, framed.

A picture that excites a unit however it is held shows something that the unit sees in photographs
too; one that does so only pixel for pixel is noise. Every transform is differentiable, keeps the
shape, and moves all channels alike. What comes into view from outside mirrors the inside: were the
border repeated, its pixels would gain by being many. Inputs without positions pass unchanged, and
what needs two axes leaves one alone.

Source: Olah, Mordvintsev and Schubert, "Feature Visualization", Distill 2017, and their code lucid.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from layerwise.foundation.checks import number

Draw = Callable[[float, float], Tensor]
"""(low, high) -> (n,) random numbers between them, one for each image."""

Transform = Callable[[Tensor, Draw], Tensor]
"""(images (n, channels, *positions), draw) -> images of the same shape."""

_MOST_AXES = 3
"""Of positions that can be resampled."""


@dataclass(frozen=True)
class Jitter:
    """Move by whole pixels, up to a share of each side in either direction.

    Examples
    --------
    >>> x = torch.arange(4.0).view(1, 1, 4)
    >>> Jitter(0.5)(x, lambda low, high: torch.tensor([high])).tolist()
    [[[2.0, 3.0, 3.0, 2.0]]]
    """

    share: float

    def __post_init__(self) -> None:
        number("Jitter", "share", self.share, 0, 1)

    def __call__(self, x: Tensor, draw: Draw) -> Tensor:
        """Return the moved images."""
        for axis in range(2, x.ndim):
            size = x.shape[axis]
            most = round(self.share * size)
            shift = draw(-most - 0.5, most + 0.5).round().clamp(-most, most).long()
            index = torch.arange(size, device=x.device) + shift[:, None]
            index = torch.where(index < 0, -1 - index, index)
            index = torch.where(index >= size, 2 * size - 1 - index, index)
            view = [len(x)] + [size if other == axis else 1 for other in range(1, x.ndim)]
            x = x.gather(axis, index.view(view).expand(x.shape))
        return x


@dataclass(frozen=True)
class Scale:
    """Zoom about the middle by a factor from `low` to `high`; above 1 enlarges.

    Examples
    --------
    >>> x = torch.tensor([[[0.0, 4.0, 4.0, 0.0]]])
    >>> Scale(1.0, 2.0)(x, lambda low, high: torch.tensor([high])).tolist()
    [[[3.0, 4.0, 4.0, 3.0]]]
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        number("Scale", "high", self.high, number("Scale", "low", self.low, 0.01))

    def __call__(self, x: Tensor, draw: Draw) -> Tensor:
        """Return the zoomed images."""
        factor = draw(self.low, self.high)
        eye = torch.eye(x.ndim - 2, device=x.device, dtype=factor.dtype)
        return _resampled(x, eye / factor.view(-1, 1, 1))


@dataclass(frozen=True)
class Rotate:
    """Turn the last two axes about the middle, by up to so many degrees in either direction.

    Examples
    --------
    >>> x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> Rotate(90.0)(x, lambda low, high: torch.tensor([high])).round().tolist()
    [[[[2.0, 4.0], [1.0, 3.0]]]]
    """

    degrees: float

    def __post_init__(self) -> None:
        number("Rotate", "degrees", self.degrees, 0, 180)

    def __call__(self, x: Tensor, draw: Draw) -> Tensor:
        """Return the turned images."""
        n_axes = x.ndim - 2
        if n_axes < 2:
            return x
        angle = draw(-self.degrees, self.degrees) * math.pi / 180
        turn = torch.eye(n_axes, device=x.device, dtype=angle.dtype).repeat(len(x), 1, 1)
        turn[:, 0, 0] = turn[:, 1, 1] = angle.cos()
        turn[:, 0, 1], turn[:, 1, 0] = -angle.sin(), angle.sin()
        return _resampled(x, turn)


@dataclass(frozen=True)
class Pad:
    """Show the image smaller in a frame of one value, a share of each side wide.

    Examples
    --------
    >>> Pad(0.5, value=9.0)(torch.ones(1, 1, 4), lambda low, high: torch.zeros(1)).tolist()
    [[[9.0, 1.0, 1.0, 9.0]]]
    """

    share: float
    value: float = 0.0

    def __post_init__(self) -> None:
        number("Pad", "share", self.share, 0)
        number("Pad", "value", self.value, -math.inf)

    def __call__(self, x: Tensor, draw: Draw) -> Tensor:
        """Return the framed images."""
        margins = [round(self.share * size) for size in x.shape[:1:-1] for _ in range(2)]
        framed = F.pad(x, margins, value=self.value)
        eye = torch.eye(x.ndim - 2, device=x.device, dtype=x.dtype)
        return _resampled(framed, eye.expand(len(x), -1, -1), x.shape)


def _resampled(x: Tensor, matrix: Tensor, shape: torch.Size | None = None) -> Tensor:
    """Return images whose position p shows what lay at ``matrix @ p``, by linear interpolation.

    Parameters
    ----------
    x : (n, channels, *positions)
    matrix : (n, n_axes, n_axes) for positions in pixels from the middle, the last axis first
    shape : of the result; by default that of `x`, and else the whole of `x` is shown in it
    """
    n_axes = x.ndim - 2
    if not 1 <= n_axes <= _MOST_AXES:
        return x
    shape = x.shape if shape is None else shape
    sizes = torch.tensor(x.shape[:1:-1], device=x.device, dtype=matrix.dtype)
    relative = matrix * sizes / sizes[:, None]  # affine_grid counts half sides, not pixels
    if n_axes == 1:  # a picture one pixel high
        x, shape = x[:, :, None], torch.Size((*shape[:2], 1, *shape[2:]))
        relative = torch.diag_embed(torch.cat([relative[:, 0], torch.ones_like(relative[:, 0])], 1))
    theta = F.pad(relative, (0, 1)).to(x)
    grid = F.affine_grid(theta, list(shape), align_corners=False)
    seen = F.grid_sample(x, grid, padding_mode="reflection", align_corners=False)
    return seen[:, :, 0] if n_axes == 1 else seen
