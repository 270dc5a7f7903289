"""A LeNet: convolutions and pools, then dense layers; for any picture that fits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import nn

from layerwise.foundation.checks import integer, invalid
from layerwise.foundation.random import RandomState
from layerwise.models.glorot import glorot_uniform


def lenet(
    input_shape: Sequence[int],
    n_classes: int,
    *,
    channels: Sequence[int] = (32, 64),
    kernel_size: int = 5,
    pools: Sequence[int] = (3, 2),
    hidden: Sequence[int] = (200,),
    padding: bool = False,
    random_state: RandomState = 0,
) -> nn.Sequential:
    """Build (conv, relu, pool)s, flatten, (fc, relu)s, output (logits).

    By default the network of Fleuret's lecture: 32 and 64 filters of 5x5, pools of 3x3 and 2x2,
    200 dense units. He pools before he rectifies, which computes the same; here the rectified maps
    keep their full size. The initial weights are Glorot uniform with zero biases, as in
    :func:`convnet`.

    Parameters
    ----------
    input_shape : (channels, height, width)
    n_classes : number of logits, >= 2
    channels : filters of each convolution
    kernel_size : side of every filter
    pools : side and stride of the max-pool after each convolution; 1 for none
    hidden : units of the fully connected layers; may be empty
    padding : whether zeros around its input keep the size of a map in a convolution, so that
        convolutions can be put in and left out at will; for filters of odd size
    random_state : seed of the initial weights; torch's global random state is not touched

    Raises
    ------
    InvalidValue
        If nothing of the picture is left at some layer, or there is not one pool a convolution.

    References
    ----------
    Fleuret, EE-559 Deep Learning, lectures 8.1 and 8.2; LeCun et al. 1998.

    Examples
    --------
    >>> model = lenet((1, 28, 28), 10)
    >>> [name for name, _ in model.named_children()]
    ['conv1', 'relu1', 'pool1', 'conv2', 'relu2', 'pool2', 'flatten', 'fc1', 'relu3', 'output']
    >>> model.fc1
    Linear(in_features=256, out_features=200, bias=True)

    Three convolutions, each seeing more of the picture than the one before:

    >>> lenet((1, 28, 28), 10, channels=(32, 64, 64), kernel_size=3, pools=(2, 1, 2)).fc1
    Linear(in_features=1024, out_features=200, bias=True)
    """
    shape = [integer("lenet", "input_shape", size, 1) for size in input_shape]
    if len(shape) != 3:
        raise invalid("lenet", "input_shape", "(channels, height, width)", tuple(shape),
                      "Images are channels first.")  # fmt: skip
    if len(pools) != len(channels):
        raise invalid("lenet", "pools", f"one side for each of the {len(channels)} convolutions",
                      tuple(pools), "Use 1 for a convolution without a pool.")  # fmt: skip
    kernel_size = integer("lenet", "kernel_size", kernel_size, 1)
    n_classes = integer("lenet", "n_classes", n_classes, 2)
    around = kernel_size // 2 if padding else 0
    depth, height, width = shape
    with torch.device("meta"):
        layers = OrderedDict[str, nn.Module]()
        for i, (filters, pool) in enumerate(zip(channels, pools, strict=True), start=1):
            filters = integer("lenet", "channels", filters, 1)
            layers[f"conv{i}"] = nn.Conv2d(depth, filters, kernel_size, padding=around)
            layers[f"relu{i}"] = nn.ReLU()
            if integer("lenet", "pools", pool, 1) > 1:
                layers[f"pool{i}"] = nn.MaxPool2d(pool)
            depth = filters
            height, width = (
                (side + 2 * around - kernel_size + 1) // pool for side in (height, width)
            )
            if min(height, width) < 1:
                raise invalid(
                    "lenet", "input_shape", f"large enough for {len(channels)} convolutions of "
                    f"{kernel_size}x{kernel_size} with pools {tuple(pools)}",
                    f"{tuple(shape)}, of which nothing is left after conv{i}",
                    "Take smaller kernels or pools.",
                )  # fmt: skip
        layers["flatten"] = nn.Flatten()
        features = depth * height * width
        for i, units in enumerate(hidden, start=1):
            layers[f"fc{i}"] = nn.Linear(features, integer("lenet", "hidden", units, 1))
            layers[f"relu{len(channels) + i}"] = nn.ReLU()
            features = units
        layers["output"] = nn.Linear(features, n_classes)
        model = nn.Sequential(layers)
    return glorot_uniform(model, random_state)
