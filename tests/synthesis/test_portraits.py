"""What stands beside preferred inputs: reference by plain passes, contract of shapes and inputs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.networks import Signals
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.network.targets import log_odds, logit, unit
from layerwise.synthesis import agreement, nearest, portraits, taken
from layerwise.synthesis.portraits import among, n_units, said

rng = np.random.default_rng(0)
DATA = rng.random((40, 1, 6, 6), dtype=np.float32)


@pytest.fixture
def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(80, 4)
    ).train()  # fmt: skip


def plain(net: nn.Module, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return net(torch.from_numpy(x)).numpy()


@pytest.mark.parametrize("position", [None, "max", "middle", (0, 3)])
def test_reference_where_values_stand_among_real_ones(net, position) -> None:
    A = plain(net[0], DATA)
    reached = {
        None: A.mean((2, 3)), "max": A.max((2, 3)), "middle": A[:, :, 2, 2], (0, 3): A[:, :, 0, 3]
    }[position]  # fmt: skip
    values = rng.normal(size=(2, 3)) / 3
    targets = [unit("0", k, position) for k in (4, 1)]
    found = among(net, DATA, "0", targets, values, batch_size=7)
    np.testing.assert_allclose(found.largest, reached[:, [4, 1]].max(axis=0), rtol=1e-5)
    assert found.row.tolist() == reached[:, [4, 1]].argmax(axis=0).tolist()
    for k, channel in enumerate((4, 1)):
        expected = [(reached[:, channel] < value).mean() for value in values[k]]
        assert found.percentile[k].tolist() == pytest.approx(expected)
    assert found.n_observations == 40
    assert found.shape == (5, 4, 4)


def test_reference_classes_and_log_odds_of_the_output(net) -> None:
    Z = plain(net, DATA)
    found = among(net, DATA, "output", [logit(2), log_odds(1, 3)], np.zeros(2))
    np.testing.assert_allclose(found.largest, [Z[:, 2].max(), (Z[:, 1] - Z[:, 3]).max()], rtol=1e-5)


def test_reference_what_the_network_says(net) -> None:
    Z = plain(net, DATA).astype(float)
    odds = np.exp(Z - Z.max(axis=1, keepdims=True))
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    for model in (net, nn.Sequential(*net, nn.Softmax(1))):
        predicted, confidence = said(model, DATA, batch_size=9)
        assert predicted.tolist() == Z.argmax(axis=1).tolist()
        np.testing.assert_allclose(confidence, probabilities.max(axis=1), rtol=1e-4)
    predicted, confidence = said(nn.Sequential(nn.Flatten(), nn.Linear(36, 1)), DATA)
    assert set(predicted) == {-1}
    assert np.isnan(confidence).all()


def test_contract_a_portrait_holds_what_the_parts_say(net) -> None:
    recipes = ["erhan", "lecture"]
    both = portraits(net, "classes", DATA, units=[3, 1], recipes=recipes, starts=3, steps=5)
    assert [one.preferred.recipe.name for one in both] == recipes
    for one in both:
        images = one.preferred.images
        assert images.shape == (2, 1, 6, 6)
        Z = plain(net.eval(), images)
        np.testing.assert_allclose(one.preferred.values, Z[[0, 1], [3, 1]], rtol=1e-4, atol=1e-5)
        assert one.predicted.tolist() == Z.argmax(axis=1).tolist()
        assert one.nearest.rows.tolist() == nearest(images, DATA).rows.tolist()
        expected = agreement(one.preferred.start_images, one.preferred.start_values, centered=True)
        np.testing.assert_array_equal(one.agreement.cosine, expected.cosine)
        real = plain(net, DATA)[:, [3, 1]]
        below = [(real[:, k] < one.preferred.values[k]).mean() for k in (0, 1)]
        assert one.among.percentile.tolist() == pytest.approx(below)
        assert (one.layer, one.position) == ("classes", "")


def test_contract_positions_are_named_and_the_network_is_left_as_it_was(net) -> None:
    before = {name: value.clone() for name, value in net.state_dict().items()}
    settings = {"units": [0], "recipes": ["erhan"], "steps": 2}
    for position, words in ((None, "mean"), ("max", "max"), ((1, 2), "1,2")):
        (one,) = portraits(net, "0", DATA, position=position, **settings)
        assert one.position == words
    (dense,) = portraits(net, "3", DATA, **settings)
    assert dense.position == ""
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert not net[0]._forward_hooks
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])


def test_contract_same_seed_same_images_and_signals_too() -> None:
    torch.manual_seed(0)
    net, data = Signals(), rng.normal(size=(9, 2, 20)).astype(np.float32)
    settings = {"units": [5, 0], "recipes": [None], "steps": 4, "n_nearest": 3}
    one, other = (portraits(net, "conv2", data, **settings)[0] for _ in range(2))
    assert one.preferred.images.tobytes() == other.preferred.images.tobytes()
    assert one.preferred.recipe.name == "erhan"
    assert one.nearest.rows.shape == (2, 3)
    assert n_units(net, "conv2", data) == 6
    assert n_units(net, "classes", data) == 3


def test_contract_inputs_by_number_come_in_the_order_asked() -> None:
    np.testing.assert_array_equal(taken(DATA, [7, 0, 7]), DATA[[7, 0, 7]])
    labelled = torch.utils.data.TensorDataset(torch.from_numpy(DATA), torch.arange(40))
    np.testing.assert_array_equal(taken(labelled, [5, 2]), DATA[[5, 2]])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipes": []}, "recipes must be one or more; got none"),
        ({"recipes": ["oil"]}, "no recipe 'oil'"),
        ({"units": [5]}, "below 5"),
        ({"layer": "zero"}, "no layer 'zero'"),
        ({"n_nearest": 0}, "n must be an integer >= 1"),
    ],
)
def test_bad_input_is_one_sentence(net, changes: dict, words: str) -> None:
    arguments = {"layer": "0", "units": [0], "recipes": ["erhan"], "steps": 1, **changes}
    with pytest.raises(UserError, match=words):
        portraits(net, data=DATA, **arguments)
    assert net.training


def test_contract_axes_reach_every_part() -> None:
    class Last(nn.Module):
        """Channels last, which no rule can know."""

        def __init__(self) -> None:
            super().__init__()
            self.mixed = nn.Identity()

        def forward(self, x):
            return self.mixed(x.movedim(1, -1) * 1.0).mean((1, 2))

    data = np.random.default_rng(0).random((12, 2, 5, 5)).astype(np.float32)
    asked = {"units": [1], "steps": 2, "recipes": ["erhan"], "position": (4, 0)}
    (found,) = portraits(Last(), "mixed", data, axes={"mixed": -1}, **asked)
    # The target is the value of channel 1 at that place, in the images and among real inputs.
    assert found.preferred.values[0] == pytest.approx(found.preferred.images[0, 1, 4, 0])
    assert found.among.largest[0] == pytest.approx(data[:, 1, 4, 0].max())
