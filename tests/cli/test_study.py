"""`layerwise study`: the option that a study does not take, and what the two short ones print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerwise.cli.main import main

NET = """
import torch
from torch import nn

def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("N_UNITS", "N_CLASSES", "N_ATTACKED"):  # how many inputs are made, is no question
        monkeypatch.setattr(f"layerwise.studies.inputs.{name}", 2)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["hidden-activity", "--model", "net.py:net"],
         "study hidden-activity: --model must be left out (it is for parameters, "
         "filter-statistics, preferred-inputs and deconvnet); got net.py:net."),
        (["parameters", "--other", "mnist"], "--other must be left out (it is for deconvnet); got"),
        (["deconvnet", "--edges"], "--edges must be left out (it is for hidden-activity)"),
        (["deconvnet", "--weights", "a.pt"], "weights must be left out without a model"),
        (["hidden-activity", "--weights", "a.pt", "--weights", "b.pt"], "got a.pt, b.pt."),
        (["parameters", "--edges"], "--edges must be left out (it is for hidden-activity)"),
        (["parameters", "--no-edges"], "--edges must be left out (it is for hidden-activity)"),
        (["filter-statistics", "--network", "cnn"], "--network must be left out"),
        (["filter-statistics", "--weights", "a.pt"], "weights must be left out without a model"),
        (["parameters", "--model", "net.py:net", "--epochs", "2"], "epochs must be left out with"),
        (["parameters", "--model", "net.py:nett"], "Did you mean 'net'"),
        (["parameters", "--size", "9"], "size must be left out for data that are no pictures"),
        (["parameters", "--data", "moons", "--seeds", "2"],
         "study parameters: --seeds must be left out for points in the plane; got 2."),
        (["parametres"], "NAME must be one of hidden-activity, parameters, filter-statistics"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", *arguments]) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not (here / "runs").exists()


def test_a_strangers_network_in_numbers(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["study", "filter-statistics", "--model", "net.py:net", "-n", "60", "--to", "out"]
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert Path(found["report"]).stat().st_size > 10_000
    assert {row["layer"] for row in found["activity"]} == {"1"}
    assert {row["subset"] for row in found["class_statistics"]} == {"test"}
    assert {row["checkpoint"] for row in found["kernels"]} == {"untrained", "trained"}
    assert main(command) == 0
    said = capsys.readouterr().out
    for words in (
        "network: accuracy, whole test set", "effective rank", "median share active",
        "correlation of class means", "weights drawn anew", "look: layerwise view",
    ):  # fmt: skip
        assert words in said


def test_what_excites_a_strangers_units(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["study", "deconvnet", "--model", "net.py:net", "--layer", "1", "-n", "40"]
    assert main([*command, "--to", "out", "--other", "digits", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {row["layer"] for row in found["top"]} == {"1"}
    assert {row["checkpoint"] for row in found["generalisation"]} == {"untrained", "trained"}
    assert "ablation" not in found
    assert main([*command, "--to", "out"]) == 0
    said = capsys.readouterr().out
    for words in ("Strongest observations of each unit", "of one class", "Linear probes"):
        assert words in said


def test_a_lenet_is_trained(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "parameters", "-n", "40", "--epochs", "1", "--to", "out"]) == 0
    said = capsys.readouterr().out
    for words in ("1: neighborhood hit 2-D", "conv2", "64 x 32", "1 epochs of Adam", "report: out"):
        assert words in said


def test_points_in_the_plane_are_seen_as_lines(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["study", "parameters", "--data", "moons", "-n", "60", "--to", "out"]) == 0
    said = capsys.readouterr().out
    assert "Hidden units as lines" in said
    assert "1,407" in said
