"""One observation: what is seen is what a forward by hand computes, channels first."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from tests.awkward import Keywords
from tests.networks import ConvNext, Signals, SmallViT
from torch import nn

from layerwise.data import load
from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound
from layerwise.network import ModelError
from layerwise.recording import activations


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Flatten(), nn.Dropout(),
        nn.Linear(108, 10),
    )  # fmt: skip


def test_reference_values_are_those_of_a_forward_by_hand(net: nn.Sequential) -> None:
    x = torch.rand(1, 8, 8)
    found = activations(net, x, ["0", "2", "3", "5"])
    net.eval()
    with torch.no_grad():
        for name, maps in found.items():
            by_hand = net[: int(name) + 1](x[None])[0]
            # the ReLU works in place, yet what stood there before it is seen
            np.testing.assert_allclose(maps.values, by_hand.numpy(), rtol=1e-5, atol=1e-6)
            assert maps.values.dtype == np.float32
    assert list(found) == ["0", "2", "3", "5"]


def test_outcome_every_layer_in_the_order_of_the_network_with_its_field(
    net: nn.Sequential,
) -> None:
    found = activations(net, np.zeros((1, 8, 8), np.float32))
    assert list(found) == ["0", "1", "2", "5"]
    assert [maps.kind for maps in found.values()] == ["Conv2d", "BatchNorm2d", "ReLU", "Linear"]
    field = found["2"].field
    assert field is not None
    assert (found["2"].positions, field.size) == ((6, 6), (3, 3))
    assert found["5"].positions == ()


def test_contract_every_form_of_one_observation_gives_the_same(net: nn.Sequential) -> None:
    data = load("digits", split="test")
    x = data.take([7]).inputs()
    forms: list[Any] = [(data, 7), x, x[0], torch.from_numpy(x), x[0].astype(np.float64), (x,)]
    expected = activations(net, x)["5"].values
    for form in forms:
        np.testing.assert_array_equal(activations(net, form)["5"].values, expected)


def test_contract_sequences_and_mappings() -> None:
    layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True).eval()
    net = nn.Sequential(layer, nn.Linear(6, 4))
    x = torch.rand(5, 6)
    with torch.no_grad():
        expected = net(x[None])[0].T.numpy()
    for form in (x, x[None]):
        found = activations(net, form, ["1"])["1"]
        np.testing.assert_allclose(found.values, expected, rtol=1e-4, atol=1e-6)
        assert found.tokens
    ids = {"input_ids": torch.tensor([[1, 2, 3]]), "attention_mask": torch.ones(1, 3)}
    words = activations(Keywords(), ids, ["fc"])["fc"]
    assert words.values.shape == (6, 3)
    assert words.field is not None
    assert words.field.interval((1,)) == ((1, 1),)


def test_outcome_channels_come_first_whatever_the_layout() -> None:
    image = torch.rand(3, 8, 8)
    vit = activations(SmallViT(), image, ["patches", "encoder.0.norm1", "encoder.1.mlp.0", "head"])
    shapes = {name: (maps.values.shape, maps.tokens) for name, maps in vit.items()}
    assert shapes == {
        "patches": ((12, 4, 4), False), "encoder.0.norm1": ((12, 16), True),
        "encoder.1.mlp.0": ((24, 16), True), "head": ((4,), False),
    }  # fmt: skip
    convnext = activations(ConvNext(6), image, ["blocks.0.up", "blocks.0"])
    assert convnext["blocks.0.up"].values.shape == (24, 4, 4)
    assert convnext["blocks.0"].values.shape == (6, 4, 4)
    signal = activations(Signals(), torch.rand(2, 40), ["conv2", "relu_1"])
    assert {maps.values.shape for maps in signal.values()} == {(6, 20)}
    turned = activations(Signals(), torch.rand(2, 40), ["conv2"], axes={"conv2": -1})
    assert turned["conv2"].values.shape == (20, 6)


def test_law_the_model_is_left_as_it_was(net: nn.Sequential) -> None:
    net.train()
    state = copy.deepcopy(net.state_dict())
    activations(net, torch.rand(1, 8, 8))
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())


def test_outcome_where_a_field_is_not_known_it_says_why() -> None:
    class Spectrum(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fft.rfft(x).abs()

    net = nn.Sequential(nn.Conv1d(1, 2, 3), Spectrum(), nn.Conv1d(2, 2, 1))
    found = activations(net, torch.rand(1, 16))
    assert found["0"].field is not None
    assert found["0"].problem == ""
    assert found["2"].field is None
    assert "'_fft_r2c', which has no rule" in found["2"].problem


def test_contract_what_a_user_can_get_wrong_is_one_sentence(net: nn.Sequential) -> None:
    with pytest.raises(NotFound, match="no layer '9' in Sequential"):
        activations(net, torch.rand(1, 8, 8), ["9"])
    with pytest.raises(ModelError, match=r"failed on a batch of shape \(2, 3, 8, 8\)"):
        activations(net, torch.rand(3, 8, 8))
    with pytest.raises(InvalidValue, match=r"observation\[1\] must be an integer in "):
        activations(net, (load("digits", split="test"), 10_000))
    with pytest.raises(InvalidType, match="observation must be numbers"):
        activations(net, "seven")
