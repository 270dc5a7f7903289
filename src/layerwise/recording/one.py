"""What every layer makes of one observation, straight from a live network.

Nothing is written and nothing is pooled; a run of many observations is what :func:`record` is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.data import DataSet
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.network.layout import LAST, channel_axes
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.receptive_field import ReceptiveField, fields_of, pair_of
from layerwise.network.sites import ModelError, Survey, select
from layerwise.network.trace import survey, watch
from layerwise.network.values import Batch

PICTURES = 4
"""Dimensions of a batch of pictures: so many, the first of length 1, need no further one."""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What one layer makes of one observation.

    Attributes
    ----------
    layer : its address
    kind : class of the module, "function relu", "input" or "output"
    values : (n_channels, *positions) of float32: (channels, height, width) of a picture,
        (channels, length) of a signal, (features, tokens), (units,) of a dense layer
    tokens : whether channels came last, so that positions are tokens (or pixels, channels last)
    field : what its units see of the input; None if that is not known or the input has no positions
    problem : why the field is not known
    """

    layer: str
    kind: str
    values: Array
    tokens: bool
    field: ReceptiveField | None = None
    problem: str = ""

    @property
    def positions(self) -> tuple[int, ...]:
        """Size of the map; () for a dense layer."""
        return tuple(self.values.shape[1:])


def activations(
    model: nn.Module,
    observation: Any,
    layers: Sequence[str] | str | None = None,
    *,
    axes: Mapping[str, int] | None = None,
) -> dict[str, FeatureMaps]:
    """Return what every layer computes for one observation, in the order of the network.

    The network is put into eval mode and left as it was.

    Parameters
    ----------
    model : any module, on whatever device it is
    observation : an array or tensor of one observation, with or without a batch dimension of
        length 1; a row ``(data_set, 7)`` of a DataSet; a mapping or tuple of tensors with a batch
        dimension for networks with several inputs. Floats are cast to the model's precision.
    layers : names or globs, as of :func:`record`; None takes every leaf module that transforms
    axes : 0 (channels first) or -1 (last) by name or glob, where the rule of
        :func:`layerwise.network.channel_axes` is wrong

    Returns
    -------
    dict
        :class:`FeatureMaps` by address.

    Raises
    ------
    UserError
        If the model fails on the observation, or a name matches no layer.

    Notes
    -----
    Costs a handful of forward passes of this observation; all values are in memory.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    >>> found = activations(net, np.zeros((1, 8, 8), np.float32))
    >>> {name: maps.values.shape for name, maps in found.items()}
    {'0': (4, 6, 6), '1': (4, 6, 6), '3': (10,)}
    >>> found["1"].field.size
    (3, 3)
    """
    inner = unwrap(model)
    pair, found = _surveyed(inner, observation, functions=layers is not None)
    sites = select(found, layers)
    layout = channel_axes(inner, found, axes)
    values: dict[str, Array] = {}

    def sink(i: int, tensor: Tensor) -> None:
        value = tensor[0] if tensor.ndim > 1 else tensor[:1]
        moved = value.movedim(layout[sites[i].name], 0).float().cpu()
        values[sites[i].name] = np.array(moved.numpy())

    with watch(inner, sites, sink) as run:
        run(pair)
    fields, problems = fields_of(inner, pair, found, sites, axes=axes, strict=False)
    return {
        site.name: FeatureMaps(
            site.name, site.kind, values[site.name],
            layout[site.name] == LAST,
            fields.get(site.name), problems.get(site.name, ""),
        )
        for site in sites
    }  # fmt: skip


def _surveyed(model: nn.Module, observation: Any, *, functions: bool) -> tuple[Batch, Survey]:
    """Return the observation as the model takes it, twice, and the survey of it.

    Whether a first dimension of length 1 is the batch, shapes do not always say: the model does.
    """
    x, placed = _tensors(observation), Placing(model)
    if not isinstance(x, Tensor) or isinstance(observation, tuple):
        pair = pair_of(placed(x))
        return pair, survey(model, pair, functions=functions)
    is_batch = x.ndim >= PICTURES and len(x) == 1
    pair = pair_of(placed(x if is_batch else x[None]))
    try:
        return pair, survey(model, pair, functions=functions)
    except ModelError:
        if is_batch or x.ndim < 2 or len(x) != 1:
            raise
        pair = pair_of(placed(x))
        return pair, survey(model, pair, functions=functions)


def _tensors(observation: Any) -> Any:
    """Return an observation as a tensor without a batch, or tensors with one."""
    if isinstance(observation, tuple) and observation and isinstance(observation[0], DataSet):
        data, row = observation if len(observation) == 2 else (observation[0], None)
        row = checks.integer("activations", "observation[1]", row, 0, len(data) - 1)
        return torch.from_numpy(data.take([row]).inputs())
    if isinstance(observation, tuple):
        return tuple(_tensor(part) for part in observation)
    if isinstance(observation, Mapping):
        return {str(key): _tensor(part) for key, part in observation.items()}
    return _tensor(observation)


def _tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value.detach()
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" or not array.size:
        raise checks.InvalidType(
            "activations: observation must be numbers of one observation; "
            f"got {type(value).__name__} of dtype {array.dtype}, shape {array.shape}."
        )
    return torch.from_numpy(np.array(array))
