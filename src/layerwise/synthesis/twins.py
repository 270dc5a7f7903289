"""What layers make of adversarial twins, to be set beside what they made of the originals in a run.

The recording of a run, without the run: the same passes, pooled the same, kept in memory. Where the
twins go (how far, among which class) is asked by :mod:`layerwise.analysis.asking.adversarial`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from layerwise.foundation import progress
from layerwise.foundation.shapes import Array
from layerwise.recording.forward_pass import Pass


def layer_values(
    model: nn.Module, inputs: Any, layers: Mapping[str, str], *, batch_size: int = 256
) -> dict[str, Array]:
    """Return what layers compute for inputs, as :func:`layerwise.record` would store it.

    Parameters
    ----------
    model : left as it was
    inputs : as of :func:`layerwise.record`
    layers : pooling ("flatten", "mean", ...) by address
    batch_size : observations a forward pass

    Returns
    -------
    dict
        (n_observations, n_units) float32 by address.

    Raises
    ------
    UserError
        As of :func:`layerwise.record`.

    Notes
    -----
    All values are in memory.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> found = layer_values(net, torch.rand(5, 1, 8, 8), {"0": "flatten", "1": "mean"})
    >>> {name: values.shape for name, values in found.items()}
    {'0': (5, 144), '1': (5, 4)}
    """
    passed = Pass(
        model, inputs, layers=list(layers), pooling=dict(layers), dtype="float32", clip=False,
        batch_size=batch_size,
    )  # fmt: skip
    kept: dict[str, list[Array]] = defaultdict(list)

    def append(layer: str, values: Array, /, **counters: int) -> int:
        kept[layer].append(np.array(values).reshape(len(values), -1))
        return 0

    n, size = passed.plan.n_observations, passed.plan.rows_per_part
    with (
        progress.bar("layers of twins", n, "observations") as advance,
        passed.parts(range(0, n, size), with_constants=True) as parts,
    ):
        for _, compute in parts:
            compute(append, advance)
    return {layer: np.concatenate(kept[layer]) for layer in layers}
