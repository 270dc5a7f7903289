"""How windows carry a reach on: convolutions, pools, padding, resampling.

Source of the arithmetic: Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks", Distill 2019; here it is done for every position, so that borders are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from layerwise.network.reach.bound import NOTHING, Bound, Call, most, small


def _windows(
    bound: Bound, x: Tensor, size: Sequence[int], kernel: Sequence[int], stride: Sequence[int],
    padding: Sequence[int], dilation: Sequence[int],
) -> Tensor:  # fmt: skip
    """Return the maximum over each of `size` windows, along the last dimensions.

    What the last window lacks is padded on the right, as by a pool in ceil mode.
    """
    n = len(kernel)
    spans = [(size[k] - 1) * stride[k] + dilation[k] * (kernel[k] - 1) + 1 for k in range(n)]
    sides = [
        side for k in reversed(range(n))
        for side in (padding[k], spans[k] - x.shape[k - n] - padding[k])
    ]  # fmt: skip
    x = bound.padded(small(x, x.ndim - n), sides)
    for k in range(n):  # one dimension after the other, since windows are boxes
        x = x.movedim(k - n, -1)
        ends = [dilation[k] * tap + (size[k] - 1) * stride[k] + 1 for tap in range(kernel[k])]
        taps = [x[..., dilation[k] * tap : end : stride[k]] for tap, end in enumerate(ends)]
        x = reduce(torch.maximum, taps).movedim(-1, k - n)
    return x


def _each(value: Sequence[int], n: int) -> list[int]:
    """Return a setting for each of `n` dimensions; it may stand once for all."""
    return list(value) * n if len(value) == 1 else list(value)


def convolved(bound: Bound, call: Call) -> Tensor:
    """Carry on the windows of a convolution, transposed or not, group by group."""
    given, weight = call.given, call.given["weight"]
    x, n, groups = bound.of(given["input"]), weight.ndim - 2, given["groups"]
    kernel, stride = list(weight.shape[2:]), _each(given["stride"], n)
    padding, dilation = _each(given["padding"], n), _each(given["dilation"], n)
    x = x[:, :1] if x.stride(1) == 0 else most(x.unflatten(1, (groups, -1)), [2])
    if given["transposed"]:  # a convolution of what stands apart by the stride, turned round
        apart = [(size - 1) * step + 1 for size, step in zip(x.shape[2:], stride, strict=True)]
        wide = x.new_full((*x.shape[:2], *apart), NOTHING)
        places: Any = (..., *(slice(None, None, step) for step in stride))
        wide[places] = x
        padding = [d * (k - 1) - p for d, k, p in zip(dilation, kernel, padding, strict=True)]
        x, stride, bound = wide, [1] * n, Bound(bound.of, beyond=False)
    x = _windows(bound, x, call.shape[2:], kernel, stride, padding, dilation)
    if x.shape[1] > 1:
        x = x.repeat_interleave(call.shape[1] // groups, dim=1)
    return x.expand(call.shape)


def pooled(bound: Bound, call: Call) -> Tensor:
    """Carry on the windows of a pool, channel by channel."""
    given, n = call.given, 3 if "3d" in call.name else 2
    kernel = _each(given["kernel_size"], n)
    x = _windows(
        bound, bound.of(given["self"]), call.shape[-n:], kernel,
        _each(given["stride"] or kernel, n), _each(given["padding"], n),
        _each(given.get("dilation", [1]), n),
    )  # fmt: skip
    return x.expand(call.shape)


def adaptively_pooled(bound: Bound, call: Call) -> Tensor:
    """Carry on the windows of a pool that gives a number of positions asked for."""
    pool = F.adaptive_max_pool3d if "3d" in call.name else F.adaptive_max_pool2d
    return pool(bound.of(call.given["self"]), list(call.given["output_size"]))


def filled(bound: Bound, call: Call) -> Tensor:
    """Carry on padding by a constant."""
    x, sides = bound.of(call.given["self"]), call.given["pad"]
    return bound.padded(small(x, x.ndim - len(sides) // 2), sides).expand(call.shape)


def resampled(bound: Bound, call: Call) -> Tensor:
    """Find the neighbours that an interpolation takes, one dimension at a time, by their weights.

    The weight of a position is what comes out for a 1 there and 0 elsewhere.
    """
    name, *_ = call.given
    x = bound.of(call.given[name])
    places = x.shape[2:]
    for k, n in enumerate(places):
        own = [n if d == k else 1 for d in range(len(places))]
        ones = torch.eye(n, device=x.device).view(n, 1, *own).expand(-1, 1, *places)
        weights = call.func(**{**call.given, name: ones.contiguous()})
        line = (0, *(slice(None) if d == k else 0 for d in range(len(places))))
        takes = weights[(slice(None), *line)] != 0  # (before, after)
        along = x.movedim(2 + k, -1)[..., :, None]
        x = torch.where(takes, along, NOTHING).amax(-2).movedim(-1, 2 + k)
    return x


def unfolded(bound: Bound, call: Call) -> Tensor:
    """Carry on ``nn.Unfold``: each column is a window."""
    given = call.given
    down, across = _each(given["padding"], 2)
    x = bound.padded(bound.of(given["self"]), [across, across, down, down])
    return F.unfold(x, given["kernel_size"], given["dilation"], 0, given["stride"])
