"""Gradients: equal to their formulas and to Captum, for networks as users write them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import Deconvolution, GuidedBackprop, InputXGradient, IntegratedGradients, Saliency
from tests.networks import SmallViT
from torch import nn

from layerwise import attribution, targets
from layerwise.attribution import (
    METHODS,
    attribute,
    deconvolution,
    gradient,
    guided_backpropagation,
    input_x_gradient,
    integrated_gradients,
    smoothgrad,
)
from layerwise.foundation.checks import UserError
from layerwise.network.from_layer import from_layer

CLASS = 2
PLAIN = ("gradient", "smoothgrad", "input_x_gradient", "integrated_gradients")
REWRITTEN = {"guided_backpropagation": GuidedBackprop, "deconvolution": Deconvolution}


class Functional(nn.Module):
    """As most people write it: F.relu, a residual, batch norm, dropout."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.conv2 = nn.Conv2d(2, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.norm, self.drop, self.fc = nn.BatchNorm2d(6), nn.Dropout(), nn.Linear(6, 4)

    def relu(self, x):
        return F.relu(x)

    def forward(self, x):
        x = self.relu(self.norm(self.conv1(x)))
        x = self.relu(x + self.conv2(x))
        return self.fc(self.drop(F.max_pool2d(x, 2).mean((2, 3))))


class Modules(Functional):
    """The same network with modules that are called once, which Captum's hooks need."""

    def __init__(self) -> None:
        super().__init__()
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()

    def forward(self, x):
        x = self.relu1(self.norm(self.conv1(x)))
        x = self.relu2(x + self.conv2(x))
        return self.fc(self.drop(F.max_pool2d(x, 2).mean((2, 3))))


class InPlace(Functional):
    def relu(self, x):
        return x.relu_()


class Shared(Functional):
    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.ReLU(inplace=True)

    def relu(self, x):
        return self.shared(x)


