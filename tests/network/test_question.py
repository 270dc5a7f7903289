"""Questions: gradients against autograd by hand, and a network left as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.networks import SmallViT
from torch import Tensor, nn

from layerwise.foundation.checks import UserError
from layerwise.network import from_layer, question, targets
from layerwise.network.sites import ModelError


class Functional(nn.Module):
    """What most users write: functions, some in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3)
        self.conv2, self.head = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 4)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv1(x))
        kept = y
        y = F.relu(self.conv2(y), inplace=True)
        y = y + kept
        return self.head(self.drop(F.max_pool2d(y, 2)).mean((2, 3)))


@pytest.fixture
def net() -> nn.Module:
    torch.manual_seed(0)
    return Functional().train()


X = torch.rand(3, 1, 6, 6, generator=torch.Generator().manual_seed(1))


def by_hand(net: nn.Module, x: Tensor, see) -> Tensor:
    x = x.clone().requires_grad_()
    return torch.autograd.grad(see(net.eval()(x)).sum(), x)[0]


def test_gradients_equal_autograd(net: nn.Module):
    with question(net, targets.logit([0, 3, 1]), X) as ask:
        values, found = ask.gradient(ask.x)
    expected = by_hand(net, X, lambda z: z[torch.arange(3), [0, 3, 1]])
    assert torch.equal(found, expected)
    assert torch.equal(values, net(X)[torch.arange(3), [0, 3, 1]])


def test_gradcheck(net: nn.Module):
    net = net.double()
    with question(net, "norm:1@2,3", X.double()) as ask:
        assert torch.autograd.gradcheck(ask, ask.x.clone().requires_grad_())


def test_rows_say_which_observation_is_asked(net: nn.Module):
    rows = torch.tensor([2, 0, 0, 1])
    with question(net, targets.logit([0, 3, 1]), X) as ask:
        found = ask(X[rows], rows)
        assert torch.allclose(found, ask(X)[rows], atol=1e-6)
        assert torch.equal(ask(X[1:], slice(1, 3)), ask(X[1:], torch.tensor([1, 2])))
        with pytest.raises(UserError, match="rows must be given"):
            ask(X[:2])
        with pytest.raises(UserError, match="rows must be one for each of 2 inputs"):
            ask(X[:2], slice(0, 3))


def test_layers_are_seen_before_they_are_overwritten(net: nn.Module):
    """The second convolution is rectified in place."""
    raw: list[Tensor] = []
    net.eval()
    handle = net.conv2.register_forward_hook(lambda m, a, out: raw.append(out.detach().clone()))
    net(X)
    handle.remove()
    with question(net, "conv2:1@0,0", X, layers=["conv2"]) as ask:
        assert torch.equal(ask(X), raw[0][:, 1, 0, 0])
        assert torch.equal(ask.layer("conv2"), raw[0])
        _, A, g = ask.layer_gradient(X, "conv2")
        expected = torch.zeros_like(raw[0])
        expected[:, 1, 0, 0] = 1
        assert torch.equal(A, raw[0])
        assert torch.equal(g, expected)


def test_layer_gradients_equal_autograd_of_the_rest(net: nn.Module):
    net.eval()
    with question(net, targets.logit(2), X, layers=["conv2"]) as ask:
        values, A, g = ask.layer_gradient(X, "conv2")
    kept = net.norm(net.conv1(X)).detach()
    a = A.clone().requires_grad_()
    z = net.head(F.max_pool2d(F.relu(a) + kept, 2).mean((2, 3)))[:, 2]
    assert torch.allclose(g, torch.autograd.grad(z.sum(), a)[0])
    assert torch.allclose(values, z, atol=1e-6)


def test_values_of_functions_have_addresses(net: nn.Module):
    with question(net, "relu:1", X) as ask:
        values, found = ask.gradient(ask.x)
    net.eval()
    x = X.clone().requires_grad_()
    y = F.relu(net.conv2(net.norm(net.conv1(x))))[:, 1].mean((1, 2))
    assert torch.allclose(values, y)
    assert torch.allclose(found, torch.autograd.grad(y.sum(), x)[0])


def test_tokens_have_their_channels_first():
    torch.manual_seed(0)
    net = SmallViT()
    x = torch.rand(2, 3, 8, 8)
    with question(net, "encoder.1:5@7", x, layers=["encoder.1"]) as ask:
        values = ask(x)
        assert ask.layer("encoder.1").shape == (2, 12, 16)
        assert torch.equal(values, ask.layer("encoder.1")[:, 5, 7])
        assert ask.gradient(x)[1].abs().sum() > 0


def test_the_network_is_left_as_it_was(net: nn.Module):
    net.conv1.weight.requires_grad_(False)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    asks = {name: p.requires_grad for name, p in net.named_parameters()}

    def fail() -> None:
        with question(net, "logit:1", X) as ask:
            ask.gradient(X)
            assert not any(p.requires_grad for p in net.parameters())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert net.training
    assert {name: p.requires_grad for name, p in net.named_parameters()} == asks
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())


def test_several_inputs_go_together():
    class Two(nn.Module):
        def forward(self, ids: Tensor, x: Tensor) -> Tensor:
            return x * ids[:, None]

    ids, x = torch.tensor([1, 2, 3]), torch.ones(3, 2)
    with question(Two(), "logit:1", (ids, x)) as ask:
        assert torch.equal(ask.x, x)
        rows = torch.tensor([2, 0])
        assert ask(x[rows], rows).tolist() == [3.0, 1.0]
    with question(Two(), "logit:1", {"ids": ids, "x": x}) as ask:
        assert ask.gradient(x)[1].tolist() == [[0, 1], [0, 2], [0, 3]]


