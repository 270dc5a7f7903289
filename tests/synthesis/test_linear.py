"""Linear combinations of filters: reference by loops and matrix products, identity, laws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from layerwise import models
from layerwise.foundation.checks import UserError
from layerwise.synthesis import linear_combination


def mlp(activation: type[nn.Module] = nn.Sigmoid) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Flatten(), nn.Linear(12, 7), activation(), nn.Linear(7, 6), activation(),
        nn.Linear(6, 4), nn.Softmax(1),
    )  # fmt: skip


def weights(net: nn.Sequential, place: int) -> np.ndarray:
    return net[place].weight.detach().numpy().astype(float)


@pytest.mark.parametrize("activation", [nn.Sigmoid, nn.ReLU, nn.Tanh, nn.GELU, nn.LeakyReLU])
def test_reference_of_an_mlp_it_is_the_product_of_its_matrices(activation: type) -> None:
    net = mlp(activation)
    W1, W2, W3 = (weights(net, place) for place in (1, 3, 5))
    for layer, expected in (("1", W1), ("3", W2 @ W1), ("4", W2 @ W1), ("5", W3 @ W2 @ W1)):
        found = linear_combination(net, layer, range(len(expected)), (3, 4))
        np.testing.assert_allclose(found.reshape(len(expected), -1), expected, atol=1e-6)
    softmaxed = linear_combination(net, "output", range(4), (3, 4))
    np.testing.assert_allclose(softmaxed.reshape(4, -1), W3 @ W2 @ W1, atol=1e-6)


def test_reference_largest_weights_by_literal_loops() -> None:
    net, keep = mlp(), 3
    image = {(1, i): filter_ for i, filter_ in enumerate(weights(net, 1))}
    for depth, W in ((2, weights(net, 3)), (3, weights(net, 5))):
        for j in range(len(W)):
            strongest = sorted(range(W.shape[1]), key=lambda i: -abs(W[j, i]))[:keep]
            image[depth, j] = sum(W[j, i] * image[depth - 1, i] for i in strongest)
    for depth, layer in ((1, "1"), (2, "3"), (3, "5")):
        expected = np.stack([value for key, value in image.items() if key[0] == depth])
        found = linear_combination(net, layer, range(len(expected)), (3, 4), keep=keep)
        np.testing.assert_allclose(found.reshape(len(expected), -1), expected, atol=1e-6)


def literally(first: np.ndarray, second: np.ndarray, unit: int, y: int, x: int, keep: int):
    """Put a first-layer filter, by its weight, wherever a second-layer filter looks.

    Two convolutions of stride 1 without padding, a 2 x 2 pool between them whose windows share
    what they get. The picture is of 12 x 12 pixels.
    """
    image = np.zeros((first.shape[1], 12, 12))
    _, channels, side, _ = second.shape
    places = [(c, v, u) for c in range(channels) for v in range(side) for u in range(side)]
    places.sort(key=lambda place: -abs(second[(unit, *place)]))
    for c, v, u in places[:keep]:
        for dv in range(2):
            for du in range(2):
                top, left = 2 * (y + v) + dv, 2 * (x + u) + du
                part = image[:, top : top + first.shape[2], left : left + first.shape[3]]
                part += second[unit, c, v, u] / 4 * first[c]
    return image


@pytest.mark.parametrize("keep", [5, 36])
@pytest.mark.parametrize("style", ["modules", "functions"])
def test_reference_transposed_convolutions_by_literal_loops(keep: int, style: str) -> None:
    class Functions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 5, 3)

        def forward(self, x: Tensor) -> Tensor:
            return torch.relu_(self.conv2(F.max_pool2d(F.relu(self.conv1(x), inplace=True), 2)))

    torch.manual_seed(0)
    functions = Functions()
    modules = nn.Sequential()
    modules.add_module("conv1", functions.conv1)
    modules.add_module("relu1", nn.ReLU())
    modules.add_module("pool1", nn.MaxPool2d(2))
    modules.add_module("conv2", functions.conv2)
    net = functions if style == "functions" else modules
    first, second = (
        conv.weight.detach().numpy().astype(float) for conv in (functions.conv1, functions.conv2)
    )
    found = linear_combination(net, "conv2", [3, 0], (2, 12, 12), keep=keep, position=(1, 2))
    for image, unit in zip(found, (3, 0), strict=True):
        np.testing.assert_allclose(image, literally(first, second, unit, 1, 2, keep), atol=1e-6)


def test_identity_of_the_first_layer_it_is_the_filter_where_the_unit_is() -> None:
    net = models.lenet((1, 28, 28), 10)
    found = linear_combination(net, "relu1", range(32), (1, 28, 28), keep=1)
    filters = net.conv1.weight.detach().numpy()
    np.testing.assert_allclose(found[:, :, 12:17, 12:17], filters, atol=1e-7)  # 24 x 24: middle 12
    found[:, :, 12:17, 12:17] = 0
    assert not found.any()


def test_law_batch_normalisation_scales_and_biases_do_not_count() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU()).train()
    net[1].running_var.fill_(4.0)
    net[1].eps = 0.0
    scale = net[1].weight.detach().numpy()
    plain = linear_combination(net, "0", range(3), (1, 6, 6))
    scaled = linear_combination(net, "2", range(3), (1, 6, 6))
    factor = (scale / 2)[:, None, None, None]
    np.testing.assert_allclose(scaled, factor * plain, rtol=1e-5)
    with torch.no_grad():
        net[0].bias.fill_(9.0)
    np.testing.assert_array_equal(linear_combination(net, "2", range(3), (1, 6, 6)), scaled)
    assert net.training
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_law_the_size_of_the_batch_does_not_count() -> None:
    net = mlp()
    one = linear_combination(net, "3", range(6), (3, 4), batch_size=4, keep=2)
    np.testing.assert_array_equal(one, linear_combination(net, "3", range(6), (3, 4), keep=2))


class Product(nn.Module):
    """Two layers that are multiplied: no picture of it is linear."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(4, 3), nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.one(x) * self.other(x)


