"""Targets: closed forms on layers that can be read off, and laws of their algebra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from layerwise.foundation.checks import UserError
from layerwise.network import targets
from layerwise.network.question import question
from layerwise.network.targets import Target


class Given(targets.Seen):
    """What a forward pass is said to have shown."""

    def __init__(self, A: Tensor, rows: Tensor | None = None) -> None:
        self.A, self.rows = A, torch.arange(len(A)) if rows is None else rows

    def layer(self, name: str) -> Tensor:
        return self.A

    def input(self) -> Tensor:
        return self.A

    def output(self) -> Tensor:
        return self.A


MAPS = torch.arange(2 * 3 * 4 * 5, dtype=torch.float32).reshape(2, 3, 4, 5)
DENSE = torch.tensor([[1.0, 2.0, 4.0], [0.0, -1.0, 3.0]])


def test_a_channel_is_its_mean_its_largest_or_a_position():
    A = MAPS
    for target, expected in [
        (targets.unit("a", 1), A[:, 1].mean((1, 2))),
        (targets.unit("a", 1, "max"), A[:, 1].amax((1, 2))),
        (targets.unit("a", 1, "middle"), A[:, 1, 2, 2]),
        (targets.unit("a", 1, (3, 4)), A[:, 1, 3, 4]),
        (targets.unit("a", [2, 0]), torch.stack([A[0, 2].mean(), A[1, 0].mean()])),
        (targets.unit("a", [2, 0], (1, 1)), torch.stack([A[0, 2, 1, 1], A[1, 0, 1, 1]])),
        (targets.unit("a", 0, [[0, 0], [3, 4]]), torch.stack([A[0, 0, 0, 0], A[1, 0, 3, 4]])),
    ]:
        assert torch.equal(target.ask(Given(A)), expected), str(target)


def test_units_of_each_observation_follow_the_rows():
    rows = torch.tensor([1, 1, 0])
    A = MAPS[rows]
    found = targets.unit("a", [2, 0]).ask(Given(A, rows))
    assert torch.equal(found, torch.stack([A[0, 0].mean(), A[1, 0].mean(), A[2, 2].mean()]))


def test_classes_probabilities_and_odds():
    softmax = DENSE.softmax(1)
    assert torch.equal(targets.logit(2).ask(Given(DENSE)), DENSE[:, 2])
    assert torch.allclose(targets.probability(2).ask(Given(DENSE)), softmax[:, 2])
    odds = (softmax[:, 2] / softmax[:, 0]).log()
    assert torch.allclose(targets.log_odds(2, 0).ask(Given(DENSE)), odds, atol=1e-6)


def test_a_network_that_ends_in_a_softmax_is_asked_for_the_same():
    softmax = DENSE.softmax(1)
    for target in (targets.probability([0, 2]), targets.log_odds(1, 2)):
        assert torch.allclose(target.ask(Given(softmax)), target.ask(Given(DENSE)), atol=1e-6)


def test_an_output_with_positions_is_averaged_over_them():
    assert torch.equal(targets.logit(1).ask(Given(MAPS)), MAPS[:, 1].mean((1, 2)))


def test_a_direction_is_a_dot_product_with_a_unit_vector():
    v = np.array([3.0, 0.0, 4.0])
    found = targets.direction("a", v).ask(Given(MAPS))
    assert torch.allclose(found, MAPS.mean((2, 3)) @ torch.tensor([0.6, 0.0, 0.8]))
    whole = torch.rand(3, 4, 5)
    found = targets.direction("a", whole).ask(Given(MAPS))
    assert torch.allclose(found, (MAPS * whole).sum((1, 2, 3)) / whole.norm())
    with pytest.raises(UserError, match=r"vector must be \(3, 4, 5\) or \(3,\)"):
        targets.direction("a", [1.0, 2.0]).ask(Given(MAPS))


def test_a_layer_is_its_mean_square():
    assert torch.allclose(targets.layer("a").ask(Given(MAPS)), MAPS.square().mean((1, 2, 3)))


def test_the_algebra_is_that_of_numbers():
    a, b, seen = targets.unit("a", 0), targets.unit("a", 2), Given(DENSE)
    x, y = DENSE[:, 0], DENSE[:, 2]
    for target, expected, name in [
        (a + b, x + y, "a:0 + a:2"),
        (a - b, x - y, "a:0 - a:2"),
        (a * b, x * y, "a:0 * a:2"),
        (2 * a, 2 * x, "2 * a:0"),
        (a + 1, x + 1, "a:0 + 1"),
        (3 - a, 3 - x, "3 - a:0"),
        (-a, -x, "-a:0"),
        (a * (a + b), x * (x + y), "a:0 * (a:0 + a:2)"),
        (a - (a - b), y, "a:0 - (a:0 - a:2)"),
    ]:
        assert torch.allclose(target.ask(seen), expected), name
        assert str(target) == name


def test_targets_for_other_numbers_of_observations_do_not_combine():
    with pytest.raises(UserError, match="for as many observations"):
        targets.unit("a", [1, 2]) + targets.logit([1, 2, 3])
    assert (targets.unit("a", [1, 2]) + targets.logit(1)).n_observations == 2


@pytest.mark.parametrize(
    ("text", "name", "layers"),
    [
        ("conv2:14", "conv2:14", {"conv2"}),
        ("conv2:14@3,5", "conv2:14@3,5", {"conv2"}),
        ("conv2:14@max", "conv2:14@max", {"conv2"}),
        ("blocks.0.relu#1:3@middle", "blocks.0.relu#1:3@middle", {"blocks.0.relu#1"}),
        ("conv2", "conv2", {"conv2"}),
        ("logit:3", "logit:3", set()),
        ("probability:0", "probability:0", set()),
        ("log-odds:3,5", "log-odds:3,5", set()),
    ],
)
def test_texts(text: str, name: str, layers: set[str]):
    target = targets.as_target(text)
    assert (str(target), set(target.layers)) == (name, layers)
    assert target.reads_output == (not layers)
    assert targets.as_target(target) is target


@pytest.mark.parametrize("text", ["", "logit:x", "log-odds:3", "conv2:1@left", "conv2:-1@3", None])
def test_texts_that_name_nothing(text: str):
    with pytest.raises(UserError, match="target"):
        targets.as_target(text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: targets.unit("a", -1),
        lambda: targets.unit("a", 1.5),
        lambda: targets.unit("a", []),
        lambda: targets.unit("a", 1, "left"),
        lambda: targets.unit("a", 1, (-1, 0)),
        lambda: targets.unit("a", [1, 2], [[0, 0]]),
        lambda: targets.direction("a", [0.0, 0.0]),
        lambda: targets.direction("a", [np.nan]),
        lambda: targets.logit(1) * float("nan"),
        lambda: targets.logit(1) + "conv",
    ],
)
def test_refusals(make):
    with pytest.raises(UserError):
        make()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("0:7", "below 3, the number of channels of layer '0'"),
        ("logit:2", "below 2, the number of classes of the output"),
        ("0:1@9,0", "inside the map of layer|inside the map of '0', \\(4, 4\\)"),
        ("0:1@0", "inside the map"),
        ("2:1@3,3", "has no positions"),
        ("conv9:1", "no layer 'conv9'"),
    ],
)
def test_what_the_network_does_not_have(target: str, words: str):
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(48, 2))
    with pytest.raises(UserError, match=words), question(net, target, torch.zeros(2, 1, 6, 6)) as q:
        q(q.x)


def test_a_target_is_frozen():
    with pytest.raises(AttributeError):
        targets.logit(1).name = "x"  # type: ignore[misc]
    assert isinstance(targets.logit(1), Target)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_softmax_of_any_precision_is_known_and_has_finite_logits(dtype: torch.dtype):
    logits = 30 * torch.randn(64, 300, generator=torch.Generator().manual_seed(0))
    p = logits.softmax(1).to(dtype)
    found = targets.as_logits(p.requires_grad_())
    assert found.isfinite().all()
    assert (found <= 0).all()
    assert torch.autograd.grad(found.sum(), p)[0].isfinite().all()
    mild = (logits / 30).softmax(1).to(dtype)
    assert torch.allclose(targets.as_logits(mild).softmax(1), mild, rtol=0.05, atol=1e-4)


def test_factors_take_on_the_precision_and_the_device_of_a_target():
    A = torch.ones(3, 2, dtype=torch.float64)
    exact = (0.1 * targets.unit("a", 0)).ask(Given(A))
    assert exact.dtype == torch.float64
    assert exact.tolist() == [0.1] * 3
    elsewhere = Given(A.to("meta"))  # stands for a GPU
    assert (1 - 2 * targets.unit("a", 0) + 3).ask(elsewhere).device.type == "meta"
    assert (0.5 * -targets.unit("a", 0)).ask(Given(A.bfloat16())).dtype == torch.bfloat16


def test_directions_of_any_precision_and_of_none():
    along = targets.direction("a", torch.tensor([3.0, 4.0, 0.0], dtype=torch.bfloat16))
    assert torch.allclose(along.ask(Given(DENSE)), DENSE @ torch.tensor([0.6, 0.8, 0.0]))
    with pytest.raises(UserError, match="vector must be numbers"):
        targets.direction("a", ["a", "b"])


def test_the_position_that_is_outside_is_named():
    with pytest.raises(UserError, match=r"inside the map of 'a', \(4, 5\); got \(9, 0\)"):
        targets.unit("a", 0, [[0, 0], [9, 0]]).ask(Given(MAPS))


def test_of_equal_largest_values_one_gets_the_gradient():
    A = torch.ones(1, 2, 3, 3, requires_grad=True)
    (found,) = torch.autograd.grad(targets.unit("a", 1, "max").ask(Given(A)).sum(), A)
    assert found.sum() == 1
    assert (found > 0).sum() == 1
