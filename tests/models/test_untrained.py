"""Contract: the control has the architecture and nothing of what was learned."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from layerwise.foundation.checks import UserError
from layerwise.models import untrained


def trained() -> nn.Sequential:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)
    )
    with torch.no_grad():
        for tensor in model.state_dict().values():
            tensor.fill_(7)
    return model


def test_nothing_of_the_old_weights_is_left() -> None:
    model = trained()
    fresh = untrained(model)
    assert all((tensor != 7).all() for tensor in fresh.state_dict().values())
    assert all((tensor == 7).all() for tensor in model.state_dict().values())
    assert (fresh[1].running_mean == 0).all()
    assert (fresh[1].running_var == 1).all()


def test_law_the_seed_decides_and_the_global_state_is_left_alone() -> None:
    model, before = trained(), torch.random.get_rng_state()
    one, again, other = (untrained(model, random_state=seed)[0].weight for seed in (0, 0, 1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_the_weights_are_those_of_a_new_network() -> None:
    torch.manual_seed(5)
    new = nn.Conv2d(1, 4, 3)
    assert torch.equal(untrained(trained(), random_state=5)[0].weight, new.weight)


def test_attention_is_drawn_anew_too() -> None:
    model = nn.MultiheadAttention(4, 2)
    with torch.no_grad():
        model.in_proj_weight.fill_(7)
    assert (untrained(model).in_proj_weight != 7).all()


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))


@pytest.mark.parametrize("module", [Own(), weight_norm(nn.Linear(2, 2))])
def test_a_module_without_a_rule_is_named(module: nn.Module) -> None:
    with pytest.raises(UserError, match=r"made of modules with reset_parameters\(\); got 1"):
        untrained(nn.Sequential(nn.ReLU(), module))
