"""`layerwise activations`: good input prints, draws and keeps; bad input is one sentence."""

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
from torch.utils.data import TensorDataset

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 6, 3)
        self.relu1, self.relu2, self.pool1 = nn.ReLU(), nn.ReLU(), nn.MaxPool2d(2)
        self.fc = nn.Linear(24, 10)

    def forward(self, x):
        x = self.pool1(self.relu1(self.conv1(x)))
        return self.fc(self.relu2(self.conv2(x)).flatten(1))

def signal():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(2, 4, 5, stride=2), nn.ReLU(), nn.Conv1d(4, 3, 3))

def mlp():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU())

def waves():
    steps = torch.linspace(0, 9, 120).reshape(3, 2, 20)
    return TensorDataset(steps.sin(), torch.tensor([0, 1, 0]))

def nowhere():
    with torch.device("meta"):
        return Net()

def ragged():
    return [(torch.rand(3), k) for k in range(4)]

class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, k):
        return (torch.full((3,), float(k)), torch.zeros(3)), k

class Sum(nn.Module):
    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x, y):
        return self.relu(x + y)

def features():
    return TensorDataset(torch.rand(4, 3))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    return tmp_path


def weights(name, factor):
    torch.manual_seed(1)
    shapes = {"conv1": (4, 1, 3, 3), "conv2": (6, 4, 3, 3), "fc": (10, 24)}
    state = {f"{key}.weight": factor * torch.randn(shape) for key, shape in shapes.items()}
    state |= {f"{key}.bias": torch.zeros(shape[0]) for key, shape in shapes.items()}
    save_file(state, name)


def run(*arguments):
    return main(["activations", *arguments])


def test_outcome_a_table_and_a_picture(here, capsys):
    assert run("nets.py:Net", "--observation", "7", "--figure", "maps.png") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("digits test 7 (digit ")
    assert "4 x 8 x 8" in printed
    assert "figure: maps.png" in printed
    assert (here / "maps.png").read_bytes()[:4] == b"\x89PNG"


def test_outcome_json_has_every_layer_with_its_field(here, capsys):
    assert run("nets.py:Net", "--layer", "conv*", "--layer", "fc", "--json") == 0
    rows = {row["layer"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
    assert list(rows) == ["conv1", "conv2", "fc"]
    conv2 = rows["conv2"]
    assert (conv2["shape"], conv2["size_y"], conv2["stride_y"]) == ("6x2x2", 8, 2)
    assert (conv2["y0"], conv2["y1"]) == (1, 7)
    assert rows["fc"]["whole"] is True
    assert rows["fc"]["stride_x"] is None


def test_outcome_what_one_unit_sees(here, capsys):
    where = ("--layer", "conv2", "--position", "0,1", "--unit", "5")
    assert run("nets.py:Net", *where, "--figure", "unit.svg") == 0
    printed = capsys.readouterr().out
    assert "conv2, channel 5 at (0, 1): activation" in printed
    assert "sees rows 0 to 6, columns 1 to 7" in printed
    assert (here / "unit.svg").is_file()
    assert run("nets.py:Net", *where, "--json") == 0
    assert json.loads(capsys.readouterr().out)["unit"]["box"] == [[0, 6], [1, 7]]


def test_outcome_signals_of_a_users_own_data_set(here, capsys):
    data = ("--data", "nets.py:waves", "--observation", "1")
    assert run("nets.py:signal", *data, "--figure", "waves.png") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("nets.py:waves 1 (label 1), layer by layer")
    assert run("nets.py:signal", *data, "--layer", "2", "--position", "3", "--figure", "u.png") == 0
    assert "sees steps 6 to 14" in capsys.readouterr().out


def test_round_trip_kept_in_a_run_beside_the_untrained_network(here, capsys):
    weights("before.safetensors", 0.3)
    weights("after.safetensors", 1.0)
    both = ("--weights", "before.safetensors", "--weights", "after.safetensors")
    recorded = ("record", "nets.py:Net", *both, "-n", "20", "--layer", "relu2", "--to", "run")
    assert main([*recorded, "--json"]) == 0
    assert run("nets.py:Net", *both, "--observation", "3", "--to", "run") == 0
    assert "next: layerwise report run" in capsys.readouterr().out
    table = Run.open(here / "run").table("feature_maps")
    assert set(table["checkpoint"]) == {"before", "after"}
    assert table["observation"].str.startswith("digits test 3 (digit ").all()
    (here / "after.safetensors").rename("net.safetensors")
    named = ("--weights", "net.safetensors", "--to", "run", "--channels", "1,2", "--checkpoint")
    assert run("nets.py:Net", *named, "after") == 0
    assert run("nets.py:Net", *named, "before") == 2
    assert "'before' of other weights than net.safetensors" in capsys.readouterr().err
    assert run("nets.py:Net", "--to", "run") == 2
    assert "--to must come with --weights or --checkpoint" in capsys.readouterr().err


BAD = [
    (["nets.py:Net", "--observation", "99999"], "--observation must be an integer in [0, "),
    (["nets.py:Net", "--layer", "conv9"], "no layer 'conv9' in Net. Did you mean 'conv2'?"),
    (["nets.py:Net", "--channels", "0", "--strongest", "3"], "must not be given both"),
    (["nets.py:Net", "--channels", "one"], "--channels must be numbers and commas; got 'one'"),
    (["nets.py:Net", "--position", "0,0"], "must come with one --layer; got 6 layers"),
    (["nets.py:Net", "--layer", "conv2", "--position", "2,0"], "position[0] must be an integer in"),
    (["nets.py:Net", "--layer", "conv2", "--position", "1"], "position must be 2 numbers"),
    (["nets.py:Net", "--layer", "conv2", "--unit", "6"], "--unit must be an integer in [0, 5]"),
    (["nets.py:Net", "--scale", "filter"], "--scale must be one of layer, channel"),
    (["nets.py:Net", "--strongest", "0"], "--strongest must be an integer >= 1; got 0"),
    (["nets.py:Net", "--channels", "1,24"], "--channels must be an integer in [0, 9]; got 24"),
    (["none.py:Net", "--figure", "no/x.png"], "a file in a folder that exists; got no/x.png"),
    (["nets.py:nowhere"], "Net is on the meta device, where weights have no values"),
    (["nets.py:Net", "--data", "nets.py:ragged"], "a list of items that differ in shape"),
    (["nets.py:mlp", "--data", "nets.py:features", "--layer", "0", "--unit", "0"],
     "layer '0' sees an input without positions, so no part of it"),
    (["nets.py:Net", "--checkpoint", "a", "--weights", "a.pt", "--weights", "b.pt"],
     "--checkpoint must name one file of --weights; got 2 files"),
    (["nets.py:Net", "--weights", "a/x.pt", "--weights", "b/x.pt"],
     "--weights must be files of different names; got x, x"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_outcome_networks_on_features_have_no_fields(here, capsys):
    assert run("nets.py:mlp", "--data", "nets.py:features", "--figure", "cells.png") == 0
    assert "nets.py:features 0, layer by layer" in capsys.readouterr().out


def test_outcome_two_inputs_in_one_item(here, capsys):
    assert run("nets.py:Sum", "--data", "nets.py:Pairs", "--observation", "2", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["observation"], found["rows"][0]["max"]) == ("nets.py:Pairs 2 (label 2)", 2.0)
