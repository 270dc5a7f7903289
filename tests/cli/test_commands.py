"""The command line: each command does its one call, bad input is one sentence and exit code 2."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from layerwise import Run
from layerwise.cli.main import COMMANDS, main

MODEL = """
import torch
from torch import nn
import torch.nn.functional as F

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.fc1, self.fc2 = nn.Linear(64, 32), nn.Linear(32, 10)

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x.flatten(1))))

def wrong():
    return nn.Linear(3, 2)

def broken():
    raise RuntimeError("no such luck")

def number():
    return 7
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds a network, and work in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(MODEL)
    return tmp_path


def run(*arguments: str) -> int:
    return main(list(arguments))


def printed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def test_outcome_the_whole_chain_on_a_users_network(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(1)
    state = {"fc1.weight": torch.randn(32, 64), "fc1.bias": torch.zeros(32),
             "fc2.weight": torch.randn(10, 32), "fc2.bias": torch.zeros(10)}  # fmt: skip
    save_file(state, "trained.safetensors")
    torch.save({"state_dict": {f"module.{k}": v + 1 for k, v in state.items()}}, "later.pt")
    assert run("layers", "net.py:Net", "--shape", "1,8,8", "--json") == 0
    names = [row["layer"] for row in printed(capsys)["rows"]]  # type: ignore[index, union-attr]
    assert names == ["input", "flatten", "fc1", "relu", "fc2", "output"]

    assert run("record", "net.py:Net", "--weights", "trained.safetensors", "--weights", "later.pt",
               "-n", "120", "--layer", "input", "--layer", "relu", "--layer", "output",
               "--to", "run", "--dtype", "float16", "--json") == 0  # fmt: skip
    found = printed(capsys)
    assert found["checkpoints"] == ["trained", "later"]
    assert run("project", "run", "--layer", "relu", "--method", "pca", "--json") == 0
    assert len(printed(capsys)["rows"]) == 2  # type: ignore[arg-type]
    assert run("score", "run", "--method", "pca", "--json") == 0
    rows = printed(capsys)["rows"]
    assert isinstance(rows, list)
    assert {row["score"] for row in rows} >= {"neighborhood hit 2-D", "accuracy"}
    assert all(0 <= row["value"] <= 1 for row in rows)
    assert run("evolve", "run", "--over", "epochs", "--method", "independent", "-n", "60",
               "--perplexity", "9", "--figure", "trails.png", "--json") == 0  # fmt: skip
    moved = printed(capsys)["rows"]
    assert {row["checkpoint"] for row in moved} == {"", "trained", "later"}  # type: ignore[union-attr, index]
    assert run("units", "run", "--layer", "relu", "--trees", "5", "--where", "digit=3",
               "--figure", "roles.png", "--json") == 0  # fmt: skip
    told = printed(capsys)
    assert sum(told["states"].values()) == 32  # type: ignore[attr-defined]
    assert len(told["strongest"]) == 10  # type: ignore[arg-type]
    assert len(told["contrast"]) == 32  # type: ignore[arg-type]
    assert run("units", "run", "--layer", "relu", "--unit", "3", "--ranking", "gini",
               "--figure", "neuron.png", "--json") == 0  # fmt: skip
    capsys.readouterr()
    for name in ("trails", "roles", "neuron"):
        assert Path(f"{name}.png").read_bytes()[:4] == b"\x89PNG"
    assert run("report", "run", "-o", "page.html", "--json") == 0
    made = printed(capsys)
    page = Path(str(made["report"]))
    assert "<html" in page.read_text(encoding="utf-8")
    assert page.stat().st_size == made["bytes"] == sum(made["sections"].values())  # type: ignore[attr-defined]
    assert run("verify", "run", "--recompute", "1", "--model", "net.py:Net", "--weights",
               "later.pt", "-n", "120", "--json") == 0  # fmt: skip
    assert printed(capsys)["problems"] == []


def test_tables_for_people_are_printed_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("layers", "net.py:Net") == 0
    assert "* fc1" in capsys.readouterr().out
    assert run("record", "net.py:Net", "--to", "run", "-n", "100", "--layer", "relu") == 0
    out = capsys.readouterr().out
    assert "100 observations" in out
    assert "run: run" in out
    assert run("project", "run", "--method", "pca") == 0
    assert run("score", "run", "--method", "pca", "-k", "3") == 0
    assert "trustworthiness" in capsys.readouterr().out
    assert run("units", "run", "--layer", "relu", "--ranking", "gini", "--where", "digit=7") == 0
    out = capsys.readouterr().out
    for words in ("32 neurons", "Strongest neurons", "digit=7", "stress of the neuron map"):
        assert words in out
    assert run("record", "net.py:Net", "--to", "deep", "-n", "100", "--layer", "fc1", "--layer",
               "relu") == 0  # fmt: skip
    assert run("evolve", "deep", "-n", "60", "--perplexity", "9") == 0
    out = capsys.readouterr().out
    for words in ("over layers at final, sequential", "fc1", "trail length"):
        assert words in out
    assert run("report", "run") == 0
    out = capsys.readouterr().out
    assert "section" in out
    assert "explore: maps" in out
    assert run("report", "run", "--still") == 0
    assert "explore" not in capsys.readouterr().out
    assert run("report", "run", "--full") == 0
    assert "explore: activations" in capsys.readouterr().out
    assert run("verify", "run") == 0
    assert "no problem" in capsys.readouterr().out


def test_train_saves_checkpoints_and_record_takes_them(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("train", "-n", "300", "--epochs", "2", "--to", "t", "--json") == 0
    rows = printed(capsys)["rows"]
    assert [row["name"] for row in rows] == ["epoch-000", "epoch-001", "epoch-002"]  # type: ignore[union-attr, index]
    assert run("train", "-n", "300", "--epochs", "2", "--to", "t") == 0
    assert "epoch-002" in capsys.readouterr().out


def test_verify_finds_damage_and_exits_with_1(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("record", "net.py:Net", "--to", "run", "-n", "50") == 0
    part = next(Path("run").rglob("*.npy"))
    content = bytearray(part.read_bytes())
    content[-1] ^= 1
    part.write_bytes(content)
    capsys.readouterr()
    assert run("verify", "run") == 1
    assert "is damaged" in capsys.readouterr().out


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("open('canary', 'w')",))


BAD = [
    (["record", "net.py:Net", "--layer", "relu9", "--to", "r"], "no layer 'relu9' in Net. Did you"),
    (["record", "net.py:Net", "--data", "cats", "--to", "r"], "no data set 'cats'"),
    (["record", "net.py:Nett", "--to", "r"], "no function 'Nett' in net.py. Did you mean 'Net'"),
    (["record", "net.py", "--to", "r"], "must be MODULE:FUNCTION"),
    (["record", "missing.py:Net", "--to", "r"], "there is no file missing.py"),
    (["record", "nomodule:Net", "--to", "r"], "cannot import 'nomodule'"),
    (["record", "net.py:broken", "--to", "r"], "RuntimeError: no such luck"),
    (["record", "net.py:number", "--to", "r"], "must return a torch.nn.Module; got int"),
    (["record", "net.py:wrong", "--to", "r"], "Linear failed on a batch of shape (2, 1, 8, 8)"),
    (["record", "net.py:Net", "--weights", "evil.pt", "--to", "r"], "evil.pt"),
    (["record", "net.py:Net", "--weights", "none.pt", "--to", "r"], "none.pt"),
    (["record", "net.py:Net", "--weights", "other.safetensors", "--to", "r"], "fc1.weight"),
    (["record", "net.py:Net", "--max-bytes", "10", "--to", "r"], "and the limit is 10 B"),
    (["record", "net.py:Net", "--pooling", "avg", "--to", "r"], "pooling must be one of"),
    (["record", "net.py:Net", "--to", "done", "-n", "41"], "differs in n_observations"),
    (["record", "net.py:wrong", "--data", "x.npz", "--to", "done"], "differs in"),
    (["project", "nowhere"], "is not a run"),
    (["project", "done", "--layer", "relu9"], "no layer 'relu9'"),
    (["project", "done", "--method", "lda"], "method must be one of"),
    (["project", "done", "-c", "x"], "no checkpoint 'x'"),
    (["score", "done", "-k", "40", "--method", "pca"], "n_neighbors must be an integer in [1, 39]"),
    (["score", "done", "--label", "phone", "--method", "pca"], "no label column 'phone'"),
    (["report", "newer"], "newer layerwise"),
    (["report", "done", "--full", "--still"], "either --full or --still; got both"),
    (["verify", "nowhere"], "is not a run"),
    (["verify", "done", "--recompute", "1"], "needs --model"),
    (["layers", "net.py:Net", "--shape", "a"], "--shape must be numbers"),
    (["evolve", "done", "--over", "time"], "over must be one of layers, epochs"),
    (["evolve", "done", "--over", "epochs"], "at least two; got 1 checkpoint"),
    (["evolve", "done", "--method", "joint"], "one space"),
    (["units", "done", "--layer", "relu7"], "no layer 'relu7'"),
    (["units", "done", "--layer", "fc1", "--unit", "99"], "--unit must be an integer in [0, 31]"),
    (["units", "done", "--layer", "fc1", "--ranking", "best"], "must be one of forest, gini"),
    (["units", "done", "--layer", "fc1", "--where", "digit"], "--where must be COLUMN=VALUE"),
    (["units", "done", "--layer", "fc1", "--where", "colour=3"], "no label column 'colour'"),
    (["units", "done", "--layer", "fc1", "--where", "digit=11"], "no value '11'"),
    (["study", "hidden-things"], "NAME must be one of hidden-activity"),
    (["study", "hidden-activity", "--network", "rnn"], "network must be one of mlp, cnn"),
    (["study", "hidden-activity", "--data", "none.npz"], "none.npz"),
    (["train", "--network", "rnn"], "--network must be one of"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(a) for a, _ in BAD])
def test_bad_input_is_one_sentence_and_exit_code_2(
    arguments: list[str], sentence: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("record", "net.py:Net", "--to", "done", "-n", "40") == 0
    (here / "evil.pt").write_bytes(pickle.dumps(Evil()))
    save_file({"fc1.weight": torch.zeros(2, 2)}, "other.safetensors")
    np.savez("x.npz", x=np.zeros((40, 3), "f"), y=np.arange(40) % 2)
    assert run("record", "net.py:Net", "--to", "newer", "-n", "40") == 0
    manifest = Path("newer/run.json")
    manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 2'))
    kept = {path: path.read_bytes() for path in Path("done").rglob("*.npy")}
    capsys.readouterr()
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.startswith("layerwise: ")
    assert said.err.count("\n") == 1, "one line"
    assert "Traceback" not in said.err
    assert not Path("canary").exists()
    assert {path: path.read_bytes() for path in Path("done").rglob("*.npy")} == kept
    assert Run.open("done").verify() == []


def test_usage_errors_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("record") == 2
    assert run("nonsense") == 2
    assert run("demo", "--nonsense") == 2


def test_debug_shows_the_traceback(here: Path) -> None:
    with pytest.raises(ValueError, match="must be MODULE:FUNCTION"):
        run("--debug", "record", "net.py", "--to", "r")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.__name__)
def test_every_command_helps_with_an_example(
    command: object, capsys: pytest.CaptureFixture[str]
) -> None:
    name = command.__name__  # type: ignore[attr-defined]
    assert run(name, "--help") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"Example: layerwise {name}" in out
