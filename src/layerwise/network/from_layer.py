"""The same network, asked from one of its layers on.

Token ids have no gradient, but what an embedding makes of them has: a network that takes the
embedding's values as its input can be asked everything that a network of pictures can.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.network.model import module_names, unwrap
from layerwise.network.placing import Placing
from layerwise.network.question import as_tensors, first_rows
from layerwise.network.sites import ModelError, select
from layerwise.network.trace import survey
from layerwise.network.values import Batch


def from_layer(model: nn.Module, layer: str, inputs: Any) -> nn.Module:
    """Return a network that takes what a layer of this one gives, and goes on from there.

    It is called as ``net(values)`` or as ``net(values, *inputs)``, ``net(values, **inputs)`` with
    what the whole network takes (ids that no longer count, masks that do). Its layers keep their
    addresses and share their weights with the model.

    Parameters
    ----------
    model : left as it is
    layer : address of a module that is called once and gives one tensor, such as an embedding
    inputs : what the whole network takes, one or more observations; the first goes along where
        values come alone

    Raises
    ------
    UserError
        If there is no such module, or its output cannot be replaced.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2))
    >>> ids = torch.tensor([[1, 2, 3], [4, 5, 6]])
    >>> embedded = net[0](ids)
    >>> bool((from_layer(net, "0", ids)(embedded) == net(ids)).all())
    True
    """
    inner = unwrap(model)
    template = Placing(inner)(as_tensors("from_layer", inputs))
    modules = {name: module for module, name in module_names(inner)[0].items()}
    (site, *more) = select(survey(inner, first_rows(template, 2), functions=False), [layer])
    if more or site.path or site.calls > 1 or site.source not in modules:
        raise ModelError(
            f"from_layer: layer {layer!r} must be a module that is called once and gives one "
            "tensor. Name another layer."
        )
    whole, first = modules[site.source], first_rows(template, 1)

    class FromLayer(type(inner)):  # type: ignore[misc]
        """The user's network, from a layer on."""

        def forward(self, values: Tensor, *args: Any, **kwargs: Any) -> Any:
            if tuple(values.shape[1:]) != site.shape:
                raise checks.invalid(
                    "from_layer", "values", f"(n, {', '.join(map(str, site.shape))}), as layer "
                    f"{layer!r} gives", f"shape {tuple(values.shape)}",
                )  # fmt: skip
            if not args and not kwargs:
                args, kwargs = _arguments(first, len(values))
            handle = whole.register_forward_hook(lambda module, given, output: values)
            try:
                return super().forward(*args, **kwargs)
            finally:
                handle.remove()

    FromLayer.__name__ = FromLayer.__qualname__ = f"{type(inner).__name__} from {layer}"
    asked = copy.copy(inner)
    asked.__class__ = FromLayer
    return asked


def _arguments(inputs: Batch, n: int) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return one observation n times, as arguments and keywords."""

    def repeated(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.expand(n, *value.shape[1:])
        if isinstance(value, Mapping):
            return {key: repeated(item) for key, item in value.items()}
        return tuple(repeated(item) for item in value) if isinstance(value, tuple) else value

    if isinstance(inputs, Mapping):
        return (), repeated(inputs)
    return (repeated(inputs) if isinstance(inputs, tuple) else (repeated(inputs),)), {}
