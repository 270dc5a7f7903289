"""`layerwise statistics`: networks and runs, tables that are kept; bad input is one sentence."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from layerwise import Run
from layerwise.cli.main import main

MODEL = """
import torch
from torch import nn

def cnn():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(54, 12), nn.Sigmoid(), nn.Linear(12, 10))
"""
SHAPES = {"0.weight": (6, 1, 3, 3), "0.bias": (6,), "4.weight": (12, 54), "4.bias": (12,),
          "6.weight": (10, 12), "6.bias": (10,)}  # fmt: skip
OURS = ["statistics", "nets.py:cnn", "-n", "80"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    torch.manual_seed(1)
    for name in ("early", "late"):
        save_file({key: torch.randn(size) for key, size in SHAPES.items()}, f"{name}.safetensors")
    return tmp_path


def test_outcome_a_network_as_it_is(here, capsys):
    assert main([*OURS, "--layer", "1", "--layer", "5", "--figure", "units.png"]) == 0
    out = capsys.readouterr().out
    assert "80 observations" in out
    lines = [line.split() for line in out.splitlines() if line.strip()[:1] in ("1", "5")]
    assert lines[0][:5] == ["1", "6", "5", "1", "0"]  # live, dead, constant
    assert lines[1][:2] == ["5", "12"]
    assert len([line for line in lines if line[0] == "5"]) == 11  # the layer and ten classes
    assert "selectivity in brackets" in out
    assert "figure: units.png" in out
    assert (here / "units.png").read_bytes().startswith(b"\x89PNG")


def test_outcome_json_of_two_checkpoints_kept_in_a_run(here, capsys):
    weights = ["--weights", "early.safetensors", "--weights", "late.safetensors"]
    assert main(["record", "nets.py:cnn", *weights, "--to", "run", "-n", "60", "--json"]) == 0
    capsys.readouterr()
    assert main([*OURS, *weights, "--layer", "1", "--to", "run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(row["layer"], row["checkpoint"]) for row in found["rows"]] == [
        ("1", "early"), ("1", "late"),
    ]  # fmt: skip
    row = found["rows"][0]
    assert row["n_observations"] == 80
    assert row["live"] + row["dead"] + row["constant"] + row["saturated"] == row["units"] == 6
    assert set(row["selective"]) <= set("0123456789")
    activity = Run.open(here / "run").table("activity")
    assert set(activity["checkpoint"]) == {"early", "late"}
    whole = activity[activity["class"] == -1]
    assert (whole["n"] == 80 * 36).all()


def test_outcome_of_a_run(here, capsys):
    assert main(["record", "nets.py:cnn", "--to", "run", "-n", "60", "--json"]) == 0
    capsys.readouterr()
    assert main(["statistics", "run", "--layer", "[1]", "--layer", "5", "--json"]) == 2
    assert "no layer '[1]' in run" in capsys.readouterr().err
    assert main(["statistics", "run", "--layer", "5"]) == 0
    out = capsys.readouterr().out
    assert "60 observations" in out
    assert "next: layerwise report run" in out
    run = Run.open(here / "run")
    assert set(run.table("activity")["layer"]) == {"5"}
    assert main(["statistics", "run", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["layer"] for row in rows] == ["0", "1", "2", "4", "5", "6"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["nowhere"], "SOURCE must be the folder of a run, or MODULE:FUNCTION; got 'nowhere'"),
        (["nets.py:cnn", "--layer", "relu9"], "no layer 'relu9' in Sequential"),
        (["nets.py:cnn", "--label", "pet"], "no label column 'pet' in the data"),
        (["nets.py:cnn", "--checkpoint", "late"], "--checkpoint must be left out for a network"),
        (["nets.py:cnn", "--to", "nowhere"], "nowhere"),
        (["nets.py:cnn", "--batch-size", "0"], "batch_size must be an integer >= 1"),
        (["run", "--weights", "early.safetensors"], "--weights and --to must be left out"),
        (["run", "--checkpoint", "last"], "no checkpoint 'last'"),
        (["nets.py:cnn", "--weights", "early.safetensors", "--to", "run"], "no checkpoint 'early'"),
    ],
)
def test_contract_bad_input_is_one_sentence(here, capsys, command, message):
    if "run" in command:
        assert main(["record", "nets.py:cnn", "--to", "run", "-n", "20", "--json"]) == 0
    capsys.readouterr()
    assert main(["statistics", *command]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert len(told.strip().splitlines()) == 1


def test_contract_help_has_an_example(capsys):
    assert main(["statistics", "--help"]) == 0
    assert "Example: layerwise statistics" in capsys.readouterr().out
