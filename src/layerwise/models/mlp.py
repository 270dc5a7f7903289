"""The multilayer perceptron of Rauber et al. 2017, in any width and depth."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from layerwise.foundation.checks import integer, invalid, number
from layerwise.foundation.random import RandomState
from layerwise.models.glorot import glorot_uniform


def mlp(
    input_shape: Sequence[int],
    n_classes: int,
    *,
    hidden: Sequence[int] = (1000,) * 4,
    dropout: Sequence[float] = (0.2, 0.3, 0.4, 0.5),
    random_state: RandomState = 0,
) -> nn.Sequential:
    """Build flatten, then (fc, relu, dropout) for each hidden layer, then output (logits).

    The four layers of 1000 rectified linear units are the paper's. The dropout ladder is what two
    independent replications use; whether it is the paper's own is not known. So with the initial
    weights: Glorot uniform with zero biases was the default of the paper's framework.

    Parameters
    ----------
    input_shape : shape of one observation, such as (1, 28, 28) or (39,)
    n_classes : number of logits, >= 2
    hidden : units of each hidden layer; may be empty
    dropout : probability to drop a unit after each hidden layer, in [0, 1]
    random_state : seed of the initial weights; torch's global random state is not touched

    References
    ----------
    Rauber, Fadel, Falcao and Telea, "Visualizing the Hidden Activity of Artificial Neural
    Networks", IEEE TVCG 23(1), 2017.

    Examples
    --------
    >>> model = mlp((1, 8, 8), 10, hidden=(32, 16), dropout=(0.2, 0.5))
    >>> [name for name, _ in model.named_children()]
    ['flatten', 'fc1', 'relu1', 'dropout1', 'fc2', 'relu2', 'dropout2', 'output']
    """
    width = math.prod(integer("mlp", "input_shape", size, 1) for size in input_shape)
    n_classes = integer("mlp", "n_classes", n_classes, 2)
    with torch.device("meta"):
        layers = OrderedDict[str, nn.Module](flatten=nn.Flatten())
        layers |= dense("mlp", width, hidden, dropout)
        layers["output"] = nn.Linear(hidden[-1] if hidden else width, n_classes)
        model = nn.Sequential(layers)
    return glorot_uniform(model, random_state)


def dense(
    function: str,
    width: int,
    hidden: Sequence[int],
    dropout: Sequence[float],
    *,
    relus: int = 0,
    dropouts: int = 0,
) -> OrderedDict[str, nn.Module]:
    """Return the named (fc, relu, dropout) layers; counting goes on from `relus`, `dropouts`."""
    if len(hidden) != len(dropout):
        raise invalid(
            function, "dropout", f"one probability for each of the {len(hidden)} hidden layers",
            f"{len(dropout)}", "Use 0 for a layer without dropout.",
        )  # fmt: skip
    layers = OrderedDict[str, nn.Module]()
    for i, (units, probability) in enumerate(zip(hidden, dropout, strict=True), start=1):
        layers[f"fc{i}"] = nn.Linear(width, integer(function, "hidden", units, 1))
        layers[f"relu{relus + i}"] = nn.ReLU()
        layers[f"dropout{dropouts + i}"] = nn.Dropout(
            number(function, "dropout", probability, 0, 1)
        )
        width = units
    return layers
