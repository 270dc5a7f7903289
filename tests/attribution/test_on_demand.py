"""A network asked on demand: what it says is what was recorded, whatever the layer's form.

Round trip (a recorded unit's value is the target's value), contract (weights, data, errors).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from layerwise import attribution
from layerwise.attribution import OnDemand
from layerwise.attribution.on_demand import LIVE, MOST_WAITING, N_STEPS, _cover
from layerwise.attribution.windows import Windows
from layerwise.foundation.checks import UserError
from layerwise.network.weights import fingerprint
from layerwise.recording import record
from layerwise.store import Run

N = 6


class Maps(nn.Module):
    """Convolutions with functional and in-place rectifiers, which a softmax ends."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 5, 3)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.conv1(x))
        x = torch.relu(self.conv2(x)).mean((2, 3))
        return self.fc(x).softmax(1)


class Tokens(nn.Module):
    """Channels come last."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(4, 6), nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.tanh(self.first(x)).mean(1))


def built(kind: type[nn.Module], seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return kind()


def inputs(*shape: int) -> torch.Tensor:
    return torch.rand(N, *shape, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return inputs(3, 9, 8)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, images: torch.Tensor) -> Run:
    """Two checkpoints, whose weights lie beside it as a training leaves them."""
    folder = tmp_path_factory.mktemp("asked") / "run"
    (folder / "training").mkdir(parents=True)
    for seed, name in enumerate(("early", "late")):
        model = built(Maps, seed)
        made = record(
            model, images, to=folder, checkpoint=name,
            layers=["input", "conv1", "relu", "conv2", "fc", "output"],
            pooling={"conv2": "mean", "relu": "max", "*": "flatten"},
        )  # fmt: skip
        safetensors.torch.save_file(model.state_dict(), folder / "training" / f"{name}.safetensors")
    return made


@pytest.mark.parametrize("layer", ["input", "conv1", "relu", "conv2", "fc", "output"])
@pytest.mark.parametrize("checkpoint", ["early", "late"])
def test_round_trip_the_value_of_a_recorded_unit(run: Run, layer: str, checkpoint: str) -> None:
    ask = OnDemand(run, built(Maps, 7))
    recorded = np.asarray(run.activations(layer, checkpoint)[2:3])[0]
    for unit in {0, len(recorded) // 2, len(recorded) - 1}:
        answer = ask(run, checkpoint, 2, layer=layer, unit=unit)
        assert answer["value"] == pytest.approx(recorded[unit], abs=1e-5)
        assert answer["attribution"].shape == (9, 8)


@pytest.mark.parametrize("pooling", ["flatten", "mean", "max", "cls", "last", "masked_mean"])
def test_round_trip_where_channels_come_last(tmp_path: Path, pooling: str) -> None:
    model = built(Tokens)
    how = {"first": pooling, "*": "flatten"}
    run = record(model, inputs(5, 4), to=tmp_path / "run", layers=["input", "first"], pooling=how)
    ask = OnDemand(run, model)
    recorded = np.asarray(run.activations("first")[1:2])[0]
    for unit in range(0, len(recorded), 5):
        answer = ask(run, "final", 1, layer="first", unit=unit)
        assert answer["value"] == pytest.approx(recorded[unit], abs=1e-5)
        assert answer["attribution"].shape == (5,)


@pytest.mark.parametrize("method", LIVE)
def test_reference_it_is_what_the_method_gives(run: Run, images: torch.Tensor, method: str) -> None:
    model = built(Maps, 1)
    output = run.activations("output", "late")[:][3]
    predicted = int(np.argmax(output))
    answer = OnDemand(run, built(Maps))(run, "late", 3, method)
    assert answer["target"] == f"logit:{predicted}"
    np.testing.assert_allclose(answer["output"], output, atol=1e-6)
    options = {
        "grad_cam": {"layer": answer["layer"]}, "integrated_gradients": {"n_steps": N_STEPS},
        "occlusion": {"window": 2, "stride": 1},
    }.get(method, {})  # fmt: skip
    whole = attribution.attribute(model, f"logit:{predicted}", images[3:4], method, **options)
    expected = whole[0, 0] if method in ("grad_cam", "occlusion") else whole[0].sum(axis=0)
    np.testing.assert_allclose(answer["attribution"], expected, atol=1e-6)
    assert answer["channels"] == (1 if method in ("grad_cam", "occlusion") else 3)


@pytest.mark.parametrize(
    ("shape", "axis"),
    [((1, 3, 227, 227), 1), ((1, 200, 100, 3), 3), ((1, 1, 8, 8), 1), ((1, 2, 5000), 1),
     ((1, 784), 0), ((1, 3), 0), ((1, 1, 40, 40, 40), 1), ((1, 3, 1, 30), 1)],
)  # fmt: skip
def test_law_a_cover_has_few_places_and_leaves_no_gap(shape: tuple[int, ...], axis: int) -> None:
    how = _cover(shape, axis)
    size = [side for at, side in enumerate(shape[1:], start=1) if at != axis]
    windows = Windows.over("test", size, how["window"], how["stride"])
    assert windows.n <= 150
    covered = windows.masks(np.arange(windows.n)).any(dim=0)
    assert bool(covered.all())


def test_a_class_can_be_asked_for_and_maps_lie_before_the_target(run: Run) -> None:
    ask = OnDemand(run, built(Maps))
    assert ask(run, "late", 0, unit=1)["target"] == "logit:1"
    assert ask(run, "late", 0, "grad_cam", layer="relu", unit=1)["layer"] == "conv1"
    with pytest.raises(UserError, match="Grad-CAM needs a layer of maps before the target"):
        ask(run, "late", 0, "grad_cam", layer="conv1", unit=1)


def test_weights_are_known_by_what_they_are_not_by_their_name(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "early.safetensors"  # but it holds the late ones
    safetensors.torch.save_file(built(Maps, 1).state_dict(), other)
    ask = OnDemand(run, built(Maps), weights=[other])
    expected = run.activations("output", "late")[:][0]
    np.testing.assert_allclose(ask(run, "late", 0)["output"], expected, atol=1e-6)
    with pytest.raises(UserError, match="The weights of checkpoint 'early' were not given"):
        (OnDemand(away(run, tmp_path), built(Maps), weights=[other]))(run_of(tmp_path), "early", 0)


def away(run: Run, folder: Path) -> Run:
    """Return the same run without the weights beside it."""
    import shutil

    shutil.copytree(run.path, folder / "away", ignore=shutil.ignore_patterns("training"))
    return run_of(folder)


def run_of(folder: Path) -> Run:
    return Run.open(folder / "away")


def test_the_network_as_it_is_and_that_of_another_training(run: Run, tmp_path: Path) -> None:
    bare, model = away(run, tmp_path), built(Maps, 1)
    before = fingerprint(model)
    assert OnDemand(bare, model)(bare, "late", 0)["output"].shape == (3,)
    with pytest.raises(UserError, match="weights must be those of a checkpoint of away"):
        OnDemand(bare, built(Maps, 9))
    other = tmp_path / "other.safetensors"
    safetensors.torch.save_file(built(Maps, 9).state_dict(), other)
    with pytest.raises(UserError, match=r"got .*other\.safetensors, which has others"):
        OnDemand(run, model, weights=[other])
    with pytest.raises(UserError, match="state must be made for Tokens"):
        OnDemand(run, built(Tokens))
    assert fingerprint(model) == before


def test_a_file_that_changes_later_is_found_out(run: Run, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(run.path, tmp_path / "away")
    own = run_of(tmp_path)
    ask = OnDemand(own, built(Maps))
    safetensors.torch.save_file(
        built(Maps, 9).state_dict(), own.path / "training" / "early.safetensors"
    )
    with pytest.raises(UserError, match="weights of checkpoint 'early' must be those that away"):
        ask(own, "early", 0)
    assert ask(own, "late", 0)["target"].startswith("logit:")


def test_inputs_that_were_not_recorded_are_given(tmp_path: Path, images: torch.Tensor) -> None:
    model = built(Maps)
    run = record(model, images, to=tmp_path / "run", layers=["fc"])
    with pytest.raises(UserError, match="data must be given for run, which did not record"):
        OnDemand(run, model)
    for other in (images[:-1], images.flip(0)):
        with pytest.raises(UserError, match="data must be those that run recorded"):
            OnDemand(run, model, data=other)
    answer = OnDemand(run, model, data=images)(run, "final", 4, layer="fc", unit=2)
    assert answer["value"] == pytest.approx(run.activations("fc")[:][4, 2], abs=1e-5)


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"row": N}, "row must be an integer"),
        ({"row": -1}, "row must be an integer"),
        ({"method": "magic"}, "method must be one of"),
        ({"unit": 3}, "below 3"),
        ({"layer": "fc", "unit": 3}, r"unit must be an integer in \[0, 2\]"),
        ({"layer": "nowhere", "unit": 0}, "no layer 'nowhere'"),
        ({"checkpoint": "nowhere"}, "no checkpoint 'nowhere'"),
    ],
)
def test_bad_questions_are_one_sentence(run: Run, how: dict[str, Any], sentence: str) -> None:
    ask = OnDemand(run, built(Maps))
    with pytest.raises(UserError, match=sentence) as error:
        ask(**{"run": run, "checkpoint": "late", "row": 0, **how})
    assert "\n" not in str(error.value)
    assert ask(run, "late", 0)["target"].startswith("logit:")


def test_who_no_longer_waits_is_not_answered_and_the_next_is(run: Run) -> None:
    ask = OnDemand(run, built(Maps))
    looks = iter([False, False, True])
    with pytest.raises(UserError, match="Nobody waits"):
        ask(run, "late", 0, stopped=lambda: next(looks))
    assert not ask._model._forward_pre_hooks
    assert ask(run, "late", 0)["target"].startswith("logit:")


def test_one_at_a_time_and_not_too_many_wait(run: Run) -> None:
    ask = OnDemand(run, built(Maps))
    inside, go = threading.Event(), threading.Event()
    busy: list[int] = []
    most: list[int] = []

    def watched(_module: nn.Module, _args: object) -> None:
        busy.append(1)
        most.append(len(busy))
        inside.set()
        assert go.wait(60)
        busy.pop()

    ask._model.conv1.register_forward_pre_hook(watched)
    found: list[dict[str, Any]] = []
    work: Callable[[], None] = lambda: found.append(ask(run, "late", 0))  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(1 + MOST_WAITING)]
    threads[0].start()
    assert inside.wait(60)
    for thread in threads[1:]:
        thread.start()
    while ask._waiting._value:
        pass
    with pytest.raises(UserError, match="busy"):
        ask(run, "late", 0)
    go.set()
    for thread in threads:
        thread.join(60)
    assert len(found) == len(threads)
    assert set(most) == {1}
