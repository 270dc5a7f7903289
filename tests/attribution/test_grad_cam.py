"""Grad-CAM: the class activation map where there is one, by loops, at any layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tests.networks import ConvNext, Signals, SmallViT
from torch import nn

from layerwise.attribution import grad_cam
from layerwise.foundation.checks import UserError


class Pooled(nn.Module):
    """A network that ends in a mean over positions and one dense layer."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.conv2 = nn.Conv2d(3, 5, 3), nn.Conv2d(5, 7, 3)
        self.inplace, self.fc = inplace, nn.Linear(7, 4)

    def forward(self, x):
        x = F.relu(self.conv1(x), inplace=self.inplace)
        return self.fc(F.relu(self.conv2(x), inplace=self.inplace).mean((2, 3)))


@pytest.fixture(scope="module")
def x():
    return torch.randn(3, 3, 10, 12, generator=torch.Generator().manual_seed(0))


def test_closed_form_equals_the_class_activation_map_up_to_the_number_of_positions(x):
    net = Pooled()
    with torch.no_grad():
        A = F.relu(net.conv2(F.relu(net.conv1(x))))
        cam = torch.einsum("k,nkyx->nyx", net.fc.weight[1], A).clamp_min(0)
    found = grad_cam(net, "logit:1", x, layer="relu_1")
    np.testing.assert_allclose(found * A[0, 0].numel(), cam.numpy(), rtol=1e-4, atol=1e-6)
    assert found.any()


def test_reference_equals_loops_below_a_nonlinear_head(x):
    net = Pooled().eval()
    found = grad_cam(net, "logit:2", x, layer="conv1", batch_size=2)
    for n in range(len(x)):
        A = net.conv1(x[n : n + 1]).detach().requires_grad_()
        (g,) = torch.autograd.grad(net.fc(F.relu(net.conv2(F.relu(A))).mean((2, 3)))[0, 2], A)
        expected = np.zeros(A.shape[2:])
        for k in range(A.shape[1]):
            expected += float(g[0, k].mean()) * A[0, k].detach().numpy()
        np.testing.assert_allclose(found[n], np.maximum(expected, 0), atol=1e-6)


def test_law_in_place_rectifiers_do_not_change_the_layer_before_them(x):
    expected = grad_cam(Pooled(), "logit:2", x, layer="conv1")
    np.testing.assert_allclose(grad_cam(Pooled(True), "logit:2", x, layer="conv1"), expected)


@pytest.mark.parametrize(("network", "layer", "shape"), [
    (SmallViT, "encoder.0", (3, 8, 8)), (ConvNext, "blocks.0", (3, 8, 8)),
    (Signals, "conv1", (2, 30)),
])  # fmt: skip
def test_outcome_any_layer_with_positions_on_the_input(network, layer, shape):
    x = torch.rand(2, *shape)
    found = grad_cam(network(), "logit:1", x, layer=layer, upsample=True)
    assert found.shape == (2, *shape)
    assert (found >= 0).all()
    assert np.ptp(found, axis=1).max() == 0  # the same for all channels


def test_closed_form_a_class_token_is_left_out_and_tokens_stand_in_rows():
    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches, self.fc = nn.Conv2d(1, 1, 2, stride=2, bias=False), nn.Linear(1, 1)
            self.mix = nn.LayerNorm(1, elementwise_affine=False, eps=1e9)

        def forward(self, x):
            tokens = self.patches(x).flatten(2).transpose(1, 2)
            tokens = torch.cat([tokens.new_full((len(x), 1, 1), 5.0), tokens], 1)
            tokens = self.fc(tokens)
            return tokens.sum(1)

    net = Tokens()
    for parameter in net.parameters():
        torch.nn.init.constant_(parameter, 1.0)
    x = torch.zeros(1, 1, 4, 6)
    x[0, 0, :2, 4:] = 1.0  # patch (0, 2)
    found = grad_cam(net, "logit:0", x, layer="fc", upsample=True)[0, 0]
    assert np.unravel_index(found.argmax(), found.shape)[1] == 5
    assert found[:2, 4:].min() > found[2:, :2].max()


def test_contract_layers_without_positions_are_refused(x):
    with pytest.raises(UserError, match="layer must be one with positions; got 'fc' of shape"):
        grad_cam(Pooled(), "logit:0", x, layer="fc")
    with pytest.raises(UserError, match="no layer 'conv9' in Pooled"):
        grad_cam(Pooled(), "logit:0", x, layer="conv9")
    with pytest.raises(UserError, match="does not depend on layer 'conv2'"):
        grad_cam(Pooled(), "conv1:0", x, layer="conv2")
    net = nn.Sequential(
        nn.Unflatten(1, (1, 12)), nn.Conv1d(1, 2, 2), nn.Flatten(), nn.Linear(22, 2)
    )
    with pytest.raises(UserError, match="upsample must be False"):
        grad_cam(nn.Sequential(nn.Flatten(), *net), "logit:0", torch.rand(2, 1, 3, 4), layer="2",
                 upsample=True)  # fmt: skip
