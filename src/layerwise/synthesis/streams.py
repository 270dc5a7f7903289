"""Observations through one layer, batch by batch: nothing larger than a batch is held.

What stands beside a synthetic input is asked of all real ones, and those are many. Leaves out
several layers at once, which :func:`layerwise.recording.tally` counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.layout import LAST, channel_axes
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.sites import select
from layerwise.network.trace import survey, watch
from layerwise.network.values import first_tensor
from layerwise.recording.source import as_source

See = Callable[[slice, Tensor], None]
"""Told the rows and their values, (n, channels, *positions), which it must not keep."""


def stream(
    data: Any,
    see: See,
    *,
    model: nn.Module | None = None,
    layer: str | None = None,
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
) -> int:
    """Show `see` what a layer computes for every batch of the data, or the inputs themselves.

    The network is put into eval mode for the pass and restored after.

    Parameters
    ----------
    data : as of :func:`layerwise.record`: arrays, a DataSet, a torch Dataset
    see : called with the rows of each batch and their values, channels first
    model, layer : the network and one address in it; None for the first tensor of the inputs
    batch_size : observations at once
    axes : 0 (channels first) or -1 (last) by name or glob, as of
        :func:`layerwise.network.channel_axes`

    Returns
    -------
    int
        How many observations there were.

    Raises
    ------
    UserError
        If the model fails on the data, or the name means no layer or several.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> stream(torch.rand(5, 1, 8, 8), lambda rows, A: print(rows.start, tuple(A.shape)),
    ...        model=net, layer="1", batch_size=3)
    0 (3, 4, 6, 6)
    3 (2, 4, 6, 6)
    5
    """
    batch_size = checks.integer("stream", "batch_size", batch_size, 1)
    source = as_source(data)
    n = len(source)
    ranges = [(first, min(first + batch_size, n)) for first in range(0, n, batch_size)]
    batches = zip(ranges, source.batches(ranges), strict=True)
    with bar("real inputs", n, "observations") as advance:
        if model is None or layer is None:
            for (first, last), (batch, _) in batches:
                see(slice(first, last), first_tensor(batch).float())
                advance(last - first)
            return n
        inner, rows = unwrap(model), slice(0, 0)
        placed = Placing(inner)
        probe, _ = next(source.batches([(0, min(n, 2))]))
        found = survey(inner, placed(probe))
        sites = select(found, layer)
        if len(sites) != 1:
            names = ", ".join(site.name for site in sites)
            raise checks.invalid("stream", "layer", "one layer", f"{layer!r}, which means {names}")
        last_axis = channel_axes(inner, found, axes)[sites[0].name] == LAST

        def sink(_: int, tensor: Tensor) -> None:
            value = tensor if tensor.ndim > 1 else tensor[:, None]
            see(rows, value.movedim(-1, 1) if last_axis else value)

        with watch(inner, sites, sink) as run:
            for (first, last), (batch, _) in batches:
                rows = slice(first, last)
                run(placed(batch))
                advance(last - first)
    return n


def taken(data: Any, rows: Any) -> Array:
    """Return observations by number, as the network takes them.

    Parameters
    ----------
    data : as of :func:`stream`
    rows : row numbers, in any order

    Returns
    -------
    (n_rows, ...) float32

    Examples
    --------
    >>> taken(np.arange(6.0).reshape(3, 2), [2, 0]).tolist()
    [[4.0, 5.0], [0.0, 1.0]]
    """
    ranges = [(int(row), int(row) + 1) for row in np.asarray(rows)]
    found = [first_tensor(batch).float() for batch, _ in as_source(data).batches(ranges)]
    return torch.cat(found).cpu().numpy()
