"""The real inputs that are nearest to synthetic ones, found in one pass over the data.

What a preferred input looks like is in the eye of the beholder; which inputs of the data are
nearest to it is not. By angle or by distance, in the values of the input itself or in any layer.
Leaves out approximate search: the data are passed once, which costs less than a search index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.synthesis.streams import stream

METRICS = ("cosine", "euclidean")


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest observations of each image, nearest first.

    Attributes
    ----------
    rows : (n_images, n) int64, row numbers in the data
    distances : (n_images, n) float32: 1 - cosine in [0, 2], or Euclidean
    """

    rows: Array
    distances: Array


def nearest(
    images: Any,
    data: Any,
    *,
    n: int = 10,
    model: nn.Module | None = None,
    layer: str | None = None,
    metric: str = "cosine",
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
) -> Nearest:
    r"""Return the `n` observations nearest to each image.

    The scale of a preferred input is a choice of its recipe, so by default it does not count:

    .. math:: d(x, y) = 1 - \frac{\langle x, y \rangle}{\|x\| \|y\|}

    An input that is 0 everywhere has no direction; it is at distance 1 from all others.

    Parameters
    ----------
    images : (n_images, ...), of the shape of one observation each
    data : as of :func:`layerwise.record`, in the numbers that the network takes
    n : int >= 1; at most all observations are returned. One with NaN or infinity is the farthest.
    model, layer : compare what this layer computes of both, instead of the inputs themselves
    metric : "cosine" or "euclidean"
    batch_size : observations at once; only memory and speed depend on it
    axes : as of :func:`layerwise.network.channel_axes`

    Returns
    -------
    Nearest
        Of observations at the same distance the lower row comes first.

    Raises
    ------
    UserError
        If images and observations differ in shape, images hold NaN or infinity, or the layer does
        not exist.

    Notes
    -----
    One pass over the data; memory is a batch and the images. Distances are taken pair by pair, not
    from inner products, so that equal observations are exactly equally far.

    Examples
    --------
    >>> data = np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> found = nearest([[1.0, 0.0]], data, n=2)
    >>> found.rows.tolist(), found.distances.round(3).astype(str).tolist()
    ([[0, 2]], [['0.0', '0.293']])
    """
    checks.choice("nearest", "metric", metric, METRICS)
    n = checks.integer("nearest", "n", n, 1)
    if (model is None) != (layer is None):
        raise checks.invalid(
            "nearest", "layer", "given together with model", f"{layer!r} and {type(model).__name__}"
        )
    place: dict[str, Any] = {
        "model": model, "layer": layer, "batch_size": batch_size, "axes": axes
    }  # fmt: skip
    wanted: list[Tensor] = []
    stream(images, lambda _, values: wanted.append(_points(values, metric)), **place)
    points = torch.cat(wanted)
    if not points.isfinite().all():
        bad = ~points.isfinite().all(dim=1)
        raise checks.not_finite("nearest", "images", bad.nonzero()[:, 0].cpu().numpy())
    n_values = points.shape[1] - (metric == "cosine")
    best = points.new_full((len(points), 0), torch.inf)
    rows = torch.empty((len(points), 0), dtype=torch.int64, device=points.device)

    def see(where: slice, values: Tensor) -> None:
        nonlocal best, rows
        seen = _points(values, metric)
        if seen.shape[1:] != points.shape[1:]:
            raise checks.invalid(
                "nearest", "images", f"of the shape of the data, {tuple(values.shape[1:])}",
                f"{n_values:,} values each",
            )  # fmt: skip
        far = torch.cdist(points, seen, compute_mode="donot_use_mm_for_euclid_dist")
        here = torch.arange(where.start, where.stop, device=far.device).expand(len(points), -1)
        far, here = torch.cat([best, far], 1), torch.cat([rows, here], 1)
        order = far.argsort(dim=1, stable=True)[:, :n]
        best, rows = far.gather(1, order), here.gather(1, order)

    stream(data, see, **place)
    distances = best.square() / 2 if metric == "cosine" else best
    return Nearest(rows.cpu().numpy(), distances.cpu().numpy().astype(np.float32))


def _points(values: Tensor, metric: str) -> Tensor:
    """Return values as points whose Euclidean distances are in the order of the metric.

    Between unit vectors, half of the squared distance is 1 minus the cosine.
    """
    flat = values.detach().flatten(1).double()
    if metric == "euclidean":
        return flat
    length = flat.norm(dim=1, keepdim=True)
    nowhere = length == 0  # a direction of its own, at a right angle to all others
    return torch.cat([flat / length.masked_fill(nowhere, 1), nowhere.double()], dim=1)