class Words(nn.Module):
    """Ids and a mask to classes."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(9, 4), nn.Linear(4, 3)

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        e = self.embed(ids) if mask is None else self.embed(ids) * mask[..., None]
        return self.head(torch.tanh(e).mean(1))


def test_from_the_embedding_on():
    torch.manual_seed(0)
    net, ids = Words(), torch.tensor([[1, 2, 3], [4, 5, 6]])
    mask = torch.tensor([[1.0, 1, 0], [1, 1, 1]])
    with pytest.raises(UserError, match="from_layer"), question(net, "logit:1", ids):
        pass
    E = net.embed(ids).detach()
    asked = from_layer(net, "embed", ids)
    with question(asked, "logit:1", E) as ask:
        _, g = ask.gradient(E)
    e = E.clone().requires_grad_()
    z = net.head(torch.tanh(e).mean(1))[:, 1]
    assert torch.equal(g, torch.autograd.grad(z.sum(), e)[0])
    with question(asked, "head:1", {"values": E, "ids": ids, "mask": mask}) as ask:
        assert torch.allclose(ask(E), net(ids, mask)[:, 1])
    with pytest.raises(UserError, match=r"values must be \(n, 3, 4\)"):
        asked(E[:, :2])
    assert not net.embed._forward_hooks


@pytest.mark.parametrize(
    ("target", "inputs", "words"),
    [
        (targets.logit([1, 2]), X, "for 3 observations"),
        ("logit:1", np.array(["a"]), "inputs must be numbers"),
        ("logit:1", np.zeros((0, 1, 6, 6)), "inputs must be numbers"),
        ("conv*", X, "one layer"),
        ("nothing:1", X, "no layer 'nothing'"),
    ],
)
def test_refusals(net: nn.Module, target, inputs, words: str):
    with pytest.raises(UserError, match=words), question(net, target, inputs):
        pass


def test_what_the_target_does_not_depend_on_is_refused(net: nn.Module):
    constant = targets.of_input(lambda x: torch.ones(len(x)), "one")
    with question(net, constant, X) as ask, pytest.raises(ModelError, match="does not depend on"):
        ask.gradient(X)
    with (
        question(net, "conv1:1", X, layers=["conv2"]) as ask,
        pytest.raises(ModelError, match="does not depend on layer 'conv2'"),
    ):
        ask.layer_gradient(X, "conv2")


def test_one_value_per_observation(net: nn.Module):
    wrong = targets.of_layer("conv1", lambda A: A.mean(), "one for all")
    with question(net, wrong, X) as ask, pytest.raises(UserError, match="one value per observ"):
        ask(X)


def test_a_module_named_output_is_not_the_output():
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.output = nn.Linear(2, 2, bias=False)

        def forward(self, x: Tensor) -> Tensor:
            return 2 * self.output(x)

    net, x = Odd(), torch.ones(1, 2)
    with question(net, targets.logit(0) - targets.unit("output", 0), x) as ask:
        assert torch.allclose(ask(x), net.output(x)[:, 0])


class TwoOutputs(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.head = nn.Linear(3, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = self.hidden(x)
        return self.head(h), h


@pytest.mark.parametrize("layers", [["output[1]"], ["output[1]", "output[0]"], ["hidden"], []])
def test_classes_are_of_the_first_output_whatever_else_is_watched(layers: list[str]):
    net, x = TwoOutputs(), torch.rand(4, 3)
    with question(net, "logit:1", x, layers=layers) as ask:
        assert torch.equal(ask(ask.x), net(x)[0][:, 1])
        assert torch.equal(ask.output(), net(x)[0])
        for name in set(layers) - {"hidden"}:
            assert torch.equal(ask.layer(name), net(x)[int(name[-2])])


def test_contract_inputs_that_cannot_be_asked_about():
    net = nn.Linear(3, 2)
    bad = torch.rand(4, 3)
    bad[2, 1] = torch.nan
    pair = (torch.rand(3, 3), torch.zeros(2, dtype=torch.int64))
    for inputs, sentence in (
        (bad, "inputs must be finite; got NaN or infinity in 1 rows, first 2"),
        (torch.zeros(0, 3), r"inputs must be numbers, \(n, ...\); got Tensor"),
        (torch.tensor(1.0), r"shape \(\)"),
        (pair, "for as many observations in every part; got 2 and 3"),
    ):
        with pytest.raises(UserError, match=sentence), question(net, "logit:0", inputs):
            pass


def test_bytes_of_another_machine_are_read():
    x = np.random.default_rng(0).random((2, 3))
    net = nn.Linear(3, 2).double()
    with question(net, "logit:0", x.astype(">f8")) as ask:
        assert torch.equal(ask(ask.x), net(torch.from_numpy(x))[:, 0])


def test_gradients_are_had_in_inference_mode_too():
    net, x = nn.Linear(3, 2), torch.rand(2, 3)
    with torch.inference_mode(), question(net, "logit:1", x) as ask:
        found = ask.gradient(ask.x)[1]
    assert torch.equal(found, net.weight[1].detach().expand(2, 3))


def test_answers_are_the_largest_outputs_maps_by_their_mean():
    net, x = nn.Conv2d(1, 3, 2), torch.rand(5, 1, 4, 4)
    with question(net, "logit:0", x) as ask:
        ask(ask.x)
        assert torch.equal(ask.answers(), net(x).mean((2, 3)).argmax(1))
