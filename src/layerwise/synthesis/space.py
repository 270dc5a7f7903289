"""Where a network's inputs lie: their shape, their range, how long they are."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from layerwise.foundation import checks
from layerwise.recording.source import as_source

MOST_INPUTS = 10_000
MOST_VALUES = 2**26
"""How much of the data is looked at (256 MB): evenly spaced inputs of a larger set."""

_SHORTEST = 1e-12


@dataclass(frozen=True, eq=False)
class Space:
    """What is known of a network's inputs.

    Attributes
    ----------
    shape : of one input, the channels first
    low, high : bounds of the values, (n_channels, 1, ...), to broadcast against an input
    norm : the usual L2 norm of an input; None if it is not known
    ink : the usual L2 distance of an input from `low`; None if it is not known
    """

    shape: tuple[int, ...]
    low: Tensor
    high: Tensor
    norm: float | None = None
    ink: float | None = None


def input_space(
    data: Any, norm: float | None = None, value_range: tuple[Any, Any] | None = None
) -> Space:
    """Return the space that real inputs lie in; what is given goes before what they say.

    Parameters
    ----------
    data : inputs (n, *shape), or the shape of one
    norm : taken for the ink too; by default the mean over the data
    value_range : (lowest, highest), numbers or one for each channel; by default of the data, by
        channel if they have positions, and (0, 1) if only a shape is given

    Raises
    ------
    UserError
        If the data are not finite floats (n, ...), or the range is none.

    Examples
    --------
    >>> space = input_space(np.array([[3.0, 4.0], [0.0, 1.0]]))
    >>> space.shape, space.low.tolist(), space.high.tolist(), space.norm
    ((2,), [0.0], [4.0], 3.0)
    """
    if norm is not None:
        norm = checks.number("maximize", "norm", norm, _SHORTEST)
    if isinstance(data, Sequence) and all(isinstance(size, numbers.Integral) for size in data):
        shape = tuple(checks.integer("maximize", "shape", size, 1) for size in data)
        if not shape:
            raise checks.invalid("maximize", "shape", "that of one input, as (1, 28, 28)", data)
        low, high = _bounds(shape, (0.0, 1.0) if value_range is None else value_range)
        return Space(shape, low, high, norm, norm)
    X = _inputs(data)
    shape = tuple(X.shape[1:])
    if value_range is None:
        channels = X.movedim(1, 0).flatten(1)
        lows, highs = channels.amin(1), channels.amax(1)
        if len(shape) == 1 or (lows == highs).any():
            lows, highs = lows.min(), highs.max()
        value_range = lows.numpy(), highs.numpy()
    low, high = _bounds(shape, value_range)
    lengths = [
        norm or float((X - origin).flatten(1).norm(dim=1).mean()) or None
        for origin in (torch.zeros(1), low.to(X))
    ]
    return Space(shape, low, high, *lengths)


def _inputs(data: Any) -> Tensor:
    """Return the inputs, or evenly spaced ones of many."""
    source = as_source(data)
    ((first, _),) = source.batches([(0, 1)])
    if not isinstance(first, Tensor) or not first.is_floating_point() or first.ndim < 2:
        kind = f"{first.dtype} {tuple(first.shape)}" if isinstance(first, Tensor) else "several"
        raise checks.InvalidType(
            "maximize: data must be the shape of one input, or floats (n, ...) as the network "
            f"takes them; got {kind}. Divide pixels by 255; of token ids take the embeddings and "
            "network.from_layer(model, 'embed', ids); wrap a network with several inputs."
        )
    n = min(len(source), MOST_INPUTS, max(1, MOST_VALUES // math.prod(first.shape[1:])))
    if n == len(source):
        ranges = [(0, n)]
    else:
        rows = np.linspace(0, len(source) - 1, n).astype(int)
        ranges = [(int(row), int(row) + 1) for row in rows]
    X = torch.cat([batch for batch, _ in source.batches(ranges) if isinstance(batch, Tensor)])
    X = X.detach().float().cpu()
    finite = X.flatten(1).isfinite().all(1)
    if not finite.all():
        raise checks.not_finite("maximize", "data", np.flatnonzero(~finite.numpy()))
    return X


def _bounds(shape: tuple[int, ...], value_range: Sequence[Any]) -> tuple[Tensor, Tensor]:
    bounds = [np.asarray(bound, np.float64).ravel() for bound in value_range]
    if (
        len(bounds) != 2
        or any(bound.size not in (1, shape[0]) for bound in bounds)
        or not all(np.isfinite(bound).all() for bound in bounds)
        or (bounds[0] >= bounds[1]).any()
    ):
        raise checks.invalid(
            "maximize", "value_range",
            f"(lowest, highest), numbers or one for each of {shape[0]} channels",
            str([bound.tolist() for bound in bounds])[:80],
        )  # fmt: skip
    low, high = (torch.from_numpy(bound.reshape(-1, *(1 for _ in shape[1:]))) for bound in bounds)
    return low, high
