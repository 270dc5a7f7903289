"""Checks of attributions: closed forms where the answer is known, and real trained networks."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import targets
from layerwise.attribution import (
    METHODS,
    completeness,
    curve,
    explain,
    gradient,
    integrated_gradients,
    predicted_classes,
    randomized,
    unlearn,
)
from layerwise.cli.inputs import load_model
from layerwise.foundation.checks import UserError
from layerwise.network import apply_weights, load_weights

EXAMPLES = Path(__file__).parents[2] / "examples"


class Weighted(nn.Module):
    """f(x) = <w, x>, whose parts are known."""

    def __init__(self, w) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(w, dtype=torch.float32))

    def forward(self, x):
        return (self.w * x).flatten(1).sum(1, keepdim=True)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)
    ).eval()


@pytest.fixture(scope="module")
def x():
    return torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def test_closed_form_completeness_of_a_linear_function():
    net, x = Weighted([1.0, -2.0]), np.array([[3.0, 1.0], [0.0, 5.0]], np.float32)
    A = integrated_gradients(net, "logit:0", x, baseline=1.0, n_steps=2)
    sums = completeness(net, "logit:0", x, A, baseline=1.0)
    np.testing.assert_allclose(sums.value, [1, -10])
    np.testing.assert_allclose(sums.at_baseline, [-1, -1])
    np.testing.assert_allclose(sums.error, 0, atol=1e-6)
    # Two values too much by 1, and f(0) is 0, not -1.
    np.testing.assert_allclose(completeness(net, "logit:0", x, A + 1).error, [2 + 1, 2 + 1])


def test_outcome_the_error_of_the_integral_falls_with_its_steps(x):
    net = small()
    errors = [
        abs(completeness(
            net, "logit:1", x, integrated_gradients(net, "logit:1", x, n_steps=n)
        ).error).max()
        for n in (2, 20, 200)
    ]  # fmt: skip
    assert errors[0] > errors[2]
    assert errors[2] < 2e-3


def test_reference_curves_equal_a_loop_over_positions(x):
    net, rng = small(), np.random.default_rng(0)
    important = rng.random((4, 8, 8))
    cover = 0.25
    for kind in ("deletion", "insertion"):
        found = curve(kind, net, targets.probability([0, 1, 2, 1]), x, important, baseline=cover,
                      block=1, n_steps=4, batch_size=3)  # fmt: skip
        for row, k in enumerate([0, 1, 2, 1]):
            order = np.argsort(-important[row].ravel())
            for point, count in enumerate([0, 16, 32, 48, 64]):
                taken = x[row].clone().reshape(-1)
                chosen = order[:count] if kind == "deletion" else order[count:]
                taken[chosen.copy()] = cover
                with torch.no_grad():
                    p = net(taken.reshape(1, 1, 8, 8)).softmax(1)[0, k]
                assert found.values[row, point] == pytest.approx(float(p), abs=1e-6)
        ends = found.control[:, :, [0, -1]] - found.values[:, [0, -1]]
        np.testing.assert_allclose(ends, 0, atol=1e-6)


def test_closed_form_areas_and_blocks():
    net = Weighted(np.arange(16.0).reshape(1, 4, 4).tolist())
    x = np.ones((1, 1, 4, 4), np.float32)
    found = curve("deletion", net, "logit:0", x, x[:, 0] * np.arange(16).reshape(1, 4, 4), block=2,
                  n_steps=4, n_random=50)  # fmt: skip
    # blocks sum to 10, 18, 42 and 50
    np.testing.assert_allclose(found.values, [[120, 70, 28, 10, 0]])
    assert found.area[0] == pytest.approx((60 + 70 + 28 + 10) / 4)
    assert found.control_area.mean() == pytest.approx(60, abs=4)  # a straight line on average
    back = curve("insertion", net, "logit:0", x, x[:, 0] * np.arange(16).reshape(1, 4, 4), block=2,
                 n_steps=4, n_random=1)  # fmt: skip
    np.testing.assert_allclose(back.values, 120 - found.values)


def test_law_curves_do_not_depend_on_the_batch_and_repeat_with_their_seed(x):
    net, important = small(), np.random.default_rng(0).random((4, 8, 8))
    one, other = (
        curve("deletion", net, "logit:1", x, important, batch_size=size, random_state=4)
        for size in (7, 500)
    )
    np.testing.assert_allclose(one.values, other.values, atol=1e-5)
    np.testing.assert_allclose(one.control, other.control, atol=1e-5)


def test_outcome_a_true_attribution_beats_random_orders():
    w = np.random.default_rng(0).normal(size=(1, 8, 8))
    net, x = Weighted(w.tolist()), np.ones((3, 1, 8, 8), np.float32)
    A = integrated_gradients(net, "logit:0", x)
    important = METHODS["integrated_gradients"].importance(A, 1)
    lost = curve("deletion", net, "logit:0", x, important, n_random=20, random_state=1)
    gained = curve("insertion", net, "logit:0", x, important, n_random=20, random_state=1)
    assert (lost.area < lost.control_area.min(0)).all()
    assert (gained.area > gained.control_area.max(0)).all()


def test_reference_cascading_draws_layer_after_layer_anew(x):
    net = small()
    before = copy.deepcopy(net.state_dict())
    seen = []

    def attribute(model, inputs):
        seen.append({key: not torch.equal(value, before[key])
                     for key, value in model.state_dict().items()})  # fmt: skip
        return gradient(model, "logit:1", inputs)

    found = randomized(net, x, attribute, random_state=1)
    assert found["layer"].tolist() == ["", "4", "1", "0"]
    assert [any(stage.values()) for stage in seen] == [False, True, True, True]
    assert [stage["4.weight"] for stage in seen] == [False, True, True, True]
    assert [stage["0.weight"] for stage in seen] == [False, False, False, True]
    np.testing.assert_allclose(found.loc[0, ["signed", "absolute"]].astype(float), 1)
    assert abs(found["signed"].iloc[-1]) < 0.3
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    some = randomized(net, x, lambda m, i: gradient(m, "logit:1", i), layers=["0"])
    assert some["layer"].tolist() == ["", "0"]
    with pytest.raises(UserError, match="no layer 'conv9' in Sequential"):
        randomized(net, x, lambda m, i: gradient(m, "logit:1", i), layers=["conv9"])


def test_outcome_what_ignores_the_weights_is_found_out(x):
    found = randomized(small(), x, lambda model, inputs: np.asarray(inputs))
    np.testing.assert_allclose(found[["signed", "absolute"]], 1)


def test_outcome_explain_asks_each_observation_about_its_class(x):
    net = small()
    classes = predicted_classes(net, x)
    found = explain(net, x, methods=["gradient", "grad_cam", "integrated_gradients"], n_steps=4,
                    options={"grad_cam": {"layer": "2"}})  # fmt: skip
    assert found.targets == tuple(f"logit:{k}" for k in classes)
    assert found.measured == tuple(f"probability:{k}" for k in classes)
    with torch.no_grad():
        np.testing.assert_allclose(found.values, net(x).max(1).values, rtol=1e-5)
    assert {maps.shape for maps in found.maps.values()} == {(4, 8, 8)}
    errors = found.checks.set_index("method")["error"]
    assert errors["gradient"].isna().all()
    assert errors["integrated_gradients"].notna().all()
    assert set(found.curves["method"]) == {*found.maps, "random order"}
    assert found.checks.groupby("observation")["deletion_random"].nunique().eq(1).all()
    other = explain(net, x, classes=np.array([0, 0, 0, 0]), methods=["gradient"], n_steps=2)
    assert set(other.targets) == {"logit:0"}
    assert (other.predicted == classes).all()
    hidden = explain(net, x, "0:2", methods=["gradient"], n_steps=2)
    assert (hidden.predicted == -1).all()
    table = unlearn(net, x, methods=["gradient", "smoothgrad"])
    assert table.groupby("method")["n_layers"].max().tolist() == [3, 3]


def test_contract_refusals_are_one_sentence(x):
    with pytest.raises(UserError, match="methods must be at least one; got none"):
        explain(small(), x, methods=[])
    with pytest.raises(UserError, match="methods must be one of gradient"):
        explain(small(), x, methods=["lrp"])
    with pytest.raises(UserError, match="attributions must be of the shape"):
        completeness(small(), "logit:0", x, np.zeros((4, 8, 8)))
    with pytest.raises(UserError, match="curve: important must be finite, one for each position"):
        curve("deletion", small(), "logit:0", x, np.zeros((4, 7, 8)))
    with pytest.raises(UserError, match="kind must be one of deletion, insertion"):
        curve("both", small(), "logit:0", x, np.zeros((4, 8, 8)))


REAL = {
    "svhn_cnn": ("svhn_cnn.pth", "svhn/svhn_crops_32x32.npz"),
    "resnet20": ("resnet20-12fca82f.th", "cifar10/cifar10_20k_5k.npz"),
}


@pytest.mark.needs_data
@pytest.mark.parametrize("name", REAL)
def test_study_deleting_what_is_attributed_hurts_real_networks_more_than_random(
    name: str, shared_data: Path
) -> None:
    weights, data = REAL[name]
    net = load_model(f"{EXAMPLES / name}.py:{name}")
    apply_weights(net, load_weights(shared_data / "weights" / weights))
    with np.load(shared_data / data) as file:
        x = (file["x_test"][:16].transpose(0, 3, 1, 2) / 255).astype(np.float32)
    target = targets.logit(predicted_classes(net, x))
    asked = targets.probability(predicted_classes(net, x))
    A = integrated_gradients(net, target, x, n_steps=16)
    important = METHODS["integrated_gradients"].importance(A, 1)
    lost = curve("deletion", net, asked, x, important, n_steps=10, n_random=2)
    gained = curve("insertion", net, asked, x, important, n_steps=10, n_random=2)
    # measured: 0.11 against 0.24 (SVHN), 0.32 against 0.42 (ResNet-20)
    assert lost.area.mean() < lost.control_area.mean() - 0.05
    assert gained.area.mean() > gained.control_area.mean()


class OwnWeights(nn.Linear):
    """A network whose weights are its own, with a layer below."""

    def __init__(self):
        super().__init__(4, 2)
        self.below = nn.Linear(4, 4)

    def forward(self, x):
        return super().forward(torch.relu(self.below(x)))


@pytest.mark.parametrize(
    ("net", "stages"),
    [(nn.Linear(4, 2), ["", "Linear"]), (OwnWeights(), ["", "below", "OwnWeights"])],
)
def test_outcome_weights_of_the_network_itself_are_drawn_anew_too(net, stages):
    found = randomized(net, torch.rand(3, 4), lambda net, x: gradient(net, "logit:0", x))
    assert found["layer"].tolist() == stages
    assert found["n_layers"].tolist() == list(range(len(stages)))
    assert found["signed"].iloc[0] == pytest.approx(1)
    assert found["signed"].iloc[-1] < 0.99