@pytest.mark.parametrize(
    ("net", "layer", "changes", "words"),
    [
        (Product(), "output", {}, "layer must be reached through linear layers"),
        (nn.Linear(4, 3), "output", {"units": [3]}, "below 3"),
        (nn.Linear(4, 3), "outputs", {}, "no layer 'outputs'"),
        (nn.Linear(4, 3), "output", {"keep": 0}, "keep must be an integer >= 1; got 0"),
        (nn.Linear(4, 3), "output", {"position": "max"}, "position must be a place"),
        (nn.Linear(4, 3), "output", {"shape": (0,)}, "shape must be an integer >= 1; got 0"),
    ],
)
def test_bad_input_is_one_sentence(net: nn.Module, layer: str, changes: dict, words: str) -> None:
    arguments = {"units": [0], "shape": (4,), **changes}
    with pytest.raises(UserError, match=words):
        linear_combination(net, layer, **arguments)
    assert all(parameter.requires_grad for parameter in net.parameters())


def test_reference_weights_handed_over_by_name() -> None:
    class ByName(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            return F.linear(
                F.relu(F.linear(input=x, weight=self.a.weight)), weight=self.b.weight
            )  # fmt: skip

    net = ByName()
    W = net.b.weight.detach()
    kept = torch.where(W.abs() == W.abs().amax(1, keepdim=True), W, 0)
    found = linear_combination(net, "output", [0, 1], (3,), keep=1)
    np.testing.assert_allclose(found, (kept @ net.a.weight.detach()).numpy(), atol=1e-6)
    with pytest.raises(UserError, match="batch_size must be an integer >= 1; got 0"):
        linear_combination(net, "output", [0], (3,), batch_size=0)


def test_dilated_pools_are_refused() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2, dilation=2), nn.Conv2d(2, 2, 2))
    with pytest.raises(UserError, match="without dilated pools"):
        linear_combination(net, "2", [0], (1, 9, 9))
