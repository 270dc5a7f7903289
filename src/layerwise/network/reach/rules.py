"""How each operation of PyTorch carries the reach of its arguments on to its results.

A bound is a number for every element of a tensor, and larger means reaching further, so that every
rule is one: a result has the maximum of all that takes part in it. What only moves elements
(permute, flatten, slices, nearest upsampling) is applied to the numbers as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from layerwise.network.reach.bound import Bound, Call, NoRule, most, small
from layerwise.network.reach.windows import (
    adaptively_pooled,
    convolved,
    filled,
    pooled,
    resampled,
    unfolded,
)

Rule = Callable[[Bound, Call], Any]


def rule_of(func: Any, name: str) -> Rule:
    """Return the rule of an operation."""
    if "out" in func._schema.overload_name:
        return _unknown
    if name not in _RULES and torch.Tag.pointwise in func.tags:
        return _elementwise
    return _RULES.get(name, _unknown)


def _unknown(bound: Bound, call: Call) -> Tensor:
    raise NoRule


def _elementwise(bound: Bound, call: Call) -> Tensor:
    return reduce(torch.maximum, [small(bound.of(x)) for x in call.tensors]).expand(call.shape)


def _same(bound: Bound, call: Call) -> Tensor:
    return bound.of(call.tensors[0])


def _moved(bound: Bound, call: Call) -> Any:
    """Apply the operation itself; not if it is the input that says where to move what."""
    name, *others = call.given
    rest = {other: call.given[other] for other in others}
    places = [x for x in tree_leaves(list(rest.values())) if isinstance(x, Tensor)]
    if any(bound.of(x).isfinite().any() for x in places):
        raise NoRule
    if isinstance(call.given[name], Tensor):  # an in-place operation changes the alias alone
        return call.func(torch.ops.aten.alias(bound.of(call.given[name])), **rest)
    return call.func([bound.of(x) for x in call.given[name]], **rest)


def _joined(bound: Bound, call: Call) -> Tensor:
    """Join by the operation itself, along one dimension; the others stay small."""
    parts = [x for x in map(bound.of, call.given["tensors"]) if x.ndim > 1 or x.numel()]
    along = call.given["dim"] % parts[0].ndim
    index = tuple(
        slice(0, 1) if d != along and all(x.stride(d) == 0 for x in parts) else slice(None)
        for d in range(parts[0].ndim)
    )
    joined: Tensor = call.func([x[index] for x in parts], along)
    return joined.expand(call.shape)


def _viewed(bound: Bound, call: Call) -> Tensor:
    return bound.of(call.tensors[0]).reshape(call.shape)


def _copied(bound: Bound, call: Call) -> Tensor:
    return bound.of(call.given["src"]).expand(call.shape)


def _embedded(bound: Bound, call: Call) -> Tensor:
    return bound.of(call.given["indices"])[..., None].expand(call.shape)


def _everything(bound: Bound, call: Call) -> list[Tensor]:
    most = torch.stack([small(bound.of(x)).amax() for x in call.tensors if x.numel()]).amax()
    return [most.expand(result.shape) for result in call.results]


def _dims(call: Call, x: Tensor) -> list[int]:
    """Return the dimensions that an operation is about; no argument means all."""
    dim = call.given.get("dim")
    if dim is None or dim == []:
        return list(range(x.ndim))
    return list(dim) if isinstance(dim, list | tuple) else [dim]


def _reduced(bound: Bound, call: Call) -> Tensor:
    x = bound.of(call.tensors[0])
    return most(x, _dims(call, x), keepdim=bool(call.given.get("keepdim", False)))


def _mixed(bound: Bound, call: Call) -> Tensor:
    """All along a dimension take part: softmax, sort."""
    x = bound.of(call.tensors[0])
    return most(x, _dims(call, x), keepdim=True).expand(x.shape)


def _accumulated(bound: Bound, call: Call) -> Tensor:
    return bound.of(call.tensors[0]).cummax(call.given["dim"])[0]


def _product(bound: Bound, call: Call) -> Tensor:
    *added, left, right = (bound.of(x) for x in call.tensors)
    is_matrix = right.ndim > 1
    parts = [*added, most(left, [-1], keepdim=is_matrix)]
    parts += [most(right, [-2 if is_matrix else -1], keepdim=is_matrix)]
    return reduce(torch.maximum, map(small, parts)).expand(call.shape)


def _attended(bound: Bound, call: Call) -> Tensor:
    """Give each query its own reach and that of all keys and values, of earlier ones if causal."""
    query, key, value = (bound.of(call.given[name]) for name in ("query", "key", "value"))
    seen = torch.maximum(most(key, [-1], keepdim=True), most(value, [-1], keepdim=True))
    if call.given["is_causal"] and query.shape[-2] <= key.shape[-2]:
        seen = seen.cummax(-2)[0][..., : query.shape[-2], :]
    else:
        seen = seen.amax(-2, keepdim=True)
    return torch.maximum(most(query, [-1], keepdim=True), seen).expand(call.shape)


def _recurrent(bound: Bound, call: Call) -> list[Tensor]:
    """Each step sees those before it, or after it if the layer runs backwards."""
    given = call.given
    if given["batch_sizes"]:  # packed sequences: rows are not steps
        raise NoRule
    state = torch.maximum(bound.of(given["hx_"]).amax(), bound.of(given["cx_"]).amax())
    steps = torch.maximum(most(bound.of(given["input"]), [-1], keepdim=True), state)
    steps = steps.flip(0).cummax(0)[0].flip(0) if given["reverse"] else steps.cummax(0)[0]
    first, *rest = call.results
    return [steps.expand(first.shape), *(steps.amax().expand(x.shape) for x in rest)]


def _layer_normed(bound: Bound, call: Call) -> Tensor:
    x = bound.of(call.given["input"])
    dims = list(range(-len(call.given["normalized_shape"]), 0))
    return most(x, dims, keepdim=True).expand(x.shape)


def _group_normed(bound: Bound, call: Call) -> Tensor:
    x = bound.of(call.given["input"])
    groups = x.reshape(len(x), call.given["group"], -1)
    return most(groups, [2], keepdim=True).expand(groups.shape).reshape(x.shape)


def _batch_normed(bound: Bound, call: Call) -> Tensor:
    x = bound.of(call.given["input"])
    if not call.given.get("training", False):
        return x
    return most(x, [d for d in range(x.ndim) if d != 1], keepdim=True).expand(x.shape)


def _gated(bound: Bound, call: Call) -> Tensor:
    return torch.maximum(*bound.of(call.given["self"]).chunk(2, call.given["dim"]))


CONSTANT = frozenset({
    "new_empty", "new_zeros", "new_ones", "new_full", "empty_like", "zeros_like", "ones_like",
    "full_like", "rand_like", "randn_like", "fill", "zero",
})  # fmt: skip
"""What takes no more than the shape of its argument."""

_RULES: dict[str, Rule] = {
    **dict.fromkeys([
        "permute", "transpose", "t", "expand", "slice", "select", "unsqueeze", "squeeze", "split",
        "split_with_sizes", "unsafe_split", "unsafe_split_with_sizes", "unbind", "flip", "roll",
        "index", "index_select", "gather", "repeat", "unfold", "diagonal", "stack", "alias",
        "detach", "lift_fresh", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle",
        "native_channel_shuffle", "reflection_pad1d", "reflection_pad2d", "reflection_pad3d",
        "replication_pad1d", "replication_pad2d", "replication_pad3d", "upsample_nearest1d",
        "upsample_nearest2d", "upsample_nearest3d", "_upsample_nearest_exact1d",
        "_upsample_nearest_exact2d", "_upsample_nearest_exact3d",
    ], _moved),
    **dict.fromkeys(["view", "_unsafe_view", "_reshape_alias", "reshape"], _viewed),
    **dict.fromkeys([
        "hardswish", "_prelu_kernel", "log_sigmoid_forward", "rrelu_with_noise", "masked_fill",
    ], _elementwise),
    **dict.fromkeys(["_to_copy", "contiguous"], _same),
    **dict.fromkeys([
        "mean", "sum", "amax", "amin", "max", "min", "prod", "var", "std", "median", "logsumexp",
        "linalg_vector_norm", "norm", "all", "any", "argmax", "argmin", "var_mean", "std_mean",
    ], _reduced),
    **dict.fromkeys(["_softmax", "_log_softmax", "_safe_softmax", "sort", "argsort"], _mixed),
    **dict.fromkeys(["cumsum", "cumprod", "logcumsumexp"], _accumulated),
    **dict.fromkeys(["mm", "bmm", "addmm", "baddbmm", "mv", "dot", "addmv"], _product),
    **dict.fromkeys([
        "_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention",
        "_scaled_dot_product_efficient_attention", "_scaled_dot_product_cudnn_attention",
    ], _attended),
    **dict.fromkeys([
        "native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training",
        "cudnn_batch_norm", "_batch_norm_with_update",
    ], _batch_normed),
    **dict.fromkeys(["native_layer_norm", "_fused_rms_norm"], _layer_normed),
    **dict.fromkeys([
        "max_pool2d_with_indices", "max_pool3d_with_indices", "avg_pool2d", "avg_pool3d",
    ], pooled),
    **dict.fromkeys([
        "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_max_pool2d",
        "adaptive_max_pool3d",
    ], adaptively_pooled),
    **dict.fromkeys([
        "upsample_linear1d", "upsample_bilinear2d", "upsample_bicubic2d", "upsample_trilinear3d",
        "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa",
    ], resampled),
    "native_group_norm": _group_normed,
    "convolution": convolved,
    "constant_pad_nd": filled,
    "mkldnn_rnn_layer": _recurrent,
    "embedding": _embedded,
    "copy": _copied,
    "cat": _joined,
    "im2col": unfolded,
    "glu": _gated,
    "_native_multi_head_attention": _everything,
    "_transformer_encoder_layer_fwd": _everything,
}  # fmt: skip
