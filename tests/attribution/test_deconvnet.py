"""The deconvnet against loops that know no automatic differentiation, and its laws."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.awkward import Keywords
from tests.networks import Signals
from torch import Tensor, nn

from layerwise.attribution import project
from layerwise.data import load
from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound, UserError
from layerwise.network.from_layer import from_layer


def convolved(x: np.ndarray, W: np.ndarray, b: np.ndarray, padding: int) -> np.ndarray:
    """Return (n_out, h, w) of (n_in, h, w)."""
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
    k = W.shape[2]
    h, w = x.shape[1] - k + 1, x.shape[2] - k + 1
    y = np.zeros((len(W), h, w))
    for o in range(len(W)):
        for i in range(h):
            for j in range(w):
                y[o, i, j] = (W[o] * x[:, i : i + k, j : j + k]).sum() + b[o]
    return y


def transposed(y: np.ndarray, W: np.ndarray, padding: int) -> np.ndarray:
    """Return the sum of filters, each where it stood, times the value there."""
    k = W.shape[2]
    x = np.zeros((W.shape[1], y.shape[1] + k - 1, y.shape[2] + k - 1))
    for o in range(len(W)):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                x[:, i : i + k, j : j + k] += W[o] * y[o, i, j]
    return x[:, padding : x.shape[1] - padding, padding : x.shape[2] - padding]


def pooled(x: np.ndarray, k: int, stride: int) -> tuple[np.ndarray, dict[tuple, tuple]]:
    """Return the maxima and the switches: where each was found."""
    h, w = (x.shape[1] - k) // stride + 1, (x.shape[2] - k) // stride + 1
    y, switches = np.zeros((len(x), h, w)), {}
    for c in range(len(x)):
        for i in range(h):
            for j in range(w):
                window = x[c, i * stride : i * stride + k, j * stride : j * stride + k]
                a, b = divmod(int(window.argmax()), k)
                switches[c, i, j] = (c, i * stride + a, j * stride + b)
                y[c, i, j] = window.max()
    return y, switches


@pytest.mark.parametrize(("k", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_reference_two_layers_and_a_pool(k: int, stride: int) -> None:
    torch.manual_seed(k)
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(k, stride), nn.Conv2d(4, 3, 3),
        nn.ReLU(),
    ).double()  # fmt: skip
    nn.init.constant_(net[3].bias, 2.0)  # so that most units are on somewhere
    W1, b1, W2, b2 = (p.detach().numpy() for p in net.parameters())
    x = np.random.default_rng(0).normal(size=(5, 2, 10, 10))
    checked = 0
    for image in x:
        maps = np.maximum(convolved(image, W1, b1, 1), 0)
        low, switches = pooled(maps, k, stride)
        top = np.maximum(convolved(low, W2, b2, 0), 0)
        for unit in range(3):
            at = np.unravel_index(top[unit].argmax(), top[unit].shape)
            if top[unit][at] <= 0:
                continue
            back = np.zeros_like(top)
            back[(unit, *at)] = top[(unit, *at)]  # everything else in the layer is 0
            back = transposed(np.maximum(back, 0), W2, 0)
            unpooled = np.zeros_like(maps)
            for place, source in switches.items():
                unpooled[source] += back[place]  # where pools overlap, values add up
            expected = transposed(np.maximum(unpooled, 0), W1, 1)
            found = project(net, "4", unit, image[None], at)
            np.testing.assert_allclose(found[0], expected, rtol=0, atol=1e-6)
            assert np.abs(expected).max() > 1e-3
            checked += 1
    assert checked >= 10


def test_closed_form_one_convolution_is_the_filter_where_the_unit_is() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 4, 5, padding=2)
    x = torch.randn(6, 3, 9, 9)
    units, positions = np.array([0, 1, 2, 3, 1, 2]), np.array([[4, 4]] * 3 + [[3, 5]] * 3)
    found = project(nn.Sequential(conv), "0", units, x, positions)
    with torch.no_grad():
        values = conv(x).numpy()
    for k, (unit, (i, j)) in enumerate(zip(units, positions, strict=True)):
        activation = max(values[k, unit, i, j], 0)
        expected = np.zeros((3, 9, 9))
        expected[:, i - 2 : i + 3, j - 2 : j + 3] = activation * conv.weight[unit].detach().numpy()
        np.testing.assert_allclose(found[k], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("pool", [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, padding=1)])
def test_law_unpooling_puts_each_maximum_back_at_its_place(pool: nn.Module) -> None:
    torch.manual_seed(0)
    x = torch.rand(1, 1, 8, 8)
    y = pool(x)
    places = [(i, j) for i in range(y.shape[2]) for j in range(y.shape[3])]
    found = project(nn.Sequential(pool), "0", 0, x.expand(len(places), -1, -1, -1),
                    np.array(places))  # fmt: skip
    for one, (i, j) in zip(found, places, strict=True):
        ((row, column),) = np.argwhere(one[0])
        assert one[0, row, column] == x[0, 0, row, column] == y[0, 0, i, j]


def test_closed_form_a_negative_reconstruction_does_not_pass_the_rectifier() -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        first.weight[:] = torch.tensor([[1.0, 0], [0, 1]])
        second.weight[:] = torch.tensor([[3.0, -1]])
    net = nn.Sequential(first, nn.ReLU(), second)
    x = torch.tensor([[2.0, 1.0], [2.0, -1.0], [-1.0, 0.5]])
    # The deconvnet rectifies what comes back and does not ask which units were on.
    np.testing.assert_array_equal(project(net, "2", 0, x), [[15, 0], [18, 0], [0, 0]])
    np.testing.assert_array_equal(
        project(net, "2", 0, x, rule="gradient"), [[15, -5], [18, 0], [0, 0]]
    )
    third = nn.Sequential(first, nn.ReLU(), nn.Linear(2, 1, bias=True))
    with torch.no_grad():
        third[2].weight[:], third[2].bias[:] = torch.tensor([[3.0, 1]]), 1.0
    seen = torch.tensor([[-1.0, 2.0]])
    np.testing.assert_array_equal(project(third, "2", 0, seen), [[9, 3]])
    np.testing.assert_array_equal(project(third, "2", 0, seen, rule="guided"), [[0, 3]])


def test_law_a_batch_norm_is_the_affine_map_that_it_is() -> None:
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(1, 3, 3, bias=False), nn.BatchNorm2d(3)
    with torch.no_grad():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        norm.weight.normal_()
        norm.bias.normal_()
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        folded = nn.Conv2d(1, 3, 3)
        folded.weight[:] = conv.weight * scale[:, None, None, None]
        folded.bias[:] = norm.bias - norm.running_mean * scale
    x = torch.randn(8, 1, 7, 7)
    units, rest = np.arange(8) % 3, (nn.ReLU(), nn.Conv2d(3, 3, 3), nn.ReLU())
    found = project(nn.Sequential(conv, norm, *rest).train(), "4", units, x, "max")
    expected = project(nn.Sequential(folded, *rest), "3", units, x, "max")
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, atol=1e-5)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1, bias=False)
        self.sum = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.sum(x + self.conv(x))


def test_closed_form_branches_of_a_residual_sum_add_up() -> None:
    torch.manual_seed(0)
    net, x = Residual(), torch.randn(5, 1, 6, 6) + 1
    found = project(net, "sum", 0, x, (2, 3))
    along = np.zeros((6, 6))
    along[1:4, 2:5] = net.conv.weight[0, 0].detach().numpy()
    along[2, 3] += 1
    with torch.no_grad():
        values = net(x)[:, 0, 2, 3].clamp_min(0).numpy()
    np.testing.assert_allclose(found[:, 0], values[:, None, None] * along, rtol=1e-4, atol=1e-6)


class Functional(nn.Module):
    def __init__(self, rectify: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.rectify = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 2, 3), rectify

    def forward(self, x: Tensor) -> Tensor:
        return self.rectify(self.b(F.max_pool2d(self.rectify(self.a(x)), 2)))


def test_law_however_the_rectifier_is_written() -> None:
    x = torch.randn(6, 1, 10, 10, generator=torch.Generator().manual_seed(1))
    forms: list[Callable[[Tensor], Tensor]] = [
        nn.ReLU(), F.relu, torch.relu, nn.ReLU(inplace=True), Tensor.relu_,
        lambda y: y.clamp(min=0),
    ]  # fmt: skip
    found = [project(Functional(form), "b", [0, 1] * 3, x, "max") for form in forms]
    assert np.abs(found[0]).max() > 0
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_law_batches_and_company_change_nothing() -> None:
    net, x = Functional(F.relu), torch.randn(11, 1, 10, 10)
    units, places = np.arange(11) % 2, np.arange(22).reshape(11, 2) % 2
    whole = project(net, "b", units, x, places)
    for size in (1, 4):
        np.testing.assert_allclose(
            project(net, "b", units, x, places, batch_size=size), whole, atol=1e-5
        )
    for k in (0, 7):
        alone = project(net, "b", int(units[k]), x[k : k + 1], places[k])
        np.testing.assert_allclose(alone[0], whole[k], atol=1e-5)


def test_law_the_reconstruction_lies_in_the_receptive_field() -> None:
    from layerwise.network import receptive_fields

    data = load("digits", split="test").take(range(10))
    net = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 4, 2))
    field = receptive_fields(net, torch.zeros(1, 1, 8, 8), "3")["3"]
    ((top, bottom), (left, right)) = field.interval((1, 0))
    found = project(net, "3", 2, data, (1, 0))
    assert np.abs(found).max() > 0
    found[:, :, top : bottom + 1, left : right + 1] = 0
    assert not found.any()


def test_outcome_signals_dense_layers_and_embeddings() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 2, 40)
    assert project(Signals(), "conv2", 3, x, np.array([[0], [5], [9], [19]])).shape == x.shape
    dense = project(Signals(), "fc", [0, 1, 2, 0], x, np.zeros((4, 0), int))
    assert dense.shape == x.shape
    ids = {
        "input_ids": torch.tensor([[1, 2, 3], [4, 5, 6]]),
        "attention_mask": torch.ones(2, 3, dtype=torch.int64),
    }
    with pytest.raises(InvalidType, match="token ids"):
        project(Keywords(), "fc", 0, ids, 1)
    net = Keywords()
    embedded = net.embed(ids["input_ids"]).detach()
    found = project(from_layer(net, "embed", ids), "fc", 2, embedded, np.array([[1], [2]]))
    assert found.shape == (2, 3, 6)
    assert not found[0, [0, 2]].any()


def test_outcome_a_silent_unit_has_no_projection() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())
    nn.init.constant_(net[0].weight, -1.0)
    nn.init.zeros_(net[0].bias)
    for layer in "01":
        assert not project(net, layer, 0, torch.rand(3, 1, 4, 4), (0, 0)).any()


def test_law_the_model_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(inplace=True)).train()
    net[0].bias.requires_grad_(False)
    state, x = copy.deepcopy(net.state_dict()), torch.randn(3, 1, 6, 6)
    before, random = x.clone(), torch.get_rng_state()
    project(net, "2", 1, x, "max")
    with pytest.raises(UserError):
        project(net, "2", 9, x, "max")
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert [p.requires_grad for p in net.parameters()] == [True, False, True, True]
    assert all(p.grad is None for p in net.parameters())
    assert all(module.training and not module._forward_hooks for module in net.modules())
    assert torch.equal(x, before)
    assert torch.equal(random, torch.get_rng_state())


def test_contract_what_a_user_can_get_wrong_is_one_sentence() -> None:
    net, x = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), torch.randn(3, 1, 6, 6)
    spoilt = x.clone()
    spoilt[1, 0, 2, 2] = torch.nan
    with pytest.raises(InvalidValue, match=r"inputs must be finite; .* 1 rows, first 1"):
        project(net, "1", 0, spoilt, (1, 1))
    with pytest.raises(NotFound, match="no layer '7'"):
        project(net, "7", 0, x, (1, 1))
    with pytest.raises(UserError, match="position"):
        project(net, "1", 0, x, (4, 1))
    with pytest.raises(UserError, match="must be for 3 observations; got one for 2"):
        project(net, "1", 0, x, np.zeros((2, 2), int))
    with pytest.raises(InvalidValue, match="rule must be one of"):
        project(net, "1", 0, x, (1, 1), rule="lrp")
