"""Watching a network: what is seen is what a forward by hand computes, and nothing is changed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from tests.awkward import Attention, Branching, Case, Functional, Nested, Shared, TwoNames, cases
from torch import nn

from layerwise.network import ModelError, select, survey, unwrap, watch
from layerwise.network.values import first_tensor, tensors

CASES = cases()


def by_name(case: Case) -> str:
    return case.name


def seen(model: nn.Module, batch: Any, layers: list[str]) -> dict[str, torch.Tensor]:
    """Return a copy of every chosen layer."""
    found: dict[str, torch.Tensor] = {}
    sites = select(survey(model, batch), layers)
    with watch(model, sites, lambda i, t: found.__setitem__(sites[i].name, t.clone())) as run:
        run(batch)
    return found


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_reference_every_awkward_model_shows_what_it_computes(case: Case) -> None:
    (value,) = seen(case.model, case.batch, [case.layer]).values()
    case.model.eval()
    with torch.no_grad():
        torch.testing.assert_close(value, case.expected(case.model, case.batch))


@pytest.mark.parametrize("case", CASES, ids=by_name)
def test_law_a_watched_model_is_left_as_it_was(case: Case) -> None:
    model = unwrap(case.model)
    seen(case.model, case.batch, [case.layer])  # lazy modules take their shapes
    for i, module in enumerate(model.modules()):
        module.training = i % 2 == 0
    flags = [module.training for module in model.modules()]
    state = copy.deepcopy(model.state_dict())
    hooks = sum(len(m._forward_hooks) for m in model.modules())
    seen(case.model, case.batch, [case.layer])
    assert [module.training for module in model.modules()] == flags
    assert sum(len(m._forward_hooks) for m in model.modules()) == hooks == 0
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name])
    assert all(p.grad is None for p in model.parameters())


def test_law_every_case_still_trains_after_watching() -> None:
    for case in cases():
        seen(case.model, case.batch, [case.layer])
        outputs = [t for _, t in tensors(case.model.train()(*_args(case)))]
        if any(t.requires_grad for t in outputs):
            sum(t.sum() for t in outputs if t.requires_grad).backward()


def _args(case: Case) -> Any:
    if isinstance(case.batch, dict):
        return tuple(case.batch.values())
    return case.batch if isinstance(case.batch, tuple) else (case.batch,)


def test_default_layers_transform_their_input() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Dropout(), nn.Identity())
    assert [site.name for site in select(survey(model, torch.zeros(2, 4)))] == ["1", "2"]


def test_default_takes_attention_whole_since_its_parts_never_fire() -> None:
    chosen = select(survey(Attention(), torch.zeros(2, 3, 8)))
    assert [site.name for site in chosen] == ["attention[0]"]


def test_functions_stand_where_they_are_computed() -> None:
    names = [site.name for site in survey(Functional(), torch.zeros(2, 1, 28, 28)).sites]
    assert names == [
        "input", "conv1", "relu", "conv2", "relu_1", "max_pool2d", "dropout1", "flatten",
        "fc1", "relu_2", "fc2", "log_softmax", "output",
    ]  # fmt: skip


def test_a_container_and_a_function_can_be_watched_together() -> None:
    model = nn.Sequential(nn.Sequential(nn.Linear(4, 3), nn.ReLU()), nn.Linear(3, 2))
    assert set(seen(model, torch.zeros(2, 4), ["0", "1"])) == {"0", "1"}


def test_a_function_inside_a_watched_module_is_refused() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Functional()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x).exp()

    with pytest.raises(ModelError, match="lie inside a module that is recorded too"):
        seen(Outer(), torch.zeros(2, 1, 28, 28), ["inner", "relu_1"])


def test_globs_take_brackets_literally() -> None:
    found = survey(nn.LSTM(4, 3, batch_first=True), torch.zeros(2, 6, 4))
    assert [site.name for site in select(found, ["output[0]"])] == ["output[0]"]
    found = survey(Shared(), torch.zeros(2, 4))
    assert [site.name for site in select(found, ["relu#*", "a"])] == ["a", "relu#0", "relu#1"]


def test_forward_stops_after_the_last_wanted_layer() -> None:
    class Bomb(nn.Module):
        armed = False

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            if self.armed:
                raise RuntimeError("went too far")
            return x

    bomb = Bomb()
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), bomb)
    sites = select(survey(model, torch.zeros(2, 4)), ["0", "1"])
    bomb.armed = True
    counted = []
    with watch(model, sites, lambda i, t: counted.append(i)) as run:
        run(torch.zeros(2, 4))
    assert counted == [0, 1]


@pytest.mark.parametrize(
    ("model", "batch", "layers", "sentence"),
    [
        (Functional(), torch.zeros(2, 1, 28, 28), ["relu_9"], r"Did you mean 'relu_\d'\? Lay"),
        (Shared(), torch.zeros(2, 4), ["relu"], r"called 2 times in one forward.*relu#0, relu#1"),
        (Attention(), torch.zeros(2, 3, 8), ["attention.out_proj"], "never called as a module"),
        (Branching(), torch.ones(2, 4), ["relu"], "Only modules can be addressed"),
        (nn.Sequential(nn.LSTM(4, 3)), torch.zeros(6, 2, 4), ["0[1][0]"], "batch_first=True"),
        (nn.Sequential(nn.Dropout()), torch.zeros(2, 4), None, "name the layers to record"),
    ],
)  # fmt: skip
def test_a_wrong_layer_is_one_sentence(model: Any, batch: Any, layers: Any, sentence: str) -> None:
    with pytest.raises(LookupError if layers and "batch_first" not in sentence else ModelError,
                       match=sentence) as error:  # fmt: skip
        select(survey(model, batch), layers)
    assert "\n" not in str(error.value)


def test_a_tuple_without_address_gives_notice() -> None:
    found = survey(nn.Sequential(nn.LSTM(4, 3, batch_first=True)), torch.zeros(2, 6, 4))
    with pytest.warns(UserWarning, match=r"taking '0\[0\]'"):
        (site,) = select(found, ["0"])
    assert site.shape == (6, 3)


def test_aliases_are_listed() -> None:
    found = survey(TwoNames(), torch.zeros(2, 4))
    assert found.aliases == {"tied": "encoder"}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_modules_are_an_error_not_an_empty_layer() -> None:
    scripted = torch.jit.script(nn.Sequential(nn.Linear(4, 3), nn.ReLU()))
    with pytest.raises(TypeError, match="Give the Python module it was made from"):
        survey(scripted, torch.zeros(2, 4))
    with pytest.raises(LookupError, match=r"no layer '0\.1'"):
        select(survey(nn.Sequential(scripted), torch.zeros(2, 4)), ["0.1"])


def test_a_failing_forward_is_one_sentence_and_restores_flags() -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.Dropout()).train()
    with pytest.raises(
        ModelError, match=r"Sequential failed on a batch of shape \(2, 5\)"
    ) as error:
        survey(model, torch.zeros(2, 5))
    assert "\n" not in str(error.value)
    assert all(module.training for module in model.modules())


def test_a_changing_number_of_calls_is_refused() -> None:
    class Moody(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.relu = nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(int(x[0, 0])):
                x = self.relu(x)
            return x

    model = Moody()
    sites = select(survey(model, torch.full((2, 3), 2.0)), ["relu#*"])
    sentence = "called 3 times in this forward and 2 in the first"
    with watch(model, sites, lambda i, t: None) as run, pytest.raises(ModelError, match=sentence):
        run(torch.full((2, 3), 3.0))


def test_no_module_is_refused() -> None:
    with pytest.raises(TypeError, match=r"model must be a torch\.nn\.Module; got function"):
        unwrap(lambda x: x)  # type: ignore[arg-type]


def test_nested_batches_are_walked() -> None:
    found = survey(Nested(), torch.zeros(2, 4))
    assert "head.logits" in found.names
    assert first_tensor({"a": (None, torch.ones(3))}).shape == (3,)


def test_contract_a_model_without_weights_is_one_sentence() -> None:
    with pytest.raises(ModelError, match="Linear is on the meta device, where weights have no"):
        survey(nn.Linear(2, 2, device="meta"), torch.zeros(1, 2, device="meta"))
