"""Contract: which layers of a network are looked at, and how they are recorded."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.models import convnet, lenet
from layerwise.studies.watched import MOST, watched


class Functional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 20, 3), nn.Linear(20, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(F.relu(self.conv(x)).mean(dim=(2, 3)))


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(6, 100), nn.Linear(100, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.down(F.gelu(self.up(x)).mean(dim=1))


def test_a_pool_after_the_rectifier_is_recorded_for_it() -> None:
    found = watched(lenet((1, 28, 28), 10), torch.zeros(2, 1, 28, 28))
    assert found.layers == ("relu1", "relu2", "relu3")
    assert found.recorded == ("pool1", "pool2", "relu3")
    assert found.pooling == {}


def test_rectifiers_that_are_functions_count_and_large_maps_are_averaged() -> None:
    found = watched(Functional(), torch.zeros(2, 3, 40, 40))
    assert found.layers == found.recorded == ("relu",)
    assert found.pooling == {"relu": "mean"}


def test_tokens_are_averaged_over_positions() -> None:
    found = watched(Tokens(), torch.zeros(2, 50, 6))
    assert found.layers == ("gelu",)
    assert found.pooling == {"gelu": "masked_mean"}


def test_of_many_a_few_evenly_spaced() -> None:
    model = convnet((3, 32, 32), 10, channels=((4,) * 10,), hidden=(8,))
    found = watched(model, torch.zeros(1, 3, 32, 32))
    assert len(found.layers) == MOST
    assert found.layers[0] == "relu1"
    assert found.layers[-1] == "relu11"


def test_without_a_rectifier_what_transforms() -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    assert watched(model, torch.zeros(1, 4)).layers == ("0", "1")


def test_layers_asked_for_are_taken_as_they_are() -> None:
    found = watched(lenet((1, 28, 28), 10), torch.zeros(2, 1, 28, 28), ["conv*"])
    assert found.layers == found.recorded == ("conv1", "conv2")
    assert found.pooling == {"conv1": "mean"}
    with pytest.raises(UserError, match="no layer 'conv9'"):
        watched(lenet((1, 28, 28), 10), torch.zeros(2, 1, 28, 28), ["conv9"])
    with pytest.raises(UserError, match="layers between input and output; got output"):
        watched(Functional(), torch.zeros(2, 3, 8, 8), ["output"])
