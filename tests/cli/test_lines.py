"""`layerwise lines`: one call of the study, its table and its files; bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerwise.cli.main import main

NET = """
from torch import nn

def net():
    return nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))

def half():
    return net().half()

def diverged():
    model = net()
    nn.init.constant_(model[0].weight, float("nan"))
    return model

def nowhere():
    return net().to("meta")

def curved():
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2))
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(NET)
    return tmp_path


def test_it_trains_counts_draws_and_reports(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call = ["lines", "--data", "blobs", "--hidden", "4", "--iterations", "2,9", "--figure", "l.png"]
    assert main([*call, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["iteration"] for row in found["rows"]] == [0, 2, 9]
    assert found["run"] == "runs/lines-blobs"
    assert Path(found["report"]).is_file()
    assert Path("l.png").read_bytes()[:4] == b"\x89PNG"
    assert main(call) == 0
    out = capsys.readouterr().out
    assert "2 → 4 → 3 on blobs" in out
    assert "never active" in out
    assert "run: runs/lines-blobs" in out


def test_a_network_of_ones_own(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lines", "--model", "net.py:net", "--to", "own", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["checkpoint"] for row in found["rows"]] == ["untrained", "trained"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--hidden", "a"], "--hidden must be numbers and commas; got 'a'"),
        (["--hidden", ""], "--hidden must be numbers and commas; got ''"),
        (["--figure", "no/x.png"], "a file in a folder that exists; got no/x.png"),
        (["--model", "net.py:half"], "in half precision; model.float() is not"),
        (["--model", "net.py:diverged"], "model must be of finite weights; got NaN"),
        (["--model", "net.py:nowhere"], "Sequential is on the meta device"),
        (["--features", "x,y"], "--features must be numbers and commas"),
        (["--features", "0,5"], "two different columns in [0, 1]"),
        (["--iterations", "0"], "iterations must be an integer >= 1"),
        (["--iterations", "5000", "--quick"], "iterations must be one or more"),
        (["--weights", "a.pt"], "--weights must be given with --model"),
        (["--model", "net.py:net", "--hidden", "3"], "--hidden must be left out with --model"),
        (["--model", "net.py:net", "--iterations", "3"], "--iterations must be left out"),
        (["--model", "net.py:curved"], "got Sequential of Linear, Tanh, whose outputs differ"),
        (["--data", "monns"], "Did you mean 'moons'?"),
    ],
)
def test_bad_input_is_one_sentence(
    here: Path, capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    assert main(["lines", *options]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
