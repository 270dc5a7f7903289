"""Which layers of any network a study looks at.

Rectified layers say what a filter found and where it is silent, so they are looked at position by
position. Recorded for maps of the population is what leaves the stage: the pool after the rectifier
if there is one, and the mean over positions where that would still be large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.network import Site, select, survey
from layerwise.network.layout import channel_axes
from layerwise.network.sites import Survey

RECTIFIERS = frozenset({
    "relu", "relu6", "leakyrelu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish",
    "hardswish", "softplus", "sigmoid", "hardsigmoid", "tanh", "hardtanh",
})  # fmt: skip
"""Nonlinearities, as modules or functions, in small letters without underscores."""

MOST = 6
"""Layers that are looked at if nobody says which: of more, so many, evenly spaced."""

LARGE = 4096
"""Values of one observation above which a layer is recorded as its mean over positions."""


@dataclass(frozen=True)
class Watched:
    """What is looked at in a network.

    Attributes
    ----------
    layers : looked at position by position, shallow to deep
    recorded : recorded for maps of the population, one for each of `layers` or fewer
    pooling : how to record those that are too large to keep whole
    """

    layers: tuple[str, ...]
    recorded: tuple[str, ...]
    pooling: dict[str, str]


def watched(model: nn.Module, batch: Tensor, layers: Sequence[str] | None = None) -> Watched:
    """Return the layers that the user names, or the rectified ones, or those that transform.

    Parameters
    ----------
    model : any network
    batch : a few observations
    layers : names or globs

    Raises
    ------
    NotFound
        If a name matches no layer.

    Examples
    --------
    >>> import torch
    >>> from layerwise.models import lenet
    >>> watched(lenet((1, 28, 28), 10), torch.zeros(2, 1, 28, 28))
    Watched(layers=('relu1', 'relu2', 'relu3'), recorded=('pool1', 'pool2', 'relu3'), pooling={})
    """
    found = survey(model, batch)
    sites = [site for site in found.sites if site.recordable and not site.is_border]
    if layers:
        chosen = [site for site in select(found, layers) if not site.is_border]
        if not chosen:
            raise checks.invalid("study", "layers", "layers between input and output",
                                 ", ".join(layers))  # fmt: skip
        leaving = chosen
    else:
        rectified = [site for site in sites if kind(site) in RECTIFIERS and site.shape]
        chosen = _spaced(rectified or [site for site in select(found) if not site.is_border])
        following = dict(zip([site.name for site in sites], sites[1:], strict=False))
        leaving = [_pooled(site, following.get(site.name)) for site in chosen]
    large = [site for site in leaving if math.prod(site.shape) > LARGE]
    return Watched(
        tuple(site.name for site in chosen), tuple(site.name for site in leaving),
        _means(model, found, large),
    )  # fmt: skip


def means(model: nn.Module, batch: Tensor, layers: Sequence[str]) -> dict[str, str]:
    """Return how to record layers as their mean over positions; those that have none are left out.

    Examples
    --------
    >>> import torch
    >>> from layerwise.models import lenet
    >>> means(lenet((1, 28, 28), 10), torch.zeros(2, 1, 28, 28), ["pool2", "relu3"])
    {'pool2': 'mean'}
    """
    found = survey(model, batch)
    return _means(model, found, select(found, layers))


def _means(model: nn.Module, found: Survey, sites: Sequence[Site]) -> dict[str, str]:
    axes = channel_axes(model, found)
    return {
        site.name: "mean" if axes[site.name] == 0 else "masked_mean"
        for site in sites
        if len(site.shape) > 1
    }


def kind(site: Site) -> str:
    """Return what a site computes, in small letters without underscores."""
    return site.kind.removeprefix("function ").replace("_", "").lower()


def _pooled(site: Site, following: Site | None) -> Site:
    return following if following is not None and "pool" in kind(following) else site


def _spaced(sites: Sequence[Site]) -> list[Site]:
    rows = np.unique(np.linspace(0, len(sites) - 1, min(MOST, len(sites))).round().astype(int))
    return [sites[row] for row in rows]
