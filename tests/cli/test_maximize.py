"""`layerwise maximize`: good input prints, draws and keeps; bad input is one sentence."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from layerwise import Run
from layerwise.cli.main import main

MODEL = """
import numpy as np
import torch
from torch import nn
from torch.utils.data import TensorDataset

def cnn():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.Flatten(), nn.Linear(216, 10))

def signals():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(40, 3))

def waves():
    x = np.random.default_rng(0).normal(size=(20, 2, 12)).astype(np.float32)
    return TensorDataset(torch.from_numpy(x), torch.arange(20) % 3)
"""
QUICK = ["--steps", "3", "-n", "60"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    return tmp_path


def weights(name: str, seed: int) -> None:
    torch.manual_seed(seed)
    shapes = {"0.weight": (6, 1, 3, 3), "0.bias": (6,), "3.weight": (10, 216), "3.bias": (10,)}
    save_file({key: torch.randn(shape) / 4 for key, shape in shapes.items()}, name)


def test_outcome_units_and_classes_in_a_table_and_a_picture(here, capsys):
    command = ["maximize", "nets.py:cnn", "-l", "0", "--units", "0-2,5", "--classes", *QUICK]
    assert main([*command, "--recipe", "erhan", "--recipe", "ink", "--figure", "p.png"]) == 0
    said = capsys.readouterr().out
    assert "Preferred inputs beside 60 observations of digits test" in said
    assert "sufficient" in said
    lines = [line.split()[:3] for line in said.splitlines() if line.strip()[:2] in ("0 ", "cl")]
    assert lines[:4] == [["0", name, "erhan"] for name in "0125"]
    assert ["classes", "9", "ink"] in lines
    assert (here / "p.png").read_bytes().startswith(b"\x89PNG")


def test_outcome_json_holds_every_column_and_starts_agree(here, capsys):
    assert main(["maximize", "nets.py:cnn", "--classes", "--units", "3", "--starts", "2", *QUICK,
                 "--figure", "one.svg", "--json"]) == 0  # fmt: skip
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert (row["layer"], row["unit"], row["recipe"], row["n_starts"]) == ("classes", 3, "ink", 2)
    assert row["n_real"] == 60
    assert -1 <= row["agreement"] <= 1
    assert len(row["nearest"].split(",")) == len(row["nearest_classes"].split("\n")) == 10
    # One unit is drawn as its card: climbs and neighbours.
    assert "nearest real inputs" in (here / "one.svg").read_text()


def test_outcome_signals_from_a_dataset_of_your_own(here, capsys):
    assert main(["maximize", "nets.py:signals", "--layer", "0", "--position", "middle", "--data",
                 "nets.py:waves", "--steps", "3", "--figure", "s.png", "--json"]) == 0  # fmt: skip
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["unit"], row["recipe"], row["position"]) for row in rows] == [
        (unit, "erhan", "middle") for unit in range(4)
    ]
    assert {row["predicted"] for row in rows} <= {"0", "1", "2"}


def test_outcome_a_run_keeps_them_for_its_report(here, capsys):
    weights("before.safetensors", 1)
    weights("after.safetensors", 2)
    files = ["--weights", "before.safetensors", "--weights", "after.safetensors"]
    assert main(["record", "nets.py:cnn", *files, "-n", "30", "--to", "run", "--json"]) == 0
    assert main(["maximize", "nets.py:cnn", *files, "-l", "0", *QUICK, "--to", "run"]) == 0
    assert "next: layerwise report run" in capsys.readouterr().out
    table = Run.open(here / "run").table("preferred")
    assert table.groupby("checkpoint").size().to_dict() == {"before": 6, "after": 6}
    assert main(["report", "run", "--output", "r.html", "--still"]) == 0
    assert 'id="preferred"' in (here / "r.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "--layer or --classes must be given; got neither."),
        (["-l", "conv9"], "no layer 'conv9'"),
        (["-l", "0", "--units", "2-1"], "--units must be numbers and commas; got '2-1'. For"),
        (["-l", "0", "--units", "a"], "--units must be numbers"),
        (["-l", "0", "--units", "0-999999999"], "--units must be numbers and commas"),
        (["-l", "0", "--units", "6"], "--units of 0 must be an integer in [0, 5]; got 6."),
        (["--classes", "--units", "10"], "--units of classes must be an integer in [0, 9]; got"),
        (["-l", "0", "--recipe", "oil"], "no recipe 'oil' in layerwise.synthesis."),
        (["-l", "0", "--starts", "0"], "--starts must be an integer >= 1; got 0."),
        (["-l", "0", "--position", "left"], "--position must be mean, max, middle or indices"),
        (["-l", "0", "--position", "9,9"], "position must be inside the map of '0', (6, 6)"),
        (["-l", "0", "--range", "1"], "--range must be two numbers such as 0,1; got '1'."),
        (["-l", "0", "--range", "1,0"], "value_range"),
        (["-l", "0", "--to", "nowhere"], "nowhere"),
        (["-l", "0", "--figure", "f.gif"], "a name ending in .png, .svg or .pdf; got f.gif."),
        (["-l", "0", "--weights", "none.pt"], "none.pt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert main(["maximize", "nets.py:cnn", *arguments, *QUICK]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_contract_a_run_needs_checkpoints_that_have_names(here, capsys):
    weights("net.safetensors", 1)
    record = ["record", "nets.py:cnn", "--weights", "net.safetensors", "-n", "20", "--to", "run"]
    assert main(record) == 0
    capsys.readouterr()
    assert main(["maximize", "nets.py:cnn", "-l", "0", *QUICK, "--to", "run"]) == 2
    assert "--to must come with --weights; got none." in capsys.readouterr().err


def test_contract_what_is_missing_is_null_in_json(here, capsys):
    assert main(["maximize", "nets.py:cnn", "-l", "0", "--units", "1", *QUICK, "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["as_meant"] is None
