"""Pictures of deep units as linear combinations of the filters below them.

Before anybody climbed a network's activations, a unit of the second layer was drawn as the sum of
the first layer's filters, each by its weight, the largest weights kept, and so on upwards:

    image(unit j of layer l) = sum_i W_ij image(unit i of layer l - 1)

which is the gradient of the unit in a network whose nonlinearities are left out: matrix products
for dense layers, transposed convolutions for convolutions. How far a preferred input is from it
says how much the nonlinearities matter. Leaves out layers behind attention or products of
activations, which have no such picture.

Sources: Lee, Ekanadham and Ng, "Sparse deep belief net model for visual area V2", 2008; Erhan,
Bengio, Courville and Vincent, "Visualizing Higher-Layer Features of a Deep Network", 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.network.question import question
from layerwise.network.targets import Position, unit

_STRAIGHT = frozenset({
    F.relu, F.relu6, F.leaky_relu, F.hardtanh, F.elu, F.celu, F.selu, F.gelu, F.silu, F.mish,
    F.hardswish, F.hardsigmoid, F.softplus, F.sigmoid, F.tanh, F.softmax, F.log_softmax,
    F.local_response_norm, F.prelu, F.relu_, F.leaky_relu_, F.elu_, F.selu_, F.celu_, F.hardtanh_,
    torch.relu, torch.relu_, torch.sigmoid, torch.sigmoid_, torch.tanh, torch.tanh_, torch.selu,
    torch.celu, torch.prelu, torch.softmax, torch.log_softmax,
    torch.clamp, torch.clamp_, torch.clamp_min, torch.clamp_min_, torch.clip, torch.clip_,
    Tensor.relu, Tensor.relu_, Tensor.sigmoid, Tensor.sigmoid_, Tensor.tanh, Tensor.tanh_,
    Tensor.softmax, Tensor.log_softmax, Tensor.clamp, Tensor.clamp_, Tensor.clamp_min,
    Tensor.clamp_min_, Tensor.clip, Tensor.clip_,
})  # fmt: skip
"""Handed straight through: nonlinearities that act on one value, and norms of their outcome."""

_POOLS: dict[Any, Callable[..., Tensor]] = {
    F.max_pool1d: F.avg_pool1d, torch.max_pool1d: F.avg_pool1d,
    F.max_pool2d: F.avg_pool2d, torch.max_pool2d: F.avg_pool2d,
    F.max_pool3d: F.avg_pool3d, torch.max_pool3d: F.avg_pool3d,
}  # fmt: skip
"""Every place of a window may be the largest, so each gets its share."""

_ADAPTIVE_POOLS: dict[Any, Callable[..., Tensor]] = {
    F.adaptive_max_pool1d: F.adaptive_avg_pool1d,
    F.adaptive_max_pool2d: F.adaptive_avg_pool2d,
    F.adaptive_max_pool3d: F.adaptive_avg_pool3d,
}

_WEIGHTED = frozenset({F.linear, F.conv1d, F.conv2d, F.conv3d})


def linear_combination(
    model: nn.Module,
    layer: str,
    units: int | Sequence[int] | Array,
    shape: Sequence[int],
    *,
    keep: int | None = None,
    position: Position = "middle",
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
) -> Array:
    """Return the picture of each unit as a linear combination of filters.

    Nonlinearities are left out, max-pools become means, batch normalisation its scale.

    Parameters
    ----------
    model : left as it is
    layer : its address; of "relu2" the pictures are those of what it rectifies
    units : numbers of units or channels
    shape : of one observation, such as (1, 28, 28)
    keep : how many weights of each unit to keep, the largest in size, in every layer but the
        first, whose weights are the filters themselves; None keeps all
    position : where in the map the unit is, as of :func:`layerwise.targets.unit`; not "max"
    batch_size : units at once
    axes : as of :func:`layerwise.network.channel_axes`

    Returns
    -------
    (n_units, *shape) float32

    Raises
    ------
    UserError
        If what lies below the layer is not linear even so, or there is no such layer or unit.

    Notes
    -----
    The cost of one gradient per unit. In the first layer it is the filter, which for a linear unit
    is the preferred input up to its norm.

    References
    ----------
    Lee et al. 2008; Erhan et al. 2009, section 2.3.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 5), nn.Sigmoid(), nn.Linear(5, 2))
    >>> images = linear_combination(net, "2", [0, 1], (3,))
    >>> W = (net[2].weight @ net[0].weight).detach().numpy()
    >>> np.allclose(images, W, atol=1e-6)
    True
    """
    name = "linear_combination"
    if keep is not None:
        keep = checks.integer(name, "keep", keep, 1)
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    if isinstance(position, str) and position == "max":
        raise checks.invalid(name, "position", "a place, 'middle' or None", "'max'",
                             "The largest of several values is not linear.")  # fmt: skip
    numbers = np.atleast_1d(np.asarray(units))
    size = [checks.integer(name, "shape", side, 1) for side in shape]
    points = np.zeros((len(numbers), *size), np.float32)
    target = unit(layer, numbers, position)
    images = []
    with question(model, target, points, axes=axes) as ask:
        for first in range(0, len(numbers), batch_size):
            rows = torch.arange(first, min(first + batch_size, len(numbers)), device=ask.x.device)
            x = ask.x[rows]
            image = _gradient(ask.gradient, x, rows, keep)
            if not first and not _alike(image, _gradient(ask.gradient, _noise(x), rows, keep)):
                raise checks.invalid(
                    name, "layer", "reached through linear layers, convolutions and nonlinearities "
                    "of one value", repr(layer), "Ask for its preferred input.",
                )  # fmt: skip
            images.append(image.float().cpu().numpy())
    return np.concatenate(images)


class _Linear(TorchFunctionMode):
    """Computes without nonlinearities, and with the largest weights of each unit alone."""

    def __init__(self, keep: int | None) -> None:
        super().__init__()
        self._keep, self._layers = keep, 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in _STRAIGHT:
            return args[0] if args else kwargs["input"]
        if func in _POOLS:
            return _averaged(_POOLS[func], *args, **kwargs)
        if func in _ADAPTIVE_POOLS:
            return _ADAPTIVE_POOLS[func](*args[:2])
        if func in _WEIGHTED:
            self._layers += 1
            if self._keep is not None and self._layers > 1:
                if "weight" in kwargs:
                    kwargs = {**kwargs, "weight": _largest(kwargs["weight"], self._keep)}
                else:
                    args = (args[0], _largest(args[1], self._keep), *args[2:])
        return func(*args, **kwargs)


def _averaged(
    average: Callable[..., Tensor], input: Tensor, kernel_size: Any, stride: Any = None,
    padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """Return the mean over the windows of a max-pool."""
    if np.max(dilation) > 1:
        raise checks.invalid(
            "linear_combination", "model", "without dilated pools", f"a dilation of {dilation}"
        )
    return average(input, kernel_size, stride or kernel_size, padding, ceil_mode)


def _largest(weight: Tensor, keep: int) -> Tensor:
    """Return weights (n_units, ...) with 0 for all but the largest of each unit."""
    flat = weight.flatten(1)
    if keep >= flat.shape[1]:
        return weight
    kept = flat.abs().topk(keep, dim=1).indices
    return torch.zeros_like(flat).scatter(1, kept, flat.gather(1, kept)).view_as(weight)


def _gradient(
    gradient: Callable[..., tuple[Tensor, Tensor]], x: Tensor, rows: Tensor, keep: int | None
) -> Tensor:
    with _Linear(keep):
        return gradient(x, rows)[1]


def _noise(x: Tensor) -> Tensor:
    """Return another input: where it stands makes no difference to a linear network."""
    return torch.rand(x.shape, generator=torch.Generator().manual_seed(0)).to(x)


def _alike(a: Tensor, b: Tensor) -> bool:
    scale = a.abs().max().clamp_min(torch.finfo(a.dtype).tiny)
    return bool((a - b).abs().max() <= 1e-3 * scale)
