"""Occlusion: reference (Captum's defaults, double loops), contract, the model as it was."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import Occlusion
from torch import nn

from layerwise import targets
from layerwise.attribution import attribute, occlusion, occlusion_maps
from layerwise.foundation.checks import NotFound, UserError


def net(channels: int = 1, side: tuple[int, int] = (8, 8)) -> nn.Sequential:
    torch.manual_seed(0)
    flat = 6 * (side[0] - 4) * (side[1] - 4)
    return nn.Sequential(
        nn.Conv2d(channels, 5, 3), nn.ReLU(), nn.Conv2d(5, 6, 3), nn.ReLU(), nn.Dropout(),
        nn.Flatten(), nn.Linear(flat, 4),
    )  # fmt: skip


def pictures(n: int = 3, channels: int = 1, side: tuple[int, int] = (8, 8)) -> torch.Tensor:
    return torch.rand(n, channels, *side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("channels", "side", "window", "stride"),
    [(1, (8, 8), 4, 2), (3, (8, 8), 3, 3), (1, (7, 10), (2, 5), (2, 1)), (3, (9, 6), 4, 3)],
)
@pytest.mark.parametrize("batch_size", [1, 2, 128])
def test_reference_occlusion_is_captums(channels, side, window, stride, batch_size):
    model, x = net(channels, side).eval(), pictures(3, channels, side)
    found = occlusion(model, "logit:2", x, window, stride, 0.25, batch_size=batch_size)
    high, wide = np.broadcast_to(window, 2).tolist()
    down, right = np.broadcast_to(stride, 2).tolist()
    captums = Occlusion(model).attribute(
        x, (channels, high, wide), (channels, down, right), baselines=0.25, target=2
    )
    np.testing.assert_allclose(found, captums.detach().numpy(), atol=1e-6)
    assert found.dtype == np.float32


def test_reference_occlusion_is_the_mean_fall_over_the_windows_that_cover_a_pixel():
    model, x, asked = net().eval(), pictures(), [0, 3, 1]
    found = occlusion(model, targets.logit(asked), x, 3, 1, "mean")
    cover = float(x.mean())
    for k, own in enumerate(asked):
        falls = np.zeros((8, 8))
        times = np.zeros((8, 8))
        with torch.no_grad():
            whole = model(x[k : k + 1])[0, own]
            for y in range(6):
                for left in range(6):
                    covered = x[k : k + 1].clone()
                    covered[..., y : y + 3, left : left + 3] = cover
                    falls[y : y + 3, left : left + 3] += float(whole - model(covered)[0, own])
                    times[y : y + 3, left : left + 3] += 1
        np.testing.assert_allclose(found[k, 0], falls / times, atol=1e-5)


def test_reference_signals_features_and_channels_last():
    torch.manual_seed(0)
    signal = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2))
    x = torch.rand(2, 2, 10)
    captums = Occlusion(signal).attribute(x, (2, 4), (2, 1), target=1, baselines=0.0)
    ours = occlusion(signal, "logit:1", x, 4, 1, 0.0)
    np.testing.assert_allclose(ours, captums.detach().numpy(), atol=1e-6)

    dense = nn.Linear(5, 2)
    x = torch.rand(3, 5)
    captums = Occlusion(dense).attribute(x, (1,), (1,), target=1, baselines=0.5)
    ours = occlusion(dense, "logit:1", x, baseline=0.5)
    np.testing.assert_allclose(ours, captums.detach().numpy(), atol=1e-6)

    tokens = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2))
    x = torch.rand(2, 6, 3)
    captums = Occlusion(tokens).attribute(x, (2, 3), (1, 3), target=0, baselines=0.0)
    ours = occlusion(tokens, "logit:0", x, 2, 1, 0.0)
    np.testing.assert_allclose(ours, captums.detach().numpy(), atol=1e-6)


def test_reference_attribute_calls_it_by_name():
    ours = attribute(net(), "2:3@middle", pictures(), "occlusion", window=3, stride=2)
    np.testing.assert_array_equal(ours, occlusion(net(), "2:3@middle", pictures(), 3, 2))


@pytest.mark.parametrize("batch_size", [7, 128])
def test_reference_the_three_maps_are_those_of_a_double_loop(batch_size):
    side, channels = (9, 7), 3
    model, x = net(channels, side).eval(), pictures(2, channels, side)
    classes = [1, 3]
    found = occlusion_maps(
        model, x, classes, layer="2", window=(4, 3), stride=2, batch_size=batch_size
    )
    assert [starts.tolist() for starts in found.starts] == [[0, 2, 4, 5], [0, 2, 4]]
    grey = [(x[:, c].min() + x[:, c].max()) / 2 for c in range(channels)]
    with torch.no_grad():
        for k in range(2):
            maps = model[:3](x[k : k + 1])[0]
            strongest = int(maps.amax((1, 2)).argmax())
            assert found.channels[k] == strongest
            assert found.whole_activity[k] == pytest.approx(float(maps[strongest].sum()), rel=1e-4)
            whole = model(x[k : k + 1])[0].softmax(0)
            assert found.whole_probability[k] == pytest.approx(float(whole[classes[k]]), rel=1e-4)
            assert found.whole_predicted[k] == int(whole.argmax())
            for i, y in enumerate(found.starts[0]):
                for j, left in enumerate(found.starts[1]):
                    covered = x[k : k + 1].clone()
                    for c in range(channels):
                        covered[:, c, y : y + 4, left : left + 3] = grey[c]
                    p = model(covered)[0].softmax(0)
                    activity = float(model[:3](covered)[0, strongest].sum())
                    assert found.probability[k, i, j] == pytest.approx(
                        float(p[classes[k]]), rel=1e-4
                    )
                    assert found.activity[k, i, j] == pytest.approx(activity, abs=1e-4)
                    assert found.predicted[k, i, j] == int(p.argmax())


def test_closed_form_middles_of_windows():
    found = occlusion_maps(net(), pictures(1), window=3, stride=2)
    assert found.middles[0].tolist() == [1, 3, 5, 6]


def test_outcome_without_classes_the_networks_own_answers_are_followed():
    model, x = net().eval(), pictures(4)
    found = occlusion_maps(model, x, window=4, stride=4)
    np.testing.assert_array_equal(found.classes, model(x).argmax(1).numpy())
    np.testing.assert_array_equal(found.classes, found.whole_predicted)
    assert found.layer == "3"
    named = occlusion_maps(model, x, 2, layer="0", channels=4, window=4, stride=4)
    assert named.channels.tolist() == [4] * 4
    assert named.classes.tolist() == [2] * 4


def test_outcome_signals_and_dense_layers_have_maps_too():
    torch.manual_seed(0)
    signal = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2))
    found = occlusion_maps(signal, torch.rand(3, 2, 10))
    assert (found.layer, found.window, found.probability.shape) == ("1", (2,), (3, 9))
    dense = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2))
    found = occlusion_maps(dense, torch.rand(3, 5), layer="1")
    assert found.activity.shape == (3, 5)
    with pytest.raises(UserError, match="given for a network whose layers have no maps"):
        occlusion_maps(dense, torch.rand(3, 5))


class Functional(nn.Module):
    """Functions, in place, and two inputs of which one is covered."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.fc = nn.Conv2d(1, 4, 3), nn.Linear(4, 3)

    def forward(self, ids: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        maps = F.relu(self.conv(x), inplace=True)
        return self.fc(maps.mean((2, 3)) + ids[:, None])


def test_reference_functional_networks_with_two_inputs():
    model, ids, x = Functional(), torch.tensor([0, 1, 5]), pictures()
    found = occlusion(model, "logit:1", (ids, x), 4, 2, 0.0)
    for k in range(3):
        captums = Occlusion(lambda covered, own=ids[k]: model(own.expand(len(covered)), covered))
        expected = captums.attribute(x[k : k + 1], (1, 4, 4), (1, 2, 2), 0.0, target=1)
        np.testing.assert_allclose(found[k], expected[0].detach().numpy(), atol=1e-6)


@pytest.mark.parametrize("fails", [False, True])
def test_contract_the_model_is_left_as_it_was(fails):
    model = net().train()
    model[2].eval()
    model[0].weight.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(5)
    state = torch.get_rng_state()
    for ask in (
        lambda: occlusion(model, "logit:9" if fails else "logit:1", pictures(), 4, 4),
        lambda: occlusion_maps(model, pictures(), 9 if fails else 1, window=4, stride=4),
    ):
        if fails:
            with pytest.raises(UserError, match="below 4, the number of classes"):
                ask()
        else:
            ask()
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model] == [True, True, False, True, True, True, True]
    assert [p.requires_grad for p in model.parameters()] == [False] + [True] * 5
    assert all(p.grad is None for p in model.parameters())
    assert not any(module._forward_hooks for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"window": 9}, UserError, r"occlusion_maps: window must be at most \(8, 8\)"),
        ({"layer": "relu9"}, NotFound, "no layer 'relu9'"),
        ({"channels": 7}, UserError, "channels must be below 6, the number of channels of '3'"),
        ({"classes": [1, 2]}, UserError, "classes must be a number >= 0, or 3 of them"),
        ({"batch_size": 0}, UserError, "batch_size must be an integer >= 1"),
        ({"baseline": "black"}, UserError, "baseline must be one of grey, mean"),
    ],
)
def test_contract_what_cannot_be_is_one_sentence(options, error, sentence):
    with pytest.raises(error, match=sentence):
        occlusion_maps(net(), pictures(), **options)
    if "window" in options:
        with pytest.raises(error, match="window must be at most"):
            occlusion(net(), "logit:0", pictures(), 9)


def test_outcome_maps_of_a_network_in_bfloat16():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))
    found = occlusion_maps(model.bfloat16(), torch.rand(2, 1, 4, 4), window=2)
    assert np.isfinite(found.activity).all()
    assert ((found.probability >= 0) & (found.probability <= 1)).all()
