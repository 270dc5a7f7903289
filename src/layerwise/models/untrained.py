"""The control of a trained network: the same architecture before it has learned anything."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from layerwise.foundation.checks import invalid
from layerwise.foundation.random import RandomState, seed
from layerwise.network.model import unwrap


def untrained(model: nn.Module, *, random_state: RandomState = 0) -> nn.Module:
    """Return a copy of a network with weights drawn anew, each module by its own rule.

    The rule is ``reset_parameters``, which torch's modules have and call when they are made; the
    statistics of batch normalisation go back to 0 and 1. What an author did to the weights
    afterwards, such as another initial scale, is not known and not repeated.

    Parameters
    ----------
    model : left as it is
    random_state : seed of the weights; torch's global random state is not touched

    Raises
    ------
    InvalidValue
        If a module with weights has no such rule.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    >>> one, again = (untrained(net, random_state=1)[0].weight for _ in range(2))
    >>> bool((one == again).all()), bool((one == net[0].weight).any())
    (True, False)
    """
    copy = deepcopy(unwrap(model))
    rules, lawless = [], []
    for name, module in copy.named_modules():
        # a multi-head attention hides its rule, a parametrised weight would not notice it
        rule = getattr(module, "reset_parameters", getattr(module, "_reset_parameters", None))
        if is_parametrized(module):
            lawless.append(name or type(module).__name__)
        elif callable(rule):
            rules.append(rule)
        elif next(module.parameters(recurse=False), None) is not None:
            lawless.append(name or type(module).__name__)
    if lawless:
        raise invalid(
            "untrained", "model", "made of modules with reset_parameters()",
            f"{', '.join(lawless[:5])} without",
            "Give these modules such a method, or bring an untrained network of your own.",
        )  # fmt: skip
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.default_generator.manual_seed(seed(random_state))
        for rule in rules:
            rule()
    return copy
