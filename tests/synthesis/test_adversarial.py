"""Attacks: closed forms on linear classifiers, laws of the ball and the box, what is refused."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.attacked import digits, trained
from torch import Tensor, nn

from layerwise.data import load
from layerwise.foundation.checks import InvalidType, InvalidValue, UserError
from layerwise.network import ModelError
from layerwise.synthesis import fgsm, loss_ascent, minimal, pgd
from layerwise.synthesis.adversarial import METHODS

FREE = {"lower": None, "upper": None}


def linear(n_classes: int, seed: int = 0) -> nn.Linear:
    net = nn.Linear(5, n_classes).double()
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        net.weight.copy_(torch.randn(n_classes, 5, generator=draws))
        net.bias.copy_(torch.randn(n_classes, generator=draws) / 4)
    return net


def points(n: int = 40) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(n, 5))


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_closed_form_the_nearest_twin_lies_on_the_nearest_hyperplane(n_classes, norm):
    net, x = linear(n_classes), points()
    found = minimal(net, x, norm=norm, **FREE)
    W, b = net.weight.detach().numpy(), net.bias.detach().numpy()
    Z = x @ W.T + b
    lengths = found.l2 if norm == "l2" else found.linf
    for row, length in enumerate(lengths):
        own = Z[row].argmax()
        distances = [
            (Z[row, own] - Z[row, k])
            / (np.linalg.norm(W[own] - W[k]) if norm == "l2" else np.abs(W[own] - W[k]).sum())
            for k in range(n_classes) if k != own
        ]  # fmt: skip
        assert min(distances) * (1 - 1e-5) <= length <= min(distances) * 1.01
    assert found.flipped.all()
    assert (found.before == Z.argmax(1)).all()


def test_closed_form_fgsm_of_a_linear_classifier():
    net, x = linear(2), points()
    found = fgsm(net, x, radius=0.1, **FREE)
    w = (net.weight[1] - net.weight[0]).detach().numpy()
    away = np.where(found.before[:, None] == 0, np.sign(w), -np.sign(w))
    np.testing.assert_allclose(found.inputs, x + 0.1 * away, atol=1e-6)
    straight = fgsm(net, x, radius=0.1, norm="l2", **FREE)
    toward = np.where(found.before[:, None] == 0, w, -w) / np.linalg.norm(w)
    np.testing.assert_allclose(straight.inputs, x + 0.1 * toward, atol=1e-6)


def test_reference_the_lectures_ascent_is_plain_gradient_steps():
    net, x = linear(4), torch.from_numpy(points(6))
    found = loss_ascent(net, x, rate=0.3, steps=5, **FREE)
    z, y = x.clone(), net(x).argmax(1)
    seen = [y]
    for _ in range(5):
        z = z.detach().requires_grad_()
        with torch.enable_grad():
            loss = nn.functional.cross_entropy(net(z), y, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, z)
        z = z + 0.3 * gradient
        seen.append(net(z).argmax(1))
    np.testing.assert_allclose(found.inputs, z.detach().numpy(), atol=1e-6)
    np.testing.assert_array_equal(found.predictions, torch.stack(seen, 1).numpy())


@settings(max_examples=8, deadline=None)
@given(
    x=arrays(np.float32, (3, 1, 8, 8), elements=st.floats(0, 1, width=32)),
    radius=st.floats(0, 3), norm=st.sampled_from(["l2", "linf"]),
    method=st.sampled_from(["fgsm", "pgd"]), starts=st.integers(1, 2),
)  # fmt: skip
def test_law_the_radius_and_the_box_are_never_left(x, radius, norm, method, starts):
    options = {"steps": 3, "starts": starts} if method == "pgd" else {}
    found = METHODS[method](trained(), x, radius=radius, norm=norm, **options)
    length = found.l2 if norm == "l2" else found.linf
    assert (length <= radius * (1 + 1e-5) + 1e-6).all()
    assert found.inputs.min() >= 0
    assert found.inputs.max() <= 1
    d = (found.inputs - x).reshape(3, -1).astype(np.float64)
    np.testing.assert_allclose(found.l2, np.linalg.norm(d, axis=1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.linf, np.abs(d).max(1), rtol=1e-4, atol=1e-6)


def test_law_a_box_by_channel_holds_each_channel():
    net = nn.Sequential(nn.Flatten(), linear(3).float())
    net[1] = nn.Linear(12, 3)
    x = np.random.default_rng(0).uniform([-1, 0, 2], [1, 0.5, 9], (4, 2, 2, 3)).astype(np.float32)
    x = np.moveaxis(x, -1, 1).copy()
    lower, upper = [-1, 0, 2], [1, 0.5, 9]
    for norm in ("l2", "linf"):
        found = pgd(net, x, radius=5, norm=norm, steps=5, lower=lower, upper=upper)
        for channel in range(3):
            assert found.inputs[:, channel].min() >= lower[channel]
            assert found.inputs[:, channel].max() <= upper[channel]
        assert found.linf.max() > 0.6  # more than the second channel could give


@pytest.mark.parametrize("method", ["pgd", "minimal"])
def test_outcome_targeted_attacks_reach_their_class(method):
    x, _ = digits(30)
    ball = {"radius": 6.0} if method == "pgd" else {}
    found = METHODS[method](trained(), x, target=3, **ball)
    assert (found.after == 3).mean() > 0.9
    np.testing.assert_array_equal(found.flipped, found.after == 3)
    each = METHODS[method](trained(), x[:10], target=list(range(10)), **ball)
    assert (each.after == np.arange(10)).mean() > 0.8
    np.testing.assert_array_equal(each.target, np.arange(10))


def test_outcome_what_is_said_of_the_twins_is_what_the_network_says():
    x, _ = digits(30)
    for method, ball in (("pgd", {"radius": 1.5}), ("minimal", {}), ("ascent", {"rate": 1.0})):
        found = METHODS[method](trained(), x, **ball)
        with torch.no_grad():
            now = trained()(torch.from_numpy(found.inputs)).argmax(1).numpy()
        np.testing.assert_array_equal(found.after, now)
        np.testing.assert_array_equal(found.flipped, now != found.before)
        np.testing.assert_array_equal(found.predictions[:, 0], found.before)
        np.testing.assert_array_equal(found.originals, x)
        flat, difference = x.reshape(len(x), -1), (found.inputs - x).reshape(len(x), -1)
        expected = np.linalg.norm(difference, axis=1) / np.linalg.norm(flat, axis=1)
        np.testing.assert_allclose(found.relative, expected, rtol=1e-4)
    ways = found.predictions != found.before[:, None]
    for row, first in enumerate(found.iterations):
        assert first == (np.flatnonzero(ways[row])[0] if ways[row].any() else -1)


def deepfool(net: nn.Module, x: Tensor, steps: int = 50) -> float:
    """Return the length of DeepFool's twin of one observation, as its paper writes it."""
    own, z = int(net(x[None]).argmax()), x.clone()
    for _ in range(steps):
        z = z.detach().requires_grad_()
        with torch.enable_grad():
            f = net(z[None])[0]
            gradients = [torch.autograd.grad(f[k], z, retain_graph=True)[0] for k in range(len(f))]
        f = f.detach()
        if int(f.argmax()) != own:
            break
        steps_to = [
            (abs(float(f[k] - f[own])) / float((gradients[k] - gradients[own]).norm()), k)
            for k in range(len(f)) if k != own
        ]  # fmt: skip
        length, k = min(steps_to)
        w = gradients[k] - gradients[own]
        z = z + 1.02 * (length + 1e-4) * w / w.norm()
    return float((z.detach() - x).norm())


