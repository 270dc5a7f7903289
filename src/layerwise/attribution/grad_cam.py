r"""Where in the map of a layer a target's evidence lies: Grad-CAM at any layer with positions.

.. math:: \alpha_k = \frac{1}{Z} \sum_p \frac{\partial f}{\partial A^k_p}, \quad
    M_p = \max\Bigl(0, \sum_k \alpha_k A^k_p\Bigr)

Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks", 2017. On a network
that ends in a mean over positions and one dense layer it is the class activation map of Zhou et
al. 2016 divided by the number of positions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from layerwise.attribution.axes import input_axis
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.question import batches, question
from layerwise.network.targets import Target

_MODES = {1: "linear", 2: "bilinear", 3: "trilinear"}


def grad_cam(
    model: nn.Module,
    target: Target | str,
    inputs: Any,
    *,
    layer: str,
    upsample: bool = False,
    axes: Mapping[str, int] | None = None,
    batch_size: int = 128,
) -> Array:
    """Return how much each position of a layer speaks for the target.

    Parameters
    ----------
    model, target, inputs : as of :func:`layerwise.attribution.gradient`
    layer : address of a layer with positions: feature maps, a signal's steps, tokens
    upsample : whether to interpolate the map (linearly along each axis) to the positions of the
        input. Tokens of a picture are laid out in rows first, a class token before them left out.
    axes : 0 (channels first) or -1 (last) by layer, where the rule of
        :func:`layerwise.network.channel_axes` is wrong
    batch_size : observations at once

    Returns
    -------
    (n, *positions) float32 >= 0, of the layer's positions; or upsampled (n, ...), of the shape of
    the input and the same for all its channels. Units of the target; every map has a scale of its
    own. Layers near the output are coarse, layers near the input say little of the class.

    Raises
    ------
    UserError
        If the layer has no positions, the target does not depend on it, or its tokens are no grid.

    Notes
    -----
    Costs one forward and one backward pass.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2))
    >>> x = np.ones((4, 1, 8, 8), np.float32)
    >>> grad_cam(net, "logit:1", x, layer="1").shape
    (4, 6, 6)
    >>> grad_cam(net, "logit:1", x, layer="1", upsample=True).shape
    (4, 1, 8, 8)
    """
    name = "grad_cam"
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    axis = input_axis(model, inputs, axes) if upsample else 0
    found = []
    with question(model, target, inputs, layers=[layer], axes=axes) as ask:
        sizes = [size for k, size in enumerate(ask.x.shape) if k and k != axis]
        with bar(name, len(ask.x)) as advance:
            for part in batches(len(ask.x), batch_size):
                rows = torch.arange(part.start, part.stop)
                _, A, gradients = ask.layer_gradient(ask.x[part], layer, rows)
                if A.ndim < 3:
                    raise checks.invalid(
                        name, "layer", "one with positions", f"{layer!r} of shape "
                        f"{tuple(A.shape[1:])}", "Name a convolution, its ReLU, or a block.",
                    )  # fmt: skip
                weights = gradients.flatten(2).mean(2).reshape(*A.shape[:2], *[1] * (A.ndim - 2))
                maps = (weights * A).sum(1).clamp_min(0)
                if upsample:
                    maps = _upsampled(maps, sizes, layer)
                    maps = maps.unsqueeze(axis) if axis else maps
                    maps = maps.expand(len(rows), *ask.x.shape[1:])
                found.append(maps.float().cpu().numpy())
                advance(len(rows))
    return np.concatenate(found)


def _upsampled(maps: Tensor, sizes: Sequence[int], layer: str) -> Tensor:
    """Return maps (n, *positions) at the positions of the input."""
    if maps.ndim == 2 and len(sizes) == 2:
        maps = _grid(maps, sizes, layer)
    if maps.ndim != len(sizes) + 1 or maps.ndim - 1 not in _MODES:
        raise checks.invalid(
            "grad_cam", "upsample", f"False, since the positions {tuple(maps.shape[1:])} of "
            f"{layer!r} are not those {tuple(sizes)} of the input", True,
        )  # fmt: skip
    mode = _MODES[maps.ndim - 1]
    return interpolate(maps[:, None].float(), list(sizes), mode=mode, align_corners=False)[:, 0]


def _grid(maps: Tensor, sizes: Sequence[int], layer: str) -> Tensor:
    """Return tokens (n, n_tokens) of a picture in rows; a class token comes first, if there is one.

    Patches are square, so the grid has the proportions of the picture.
    """
    height, width = sizes
    for extra in (0, 1):
        rows = round(math.sqrt((maps.shape[1] - extra) * height / width))
        if rows and rows * round(rows * width / height) == maps.shape[1] - extra:
            return maps[:, extra:].reshape(len(maps), rows, -1)
    raise checks.invalid(
        "grad_cam", "upsample", f"False, since the {maps.shape[1]} tokens of {layer!r} are no grid "
        f"of square patches of a picture of {height} x {width}", True,
    )  # fmt: skip
