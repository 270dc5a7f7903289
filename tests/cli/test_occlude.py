"""`layerwise occlude` and `invariance`: print, draw and keep; bad input is one sentence."""

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
from layerwise import models

def net():
    return models.lenet((1, 8, 8), 10, channels=(4, 6), kernel_size=3, pools=(1, 2), hidden=(8,))

def dense():
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))

def features():
    return TensorDataset(torch.rand(4, 3), torch.tensor([0, 1, 0, 1]))

class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.relu, self.head = nn.ReLU(), nn.Linear(64, 10)

    def forward(self, x):
        return self.head(self.relu(self.scale * x).flatten(1))

def lawless():
    return Scaled()

def unlabelled():
    return torch.rand(4, 1, 8, 8)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "asked.py").write_text(MODEL)
    from layerwise import models

    for seed, name in enumerate(("before", "after")):
        net = models.lenet(
            (1, 8, 8), 10, channels=(4, 6), kernel_size=3, pools=(1, 2), hidden=(8,),
            random_state=seed,
        )  # fmt: skip
        save_file(net.state_dict(), f"{name}.safetensors")
    return tmp_path


BOTH = ("--weights", "before.safetensors", "--weights", "after.safetensors")


def test_outcome_occlude_prints_and_draws(here, capsys):
    rows = ("--observation", "7,9")
    assert main(["occlude", "asked.py:net", *rows, "--figure", "maps.png"]) == 0
    printed = capsys.readouterr().out
    assert "digits test 7 (digit " in printed
    assert "a square of 2 x 2 at 7 x 7 places" in printed
    assert (here / "maps.png").read_bytes()[:4] == b"\x89PNG"


def test_reference_occlude_says_what_the_api_says(here, capsys):
    from layerwise import data, models
    from layerwise.attribution import occlusion_maps

    settings = ("--square", "3,2", "--stride", "2", "--baseline", "0.5", "--layer", "relu2")
    told = ("--channel", "3", "--class", "4", "--observation", "5", "--json")
    arguments = ["occlude", "asked.py:net", "--weights", "after.safetensors", *settings, *told]
    assert main(arguments) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    net = models.lenet(
        (1, 8, 8), 10, channels=(4, 6), kernel_size=3, pools=(1, 2), hidden=(8,), random_state=1
    )
    found = occlusion_maps(
        net, data.load("digits").take([5]), 4, layer="relu2", channels=3, window=(3, 2), stride=2,
        baseline=0.5,
    )  # fmt: skip
    assert row["least_probability"] == pytest.approx(float(found.probability.min()), rel=1e-5)
    assert row["activity"] == pytest.approx(float(found.whole_activity[0]), rel=1e-5)
    assert (row["class"], row["channel"], row["layer"]) == (4, 3, "relu2")


def test_outcome_invariance_prints_draws_and_has_a_control(here, capsys):
    arguments = ["invariance", "asked.py:net", "-n", "6", "--kind", "rotation", "--kind", "scale"]
    assert main([*arguments, "--figure", "curves.png"]) == 0
    printed = capsys.readouterr().out
    assert "rotation, 90 degrees counter-clockwise" in printed
    assert "untrained" in printed
    assert "as it is" in printed
    assert "relu1" in printed
    assert "mean over 6 observations" in printed
    assert (here / "curves.png").is_file()
    assert main([*arguments, "--no-control", "-l", "relu*", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["checkpoint"] for row in rows} == {"as it is"}
    assert {row["layer"] for row in rows} == {"relu1", "relu2", "relu3", ""}


def test_round_trip_kept_in_a_run_and_in_its_report(here, capsys):
    recorded = ("record", "asked.py:net", *BOTH, "-n", "20", "--layer", "relu2", "--to", "run")
    assert main([*recorded, "--json"]) == 0
    assert main(["occlude", "asked.py:net", *BOTH, "--observation", "3", "--to", "run"]) == 0
    assert main(["invariance", "asked.py:net", *BOTH, "-n", "4", "--to", "run"]) == 0
    run = Run.open(here / "run")
    for kind in ("occlusion", "invariance"):
        assert set(run.table(kind)["checkpoint"]) == {"before", "after"}
    assert main(["report", "run", "--still"]) == 0
    page = (here / "run" / "report.html").read_text()
    assert "What an answer rests on: covering parts" in page
    assert "Moved, scaled and turned" in page
    capsys.readouterr()


def test_outcome_invariance_of_a_network_without_a_rule_for_its_weights(here, capsys):
    assert main(["invariance", "asked.py:lawless", "-n", "4", "--kind", "scale", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {row["checkpoint"] for row in rows} == {"as it is"}


BAD = [
    (["invariance", "asked.py:net", "-n", "0"], "-n must be an integer >= 1"),
    (["invariance", "asked.py:dense", "--data", "asked.py:features"], "inputs must be pictures"),
    (["occlude", "asked.py:net", "--observation", "9999"], "--observation must be an integer in"),
    (["occlude", "asked.py:net", "--square", "9"], "window must be at most (8, 8)"),
    (["occlude", "asked.py:net", "--square", "a"], "--square must be numbers and commas"),
    (["occlude", "asked.py:net", "--baseline", "black"], "baseline must be one of grey, mean"),
    (["occlude", "asked.py:net", "--layer", "conv9"], "no layer 'conv9'"),
    (["occlude", "asked.py:net", "--class", "10"], "below 10, the number of classes"),
    (["occlude", "asked.py:net", "--to", "run"], "this folder is not a run"),
    (["occlude", "asked.py:dense", "--data", "asked.py:features"], "--data must be pictures"),
    (["occlude", "asked.py:net", "--observation", "1,1,1,1,1,1,1,1,1"], "in [1, 8]; got 9"),
    (["invariance", "asked.py:net", "--kind", "shear"], "kind must be one of translation"),
    (["invariance", "asked.py:net", "-n", "3", "--observation", "1"], "must not be given both"),
    (["invariance", "asked.py:net", "--data", "asked.py:unlabelled"], "must have a class"),
    (["invariance", "asked.py:net", "-l", "conv9"], "no layer 'conv9'"),
    (["invariance", "asked.py:net", "--fill", "black"], "baseline must be one of grey, mean"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert main(arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def test_contract_a_run_keeps_answers_by_checkpoint(here, capsys):
    assert main(["record", "asked.py:net", "-n", "9", "--layer", "relu2", "--to", "run"]) == 0
    for command in ("occlude", "invariance"):
        assert main([command, "asked.py:net", "--to", "run"]) == 2
        assert "--to must come with --weights" in capsys.readouterr().err
    assert torch.get_default_dtype() == torch.float32
