"""One bound of what every element of a tensor can depend on, and one operation as it ran."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.utils._pytree import tree_leaves

NOTHING = -math.inf
"""The bound of what depends on nothing."""


class NoRule(Exception):
    """How this operation carries a reach on is not known, or not with these arguments."""


@dataclass(frozen=True)
class Call:
    """One operation as it ran: itself, its name, its arguments by name, its results."""

    func: Any
    name: str
    given: Mapping[str, Any]
    results: Sequence[Tensor]

    @property
    def shape(self) -> torch.Size:
        """Of the first result."""
        return self.results[0].shape

    @property
    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments."""
        return [x for x in tree_leaves(list(self.given.values())) if isinstance(x, Tensor)]


@dataclass(frozen=True)
class Bound:
    """One bound of every tensor.

    Attributes
    ----------
    of : gives a number for every element of a tensor; -inf if it depends on nothing
    beyond : whether padding counts as positions beyond the border (for the size of a field that no
        border cuts) or as nothing
    """

    of: Callable[[Tensor], Tensor]
    beyond: bool

    def padded(self, x: Tensor, sides: Sequence[int]) -> Tensor:
        """Return a bound padded as by ``F.pad``: with nothing, or as its positions continue."""
        full = F.pad(x, list(sides), value=NOTHING)
        for k in range(len(sides) // 2 if self.beyond else 0):
            dim, left, right = x.ndim - 1 - k, max(sides[2 * k], 0), max(sides[2 * k + 1], 0)
            last = full.shape[dim] - 1 - right
            if last - left < 1:
                continue  # one position: how far away the next would be cannot be known
            for at, step, n in ((left, -1, left), (last, 1, right)):
                edge = full.select(dim, at)
                slope = edge - full.select(dim, at - step)
                slope = torch.where(slope.isfinite() & (slope != 0), slope, NOTHING)
                for i in range(1, n + 1):
                    full.select(dim, at + i * step).copy_(edge + slope * i)
        return full


def small(x: Tensor, n_dims: int | None = None) -> Tensor:
    """Return a bound with one entry along each (leading) dimension on which it does not depend."""
    strides = x.stride()[:n_dims]
    return x[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in strides)]


def most(x: Tensor, dims: Sequence[int], *, keepdim: bool = False) -> Tensor:
    """Return the maximum of a bound along dimensions, without a pass over those that repeat it."""
    along = {d % x.ndim for d in dims}
    found = small(x).amax(sorted(along), keepdim=True) if along else x
    found = found.expand([1 if d in along else n for d, n in enumerate(x.shape)])
    if keepdim:
        return found
    return found[tuple(0 if d in along else slice(None) for d in range(x.ndim))]
