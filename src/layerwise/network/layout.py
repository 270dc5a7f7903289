"""Which dimension of a layer's activation counts its channels, and which count positions.

A convolution gives (channels, height, width), a transformer (tokens, features), a channels-last
network (height, width, channels). Modules that act along one dimension decide; what has no opinion
(a ReLU, ``x + y``) keeps the layout of what came before it. Left out: channels in the middle of a
shape, such as the heads inside an attention.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn
from torch.nn.modules import batchnorm, conv, padding, pooling

from layerwise.foundation import checks
from layerwise.foundation.globs import matches
from layerwise.network.model import module_names, unwrap
from layerwise.network.sites import Site, Survey

FIRST, LAST = 0, -1
"""Channels before the positions, (channels, height, width), or after them, (tokens, features)."""

_FIRST_MODULES = (
    conv._ConvNd, batchnorm._NormBase, nn.GroupNorm, nn.LocalResponseNorm,
    pooling._MaxPoolNd, pooling._AvgPoolNd, pooling._AdaptiveMaxPoolNd, pooling._AdaptiveAvgPoolNd,
    pooling._LPPoolNd, nn.FractionalMaxPool2d, nn.Upsample, nn.PixelShuffle, nn.PixelUnshuffle,
    nn.ChannelShuffle, padding._ConstantPadNd, padding._ReflectionPadNd, padding._ReplicationPadNd,
)  # fmt: skip
_NORMS = (nn.LayerNorm, nn.RMSNorm)
_LAST_MODULES = (
    nn.Linear, nn.Bilinear, nn.Embedding, nn.MultiheadAttention, nn.RNNBase, nn.Transformer,
    nn.TransformerEncoder, nn.TransformerEncoderLayer, nn.TransformerDecoder,
    nn.TransformerDecoderLayer,
)  # fmt: skip
_FIRST_FUNCTIONS = frozenset({
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d",
    "batch_norm", "instance_norm", "group_norm", "interpolate", "pixel_shuffle",
})  # fmt: skip
_LAST_FUNCTIONS = frozenset({"linear", "layer_norm", "rms_norm", "embedding"})
_TRANSPOSING = frozenset({
    "permute", "transpose", "swapaxes", "swapdims", "movedim", "moveaxis", "t", "adjoint",
})  # fmt: skip


def channel_axes(
    model: nn.Module, found: Survey, axes: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return for every layer whether channels are the first or the last dimension.

    Convolutions, their pools and norms act on the first dimension of one observation, Linear,
    LayerNorm, Embedding, attention and recurrent layers on the last. Any other value keeps the
    channels of the latest one of its rank, found again by their number when the dimensions were
    permuted. What comes before the first such module, like the input, has the layout of the first
    value of its rank that has one, unless only the other layout has that value's positions.

    Parameters
    ----------
    model : the surveyed module
    found : by :func:`survey`
    axes : 0 (first) or -1 (last) by name or glob, which overrides the rule; needed where an unusual
        network keeps as many positions as channels and permutes them inside a module of its own

    Returns
    -------
    dict
        0 or -1 for the name of every recordable site; 0 for one dimension or none.

    Raises
    ------
    NotFound, InvalidValue
        If a name in `axes` matches no layer, or the number is neither 0 nor -1.

    Examples
    --------
    >>> import torch
    >>> from layerwise.network import survey
    >>> net = nn.Sequential(nn.Conv1d(3, 4, 2), nn.ReLU())
    >>> channel_axes(net, survey(net, torch.zeros(2, 3, 9)))
    {'input': 0, '0': 0, '1': 0, 'output': 0}
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.ReLU())
    >>> channel_axes(net, survey(net, torch.zeros(2, 9, 3)))
    {'input': -1, '0': -1, '1': -1, 'output': -1}
    """
    sites = [site for site in found.sites if site.recordable]
    wanted = _overrides(axes or {}, [site.name for site in sites])
    modules = {name: module for module, name in module_names(unwrap(model))[0].items()}
    decided: dict[str, int] = {}
    waiting: list[Site] = []
    latest: dict[int, tuple[tuple[int, ...], int]] = {}
    newest: tuple[tuple[int, ...], int] | None = None
    for site in sites:
        rank = len(site.shape)
        axis: int | None = FIRST if rank < 2 else wanted.get(site.name)
        if axis is None:
            axis = _opinion(site, modules.get(site.source))
        if axis is None and (before := latest.get(rank, newest)) is not None:
            axis = _kept(site, *before)
        if axis is None:
            waiting.append(site)
            continue
        decided[site.name] = axis
        for early in [early for early in waiting if len(early.shape) == rank]:
            # What acts on the last dimension keeps the positions, so they tell of a permutation.
            permuted = axis == LAST and early.shape[1:] == site.shape[:-1] != early.shape[:-1]
            decided[early.name] = FIRST if permuted else axis
            waiting.remove(early)
        if rank > 1:
            latest[rank] = newest = (site.shape, axis)
    return {site.name: decided.get(site.name, FIRST) for site in sites}


def _overrides(axes: Mapping[str, int], names: list[str]) -> dict[str, int]:
    """Return the axis of every name that a rule of the user's means, the first rule first."""
    for glob, axis in axes.items():
        if axis not in (FIRST, LAST):
            raise checks.invalid(
                "channel_axes", f"axes[{glob!r}]", "0 (channels first) or -1 (last)", axis
            )
        if not any(matches(name, glob) for name in names):
            raise checks.not_found("layer", glob, "axes", names)
    return {
        name: next(axis for glob, axis in axes.items() if matches(name, glob))
        for name in names
        if any(matches(name, glob) for glob in axes)
    }


def _opinion(site: Site, module: nn.Module | None) -> int | None:
    """Return the dimension along which a module or function acts, or None if it has none."""
    if site.is_function:
        name = site.kind.removeprefix("function ")
        if name in _FIRST_FUNCTIONS:
            return FIRST
        return LAST if name in _LAST_FUNCTIONS else None
    if isinstance(module, _FIRST_MODULES):
        return FIRST
    if isinstance(module, _NORMS):
        size = tuple(module.normalized_shape)
        if len(size) > 1:
            return None
        # The LayerNorm2d of torchvision and timm is a LayerNorm of (channels, height, width).
        is_own = type(module) in _NORMS
        return FIRST if not is_own and site.shape[0] == size[0] != site.shape[-1] else LAST
    return LAST if isinstance(module, _LAST_MODULES) else None


def _kept(site: Site, shape: tuple[int, ...], axis: int) -> int:
    """Return where the channels of an earlier value of this shape and axis are now."""
    n_channels, now = shape[axis], site.shape
    other = LAST if axis == FIRST else FIRST
    if len(now) == len(shape) and sorted(now) != sorted(shape):
        return axis  # channels or positions were added or dropped: nothing was permuted
    transposes = site.is_function and site.kind.removeprefix("function ") in _TRANSPOSING
    if now[axis] == n_channels and not (transposes and now[other] == n_channels):
        return axis
    return other if now[other] == n_channels else axis
