"""Kernels of any layer: reference (what the layer computes), contract over kinds of layers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound
from layerwise.network import apply_weights, kernels


def correlate(kernel, x):
    """Compute a strided, dilated, grouped 2-D convolution of one image by loops."""
    n, per, height, width = kernel.weights.shape
    (sy, sx), (dy, dx) = kernel.stride, kernel.dilation
    down = (x.shape[1] - dy * (height - 1) - 1) // sy + 1
    across = (x.shape[2] - dx * (width - 1) - 1) // sx + 1
    out = np.zeros((n, down, across))
    for f in range(n):
        first = f // (n // kernel.groups) * per
        for y in range(down):
            for z in range(across):
                part = x[first : first + per, y * sy : y * sy + dy * height : dy,
                         z * sx : z * sx + dx * width : dx]  # fmt: skip
                out[f, y, z] = (part * kernel.weights[f]).sum()
        out[f] += 0 if kernel.bias is None else kernel.bias[f]
    return out


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 6, 3), nn.Conv2d(4, 6, (1, 3), groups=2, bias=False),
        nn.Conv2d(4, 8, 3, groups=4, stride=2), nn.Conv2d(4, 2, 3, dilation=(1, 2)),
        nn.Conv2d(4, 5, 1),
    ],
)  # fmt: skip
def test_reference_filters_are_what_a_convolution_computes_with(layer):
    kernel = kernels(layer)["output"]
    x = torch.randn(1, 4, 7, 8)
    expected = layer(x)[0].detach().numpy()
    np.testing.assert_allclose(correlate(kernel, x[0].numpy()), expected, atol=1e-5)
    assert kernel.n_inputs == 4
    assert kernel.n_filters == layer.out_channels
    assert kernel.kind == "Conv2d"


@pytest.mark.parametrize("groups", [1, 2])
def test_reference_a_transposed_filter_is_what_it_paints(groups):
    layer = nn.ConvTranspose2d(4, 6, (3, 2), groups=groups, bias=False)
    kernel = kernels(layer)["output"]
    assert kernel.weights.shape == (6, 4 // groups, 3, 2)
    for i in range(4):
        x = torch.zeros(1, 4, 1, 1)
        x[0, i] = 1
        painted = layer(x)[0].detach().numpy()
        for f in range(6):
            same = i // (4 // groups) == f // (6 // groups)
            expected = kernel.weights[f, i % (4 // groups)] if same else np.zeros((3, 2))
            np.testing.assert_allclose(painted[f], expected)


def test_contract_one_dimension_and_linear():
    model = nn.Sequential(nn.Conv1d(2, 4, 5), nn.ConvTranspose1d(4, 3, 7), nn.Linear(6, 2))
    found = kernels(model)
    assert [k.weights.shape for k in found.values()] == [(4, 2, 5), (3, 4, 7), (2, 6)]
    assert [k.size for k in found.values()] == ["5", "7", ""]
    assert found["2"].stride == found["2"].dilation == ()
    np.testing.assert_array_equal(found["2"].bias, model[2].bias.detach().numpy())
    assert all(k.weights.dtype == np.float32 for k in found.values())


def test_contract_names_globs_and_shared_modules():
    shared = nn.Linear(3, 3)
    model = nn.ModuleDict({"a": nn.Conv2d(1, 2, 3), "b": nn.Sequential(shared, shared)})
    assert list(kernels(model)) == ["a", "b.0"]
    assert list(kernels(model, "b*")) == ["b.0"]
    assert list(kernels(model, ["b.1", "a"])) == ["a", "b.0"]
    with pytest.raises(
        NotFound, match=r"no layer 'c' in the layers with filters of ModuleDict.*a, b\.0\."
    ):
        kernels(model, "c")
    with pytest.raises(InvalidValue, match=r"one with linear layers or conv.*; got ReLU\."):
        kernels(nn.Sequential(nn.ReLU()))


def test_contract_kernels_are_copies_and_the_model_stays_as_it_was():
    model = nn.Sequential(nn.Linear(3, 2), nn.Dropout()).train()
    before = model[0].weight.detach().clone()
    kernels(model)["0"].weights[:] = 7
    assert torch.equal(model[0].weight, before)
    assert model.training
    assert model[1].training


def test_contract_volumes_are_refused_by_name_and_left_out_otherwise():
    model = nn.Sequential(nn.Conv3d(1, 2, 3), nn.Conv2d(1, 2, 3))
    assert list(kernels(model)) == ["1"]
    with pytest.raises(InvalidValue, match="linear layers or convolutions of one or two dim"):
        kernels(model, ["0"])
    assert list(kernels(model, "*")) == ["1"]


def old_weight_norm(layer):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return nn.utils.weight_norm(layer)


@pytest.mark.parametrize(
    "wrap",
    [nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm,
     nn.utils.parametrizations.orthogonal, old_weight_norm, nn.utils.spectral_norm],
)  # fmt: skip
def test_contract_computed_weights_are_those_of_the_next_forward(wrap):
    make = lambda: nn.Sequential(wrap(nn.Linear(6, 4)))  # noqa: E731
    model, other = make(), make()
    apply_weights(model, {k: v * 1.5 if v.dim() > 1 else v for k, v in other.state_dict().items()})
    model.eval()
    state = {name: value.clone() for name, value in model.state_dict().items()}
    kernel = kernels(model.train())["0"]
    after = model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in state.items())
    x = torch.randn(3, 6)
    expected = model.eval()(x).detach().numpy()
    np.testing.assert_allclose(x.numpy() @ kernel.weights.T + kernel.bias, expected, atol=1e-5)


def test_contract_pruned_weights_are_those_of_the_next_forward():
    def make():
        model = nn.Sequential(nn.Conv1d(3, 4, 2))
        prune.l1_unstructured(model[0], "weight", 0.5)
        prune.l1_unstructured(model[0], "bias", 2)
        prune.random_unstructured(model[0], "weight", 3)
        return model

    model, other = make(), make()
    apply_weights(model, other.state_dict())  # the attribute keeps the old numbers
    kernel = kernels(model)["0"]
    x = torch.randn(2, 3, 7)
    expected = nn.functional.conv1d(x, *map(torch.from_numpy, (kernel.weights, kernel.bias)))
    torch.testing.assert_close(model(x), expected)
    assert (kernel.weights == 0).sum() == 15
    assert (kernel.bias == 0).sum() == 2


def test_contract_wrapped_half_and_subclassed():
    class Padded(nn.Conv2d):
        pass

    model = nn.DataParallel(nn.Sequential(Padded(1, 2, 3).to(torch.bfloat16)))
    kernel = kernels(model)["0"]
    assert (kernel.kind, kernel.weights.dtype) == ("Padded", np.float32)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (nn.Sequential(nn.LazyConv2d(3, 3)), "layer 0 must have weights; got a lazy module or"),
        (nn.Sequential(nn.Linear(2, 2, device="meta")), "layer 0 must have weights; got a lazy"),
        (nn.Sequential(nn.Linear(2, 2, dtype=torch.complex64)), "layer 0 must have real weights"),
    ],
)
def test_contract_layers_without_numbers_are_one_sentence(model, sentence):
    with pytest.raises(InvalidType, match=sentence):
        kernels(model)


def test_contract_a_diverged_layer_is_named():
    model = nn.Sequential(nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight[0] = float("nan")
    with pytest.raises(InvalidValue, match="weights of 0 must be finite; got NaN or infinity in 2"):
        kernels(model)
