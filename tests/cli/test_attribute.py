"""`layerwise attribute`: good input prints, draws and keeps; bad input is one sentence."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from layerwise import Run
from layerwise.cli.main import main

MODEL = """
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import TensorDataset

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.fc = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(F.max_pool2d(F.relu(self.conv1(x)), 2).flatten(1))

def signal():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(2, 4, 5), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))

def waves():
    return TensorDataset(torch.linspace(0, 9, 120).reshape(3, 2, 20).sin(), torch.tensor([0, 1, 0]))

def words():
    return nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2))

def ids():
    return TensorDataset(torch.arange(9).reshape(3, 3))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    return tmp_path


def weights(name, factor):
    torch.manual_seed(1)
    shapes = {"conv1.weight": (4, 1, 3, 3), "conv1.bias": (4,), "fc.weight": (10, 64),
              "fc.bias": (10,)}  # fmt: skip
    save_file({key: factor * torch.randn(shape) for key, shape in shapes.items()}, name)


def run(*arguments):
    return main(["attribute", *arguments])


def test_outcome_a_table_of_checks_and_a_picture(here, capsys):
    some = ("--observation", "7,2", "--layer", "conv1", "--figure", "why.png")
    assert run("nets.py:Net", *some) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("digits test 7 (digit ")
    assert "checks, mean over 2 observations" in printed
    for name in ("gradient", "smoothgrad", "integrated", "grad_cam"):
        assert name in printed
    assert "mean of the probability while blocks" in printed
    assert (here / "why.png").read_bytes()[:4] == b"\x89PNG"


def test_outcome_json_has_every_check(here, capsys):
    asked = ("--method", "input-x-gradient", "--method", "guided_backpropagation")
    assert run("nets.py:Net", *asked, "--target", "log-odds:3,5", "--randomize", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["rows"]
    assert (first["method"], second["method"]) == ("input_x_gradient", "guided_backpropagation")
    assert first["target"] == first["measured"] == "log-odds:3,5"
    assert first["error"] is None
    assert 0 <= first["observation"] < 1
    assert [row["layer"] for row in found["randomized"]] == ["", "fc", "conv1"] * 2


def test_outcome_signals_become_traces(here, capsys):
    some = ("--data", "nets.py:waves", "--observation", "1", "-m", "gradient", "--figure", "w.png")
    assert run("nets.py:signal", *some) == 0
    assert capsys.readouterr().out.startswith("nets.py:waves 1 (label 1): logit:")
    assert (here / "w.png").is_file()


def test_round_trip_kept_in_a_run_beside_the_untrained_network(here, capsys):
    weights("before.safetensors", 0.1)
    weights("after.safetensors", 1.0)
    both = ("--weights", "before.safetensors", "--weights", "after.safetensors")
    recorded = ("record", "nets.py:Net", *both, "--layer", "output", "--to", "run")
    assert main([*recorded, "--json"]) == 0
    assert run("nets.py:Net", *both, "--observation", "3", "-m", "gradient", "--to", "run") == 0
    printed = capsys.readouterr().out
    assert "like before" in printed
    assert "next: layerwise report run" in printed
    kept = Run.open(here / "run")
    table = kept.table("attributions")
    assert sorted(table["checkpoint"]) == ["after", "before"]
    assert table["target"].nunique() == 1  # the class that the last checkpoint predicts
    assert set(kept.table("images")["about"]) == {"observation"}  # the very data of the run
    train = ("--split", "train", "--observation", "5", "-m", "gradient")
    assert run("nets.py:Net", *both, *train, "--to", "run") == 0
    assert set(kept.table("images")["about"]) == {"observation", ""}
    assert run("nets.py:Net", "--to", "run") == 2
    assert "--to must come with --weights; got none" in capsys.readouterr().err
    assert main(["report", "run"]) == 0
    assert "What answers rest on" in (here / "run" / "report.html").read_text()


BAD = [
    (["nets.py:Net", "--observation", "99999"], "--observation must be an integer in [0, "),
    (["nets.py:Net", "--observation", "one"], "--observation must be numbers and commas"),
    (["nets.py:Net", "--method", "lrp"], "--method must be one of gradient, smoothgrad"),
    (["nets.py:Net", "--method", "grad-cam"], "--layer must be given for grad_cam; got none"),
    (["nets.py:Net", "--layer", "conv9"], "no layer 'conv9' in Net. Did you mean 'conv1'?"),
    (["nets.py:Net", "--target", "logit:10"], "must be below 10"),
    (["nets.py:Net", "--target", "conv2:1"], "no layer 'conv2' in Net"),
    (["nets.py:words", "--data", "nets.py:ids"], "inputs must hold floats to be asked about"),
    (["none.py:Net", "--figure", "no/x.png"], "a file in a folder that exists; got no/x.png"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_outcome_ranges_of_observations_each_once(here, capsys):
    asked = ["--observation", "2-4,3", "--method", "gradient", "--json"]
    assert main(["attribute", "nets.py:Net", *asked]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["observation"] for row in rows] == [2, 3, 4]
