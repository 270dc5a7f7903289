"""Which axis of an input counts its channels; all others are the positions of a map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from layerwise.network.layout import LAST, channel_axes
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.question import as_tensors, first_rows
from layerwise.network.sites import INPUT
from layerwise.network.trace import survey
from layerwise.network.values import first_tensor, tensors


def input_axis(model: nn.Module, inputs: Any, axes: Mapping[str, int] | None = None) -> int:
    """Return the axis of the channels in the inputs that are asked about.

    Parameters
    ----------
    model : any module
    inputs : (n, ...), as of :func:`layerwise.network.question.question`
    axes : ``{"input": 0}`` (channels first) or ``{"input": -1}`` (last), where the rule of
        :func:`layerwise.network.channel_axes` is wrong

    Returns
    -------
    int
        0 if there are no channels: every value of (n, n_features) is a position.

    Examples
    --------
    >>> import torch
    >>> input_axis(nn.Conv2d(3, 2, 3), torch.zeros(4, 3, 8, 8))
    1
    >>> tokens = nn.Sequential(nn.Linear(5, 2))
    >>> input_axis(tokens, torch.zeros(4, 9, 5)), input_axis(tokens, torch.zeros(4, 5))
    (2, 0)
    """
    inner = unwrap(model)
    batch = Placing(inner)(as_tensors("input_axis", inputs))
    x = next((tensor for _, tensor in tensors(batch) if tensor.is_floating_point()), None)
    if x is None or x.ndim < 3:
        return 0
    if first_tensor(batch) is not x:  # the survey knows the layout of the first input alone
        return 1
    found = survey(inner, first_rows(batch, 2), functions=False)
    is_last = channel_axes(inner, found, axes).get(INPUT) == LAST
    return x.ndim - 1 if is_last else 1
