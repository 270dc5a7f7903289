"""`layerwise top`: good input prints, draws and keeps; bad input is one sentence."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file
from tests.topped import network

from layerwise import Run
from layerwise.cli.main import main

MODEL = """
import torch
from tests.topped import network
from torch import nn
from torch.utils.data import TensorDataset

def words():
    return nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2))

def sentences():
    return TensorDataset(torch.randint(0, 9, (5, 3)), torch.zeros(5))

def dead():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    nn.init.constant_(net[0].bias, -100)
    return net
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    for step in range(3):
        save_file(network(step).state_dict(), f"epoch-00{step}.safetensors")
    return tmp_path


def run(*arguments):
    return main(["top", *arguments])


WEIGHTS = [f for step in range(3) for f in ("--weights", f"epoch-00{step}.safetensors")]


def test_outcome_a_table_and_a_picture(here, capsys):
    assert run("nets.py:network", "--strongest", "2", "-n", "50", "--figure", "top.png") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("the strongest of 50 test observations")
    assert "digit" in printed
    for layer in ("relu1", "relu2", "fc"):  # from first to last, without those they rectify
        assert printed.count(f" {layer} ") + printed.count(f"\n{layer} ") == 2
    assert (here / "top.png").read_bytes()[:4] == b"\x89PNG"


def test_outcome_json_names_units_observations_and_boxes(here, capsys):
    asked = ("--layer", "relu2", "--units", "3,0", "--top", "4", "-n", "50", "--rule", "guided")
    assert run("nets.py:network", *asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["unit"] for row in told["rows"]] == [3, 0]
    row = told["rows"][0]
    assert len(row["observations"]) == len(set(row["observations"])) == 4
    assert row["values"] == sorted(row["values"], reverse=True)
    assert row["value"] == row["values"][0]
    assert len(row["box"]) == 4
    assert told["evolution"] == []


def test_round_trip_kept_over_checkpoints_for_report_and_studio(here, capsys):
    recorded = ("record", "nets.py:network", *WEIGHTS, "-n", "20", "--layer", "relu1")
    assert main([*recorded, "--to", "run", "--json"]) == 0
    capsys.readouterr()
    asked = ("--layer", "relu1", "--layer", "fc", "--strongest", "2", "-n", "50")
    assert run("nets.py:network", *WEIGHTS, *asked, "--to", "run", "--figure", "evo.svg") == 0
    printed = capsys.readouterr().out
    assert "Jumps of a unit to another strongest observation" in printed
    assert "next: layerwise report run" in printed
    kept = Run.open(here / "run")
    assert {"top", "feature_evolution", "images"} <= set(kept.tables)
    assert set(kept.table("top")["checkpoint"]) == {f"epoch-00{k}" for k in range(3)}
    assert kept.table("top")["class"].str.startswith("digit ").all()
    assert (here / "evo.svg").is_file()
    assert run("nets.py:network", "--to", "run") == 2
    assert "--to must come with --weights; got none" in capsys.readouterr().err


def test_outcome_tokens_are_refused_with_the_way_out(here, capsys):
    assert run("nets.py:words", "--data", "nets.py:sentences", "--layer", "2") == 2
    assert "from_layer" in capsys.readouterr().err


def test_outcome_a_dead_layer_is_told_and_has_no_picture(here, capsys):
    assert run("nets.py:dead", "--layer", "1", "-n", "20") == 0
    assert "silent" in capsys.readouterr().out
    assert run("nets.py:dead", "--layer", "1", "-n", "20", "--figure", "x.png") == 2
    told = capsys.readouterr().err
    assert "no unit of 1 has an activation above 0" in told


BAD = [
    (["nets.py:network", "--units", "0", "--strongest", "2"], "must not be given both"),
    (["nets.py:network", "--units", "x"], "--units must be numbers and commas; got 'x'"),
    (["nets.py:network", "--layer", "relu1", "--units", "7"], "--units must be an integer in [0,"),
    (["nets.py:network", "--layer", "relu9"], "no layer 'relu9' in Sequential"),
    (["nets.py:network", "--seed", "-1"], "random_state must be an integer in [0, 2**32); got -1"),
    (["nets.py:network", "--top", "0"], "--top must be an integer >= 1; got 0"),
    (["nets.py:network", "--rule", "lrp"], "--rule must be one of"),
    (["nets.py:network", "--label", "colour"], "no label column 'colour' in the data"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert run(*arguments, "-n", "20") == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_law_the_same_command_says_the_same(here, capsys):
    said = []
    for _ in range(2):
        torch.rand(3)
        assert run("nets.py:network", "--layer", "fc", "-n", "50", "--json") == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_outcome_a_layer_without_the_units_asked_for_is_left_out(here, capsys):
    both = ("--layer", "relu1", "--layer", "relu2", "--units", "0,4-5,4", "-n", "30")
    assert run("nets.py:network", *both, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["layer"], row["unit"]) for row in rows] == [
        ("relu1", 0), ("relu2", 0), ("relu2", 4), ("relu2", 5)
    ]  # fmt: skip
    assert run("nets.py:network", *both[:4], "--units", "5", "-n", "30", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["layer"], row["unit"]) for row in rows] == [("relu2", 5)]


def test_outcome_a_unit_that_is_minus_infinity_everywhere_has_no_observation(here, capsys):
    (here / "low.py").write_text(
        "import torch\nfrom torch import nn\n\nclass Low(nn.Module):\n"
        "    def forward(self, x):\n        return x.flatten(1)[:, :2] * 0 - torch.inf\n"
        "\nclass Net(nn.Sequential):\n"
        "    def __init__(self):\n        super().__init__(Low())\n"
    )
    assert run("low.py:Net", "--layer", "0", "-n", "20", "--json") == 0
    told = capsys.readouterr()
    (row,) = json.loads(told.out)["rows"]
    assert (row["silent"], row["observations"], row["value"]) == (True, [], None)
