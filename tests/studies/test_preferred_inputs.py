"""The study of preferred inputs: every table beside its control, claims from numbers, strangers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from layerwise import data, studies
from layerwise.foundation.checks import UserError
from layerwise.studies.asked import Looked
from layerwise.studies.preferred_claims import claims
from layerwise.studies.preferred_inputs import Effort, climbed
from layerwise.studies.uniqueness import uniqueness
from layerwise.synthesis.recipes import RECIPES

SETTINGS: dict[str, Any] = {"epochs": 4, "n_shown": 60}
STUDY, STACKS = "layerwise.studies.preferred_inputs", "layerwise.studies.uniqueness"
"""Modules, of which the first has a function of its name in its package."""


class Stranger(nn.Module):
    """A network with functions for a rectifier and a norm, as strangers write them."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)
        self.out = nn.Linear(4 * 36, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.relu(self.norm(self.conv(x))).flatten(1))


@pytest.fixture(scope="module", autouse=True)
def little() -> Iterator[None]:
    """Climb little, in small stacks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[STUDY], "EFFORTS", {"quick": Effort(2, 2, 2, 2, 12, 30)})
        patch.setattr(sys.modules[STACKS], "HIDDEN", (16, 16, 16))
        patch.setattr(sys.modules[STACKS], "EPOCHS", 2)
        yield


@pytest.fixture(scope="module")
def looked(tmp_path_factory: pytest.TempPathFactory) -> Looked:
    to = tmp_path_factory.mktemp("preferred")
    return studies.preferred_inputs("digits", to=to, **SETTINGS)


def test_classes_by_every_recipe_units_of_every_layer_beside_the_control(looked: Looked) -> None:
    (run,) = looked.runs
    before, after = run.checkpoints
    table = run.table("preferred")
    found = {
        (layer, checkpoint): set(part["recipe"])
        for (layer, checkpoint), part in table.groupby(["layer", "checkpoint"])
    }
    shown = ["relu1", "relu2", "relu3", "fc1"]
    before_them = ["conv1", "conv2", "conv3", "fc1"]
    assert {*shown, *before_them, "classes"} == {layer for layer, _ in found}
    assert found["classes", after] == set(RECIPES)
    assert found["classes", before] == {"erhan", "ink"}
    for layer in shown[:3]:
        assert found[layer, after] == found[layer, before] == {"ink"}
    for layer in before_them[:3]:
        assert found[layer, after] == {"lecture"}
        assert (layer, before) not in found
    assert found["fc1", after] == {"ink", "lecture"}
    places = table.groupby(["layer", "recipe"])["position"].first()
    assert places["relu2", "ink"] == "mean"
    assert places["conv2", "lecture"] == "middle"
    assert places["fc1", "lecture"] == places["classes", "ink"] == ""
    assert set(table["n_real"]) == {len(data.load("digits"))}
    assert set(table["n_starts"]) == {2}
    assert (table.groupby("layer").size() > 0).all()
    order = table[table["recipe"] == "ink"].groupby("layer")["order"].min().sort_values()
    assert list(order.index) == [*shown, "classes"]
    kinds = set(run.table("images")["kind"])
    assert {"preferred inputs", "nearest inputs", "preferred inputs, every start"} <= kinds
    assert run.verify() == []


def test_outcome_trained_classes_are_taken_for_what_they_are(looked: Looked) -> None:
    (run,) = looked.runs
    before, after = run.checkpoints
    classes = run.table("preferred").query("layer == 'classes' and recipe == 'erhan'")
    trained = classes[classes["checkpoint"] == after]
    assert trained["as_meant"].all()
    control = classes[classes["checkpoint"] == before]
    assert trained["confidence"].min() > control["confidence"].max()
    assert (trained["value"] > trained["best_real"]).all()


def test_uniqueness_of_the_network_and_of_both_stacks(looked: Looked) -> None:
    (run,) = looked.runs
    table = run.table("uniqueness")
    names = {"LeNet (32, 64, 64 filters)", "3 x 16 sigmoid units", "3 x 16 rectified units"}
    assert set(table["network"]) == names
    assert (table.groupby(["network", "checkpoint"]).size() == [3, 3, 3, 3, 4, 4]).all()
    first = table[table["order"] == 0]
    assert (first["least_linear"] > 0.999).all()  # E1: a first layer prefers its filters
    assert table["cosine"].between(-1, 1).all()
    assert set(table["n_starts"]) == {2}


def test_claims_stand_in_the_report_with_what_was_published(looked: Looked) -> None:
    (run,) = looked.runs
    table = run.table("hypotheses")
    assert table["name"].tolist() == [
        "E1", "E2a", "E2b", "E2c", "E3b", "E3c", "FL4", "H3", "H5"
    ]  # fmt: skip
    assert table["name"].is_unique
    verdicts = table.set_index("name")["verdict"]
    assert verdicts["E1"] == "met"
    assert table["published"].str.len().min() > 0
    assert table.query("name.str.startswith('E2')")["published"].str.contains("not published").all()
    page = looked.report.read_text()
    assert 'id="preferred"' in page
    assert "not a published value" in page


def test_a_second_call_climbs_nothing_and_writes_the_same_page(looked: Looked) -> None:
    folder, page = looked.report.parent, looked.report.read_bytes()
    tables = {
        path: path.stat().st_mtime_ns
        for kind in ("preferred", "climbs", "uniqueness")
        for path in (folder / "seed-0" / "tables" / kind).glob("*.parquet")
    }
    again = studies.preferred_inputs("digits", to=folder, **SETTINGS)
    assert len(tables) > 20
    assert {path: path.stat().st_mtime_ns for path in tables} == tables
    assert again.report.read_bytes() == page


def test_a_strangers_network_beside_its_control(tmp_path: Path) -> None:
    torch.manual_seed(0)
    found = studies.preferred_inputs("digits", model=Stranger(), to=tmp_path, n_shown=60)
    (run,) = found.runs
    assert run.checkpoints == ("untrained", "trained")
    assert set(run.table("preferred")["layer"]) == {"relu", "norm", "classes"}
    assert set(run.table("uniqueness")["network"]) == {"Stranger"}
    names = run.table("hypotheses")["name"].tolist()
    assert names == ["E1", "E2a", "FL4", "H3", "H5"]


def test_contract_what_is_climbed_and_what_comes_before_a_nonlinearity() -> None:
    net, test = Stranger(), data.load("digits")
    assert climbed(net, test, ["conv", "relu"]) == [("conv", "conv"), ("relu", "norm")]
    pooled = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten())
    assert climbed(pooled, test, ["2"]) == [("2", "1")]
    first = nn.Sequential(nn.ReLU(), nn.Flatten())
    assert climbed(first, test, ["0"]) == [("0", "0")]
    dense = nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Sigmoid())
    assert climbed(dense, test, ["2"]) == [("1", "1")]


def test_reference_linear_networks_have_one_maximum_which_is_linear() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 5, bias=False), nn.Linear(5, 3, bias=False))
    found = uniqueness(net, ["1", "2"], data.load("digits"), n=4, starts=3, steps=60)
    assert found["n_units"].tolist() == [4, 3]
    assert (found["all_agree"] == 1).all()
    assert (found["least_linear"] > 0.999).all()
    assert (found["spread"] < 1e-3).all()


def unique(network: str, checkpoint: str, agree: list[float], linear: list[float]) -> pd.DataFrame:
    layers = [f"fc{k + 1}" for k in range(len(agree))]
    return pd.DataFrame({
        "network": network, "checkpoint": checkpoint, "layer": layers, "order": range(len(agree)),
        "all_agree": agree, "linear": linear, "least_linear": linear, "n_units": 8,
    })  # fmt: skip


class FakeRun:
    """The tables of a run, for claims alone."""

    checkpoints = ("before", "after")

    def __init__(self, sure: float, above: float) -> None:
        rows = [
            (layer, at, recipe, layer == "classes", sure if at == "after" else 0.2, above)
            for layer, recipe in (("classes", "keras-vis"), ("classes", "ink"), ("fc1", "lecture"))
            for at in self.checkpoints
        ]
        columns = ["layer", "checkpoint", "recipe", "as_meant", "confidence", "value"]
        self._preferred = pd.DataFrame(rows, columns=columns).assign(
            best_real=1.0, percentile=1.0, n_real=50, distance=0.4, order=0
        )
        name = "3 x 500 sigmoid units"
        self._unique = pd.concat([
            unique("net", "before", [1.0, 0.5], [1.0, 0.9]),
            unique("net", "after", [1.0, 0.8], [1.0, 0.5]),
            unique(name, "untrained", [1.0, 1.0], [1.0, 0.9]),
            unique(name, "trained", [1.0, 0.95], [1.0, 0.8]),
        ])  # fmt: skip
        self.provenance = {"network": "net"}

    def table(self, kind: str) -> pd.DataFrame:
        return {"preferred": self._preferred, "uniqueness": self._unique}[kind]


@pytest.mark.parametrize(
    ("sure", "above", "expected"),
    [
        (0.99, 2.0, {"FL4": "met", "H3": "met", "H5": "confirmed"}),
        (0.85, 0.5, {"FL4": "not met", "H3": "not met", "H5": "contradicted"}),
    ],
)
def test_closed_form_claims_follow_from_the_numbers(
    sure: float, above: float, expected: dict[str, str]
) -> None:
    run: Any = FakeRun(sure, above)
    verdicts = claims(run).set_index("name")
    assert verdicts.loc[list(expected), "verdict"].to_dict() == expected
    assert verdicts.loc["E2a", "verdict"] == "contradicted"  # 80 % of the units of fc2
    assert verdicts.loc["E2b", "verdict"] == "confirmed"
    assert verdicts.loc["E3b", "verdict"] == "confirmed"
    assert verdicts.loc["E3b", "numbers"] == "median cosine by layer 1.00, 0.80"


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="profile must be one of quick, paper"):
        studies.preferred_inputs("digits", profile="slow", to=tmp_path / "run")
    with pytest.raises(UserError, match="layers must be left out without a model"):
        studies.preferred_inputs("digits", layers=["relu1"], to=tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.needs_data
def test_trends_on_mnist(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[STUDY], "EFFORTS", {"quick": Effort(8, 3, 6, 4, 100)})
    monkeypatch.setattr(sys.modules[STACKS], "HIDDEN", (500, 500, 500))
    monkeypatch.setattr(sys.modules[STACKS], "EPOCHS", 12)
    found = studies.preferred_inputs("mnist", data_dir=shared_data / "mnist", to=tmp_path)
    run = found.runs[0]
    verdicts = run.table("hypotheses").set_index("name")["verdict"]
    assert verdicts["E1"] == "met"
    assert verdicts["H3"] == "met"
    assert verdicts["H5"] == "confirmed"
    # Digits that people recognise: the nearest real inputs are of the class.
    classes = run.table("preferred").query(f"layer == 'classes' and recipe == 'ink' and "
                                           f"checkpoint == '{run.checkpoints[-1]}'")  # fmt: skip
    same = [row["nearest_classes"].split("\n").count(row["name"]) for _, row in classes.iterrows()]
    assert np.mean(same) > 5
    sigmoid = run.table("uniqueness").query("network == '3 x 500 sigmoid units'")
    assert (sigmoid["all_agree"] > 0.9).all()
    trained = sigmoid[sigmoid["checkpoint"] == "trained"].sort_values("order")["linear"]
    assert (np.diff(trained) < 0).all()
