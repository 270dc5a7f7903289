"""Rules of rectifiers: each mask against its literal definition, however a rectifier is called."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from layerwise.network.rectifiers import RULES, rectifiers

S = torch.tensor([-2.0, -0.5, 0.0, 0.5, 2.0, 7.0]).repeat(2)
G = torch.tensor([1.5] * 6 + [-1.5] * 6)


def copied(function):
    """An in-place rectifier of a tensor that something computed."""
    return lambda x: function(x * 1.0)


def discarded(x: Tensor) -> Tensor:
    x = x * 1.0
    x.relu_()  # its value is not used
    return x


class Residual(nn.Module):
    """One rectifier for two places, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(x * 1.0)


WAYS = {
    "module": nn.ReLU(), "function": F.relu, "torch": torch.relu, "method": lambda x: x.relu(),
    "keyword": lambda x: F.relu(input=x), "clamp": lambda x: x.clamp(min=0),
    "clamp_min": lambda x: torch.clamp_min(x, 0), "in place": copied(nn.ReLU(inplace=True)),
    "in place, positional": copied(lambda x: F.relu(x, True)), "relu_": copied(torch.relu_),
    "discarded": discarded, "shared": Residual(), "clamp_": copied(lambda x: x.clamp_(min=0)),
}  # fmt: skip


def backward(function, rule: str) -> tuple[Tensor, Tensor, int]:
    x = S.clone().requires_grad_()
    with rectifiers(rule) as mode:
        y = function(x)
    return y.detach(), torch.autograd.grad(y, x, G)[0], mode.count


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_rectify_follows_the_rules(way: str):
    for rule in RULES:
        y, found, count = backward(WAYS[way], rule)
        expected = {
            "gradient": [g if s > 0 else 0.0 for s, g in zip(S, G, strict=True)],
            "deconvolution": [g if g > 0 else 0.0 for g in G],
            "guided": [g if s > 0 and g > 0 else 0.0 for s, g in zip(S, G, strict=True)],
        }[rule]
        same = S != 0  # where clamp and relu choose other subgradients
        assert torch.equal(found[same], torch.tensor(expected)[same]), rule
        assert torch.equal(y, S.clamp_min(0))
        assert count == 1


@pytest.mark.parametrize("function", [F.relu6, nn.ReLU6(), nn.Hardtanh(0, 6)])
def test_relu6_has_two_ends(function):
    inside = (S > 0) & (S < 6)
    assert torch.equal(backward(function, "guided")[1], torch.where(inside & (G > 0), G, 0.0))
    assert torch.equal(backward(function, "deconvolution")[1], G.clamp_min(0))
    assert torch.equal(backward(function, "guided")[0], S.clamp(0, 6))


@pytest.mark.parametrize("function", [nn.LeakyReLU(0.1), copied(nn.LeakyReLU(0.1, inplace=True))])
def test_leaky(function):
    slope = torch.where(S > 0, 1.0, 0.1)
    y, found, _ = backward(function, "guided")
    assert torch.allclose(found, slope * G.clamp_min(0))
    assert torch.allclose(y, S * torch.where(S > 0, 1.0, 0.1))


@pytest.mark.parametrize("function", [nn.GELU(), torch.tanh, lambda x: x.clamp(-1, 1)])
def test_other_functions_keep_their_derivative(function):
    plain = backward(function, "gradient")[1]
    _, found, count = backward(function, "guided")
    assert torch.equal(found, plain)
    assert count == 0


def test_local_response_norm_hands_the_deconvnet_through():
    x = torch.rand(1, 4, 2, 2, requires_grad=True)
    norm, g = nn.LocalResponseNorm(3, alpha=1.0), torch.rand(1, 4, 2, 2)
    with rectifiers("deconvolution"):
        y = norm(x)
    assert torch.allclose(y, norm(x))
    assert torch.equal(torch.autograd.grad(y, x, g)[0], g)


def test_nothing_is_left_behind():
    with pytest.raises(ZeroDivisionError), rectifiers("guided"):
        raise ZeroDivisionError
    x = S.clone().requires_grad_()
    assert torch.equal(torch.autograd.grad(F.relu(x), x, G)[0], torch.where(S > 0, G, 0.0))


@pytest.mark.parametrize("function", [torch.clip, Tensor.clip, torch.clamp, Tensor.clamp])
def test_clipping_at_0_is_a_rectifier(function):
    x = torch.tensor([1.0, -1.0], requires_grad=True)
    with rectifiers("guided") as mode:
        y = function(x, min=0)
    assert mode.count == 1
    (found,) = torch.autograd.grad(y, x, torch.tensor([-1.0, 1.0]))
    assert found.tolist() == [0.0, 0.0]


def test_contrast_is_handed_through_however_it_is_called():
    x = torch.rand(1, 3, 4, 4, requires_grad=True)
    with rectifiers("deconvolution"):
        y = F.local_response_norm(input=x, size=2)
    assert torch.equal(torch.autograd.grad(y.sum(), x)[0], torch.ones_like(x))