def test_reference_the_nearest_twin_is_not_farther_than_that_of_deepfool():
    x, _ = digits(25)
    net = copy.deepcopy(trained()).requires_grad_(False)
    found = minimal(net, x, **FREE)
    theirs = np.array([deepfool(net, torch.from_numpy(one)) for one in x])
    assert found.flipped.all()
    assert np.median(found.l2) <= np.median(theirs) * 1.001
    assert (found.l2 <= theirs * 1.02).mean() >= 0.9


@pytest.mark.parametrize("method", list(METHODS))
def test_law_every_observation_is_attacked_by_itself(method):
    x, _ = digits(9)
    net = copy.deepcopy(trained()).double()  # sums of another order round otherwise
    ball = {"fgsm": {"radius": 0.2}, "pgd": {"radius": 1.0, "steps": 6, "starts": 3}}.get(
        method, {}
    )
    together = METHODS[method](net, x, **ball)
    alone = METHODS[method](net, x, **ball, batch_size=1)
    np.testing.assert_allclose(together.inputs, alone.inputs, atol=1e-6)
    np.testing.assert_array_equal(together.predictions, alone.predictions)


def test_contract_same_seed_same_bytes_and_other_seeds_other_starts():
    x, _ = digits(12)
    one, again, other = (
        pgd(trained(), x, radius=0.8, steps=4, starts=2, random_state=seed) for seed in (0, 0, 1)
    )
    assert one.inputs.tobytes() == again.inputs.tobytes()
    assert one.inputs.tobytes() != other.inputs.tobytes()


def test_law_more_starts_never_flip_fewer():
    x, _ = digits(60)
    few, many = (pgd(trained(), x, radius=0.8, steps=5, starts=n) for n in (1, 3))
    assert (many.flipped | ~few.flipped).all()


