"""The study of Zeiler and Fergus: a network trained here, a stranger's; trends in slow tests."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import analysis, data, studies
from layerwise.foundation.checks import UserError
from layerwise.studies.asked import Looked
from layerwise.studies.deconvnet import answered

module = import_module("layerwise.studies.deconvnet")  # its name is taken by the function

SETTINGS: dict[str, Any] = {"epochs": 2, "n_shown": 60}


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    patch = pytest.MonkeyPatch()
    few = module.variants  # the whole ablation is for slow tests
    patch.setattr(module, "variants", lambda plan, shape: few(plan, shape)[:2])
    patch.setattr(module, "CHANGES", ("translation", "rotation"))
    try:
        return studies.deconvnet("digits", to=tmp_path_factory.mktemp("deconvnet"), **SETTINGS)
    finally:
        patch.undo()


def test_every_question_of_the_paper_is_answered(looked: Looked) -> None:
    (run,) = looked.runs
    ends = {"epoch-000", "epoch-002"}
    layers = {"relu1", "relu2", "relu3", "relu4", "relu5"}
    assert set(run.checkpoints) == {"epoch-000", "epoch-001", "epoch-002"}
    top = run.table("top")
    assert set(top["checkpoint"]) == set(run.checkpoints)
    assert set(top["layer"]) == layers
    assert top.groupby(["layer", "checkpoint", "unit"]).size().max() == 9
    assert set(run.table("occlusion")["checkpoint"]) == ends
    assert run.table("occlusion")["observation"].nunique() == 3
    moved = run.table("invariance")
    assert set(moved["layer"]) == {"relu1", "relu5", ""}
    assert moved["observation"].nunique() == 5
    assert {"top patches", "feature evolution", "filters"} <= set(run.table("images")["kind"])
    lost = analysis.ablation_summary(run.table("ablation"))
    assert lost["variant"].tolist() == ["whole", "without layers 2, 3"]
    assert (lost["seeds"] == 3).all()
    probed = run.table("generalisation")
    assert set(probed["checkpoint"]) == ends
    assert probed["layer"].drop_duplicates().tolist() == list(run.layers[:-1])
    assert run.layers == ("input", "relu1", "relu2", "relu3", "relu4", "relu5", "output")
    assert run.layer("relu4").n_units == 32
    assert set(probed["learned"]) == {"digits 0, 1, 2, 3, 4"}
    assert set(probed["data"]) == {"digits 5, 6, 7, 8, 9"}
    page = looked.report.read_text()
    for anchor in ('id="ablation"', 'id="generalisation"', 'id="occlusion"', 'id="invariance"'):
        assert anchor in page
    assert run.verify() == []


def test_reference_the_strongest_observation_of_a_unit(looked: Looked) -> None:
    (run,) = looked.runs
    test = data.load("digits")
    model = module.PLAN.network(test.input_shape, 10, 0)
    from layerwise.network import apply_weights, load_weights

    apply_weights(model, load_weights(run.path / "training" / "epoch-002.safetensors"))
    with torch.no_grad():
        A = model[:2](torch.from_numpy(test.inputs())).numpy()  # relu1
    rows = run.table("top").query(
        "layer == 'relu1' and checkpoint == 'epoch-002' and rank == 0"
    ).set_index("unit")  # fmt: skip
    peaks = A.max(axis=(2, 3))
    for unit in rows.index[rows["value"] > 0]:
        assert rows.loc[unit, "observation"] == peaks[:, unit].argmax()
        assert rows.loc[unit, "value"] == pytest.approx(peaks[:, unit].max(), rel=1e-5)
        assert rows.loc[unit, "class"] == str(test.labels["digit"][peaks[:, unit].argmax()])


def test_shown_are_the_first_that_are_right_of_different_classes(looked: Looked) -> None:
    (run,) = looked.runs
    rows = answered(run, 5)
    codes, _ = analysis.class_codes(run)
    right = analysis.predictions(run)["correct"].to_numpy()
    assert right[rows].all()
    assert len(set(codes[rows])) == 5
    for k, row in enumerate(rows):
        earlier = [i for i in range(row) if right[i] and codes[i] not in set(codes[rows[:k]])]
        assert not earlier
    assert len(answered(run, 10**6)) == run.n_observations


class Stranger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.out = nn.Conv2d(1, 5, 3), nn.Linear(5 * 9, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(nn.functional.max_pool2d(torch.relu(self.conv(x)), 2).flatten(1))


def test_a_strangers_network_is_probed_for_data_that_the_user_names(tmp_path: Path) -> None:
    torch.manual_seed(0)
    pixels = np.random.default_rng(0).integers(0, 256, (80, 12, 12, 3), np.uint8)
    np.savez(tmp_path / "noise.npz", x=np.repeat(pixels, 5, axis=0), y=np.arange(400) % 4)
    found = studies.deconvnet(
        "digits", model=Stranger(), other=str(tmp_path / "noise.npz"), to=tmp_path / "run",
        n_shown=30,
    )  # fmt: skip
    (run,) = found.runs
    assert run.checkpoints == ("untrained", "trained")
    assert set(run.table("top")["layer"]) == {"relu"}
    assert "ablation" not in run.tables
    probed = run.table("generalisation")
    assert set(probed["checkpoint"]) == {"untrained", "trained"}
    assert set(probed["learned"]) == {"digits"}
    assert probed["data"].str.startswith("noise").all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"weights": ["a.pt"]}, "weights must be left out without a model"),
        ({"profile": "slow"}, "deconvnet: profile must be one of quick, paper"),
        ({"seeds": 0}, "seeds must be an integer >= 1"),
        ({"name": "minst"}, "no data set 'minst'"),
    ],
)
def test_refusals(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        studies.deconvnet(**{"name": "digits", "to": tmp_path / "run", **settings})
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.needs_data
def test_trends_on_mnist(shared_data: Path, tmp_path: Path) -> None:
    """Z4 on the paper's five pictures: the first layer moves more than the last when shifted."""
    found = studies.deconvnet("mnist", data_dir=shared_data / "mnist", to=tmp_path)
    (run,) = found.runs
    last = run.checkpoints[-1]
    table = run.table("invariance")
    table = table[(table["checkpoint"] == last) & (table["transform"] == "translation")]
    table = table[table["measure"] == "relative distance"]
    near = table[table["size"].abs().between(0.5, 2)].groupby("layer")["value"].mean()
    assert near["relu1"] > near["relu5"]
    scores = found.summary[found.summary["checkpoint"] == last].set_index("score")["value"]
    assert scores["accuracy, whole test set"] > 0.97
