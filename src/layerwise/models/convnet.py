"""The convolutional network of Rauber et al. 2017, for any image of 8x8 pixels or more."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from layerwise.foundation.checks import integer, invalid, number
from layerwise.foundation.random import RandomState
from layerwise.models.glorot import glorot_uniform
from layerwise.models.mlp import dense


def convnet(
    input_shape: Sequence[int],
    n_classes: int,
    *,
    channels: Sequence[Sequence[int]] = ((32, 32), (64, 64)),
    hidden: Sequence[int] = (4096, 512),
    dropout: Sequence[float] = (0.25, 0.5),
    random_state: RandomState = 0,
) -> nn.Sequential:
    """Build blocks of (conv, relu)s, pool, dropout; then flatten, (fc, relu, dropout)s, output.

    Known of the paper's network: two convolutions, a pool, two convolutions, a pool, 4096 and 512
    fully connected units, all rectified, then the classes. The filters (3x3; 32, 32, 64, 64), the
    pools (2x2) and the dropout are a replication's. Not known, and chosen here: the padding (kept
    size, so that 8x8 digits fit) and the initial weights (Glorot uniform, zero biases: the default
    of the paper's framework).

    Parameters
    ----------
    input_shape : (channels, height, width), height and width at least 2 for every pool
    n_classes : number of logits, >= 2
    channels : filters of each convolution, block by block; each block ends in a 2x2 pool
    hidden : units of the fully connected layers
    dropout : probability to drop a unit (after each block, after each fully connected layer)
    random_state : seed of the initial weights; torch's global random state is not touched

    References
    ----------
    Rauber, Fadel, Falcao and Telea, "Visualizing the Hidden Activity of Artificial Neural
    Networks", IEEE TVCG 23(1), 2017.

    Examples
    --------
    >>> model = convnet((1, 8, 8), 10, channels=((4, 4),), hidden=(16,))
    >>> [name for name, _ in model.named_children()]
    ['conv1', 'relu1', 'conv2', 'relu2', 'pool1', 'dropout1',
     'flatten', 'fc1', 'relu3', 'dropout2', 'output']
    """
    shape = [integer("convnet", "input_shape", size, 1) for size in input_shape]
    least = 2 ** len(channels)
    if len(shape) != 3 or min(shape[1:]) < least:
        raise invalid(
            "convnet", "input_shape", f"(channels, height >= {least}, width >= {least})",
            tuple(shape), "Images are channels first.",
        )  # fmt: skip
    if len(dropout) != 2:
        raise invalid("convnet", "dropout", "two probabilities (blocks, dense)", tuple(dropout))
    n_classes = integer("convnet", "n_classes", n_classes, 2)
    depth, height, width = shape
    count = 0
    with torch.device("meta"):
        layers = OrderedDict[str, nn.Module]()
        for block, filters in enumerate(channels, start=1):
            for size in filters:
                count += 1
                size = integer("convnet", "channels", size, 1)
                layers[f"conv{count}"] = nn.Conv2d(depth, size, 3, padding=1)
                layers[f"relu{count}"] = nn.ReLU()
                depth = size
            layers[f"pool{block}"] = nn.MaxPool2d(2)
            layers[f"dropout{block}"] = nn.Dropout(number("convnet", "dropout", dropout[0], 0, 1))
        layers["flatten"] = nn.Flatten()
        features = depth * (height // least) * (width // least)
        layers |= dense(
            "convnet", features, hidden, [dropout[1]] * len(hidden),
            relus=count, dropouts=len(channels),
        )  # fmt: skip
        layers["output"] = nn.Linear(hidden[-1] if hidden else features, n_classes)
        model = nn.Sequential(layers)
    return glorot_uniform(model, random_state)
