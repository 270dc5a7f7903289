"""Contract: the lecture's LeNet by name and size, for every picture that fits. Law: ReLU commutes
with a max-pool, so the order of the two is free."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.models import lenet


def test_the_lecture_s_network_by_name_and_size() -> None:
    model = lenet((1, 28, 28), 10)
    assert [name for name, _ in model.named_children()] == [
        "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "flatten", "fc1", "relu3", "output",
    ]  # fmt: skip
    assert model.conv1.weight.shape == (32, 1, 5, 5)
    assert model.conv2.weight.shape == (64, 32, 5, 5)
    assert (model.fc1.in_features, model.fc1.out_features) == (256, 200)
    assert sum(p.numel() for p in model.parameters()) == 832 + 51_264 + 51_400 + 2_010


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((1, 28, 28), {}),
        ((3, 32, 32), {}),
        ((2, 27, 41), {}),
        ((1, 8, 8), {"kernel_size": 3, "pools": (1, 2)}),
        ((1, 28, 28), {"channels": (3, 4, 5), "kernel_size": 3, "pools": (2, 1, 2)}),
        ((1, 8, 8), {"channels": (2, 3, 4), "kernel_size": 3, "pools": (1, 1, 2), "padding": True}),
        ((1, 6, 6), {"channels": (), "pools": (), "hidden": ()}),
    ],
)
def test_any_picture_that_fits(shape: tuple[int, ...], settings: dict[str, object]) -> None:
    model = lenet(shape, 4, **settings)
    assert model(torch.zeros(2, *shape)).shape == (2, 4)


def test_with_padding_a_convolution_in_the_middle_leaves_the_rest_as_it_is() -> None:
    whole = lenet((1, 28, 28), 4, channels=(2, 3, 3), kernel_size=5, pools=(2, 1, 2), padding=True)
    short = lenet((1, 28, 28), 4, channels=(2, 3), kernel_size=5, pools=(2, 2), padding=True)
    assert whole.fc1.in_features == short.fc1.in_features == 3 * 7 * 7


def test_law_rectified_then_pooled_is_pooled_then_rectified() -> None:
    model = lenet((1, 28, 28), 10, random_state=3)
    x = torch.randn(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    order = ["conv1", "pool1", "relu1", "conv2", "pool2", "relu2", "flatten", "fc1", "relu3"]
    lecture = nn.Sequential(*(getattr(model, name) for name in [*order, "output"]))
    assert torch.equal(lecture(x), model(x))


def test_same_seed_same_weights_and_the_global_state_is_left_alone() -> None:
    before = torch.random.get_rng_state()
    one, again, other = (lenet((1, 28, 28), 10, random_state=seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(one.conv2.weight, again.conv2.weight)
    assert not torch.equal(one.conv2.weight, other.conv2.weight)


@pytest.mark.parametrize(
    ("shape", "settings", "message"),
    [
        ((28, 28), {}, r"input_shape must be \(channels, height, width\); got \(28, 28\)"),
        ((1, 8, 8), {}, "of which nothing is left after conv2. Take smaller kernels or pools"),
        ((1, 28, 28), {"pools": (2,)}, "pools must be one side for each of the 2 convolutions"),
        ((1, 28, 28), {"channels": (0, 4)}, "channels must be an integer >= 1; got 0"),
        ((1, 28, 28), {"kernel_size": 2.5}, "kernel_size must be an integer >= 1; got 2.5"),
        ((1, 28, 28), {"pools": (0, 2)}, "pools must be an integer >= 1; got 0"),
    ],
)
def test_refusals(shape: tuple[int, ...], settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        lenet(shape, 4, **settings)
