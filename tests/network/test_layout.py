"""Which dimension counts the channels: closed forms on every kind of network, and the override."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.networks import ConvNext, Recurrent, SmallViT
from torch import Tensor, nn

from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.network import survey
from layerwise.network.layout import channel_axes


def axes_of(model: nn.Module, *shape: int, functions: bool = True, **kwargs: Any) -> dict[str, int]:
    """Return the axes for zeros of a shape."""
    return channel_axes(model, survey(model, torch.zeros(2, *shape), functions=functions), **kwargs)


class Fire(nn.Module):
    """Concatenates to 32 channels of 32 x 32, where numbers of channels and positions mix."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 32, 1), nn.Conv2d(3, 32, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([F.relu(self.a(x)), F.relu(self.b(x))], 1)


class LayerNorm2d(nn.LayerNorm):
    """As in torchvision and timm: a LayerNorm over the channels of (channels, height, width)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def test_closed_form_a_convolutional_network_has_channels_first_and_dense_layers_one_axis() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 5), nn.BatchNorm1d(5),
    )  # fmt: skip
    assert set(axes_of(net, 1, 8, 8).values()) == {0}


INSIDE = ("norm", "up", "act", "down")


@pytest.mark.parametrize(("functions", "side"), [(True, 4), (True, 6), (False, 4)])
def test_closed_form_channels_last_inside_the_blocks_of_a_convnext(
    side: int, functions: bool
) -> None:
    """Where functions are seen, also with as many channels (6) as rows and columns."""
    found = axes_of(ConvNext(6), 3, side * 2, side * 2, functions=functions)
    for block in ("blocks.0", "blocks.1"):
        assert {found[f"{block}.{name}"] for name in INSIDE} == {-1}
        assert found[block] == found[f"{block}.depthwise"] == 0
    assert found["input"] == found["stem"] == found["blocks"] == found["head"] == 0
    if functions:
        assert found["permute"] == -1
        assert found["permute_1"] == found["add"] == 0


def test_contract_what_shapes_cannot_tell_the_user_says() -> None:
    unseen = axes_of(ConvNext(6), 3, 12, 12, functions=False)
    assert unseen["blocks.0"] == -1  # six channels of 6 x 6, permuted inside the module
    found = axes_of(ConvNext(6), 3, 12, 12, functions=False, axes={"blocks.?": 0})
    assert found["blocks.0"] == found["blocks.1"] == found["blocks"] == 0
    assert found["blocks.0.down"] == -1


@pytest.mark.parametrize("dim", [12, 16])
def test_closed_form_a_vision_transformer_turns_maps_into_tokens(dim: int) -> None:
    """Also where there are as many features (16) as tokens."""
    found = axes_of(SmallViT(dim), 3, 8, 8)
    assert found["input"] == found["patches"] == found["flatten"] == 0
    tokens = ("transpose", "add", "encoder.0", "encoder.0.norm1", "encoder.0.attention[0]", "norm")
    assert {found[name] for name in tokens} == {-1}
    assert found["getitem_2"] == found["head"] == found["output"] == 0


def test_closed_form_signals_and_the_steps_of_a_recurrent_layer() -> None:
    found = axes_of(Recurrent(), 2, 20)
    assert found["input"] == found["conv"] == found["relu"] == 0
    assert found["transpose"] == found["lstm[0]"] == found["head"] == -1


@pytest.mark.parametrize("functions", [True, False])
def test_closed_form_channels_first_turned_into_steps_by_a_function(functions: bool) -> None:
    class Turned(nn.Module):
        def __init__(self, size: int) -> None:
            super().__init__()
            self.gru, self.fc = nn.GRU(size, 5, batch_first=True), nn.Linear(5, 2)

        def forward(self, x: Tensor) -> Any:
            return self.fc(self.gru(x.transpose(1, 2))[0])

    for size, steps in ((2, 9), (9, 2)):
        found = axes_of(Turned(size), size, steps, functions=functions)
        assert (found["input"], found["gru[0]"], found["fc"]) == (0, -1, -1)
    assert axes_of(nn.Linear(2, 9), 9, 2)["input"] == -1


def test_closed_form_torch_transformers_and_features_of_a_sequence() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    net = nn.Sequential(nn.TransformerEncoder(layer, 2, enable_nested_tensor=False))
    found = axes_of(net, 5, 8)
    assert set(found.values()) == {-1}


def test_law_channels_added_are_no_permutation() -> None:
    for functions in (True, False):
        assert set(axes_of(nn.Sequential(Fire()), 3, 32, 32, functions=functions).values()) == {0}


@pytest.mark.parametrize("n", [5, 8])
def test_closed_form_a_norm_of_channels_first_is_not_a_norm_of_the_last_axis(n: int) -> None:
    net = nn.Sequential(nn.Conv2d(3, 5, 1), LayerNorm2d(5), nn.GELU())
    found = axes_of(net, 3, 8, 8, functions=False)
    assert [found[name] for name in ("0", "1", "2", "output")] == [0, 0, 0, 0]
    whole = nn.Sequential(nn.Conv2d(3, 5, 1), nn.LayerNorm((5, 8, n)))
    assert axes_of(whole, 3, 8, n)["1"] == 0


def test_contract_the_user_overrides_by_name_and_glob() -> None:
    net = nn.Sequential(nn.Conv1d(3, 4, 1), nn.ReLU(), nn.ReLU())
    found = axes_of(net, 3, 9, axes={"1": -1, "?": 0})
    assert [found[name] for name in "012"] == [0, -1, 0]
    with pytest.raises(NotFound, match="no layer 'relu9' in axes"):
        axes_of(net, 3, 9, axes={"relu9": 0})
    with pytest.raises(InvalidValue, match=r"axes\['1'\] must be 0 .*; got 1"):
        axes_of(net, 3, 9, axes={"1": 1})