class Two(nn.Module):
    """Two inputs, of which ids are no floats."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.fc = nn.Embedding(5, 3), nn.Linear(7, 3)

    def forward(self, ids, x):
        return self.fc(torch.cat([self.embed(ids), x.tanh()], 1)).relu()


@pytest.fixture(scope="module")
def x():
    return torch.randn(5, 2, 8, 8, generator=torch.Generator().manual_seed(1))


def captum(net, x, method, **options):
    net = net.eval()
    return (
        method(net).attribute(x.clone().requires_grad_(), target=CLASS, **options).detach().numpy()
    )


@pytest.mark.parametrize("network", [Functional, Modules, InPlace, Shared])
@pytest.mark.parametrize("name", REWRITTEN)
@pytest.mark.filterwarnings("ignore:Setting backward hooks")
def test_reference_rewritten_rules_equal_captums_on_relu_modules(network, name, x):
    ours = attribute(network(), f"logit:{CLASS}", x, name)
    np.testing.assert_allclose(ours, captum(Modules(), x, REWRITTEN[name]), atol=1e-6)


@pytest.mark.parametrize("network", [Functional, InPlace, Shared])
def test_reference_plain_methods_equal_captums(network, x):
    target = f"logit:{CLASS}"
    oracle = Modules()
    np.testing.assert_allclose(
        gradient(network(), target, x), captum(oracle, x, Saliency, abs=False), atol=1e-6
    )
    np.testing.assert_allclose(
        input_x_gradient(network(), target, x), captum(oracle, x, InputXGradient), atol=1e-6
    )
    np.testing.assert_allclose(
        integrated_gradients(network(), target, x, n_steps=20, batch_size=2),
        captum(oracle, x, IntegratedGradients, n_steps=20), atol=1e-6,
    )  # fmt: skip


def test_reference_integral_equals_its_sum_term_by_term(x):
    net, x = Functional().double().eval(), x.double()
    nodes, weights = np.polynomial.legendre.leggauss(7)
    baseline = torch.tensor([0.5, -0.5]).double().reshape(2, 1, 1)
    total = np.zeros(x.shape)
    for row in range(len(x)):
        for node, weight in zip(nodes, weights, strict=True):
            at = (baseline + (node + 1) / 2 * (x[row] - baseline)).requires_grad_()
            (one,) = torch.autograd.grad(net(at[None])[0, CLASS], at)
            total[row] += weight / 2 * one.numpy()
    expected = total * (x - baseline).numpy()
    found = integrated_gradients(net, f"logit:{CLASS}", x, baseline=[0.5, -0.5], n_steps=7)
    np.testing.assert_allclose(found, expected, atol=1e-5)


MASKS = {
    "gradient": lambda s, g: [b if a > 0 else 0 for a, b in zip(s, g, strict=True)],
    "deconvolution": lambda s, g: [b if b > 0 else 0 for b in g],
    "guided_backpropagation": lambda s, g: [
        b if a > 0 and b > 0 else 0 for a, b in zip(s, g, strict=True)
    ],
}
"""Literal definitions: what a rectifier with input s makes of g."""


@pytest.mark.parametrize("name", MASKS)
def test_reference_the_three_masks_on_hand_made_numbers(name):
    s, g = [1.0, 1.0, -1.0, -1.0, 2.0], [3.0, -3.0, 3.0, -3.0, 0.5]
    net = nn.Sequential(nn.ReLU(), nn.Linear(5, 1, bias=False))
    net[1].weight.data.copy_(torch.tensor([g]))
    found = attribute(net, "logit:0", np.array([s], np.float32), name)
    np.testing.assert_array_equal(found, np.array([MASKS[name](s, g)], np.float32))


def test_closed_form_smoothgrad_without_noise_is_the_gradient(x):
    net = Functional()
    found = smoothgrad(net, "logit:1", x, sigma=0, n_samples=7)
    np.testing.assert_allclose(found, gradient(net, "logit:1", x), atol=1e-6)


def test_closed_form_smoothgrad_of_a_square_has_variance_sigma2_over_n():
    class Square(nn.Module):
        def forward(self, x):
            return x.square().sum(1, keepdim=True)

    x = np.zeros((400, 20), np.float32)
    x[:, 0] = 1.0  # the range
    spread = {}
    for n in (4, 64):
        found = smoothgrad(Square(), "logit:0", x, sigma=0.5, n_samples=n, random_state=3)
        spread[n] = found[:, 1:].var()
        assert spread[n] == pytest.approx(4 * 0.25 / n, rel=0.1)  # var(2 eps) / n
    assert spread[4] / spread[64] == pytest.approx(16, rel=0.15)


def test_contract_smoothgrad_repeats_with_its_seed_and_leaves_torchs_state(x):
    net, state = Functional(), torch.get_rng_state()
    first = smoothgrad(net, "logit:1", x, n_samples=3, random_state=5)
    assert (first == smoothgrad(net, "logit:1", x, n_samples=3, random_state=5)).all()
    assert (first != smoothgrad(net, "logit:1", x, n_samples=3, random_state=6)).any()
    assert (torch.get_rng_state() == state).all()


OPTIONS = {"grad_cam": {"layer": "conv2"}, "occlusion": {"window": 4, "stride": 4},
           "smoothgrad": {"n_samples": 5}, "integrated_gradients": {"n_steps": 5}}  # fmt: skip


@pytest.mark.parametrize("name", METHODS)
def test_contract_every_method(name, x):
    net = Functional().train()
    net.conv1.weight.requires_grad_(False)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    known = x.clone()
    options = OPTIONS.get(name, {})
    found = attribute(net, f"logit:{CLASS}", x, name, **options)
    assert (found.shape, found.dtype) == (tuple(x.shape), np.float32)
    assert np.isfinite(found).all()
    assert found.any()
    np.testing.assert_allclose(
        attribute(net, f"logit:{CLASS}", x, name, batch_size=2, **options), found, atol=1e-5
    )
    alone = attribute(net, f"logit:{CLASS}", x[3:4], name, **options)
    if name not in ("smoothgrad", "occlusion"):  # noise by place, grey by all observations
        np.testing.assert_allclose(alone[0], found[3], atol=1e-5)
    double = attribute(Functional().double(), f"logit:{CLASS}", x.double(), name, **options)
    np.testing.assert_allclose(double, found, atol=1e-3 * abs(found).max())
    half = attribute(Functional().bfloat16(), f"logit:{CLASS}", x.bfloat16(), name, **options)
    assert np.corrcoef(half.ravel(), found.ravel())[0, 1] > 0.9
    assert torch.equal(x, known)
    assert net.training
    assert not net.conv1.weight.requires_grad
    assert net.conv2.weight.requires_grad
    assert all(torch.equal(net.state_dict()[key], value) for key, value in before.items())
    assert all(not module._forward_hooks for module in net.modules())
    assert all(parameter.grad is None for parameter in net.parameters())


@pytest.mark.parametrize("name", [*PLAIN, *REWRITTEN])
def test_law_one_class_an_observation_is_each_class_alone(name, x):
    classes = [0, 3, 1, 1, 2]
    options = OPTIONS.get(name, {})
    found = attribute(Functional(), targets.logit(classes), x, name, **options)
    for row, k in enumerate(classes):
        whole = attribute(Functional(), targets.logit(k), x, name, **options)
        np.testing.assert_allclose(found[row], whole[row], atol=1e-6)


def test_outcome_two_inputs_of_which_one_is_asked():
    ids, x = torch.tensor([1, 4, 0]), torch.randn(3, 4)
    net = Two()
    for name in (*PLAIN, *REWRITTEN):
        found = attribute(net, "logit:1", (ids, x), name, **OPTIONS.get(name, {}))
        assert found.shape == (3, 4), name
        again = attribute(net, "logit:1", {"x": x, "ids": ids}, name, **OPTIONS.get(name, {}))
        np.testing.assert_allclose(found, again, atol=1e-6)


def test_outcome_transformers_and_embeddings_through_from_layer():
    torch.manual_seed(0)
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = nn.Sequential(nn.Embedding(9, 8), encoder, nn.Flatten(), nn.Linear(40, 3)).eval()
    ids = torch.randint(0, 9, (4, 5))
    with pytest.raises(UserError, match="from_layer"):
        gradient(net, "logit:1", ids)
    embedded = net[0](ids).detach()
    later = from_layer(net, "0", ids)
    for name in (*PLAIN, *REWRITTEN):
        found = attribute(later, "logit:1", embedded, name, **OPTIONS.get(name, {}))
        assert found.shape == (4, 5, 8), name
    sums = attribution.completeness(
        later, "logit:1", embedded, integrated_gradients(later, "logit:1", embedded, n_steps=300)
    )
    assert abs(sums.error).max() < 0.02 * abs(sums.value - sums.at_baseline).max()


@pytest.mark.parametrize("name", REWRITTEN)
def test_contract_a_network_without_rectifiers_is_refused_with_the_reason(name):
    with pytest.raises(UserError, match=r"SmallViT must have a rectifier .* on the way to logit:1"):
        attribute(SmallViT(), "logit:1", torch.rand(2, 3, 8, 8), name)
    with pytest.raises(UserError, match="on the way to conv1:0"):
        attribute(Functional(), "conv1:0", torch.rand(2, 2, 8, 8), name)


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_contract_refusals_are_one_sentence(x):
    with pytest.raises(UserError, match="TorchScript"):
        gradient(torch.jit.trace(Functional().eval(), x, check_trace=False), "logit:1", x)
    with pytest.raises(UserError, match="method must be one of gradient, smoothgrad"):
        attribute(Functional(), "logit:1", x, "lrp")
    with pytest.raises(UserError, match="layer must be given for grad_cam"):
        attribute(Functional(), "logit:1", x, "grad_cam")
    with pytest.raises(UserError, match="n_samples must be an integer >= 1"):
        smoothgrad(Functional(), "logit:1", x, n_samples=0)
    with pytest.raises(UserError, match="baseline must be"):
        integrated_gradients(Functional(), "logit:1", x, baseline=[1, 2, 3])


@pytest.mark.parametrize("name", [*PLAIN, *REWRITTEN])
def test_contract_the_model_is_left_as_it_was_when_something_raises(name, x):
    class Broken(Functional):
        left = 6

        def relu(self, x):
            Broken.left -= 1
            if Broken.left < 0:
                raise RuntimeError("out of luck")
            return super().relu(x)

    net = Broken().train()
    net.conv1.bias.requires_grad_(False)
    with pytest.raises(UserError, match="out of luck"):
        attribute(net, f"logit:{CLASS}", x, name, batch_size=1)
    assert net.training
    assert [p.requires_grad for p in net.parameters()].count(False) == 1
    assert all(not module._forward_hooks for module in net.modules())
    y = F.relu(torch.tensor([-1.0, 2.0], requires_grad=True))
    assert y.grad_fn.name() == "ReluBackward0"  # no mode was left behind


def test_law_guided_is_the_gradient_where_nothing_is_negative():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 1))
    for parameter in net.parameters():
        parameter.data.abs_()
    x = torch.rand(3, 4)
    plain = gradient(net, "logit:0", x)
    np.testing.assert_allclose(guided_backpropagation(net, "logit:0", x), plain, rtol=1e-6)
    np.testing.assert_allclose(deconvolution(net, "logit:0", x), plain, rtol=1e-6)


@pytest.mark.parametrize("name", ["gradient", "smoothgrad", "integrated_gradients"])
@pytest.mark.parametrize("blind", ["constant", "steps"])
def test_contract_what_has_no_gradient_is_refused_in_one_sentence(name, blind):
    class Blind(nn.Module):
        def forward(self, x):
            return x.new_ones(len(x), 2) if blind == "constant" else (x > 0).float()

    with pytest.raises(UserError, match="target logit:0 does not depend on the inputs, or not by"):
        METHODS[name].attribute(Blind(), "logit:0", np.ones((2, 3), np.float32))
