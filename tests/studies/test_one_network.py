"""Studies that look at one network: a LeNet trained here, or a stranger's beside its control."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import data, models, studies
from layerwise.analysis import class_maps_of
from layerwise.foundation.checks import UserError
from layerwise.network.weights import fingerprint
from layerwise.studies.asked import Looked
from layerwise.studies.training import TEST_ACCURACY

SETTINGS: dict[str, Any] = {"epochs": 3, "n_shown": 100}
BOTH = pytest.mark.parametrize("ask", [studies.parameters, studies.filter_statistics],
                               ids=lambda ask: ask.__name__)  # fmt: skip


class Stranger(nn.Module):
    """A network with a function for a rectifier, as strangers write them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 6, 3), nn.Linear(6 * 9, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(nn.functional.max_pool2d(torch.relu(self.conv(x)), 2).flatten(1))


@pytest.fixture(scope="module", autouse=True)
def _few_inputs() -> Iterator[None]:
    """Make few preferred inputs and twins: how many is no question here."""
    patch = pytest.MonkeyPatch()
    for name, value in {"N_UNITS": 1, "N_CLASSES": 2, "N_ATTACKED": 8}.items():
        patch.setattr(f"layerwise.studies.inputs.{name}", value)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a stranger's network that has learned digits."""
    torch.manual_seed(0)
    train = data.load("digits", split="train")
    *_, last = models.train(
        Stranger(), train.inputs(), train.labels["digit"], to=tmp_path_factory.mktemp("weights"),
        epochs=8, learning_rate=0.05,
    )  # fmt: skip
    return last.path.rename(last.path.with_name("stranger.safetensors"))


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    to = tmp_path_factory.mktemp("parameters")
    return studies.parameters("digits", to=to, **SETTINGS)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    to = tmp_path_factory.mktemp("told")
    return studies.filter_statistics("digits", to=to, seeds=2, **SETTINGS)


def accuracies(found: Looked) -> dict[str, float]:
    rows = found.summary[found.summary["score"] == TEST_ACCURACY]
    return dict(zip(rows["checkpoint"], rows["value"], strict=True))


def test_every_view_of_the_lecture_is_kept_at_every_checkpoint(looked: Looked) -> None:
    (run,) = looked.runs
    assert run.checkpoints == ("epoch-000", "epoch-001", "epoch-002", "epoch-003")
    for kind in ("kernels", "filters", "activity", "selectivity"):
        assert set(run.table(kind)["checkpoint"]) == set(run.checkpoints), kind
    assert set(run.table("kernels")["layer"]) == {"conv1", "conv2", "fc1", "output"}
    assert set(run.table("activity")["layer"]) == {"relu1", "relu2", "relu3"}
    assert set(run.table("activity")["subset"]) == set(run.labels["subset"]) == {"test"}
    images = run.table("images")
    assert {"filters", "activations"} <= set(images["kind"])
    shown = images[images["kind"] == "activations"]
    assert set(shown["checkpoint"]) - {""} == set(run.checkpoints)
    places = run.table("projections")
    assert set(places["layer"]) == {"input", "relu1", "pool2", "relu3"}
    assert run.verify() == []


def test_the_inputs_of_the_lecture_are_kept(looked: Looked) -> None:
    (run,) = looked.runs
    first, last = run.checkpoints[0], run.checkpoints[-1]
    told = run.table("attributions")
    assert set(told["method"]) == {
        "occlusion", "gradient", "smoothgrad", "deconvolution", "guided_backpropagation",
        "grad_cam",
    }  # fmt: skip
    assert set(told["checkpoint"]) == {first, last}
    assert set(told["observation"]) == {0}
    assert told["target"].nunique() == 1
    preferred = run.table("preferred")
    assert set(preferred["recipe"]) == {"lecture"}
    assert set(preferred["layer"]) == {"conv1", "conv2", "fc1", "classes"}
    assert set(preferred["checkpoint"]) == {first, last}
    twins = run.table("adversarial")
    assert len(twins) == 8
    assert set(twins["checkpoint"]) == {last}
    assert twins["flipped"].mean() > 0.5
    assert twins["control_flipped"].mean() < twins["flipped"].mean()


def test_reference_the_gentlest_twin_is_that_of_the_first_rate_that_is_enough(
    weights: Path,
) -> None:
    from layerwise.network import apply_weights, load_weights
    from layerwise.studies.inputs import RATES, gentlest
    from layerwise.synthesis import loss_ascent

    model = Stranger()
    apply_weights(model, load_weights(weights))
    x = data.load("digits").take(range(12)).inputs()
    found = gentlest(model, x)
    by_rate = [loss_ascent(model, x, rate=rate) for rate in RATES]
    for k in range(len(x)):
        enough = [one for one in by_rate if one.flipped[k]] or by_rate[-1:]
        np.testing.assert_allclose(found.inputs[k], enough[0].inputs[k], atol=1e-5)
        assert found.flipped[k] == enough[0].flipped[k]
        assert found.l2[k] == pytest.approx(enough[0].l2[k], rel=1e-4)
    assert found.originals is not x
    np.testing.assert_array_equal(found.originals, x)


def test_outcome_the_untrained_network_stands_beside_the_trained_one(looked: Looked) -> None:
    found = accuracies(looked)
    assert found["epoch-000"] < 0.3 < 0.85 < found["epoch-003"]
    moved = looked.runs[0].table("kernels").set_index(["checkpoint", "layer"])["moved"].sort_index()
    assert moved["epoch-000"].isna().all()
    assert (moved["epoch-003"] > moved["epoch-001"]).all()


def test_reference_tallies_are_those_of_the_whole_test_set(told: Looked) -> None:
    run = told.runs[0]
    model = models.lenet((1, 8, 8), 10, channels=(32, 64, 64), kernel_size=3, pools=(1, 1, 2))
    test = data.load("digits")
    state = run.path / "training" / "epoch-003.safetensors"
    from layerwise.network import apply_weights, load_weights

    apply_weights(model, load_weights(state))
    with torch.no_grad():
        A = model[:2](torch.from_numpy(test.inputs())).numpy()  # relu1
    table = run.table("activity").query(
        "layer == 'relu1' and subset == 'test' and checkpoint == 'epoch-003'"
    )
    whole = table[table["class"] == -1].sort_values("unit")
    np.testing.assert_allclose(whole["mean"], A.mean(axis=(0, 2, 3)), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(whole["active"], (A > 0).mean(axis=(0, 2, 3)), rtol=1e-6)
    assert (whole["n"] == A[:, 0].size).all()
    place = {"layer": "relu1", "subset": "test", "checkpoint": "epoch-003"}
    (maps,) = [
        maps for maps in class_maps_of(run.table("class_maps"))
        if {name: getattr(maps, name) for name in place} == place
    ]  # fmt: skip
    threes = A[test.labels["digit"] == 3].mean(axis=0)
    np.testing.assert_allclose(maps.means[3], threes, rtol=1e-4, atol=1e-6)


def test_both_sets_are_told_apart_and_the_questions_are_answered(told: Looked) -> None:
    assert (told.summary["seeds"] == 2).all()
    for run in told.runs:
        assert run.checkpoints == ("epoch-000", "epoch-003")
        for kind in ("activity", "selectivity", "class_maps", "class_statistics"):
            assert set(run.table(kind)["subset"]) == {"test", "train"}, kind
            assert set(run.table(kind)["checkpoint"]) == set(run.checkpoints), kind
    assert "3x3" in run.provenance["scale_down"]
    assert "keras-vis" in run.provenance["scale_down"]


@BOTH
def test_a_second_call_trains_nothing_and_writes_the_same_page(
    ask: Any, looked: Looked, told: Looked
) -> None:
    found = looked if ask is studies.parameters else told
    folder, page = found.report.parent, found.report.read_bytes()
    kept = {path: path.stat().st_mtime_ns
            for path in [*folder.rglob("*.npy"), *folder.rglob("*.safetensors")]}  # fmt: skip
    again = ask("digits", to=folder, seeds=len(found.runs), **SETTINGS)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert again.report.read_bytes() == page
    assert again.summary.equals(found.summary)


@BOTH
def test_a_strangers_network_beside_its_control(ask: Any, weights: Path, tmp_path: Path) -> None:
    model = Stranger()
    found = ask("digits", model=model, weights=[weights], to=tmp_path, n_shown=120)
    (run,) = found.runs
    assert run.checkpoints == ("untrained", "stranger")
    assert run.layers == ("input", "max_pool2d", "output")
    assert set(run.table("activity")["layer"]) == {"relu"}
    values = accuracies(found)
    assert values["untrained"] < 0.3 < 0.8 < values["stranger"]
    known = {one: run.checkpoint(one).fingerprint for one in run.checkpoints}
    assert known["stranger"] == fingerprint(model) != known["untrained"]
    assert "drawn anew" in run.provenance["scale_down"]
    assert run.provenance["network"] == "Stranger"


def test_a_network_that_holds_its_weights_needs_no_file(weights: Path, tmp_path: Path) -> None:
    from layerwise.network import apply_weights, load_weights

    model = Stranger()
    apply_weights(model, load_weights(weights))
    found = studies.filter_statistics(
        "digits", model=model, layers=["conv"], to=tmp_path, n_shown=50, seeds=2
    )
    assert all(run.checkpoints == ("untrained", "trained") for run in found.runs)
    controls = {run.checkpoint("untrained").fingerprint for run in found.runs}
    assert len(controls) == 2
    assert accuracies(found)["trained"] > 0.8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": ["a.pt"]}, "weights must be left out without a model; got a.pt"),
        ({"layers": ["relu1"]}, "layers must be left out without a model; got relu1"),
        ({"model": Stranger(), "epochs": 2}, "epochs must be left out with a model"),
        ({"model": Stranger}, "model must be a torch.nn.Module; got type"),
        ({"model": nn.Sequential(nn.Flatten(), nn.Linear(64, 3))}, "of the 3 classes that"),
        ({"profile": "slow"}, "profile must be one of quick, paper"),
        ({"seeds": 0}, "seeds must be an integer >= 1"),
        ({"name": "minst"}, "no data set 'minst'"),
        ({"model": Stranger(), "weights": ["untrained.pt"]}, "none 'untrained'"),
    ],
)
@BOTH
def test_refusals(ask: Any, settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        ask(**{"name": "digits", "to": tmp_path / "run", **settings})
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.needs_data
def test_trends_on_mnist(shared_data: Path, tmp_path: Path) -> None:
    found = studies.parameters("mnist", data_dir=shared_data / "mnist", to=tmp_path / "p")
    last = found.runs[0].checkpoints[-1]
    assert accuracies(found)[last] > 0.985
    hits = found.summary[found.summary["score"] == "neighborhood hit 2-D"]
    by_layer = hits[hits["checkpoint"] == last].set_index("layer")["value"]
    assert by_layer["pool1"] < by_layer["pool2"] < by_layer["relu3"]
    assert by_layer["relu3"] > 0.96

    found = studies.filter_statistics("mnist", data_dir=shared_data / "mnist", to=tmp_path / "f")
    run = found.runs[0]
    last = run.checkpoints[-1]
    assert accuracies(found)[last] > 0.98
    between = run.table("class_statistics").query(
        "measure == 'variance between classes' and unit == -1 and subset == 'test'"
    ).set_index(["checkpoint", "layer"])["value"]  # fmt: skip
    assert between[last, "relu4"] > 2 * between["epoch-000", "relu4"]
    assert between[last, "relu1"] < between[last, "relu4"]
