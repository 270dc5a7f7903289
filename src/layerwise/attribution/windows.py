"""The places at which a window covers a part of an input, and what stands in the window.

Windows of one size, a step apart, and a last one flush with the border, so that nothing of the
input is left out. They cover all channels. Leaves out what a network says of the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

PART, STEPS = 5, 32
"""A window is a fifth of the side and moves by a 32nd of it; both are ours, the paper has none."""

GREY, MEAN = "grey", "mean"

Baseline = str | float | Sequence[float] | Array
"""What stands in a window: "grey", "mean", a number, or one for each channel."""


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows on the positions of an input.

    Attributes
    ----------
    size : of the input along each axis of positions: (height, width), (length,)
    window : of the window along each
    stride : from one window to the next along each
    starts : along each axis, the first position of every window
    """

    size: tuple[int, ...]
    window: tuple[int, ...]
    stride: tuple[int, ...]
    starts: tuple[Array, ...]

    @classmethod
    def over(
        cls,
        function: str,
        size: Sequence[int],
        window: int | Sequence[int] | None,
        stride: int | Sequence[int] | None,
    ) -> Windows:
        """Return the windows on an input of this size.

        Parameters
        ----------
        function : who asks, for errors
        size : of the input, without channels
        window, stride : for all axes or one each; None for :data:`PART` and :data:`STEPS`

        Raises
        ------
        InvalidValue
            If the window is larger than the input, or the stride than the window, which would leave
            gaps.

        Examples
        --------
        >>> found = Windows.over("example", (28, 28), None, None)
        >>> found.window, found.stride, found.n
        ((6, 6), (1, 1), 529)
        >>> Windows.over("example", (10,), 4, 4).starts[0].tolist()
        [0, 4, 6]
        """
        side = min(size)
        windows = _each(function, "window", window, max(1, round(side / PART)), len(size))
        # A wide step does not skip a narrow window's worth of input.
        strides = _each(function, "stride", stride, max(1, round(side / STEPS)), len(size))
        for axis, (whole, width, step) in enumerate(zip(size, windows, strides, strict=True)):
            if width > whole:
                raise checks.invalid(
                    function, "window", f"at most {tuple(size)}, the size of the input", windows
                )
            if step > width and stride is not None:
                raise checks.invalid(
                    function, "stride", f"at most the window, {width} along axis {axis}", step,
                    "A larger one would leave parts of the input that no window covers.",
                )  # fmt: skip
        strides = tuple(min(pair) for pair in zip(strides, windows, strict=True))
        starts = tuple(
            np.unique(np.append(np.arange(0, whole - width + 1, step), whole - width))
            for whole, width, step in zip(size, windows, strides, strict=True)
        )
        return cls(tuple(size), windows, strides, starts)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of windows along each axis."""
        return tuple(map(len, self.starts))

    @property
    def n(self) -> int:
        """Number of windows."""
        return math.prod(self.shape)

    def masks(self, numbers: Array) -> Tensor:
        """Return which positions the windows of these numbers cover, (k, *size) of bool.

        Number `n`, one beyond the last, is no window and covers nothing.

        Examples
        --------
        >>> Windows.over("example", (2, 3), (1, 2), 1).masks(np.array([0, 3])).int().tolist()
        [[[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 1, 1]]]
        """
        places = np.unravel_index(numbers % self.n, self.shape)
        firsts = [starts[at] for starts, at in zip(self.starts, places, strict=True)]
        masks = boxes(np.stack(firsts, axis=1), self.window, self.size)
        masks[torch.from_numpy(numbers == self.n)] = False
        return masks


def boxes(firsts: Array, window: Sequence[int], size: Sequence[int]) -> Tensor:
    """Return windows that begin at given positions as masks.

    Parameters
    ----------
    firsts : (k, n_axes) int, the first position along each axis
    window, size : (n_axes,)

    Returns
    -------
    (k, *size) of bool

    Examples
    --------
    >>> boxes(np.array([[1]]), (2,), (4,)).int().tolist()
    [[0, 1, 1, 0]]
    """
    mask = torch.ones((), dtype=torch.bool)
    for axis, (width, whole) in enumerate(zip(window, size, strict=True)):
        first = torch.from_numpy(firsts[:, axis].astype(np.int64))[:, None]
        position = torch.arange(whole)
        inside = (position >= first) & (position < first + width)
        shape = [len(firsts)] + [1] * len(size)
        shape[axis + 1] = whole
        mask = mask & inside.reshape(shape)
    return mask


def baseline_of(function: str, x: Tensor, baseline: Baseline, axis: int) -> Tensor:
    """Return what stands in a window, of shape (1, ...) that broadcasts to the inputs.

    Parameters
    ----------
    function : who asks, for errors
    x : (n, ...) the inputs, in the network's own scale
    baseline : "grey" is halfway between the least and the largest value that each channel takes in
        these inputs: mid grey of pictures, whatever their scale; "mean" is the mean of each
        channel; a number is for all channels, a sequence one for each
    axis : of the channels in `x`; 0 if it has none

    Examples
    --------
    >>> baseline_of("example", torch.tensor([[[0.0, 4.0]], [[1.0, 1.0]]]), "grey", 1).tolist()
    [[[2.0]]]
    """
    others = [k for k in range(x.ndim) if k != axis or not axis]
    if isinstance(baseline, str):
        checks.choice(function, "baseline", baseline, (GREY, MEAN))
        if baseline == MEAN:
            return x.mean(others, keepdim=True)
        return (x.amin(others, keepdim=True) + x.amax(others, keepdim=True)) / 2
    values = np.asarray(baseline)
    n_channels = x.shape[axis] if axis else 1
    fits = values.dtype.kind in "fiu" and values.shape in ((), (n_channels,))
    if not fits or not np.isfinite(values).all():
        raise checks.invalid(
            function, "baseline", f"'grey', 'mean', a number, or {n_channels} (one a channel)",
            repr(baseline)[:80],
        )  # fmt: skip
    shape = [1] * x.ndim
    shape[axis] = values.size
    return torch.as_tensor(np.array(values), dtype=x.dtype, device=x.device).reshape(shape)


def _each(
    function: str, argument: str, value: int | Sequence[int] | None, default: int, n_axes: int
) -> tuple[int, ...]:
    if value is None:
        return (default,) * n_axes
    values = np.atleast_1d(np.asarray(value))
    if values.dtype.kind not in "iu" or values.ndim > 1 or values.min(initial=1) < 1 or (
        len(values) not in (1, n_axes)
    ):  # fmt: skip
        some = f"a number >= 1, or {n_axes} of them, one an axis of the input"
        raise checks.invalid(function, argument, some, repr(value))
    return tuple(int(one) for one in np.broadcast_to(values, n_axes))
