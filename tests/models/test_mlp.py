"""Contract: names, shapes, initial weights; and torch's random state stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwise.foundation.checks import UserError
from layerwise.models import convnet, mlp


def test_the_paper_s_network_by_name_and_size() -> None:
    model = mlp((1, 28, 28), 10)
    assert [name for name, _ in model.named_children()] == [
        "flatten", "fc1", "relu1", "dropout1", "fc2", "relu2", "dropout2",
        "fc3", "relu3", "dropout3", "fc4", "relu4", "dropout4", "output",
    ]  # fmt: skip
    assert [m.p for m in model if isinstance(m, nn.Dropout)] == [0.2, 0.3, 0.4, 0.5]
    # 784*1000 + 3*1000*1000 + 1000*10 weights and one bias per unit, by hand
    assert sum(p.numel() for p in model.parameters()) == 3_794_000 + 4_010


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 32, 32), (39,)])
@pytest.mark.parametrize("hidden", [(), (5,), (7, 3)])
def test_any_input_any_width(shape: tuple[int, ...], hidden: tuple[int, ...]) -> None:
    model = mlp(shape, 4, hidden=hidden, dropout=(0.1,) * len(hidden))
    assert model(torch.zeros(2, *shape)).shape == (2, 4)


@pytest.mark.parametrize("build", [mlp, convnet])
def test_glorot_uniform_zero_bias_closed_form(build: type) -> None:
    model = build((1, 16, 16), 10, random_state=1)
    for module in model:
        if isinstance(module, nn.Linear | nn.Conv2d):
            area = module.weight[0, 0].numel()
            fan = (module.weight.shape[0] + module.weight.shape[1]) * area
            bound = (6 / fan) ** 0.5
            weight = module.weight.detach()
            assert weight.abs().max() <= bound
            if weight.numel() > 1000:  # a uniform variable has deviation bound / sqrt(3)
                assert weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.1)
            assert not module.bias.detach().any()


@pytest.mark.parametrize("build", [mlp, convnet])
def test_same_seed_same_weights_and_global_state_untouched(build: type) -> None:
    def weights(seed: int) -> np.ndarray:
        return next(build((1, 8, 8), 3, random_state=seed).parameters()).detach().numpy()

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first, same, other = weights(0), weights(0), weights(1)
    assert torch.equal(torch.rand(3), expected)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": (3, 3)}, "mlp: dropout must be one probability for each of the 2 hidden"),
        ({"hidden": (0,), "dropout": (0.5,)}, "mlp: hidden must be an integer >= 1; got 0"),
        ({"hidden": (3,), "dropout": (1.5,)}, r"mlp: dropout must be a number in \[0, 1\]; got"),
        ({"n_classes": 1}, "mlp: n_classes must be an integer >= 2; got 1"),
    ],
)
def test_refusals(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        mlp(**{"input_shape": (4,), "n_classes": 3, **settings})
