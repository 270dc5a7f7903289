"""Reduce a layer's positions before they are stored.

``flatten`` keeps every unit. ``mean`` and ``max`` are for maps (channels, positions ...) and give
one value per channel; ``cls``, ``last`` and ``masked_mean`` are for tokens (positions ...,
features) and give one value per feature. A layer without positions stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from layerwise.foundation.checks import choice, invalid, not_found
from layerwise.foundation.globs import matches

POOLINGS = ("flatten", "mean", "max", "cls", "last", "masked_mean")


def choose(pooling: str | Mapping[str, str], layer: str) -> str:
    """Return the pooling of a layer: one for all, or the first glob of a mapping that matches.

    Examples
    --------
    >>> choose({"conv*": "mean"}, "conv1"), choose({"conv*": "mean"}, "fc1")
    ('mean', 'flatten')
    """
    rules = {"*": pooling} if isinstance(pooling, str) else pooling
    how = next((how for glob, how in rules.items() if matches(layer, glob)), "flatten")
    return choice("record", "pooling", how, POOLINGS)


def check_rules(pooling: str | Mapping[str, str], layers: list[str]) -> None:
    """Refuse a rule that matches no layer: it is a typing error."""
    if isinstance(pooling, str):
        return
    for glob in pooling:
        if not any(matches(layer, glob) for layer in layers):
            raise not_found("layer", glob, "pooling", layers)


def pooled_shape(shape: tuple[int, ...], how: str) -> tuple[int, ...]:
    """Return the shape of one observation after pooling.

    Examples
    --------
    >>> pooled_shape((32, 7, 7), "mean"), pooled_shape((12, 64), "cls"), pooled_shape((10,), "max")
    ((32,), (64,), (10,))
    """
    if how == "flatten" or len(shape) < 2:
        return shape
    return shape[:1] if how in ("mean", "max") else shape[-1:]


def pool(x: Tensor, how: str, mask: Tensor | None = None) -> Tensor:
    """Reduce positions of one batch.

    Parameters
    ----------
    x : (batch, channels, positions ...) for mean and max; (batch, positions ..., features) else
    how : one of :data:`POOLINGS`
    mask : (batch, positions), nonzero where there is a token; for last and masked_mean

    Examples
    --------
    >>> x = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [9.0, 9.0]]])          # (1, 3 tokens, 2)
    >>> mask = torch.tensor([[1, 1, 0]])
    >>> pool(x, "masked_mean", mask), pool(x, "last", mask)
    (tensor([[2., 3.]]), tensor([[3., 4.]]))
    """
    if how == "flatten" or x.ndim < 3:
        return x
    if how == "mean":
        return x.flatten(2).mean(2)
    if how == "max":
        return x.flatten(2).amax(2)
    tokens = x.flatten(1, -2)
    if how == "cls":
        return tokens[:, 0]
    if mask is not None and mask.shape != tokens.shape[:2]:
        raise invalid(
            "record", "attention_mask", f"{tuple(tokens.shape[:2])} like the tokens",
            f"shape {tuple(mask.shape)}", "Pool this layer by flatten, mean or cls.",
        )  # fmt: skip
    if how == "last":
        if mask is None:
            return tokens[:, -1]
        positions = torch.arange(mask.shape[1], device=mask.device)
        last = torch.where(mask != 0, positions, -1).amax(1).clamp_min(0)
        return tokens[torch.arange(len(tokens), device=x.device), last]
    if mask is None:
        return tokens.mean(1)
    weight = (mask != 0).to(tokens.dtype)[..., None]
    return (tokens * weight).sum(1) / weight.sum(1).clamp_min(1)
