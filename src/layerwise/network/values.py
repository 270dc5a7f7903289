"""Nested values of a forward pass: batches going in, outputs coming out.

Models take and return tensors, tuples, mappings and dataclasses in any nesting; everything else
in this room sees them as tensors at paths.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor

from layerwise.foundation.checks import InvalidType

Batch = Tensor | tuple[Any, ...] | Mapping[str, Any]
"""What one forward takes: ``model(x)``, ``model(*xs)`` or ``model(**xs)``."""

Path = tuple[int | str, ...]
"""Where a tensor lies in a nested value: ``(1, 0)`` is ``[1][0]``, ``("h",)`` is ``.h``."""


def forward(model: Callable[..., Any], batch: Batch) -> Any:
    """Call the model on a batch: tensors as they are, tuples unpacked, mappings as keywords."""
    if isinstance(batch, Mapping):
        return model(**batch)
    return model(*batch) if isinstance(batch, tuple) else model(batch)


def tensors(value: Any, path: Path = ()) -> Iterator[tuple[Path, Tensor]]:
    """Walk a nested value: tuples, lists, mappings, dataclasses.

    Examples
    --------
    >>> import torch
    >>> [path for path, _ in tensors((torch.zeros(1), {"a": torch.zeros(1)}, None))]
    [(0,), (1, 'a')]
    """
    if isinstance(value, Tensor):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from tensors(item, (*path, str(key)))
    elif isinstance(value, tuple | list):
        for i, item in enumerate(value):
            yield from tensors(item, (*path, i))
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from tensors(getattr(value, field.name), (*path, field.name))


def pick(value: Any, path: Path) -> Any:
    """Return what lies at a path, or None where it ends early."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(key, str):
            value = getattr(value, key, None)
        else:
            value = value[key] if isinstance(value, tuple | list) and key < len(value) else None
    return value


def first_tensor(batch: Batch) -> Tensor:
    """Return the first tensor of a batch; its first dimension counts the observations."""
    for _, tensor in tensors(batch):
        return tensor
    raise InvalidType(f"a batch must hold at least one tensor; got {type(batch).__name__}.")


def shapes_text(batch: Batch) -> str:
    """Return the shapes of a batch for a message.

    Examples
    --------
    >>> import torch
    >>> shapes_text((torch.zeros(2, 3), torch.zeros(2)))
    '(2, 3), (2,)'
    """
    return ", ".join(str(tuple(tensor.shape)) for _, tensor in tensors(batch)) or "no tensor"
