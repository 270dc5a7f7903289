"""Batches where the model is: on its device, floats in its precision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Placing:
    """Puts batches where a model is.

    Attributes
    ----------
    device : of its first parameter; the CPU if it has none
    precision : of its first floating parameter, or None

    Examples
    --------
    >>> place = Placing(nn.Linear(2, 1).double())
    >>> place({"x": torch.zeros(3, 2), "ids": torch.tensor([1])})["x"].dtype
    torch.float64
    """

    def __init__(self, model: nn.Module) -> None:
        weights = [p for p in model.parameters() if p.is_floating_point()]
        self.device = weights[0].device if weights else torch.device("cpu")
        self.precision = weights[0].dtype if weights else None

    def __call__(self, batch: Any) -> Any:
        """Return the batch, in whatever nesting, where the model is."""
        if isinstance(batch, Tensor):
            precision = self.precision if batch.is_floating_point() else None
            return batch.to(self.device, precision, non_blocking=True)
        if isinstance(batch, Mapping):
            return {key: self(value) for key, value in batch.items()}
        if isinstance(batch, tuple | list):
            return tuple(self(value) for value in batch)
        return batch
