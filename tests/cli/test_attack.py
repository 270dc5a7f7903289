"""`layerwise attack`: good input prints, draws and keeps; bad input is one sentence."""

from __future__ import annotations

import json

import pytest
from safetensors.torch import save_file
from tests.attacked import trained, untrained

from layerwise import Run, report
from layerwise.cli.main import main

MODEL = """
from torch import nn
from tests.attacked import untrained
import torch

def net():
    return untrained()

class Scores(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return (self.scale * x).flatten(1)[:, :1]

def features():
    return torch.utils.data.TensorDataset(torch.rand(6, 4), torch.arange(6) % 2)

def few():
    from layerwise.data import DataSet
    import numpy as np
    x = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), np.uint8)
    return DataSet("few", x, {"class": np.array([0, 1, 1])}, {"class": ("cat", "dog")})

def mlp():
    return nn.Linear(4, 2)
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    save_file(untrained().state_dict(), "before.safetensors")
    save_file(trained().state_dict(), "after.safetensors")
    return tmp_path


def run(*arguments):
    return main(["attack", *arguments])


NET = ("nets.py:net", "--weights", "after.safetensors")


def test_outcome_a_curve_beside_the_untrained_network(here, capsys):
    some = ("-n", "40", "--steps", "5", "--radius", "0.5,1.5")
    assert run(*NET, *some, "--figure", "curve.png") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("pgd (l2) on 40 observations")
    assert "untrained" in printed
    assert "figure: curve.png" in printed
    assert (here / "curve.png").read_bytes()[:4] == b"\x89PNG"
    assert run(*NET, *some, "--no-control", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["radius"] for row in rows] == [0, 0.5, 1.5]
    assert {row["checkpoint"] for row in rows} == {"after"}
    assert rows[0]["accuracy"] > 0.8 > rows[-1]["accuracy"]
    assert rows[-1]["control"] > 0.6


def test_outcome_observations_one_by_one_towards_a_class(here, capsys):
    chosen = ("--observation", "3,5", "--target", "8", "--radius", "4")
    assert run(*NET, *chosen, "--figure", "twins.png") == 0
    printed = capsys.readouterr().out
    assert "digits test 3 (digit " in printed
    assert (here / "twins.png").is_file()
    assert run(*NET, *chosen, "--json") == 0
    found = json.loads(capsys.readouterr().out)["observations"]
    assert [row["observation"] for row in found] == [3, 5]
    assert [row["after"] for row in found] == ["8", "8"]
    assert all(row["l2"] <= 4.0001 and row["flipped"] for row in found)


@pytest.mark.parametrize("method", ["fgsm", "ascent", "minimal"])
def test_outcome_every_method(here, capsys, method):
    more = () if method == "fgsm" else ("--steps", "4")
    assert run(*NET, "--method", method, "--norm", "linf", "-n", "10", *more, "--no-control") == 0
    assert capsys.readouterr().out.startswith(f"{method} (linf) on 10 observations")


def test_round_trip_kept_in_a_run_for_its_report(here, capsys):
    both = ("--weights", "before.safetensors", "--weights", "after.safetensors")
    layers = ("--layer", "input", "--layer", "relu3", "--layer", "output")
    assert main(["record", "nets.py:net", *both, *layers, "-n", "100", "--to", "run"]) == 0
    capsys.readouterr()
    attack = ("--steps", "4", "-n", "20", "--radius", "0.5,1", "--twins", "12", "--to", "run")
    assert run("nets.py:net", *both, *attack) == 0
    assert "next: layerwise report run" in capsys.readouterr().out
    kept = Run.open(here / "run")
    assert set(kept.table("attacks")["checkpoint"]) == {"before", "after"}
    twins = kept.table("twins")
    assert twins.groupby("checkpoint")["observation"].nunique().to_dict() == {
        "before": 12, "after": 12
    }  # fmt: skip
    assert twins[["x", "twin_x", "control_y"]].notna().all(axis=None)
    assert "Adversarial samples" in report.render([kept], interactive=False)
    assert main(["record", "nets.py:net", *both, "-n", "30", "--to", "bare"]) == 0
    capsys.readouterr()
    assert run("nets.py:net", *both, "-n", "5", "--steps", "1", "--to", "bare") == 2
    assert "bare must hold the inputs of its observations" in capsys.readouterr().err


def test_outcome_a_small_run_and_classes_without_names(here, capsys):
    recorded = ("record", "nets.py:net", "--weights", "after.safetensors", "-n", "8")
    layers = ("--layer", "input", "--layer", "relu3")
    assert main([*recorded, *layers, "--to", "small"]) == 0
    assert run(*NET, "-n", "6", "--steps", "2", "--to", "small") == 0
    kept = Run.open(here / "small")
    assert kept.table("twins")[["x", "twin_x"]].notna().all(axis=None)
    capsys.readouterr()
    few = ("--data", "nets.py:few", "--observation", "0,1", "--steps", "2")
    assert run(*NET, *few, "--figure", "few.png", "--json") == 0
    names = {row["before"] for row in json.loads(capsys.readouterr().out)["observations"]}
    assert names <= {"cat", "dog", *map(str, range(2, 10))}


def test_contract_the_control_takes_no_name_that_is_taken(here, capsys):
    (here / "before.safetensors").rename("untrained.safetensors")
    both = ("--weights", "untrained.safetensors", "--weights", "after.safetensors")
    layers = ("--layer", "input", "--layer", "relu3")
    assert main(["record", "nets.py:net", *both, "-n", "12", *layers, "--to", "run"]) == 0
    one = ("-n", "9", "--steps", "2", "--radius", "0.5", "--to", "run")
    assert run(*NET, *one) == 0
    assert set(Run.open(here / "run").table("attacks")["checkpoint"]) == {"after"}
    capsys.readouterr()
    assert run("nets.py:net", "--weights", "untrained.safetensors", *one, "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["checkpoint"] for row in rows] == ["untrained"] * 2


def test_outcome_features_have_no_pictures(here, capsys):
    data = ("--data", "nets.py:features", "--no-control", "--steps", "2")
    assert run("nets.py:mlp", *data) == 0
    assert capsys.readouterr().out.startswith("pgd (l2) on 6 observations")
    assert run("nets.py:mlp", *data, "--observation", "0", "--figure", "x.png") == 2
    assert "--figure with --observation must come with pictures" in capsys.readouterr().err


BAD = [
    ([*NET, "--method", "deepfool"], "--method must be one of fgsm, pgd, ascent, minimal"),
    ([*NET, "--norm", "l1"], "--norm must be one of l2, linf; got 'l1'"),
    ([*NET, "--radius", "small"], "--radius must be numbers and commas; got 'small'"),
    ([*NET, "--target", "10"], "target must be in [0, 9] for 10 classes; got 10"),
    ([*NET, "--upper", "0.5"], "lower and upper must be around the inputs"),
    ([*NET, "--lower", "black"], "--lower must be numbers and commas, or none; got 'black'"),
    ([*NET, "--method", "fgsm", "--steps", "3"], "--steps must be left out with fgsm"),
    ([*NET, "--observation", "99999"], "--observation must be an integer in [0, "),
    (["nets.py:net", "--to", "run"], "this folder is not a run"),
    (["nets.py:Scores"], "must give one score per class"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD)
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1
