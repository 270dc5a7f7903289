"""Contract: the paper's convolutional network, by name, size and input."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.models import convnet


def test_the_paper_s_network_by_name_and_size() -> None:
    model = convnet((3, 32, 32), 10)
    assert [name for name, _ in model.named_children()] == [
        "conv1", "relu1", "conv2", "relu2", "pool1", "dropout1",
        "conv3", "relu3", "conv4", "relu4", "pool2", "dropout2",
        "flatten", "fc1", "relu5", "dropout3", "fc2", "relu6", "dropout4", "output",
    ]  # fmt: skip
    assert [m.out_channels for m in model if isinstance(m, nn.Conv2d)] == [32, 32, 64, 64]
    assert [m.out_features for m in model if isinstance(m, nn.Linear)] == [4096, 512, 10]
    assert model.fc1.in_features == 64 * 8 * 8
    assert [m.p for m in model if isinstance(m, nn.Dropout)] == [0.25, 0.25, 0.5, 0.5]


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (2, 9, 13)])
def test_any_image_and_width(shape: tuple[int, ...]) -> None:
    model = convnet(shape, 4, channels=((3, 5), (6,)), hidden=(7,))
    assert model(torch.zeros(2, *shape)).shape == (2, 4)


def test_padding_keeps_the_size() -> None:
    model = convnet((1, 8, 8), 10)
    assert model[:4](torch.zeros(1, 1, 8, 8)).shape == (1, 32, 8, 8)


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((8, 8), {}, r"input_shape must be \(channels, height >= 4, width >= 4\); got \(8, 8\)"),
        ((32, 32, 3), {}, "Images are channels first"),
        ((1, 8, 8), {"dropout": (0.5,)}, "dropout must be two probabilities"),
        ((1, 8, 8), {"channels": ((0,),)}, "channels must be an integer >= 1; got 0"),
    ],
)
def test_refusals(shape: tuple[int, ...], settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        convnet(shape, 4, **settings)