@pytest.mark.parametrize("method", list(METHODS))
def test_law_the_model_is_left_as_it_was(method):
    net = copy.deepcopy(trained()).train()
    net[0].weight.requires_grad_(False)
    state = copy.deepcopy(net.state_dict())
    x, _ = digits(4)
    drawn = torch.random.get_rng_state()
    METHODS[method](net, x, **({"radius": 0.5} if method in ("fgsm", "pgd") else {}))
    with pytest.raises(UserError):
        METHODS[method](net, x - 7, **({"radius": 0.5} if method in ("fgsm", "pgd") else {}))
    assert all(module.training for module in net.modules())
    assert not any(module._forward_hooks for module in net.modules())
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert [p.requires_grad for p in net.parameters()].count(False) == 1
    assert torch.equal(drawn, torch.random.get_rng_state())


class Rounds(nn.Module):
    """Has a gradient of 0."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.round(5 * x))


class Cut(Rounds):
    """Has none."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x.detach())


def test_contract_networks_without_a_gradient_are_refused_in_a_sentence():
    x = np.random.default_rng(0).random((3, 4), dtype=np.float32)
    with pytest.raises(ModelError, match=r"pgd: the gradient that reaches the inputs is 0 for all"):
        pgd(Rounds(), x, radius=0.1)
    with pytest.raises(ModelError, match="does not depend on the inputs, or not by a gradient"):
        minimal(Cut(), x)


def test_outcome_two_inputs_of_which_the_floating_one_is_changed():
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embed, self.fc = nn.Embedding(5, 3), nn.Linear(3, 3)

        def forward(self, x: Tensor, ids: Tensor) -> Tensor:
            return self.fc(x + self.embed(ids))

    torch.manual_seed(0)
    x, ids = torch.rand(7, 3), torch.tensor([0, 1, 2, 3, 4, 0, 1])
    found = minimal(Two(), {"ids": ids, "x": x}, batch_size=3, **FREE)
    assert found.inputs.shape == (7, 3)
    assert found.flipped.all()


def test_outcome_probabilities_are_as_good_as_logits():
    x, _ = digits(20)
    soft = nn.Sequential(trained(), nn.Softmax(1))
    of_logits, of_probabilities = (minimal(net, x) for net in (trained(), soft))
    np.testing.assert_allclose(of_logits.l2, of_probabilities.l2, rtol=0.05)


def test_contract_a_data_set_is_an_input_and_integers_are_not():
    some = load("digits", split="test").take(range(3))
    assert pgd(trained(), some, radius=0.5, steps=2).inputs.shape == (3, 1, 8, 8)
    with pytest.raises(InvalidType, match="must hold floats"):
        fgsm(nn.Embedding(3, 2), np.array([[0], [1]]), radius=0.1)


BAD = [
    ({"radius": -1}, r"pgd: radius must be a number in \[0, inf\]; got -1"),
    ({"norm": "l1"}, "pgd: norm must be one of l2, linf; got 'l1'"),
    ({"steps": 0}, "pgd: steps must be an integer >= 1; got 0"),
    ({"starts": 0}, "pgd: starts must be an integer >= 1; got 0"),
    ({"target": 10}, r"pgd: target must be in \[0, 9\] for 10 classes; got 10"),
    ({"target": [1, 2]}, r"pgd: target must be a class, or one for each of 3 observations"),
    ({"upper": 0.5}, r"pgd: lower and upper must be around the inputs, which span 0 to 1; got 0.0"),
    ({"lower": [0, 0]}, r"pgd: lower must be a number, 1 numbers \(one per channel\)"),
    ({"upper": "white"}, "pgd: upper must be a number, one per channel, or None; got 'white'"),
    ({"batch_size": 0}, "pgd: batch_size must be an integer >= 1; got 0"),
]


@pytest.mark.parametrize(("wrong", "sentence"), BAD)
def test_contract_what_a_user_can_get_wrong_is_one_sentence(wrong, sentence):
    x, _ = digits(3)
    with pytest.raises((InvalidValue, InvalidType), match=sentence):
        pgd(trained(), x, **{"radius": 0.5, **wrong})


def test_contract_only_classifiers_are_attacked():
    with pytest.raises(ModelError, match=r"must give one score per class.*got \(3, 1\)"):
        minimal(nn.Linear(4, 1), np.zeros((3, 4), np.float32))


@pytest.mark.parametrize("norm", ["l2", "linf"])
def test_law_lengths_are_exact_in_half_precision(norm):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(16, 5))
    x = torch.rand(6, 1, 4, 4).bfloat16().float()
    net = net.bfloat16()
    assert minimal(net, x, norm=norm).flipped.all()
    found = pgd(net, x, radius=0.05, norm=norm)
    flat = (found.inputs - found.originals).reshape(6, -1)
    lengths = np.linalg.norm(flat, axis=1, ord=2 if norm == "l2" else np.inf)
    np.testing.assert_allclose(getattr(found, norm), lengths, rtol=1e-3)
    assert (lengths <= 0.05 * (1 + 1e-4)).all()
