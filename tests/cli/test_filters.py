"""`layerwise filters`: good input prints, draws and keeps; bad input is one sentence."""

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
    return nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU(), nn.Conv2d(8, 12, 3, groups=4),
                         nn.Conv2d(12, 4, 1), nn.Flatten(), nn.Linear(4, 2))

def mlp():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10))

def volume():
    return nn.Sequential(nn.Conv3d(1, 2, 3))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text(MODEL)
    return tmp_path


def weights(name, factor, shapes):
    torch.manual_seed(1)
    save_file({key: factor * torch.randn(shape) for key, shape in shapes.items()}, name)


def mlp_weights(name, factor):
    weights(name, factor, {"1.weight": (16, 64), "1.bias": (16,), "3.weight": (10, 16),
                           "3.bias": (10,)})  # fmt: skip


def test_outcome_a_table_and_a_picture_of_the_network_as_it_is(here, capsys):
    assert main(["filters", "nets.py:cnn", "--figure", "all.png"]) == 0
    out = capsys.readouterr().out
    lines = [line.split() for line in out.splitlines() if line.strip()[:1].isdigit()]
    assert [line[:2] for line in lines] == [
        ["0", "Conv2d"], ["2", "Conv2d"], ["3", "Conv2d"], ["5", "Linear"]
    ]  # fmt: skip
    assert "2 of 8" in " ".join(lines[1])
    assert "figure: all.png (3 of 4 layers; --layer names others)" in out
    assert (here / "all.png").read_bytes().startswith(b"\x89PNG")


def test_outcome_checkpoints_in_order_with_what_moved(here, capsys):
    mlp_weights("before.safetensors", 1.0)
    mlp_weights("after.safetensors", 1.5)
    arguments = ["filters", "nets.py:mlp", "--weights", "before.safetensors", "--weights",
                 "after.safetensors", "--layer", "1", "--strongest", "3", "--scale", "layer",
                 "--image-shape", "8,8"]  # fmt: skip
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["checkpoint"] for row in found["rows"]] == ["before", "after"]
    assert [row["moved"] for row in found["rows"]] == [None, pytest.approx(0.5)]
    assert [one["picture"] for one in found["drawn"]] == ["signed", "signed"]
    assert len(set(found["drawn"][0]["limits"] + found["drawn"][1]["limits"])) == 1
    assert len(found["drawn"][0]["filters"]) == 3
    assert found["drawn"][0]["caption"] == "the 3 strongest of 16 filters by norm at after"
    assert main([*arguments, "--figure", "f.svg"]) == 0
    out = capsys.readouterr().out
    assert "50.0 %" in out
    assert "figure: f.svg\n" in out
    assert "<svg" in (here / "f.svg").read_text()


def test_outcome_named_filters_and_inputs(here, capsys):
    assert main(["filters", "nets.py:cnn", "-l", "0", "--filters", "7,2", "--inputs", "2,1,0",
                 "--json"]) == 0  # fmt: skip
    (one,) = json.loads(capsys.readouterr().out)["drawn"]
    assert (one["picture"], one["filters"], one["inputs"]) == ("rgb", [7, 2], [2, 1, 0])
    assert main(["filters", "nets.py:cnn", "-l", "3", "--inputs", "strongest", "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["drawn"]
    assert len(one["inputs"]) == 12


def test_outcome_a_run_keeps_them_for_its_report(here, capsys):
    mlp_weights("before.safetensors", 1.0)
    mlp_weights("after.safetensors", 1.5)
    files = ["--weights", "before.safetensors", "--weights", "after.safetensors"]
    assert main(["record", "nets.py:mlp", *files, "-n", "30", "--to", "run", "--json"]) == 0
    assert main(["filters", "nets.py:mlp", *files, "--to", "run"]) == 0
    assert "next: layerwise report run" in capsys.readouterr().out
    run = Run.open(here / "run")
    assert sorted(run.table("kernels")["checkpoint"]) == ["after", "after", "before", "before"]
    images = run.table("images")
    assert set(images["kind"]) == {"filters"}
    # The first layer sees the digits of the run: pictures without being told their shape.
    assert set(images.loc[images["layer"] == "1", "height"]) == {8}
    assert main(["report", "run", "--output", "r.html", "--still"]) == 0
    assert 'id="filters"' in (here / "r.html").read_text()
    assert main(["filters", "nets.py:mlp", "--to", "run"]) == 0
    assert "" in set(run.table("kernels")["checkpoint"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nets.py:cnn", "--layer", "conv9"], "no layer 'conv9' in the layers with filters of"),
        (["nets.py:cnn", "--filters", "a,b"], "--filters must be numbers and commas; got 'a,b'."),
        (["nets.py:cnn", "--inputs", "all"], "--inputs must be numbers and commas; got 'all'."),
        (["nets.py:cnn", "-l", "0", "--filters", "9"], "filters must be an integer in [0, 7]; "
         "got 9."),
        (["nets.py:cnn", "--filters", "1", "--strongest", "2"], "--filters and --strongest must "
         "not be given both. Choose one."),
        (["nets.py:cnn", "--scale", "unit"], "scale must be one of filter, layer; got 'unit'."),
        (["nets.py:cnn", "--image-shape", "3,3"], "image_shape must be that of a linear layer's "
         "inputs, 4 here; got 3 x 3."),
        (["nets.py:volume", "--layer", "0"], "got 0, a Conv3d. Slice its weight"),
        (["nets.py:volume"], "with linear layers or convolutions of one or two dimensions; got "
         "Conv3d."),
        (["nets.py:cnn", "--weights", "none.pt"], "none.pt"),
        (["nets.py:cnn", "--weights", "a.pt", "--weights", "b/a.pt"], "--weights must be files of "
         "different names; got a, a."),
        (["nets.py:cnn", "--to", "nowhere"], "nowhere"),
        (["none.py:cnn", "--figure", "f.gif"], "a name ending in .png, .svg or .pdf; got f.gif."),
        (["none.py:cnn", "--figure", "no/f.png"], "a file in a folder that exists; got no/f.png."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence_and_exit_code_2(here, capsys, arguments, sentence):
    assert main(["filters", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert "Traceback" not in said


def test_contract_a_run_takes_no_other_weights_under_the_name_of_a_checkpoint(here, capsys):
    mlp_weights("epoch-000.safetensors", 0.3)
    record = ["record", "nets.py:mlp", "--weights", "epoch-000.safetensors", "-n", "20"]
    assert main([*record, "--to", "run"]) == 0
    (here / "b").mkdir()
    mlp_weights("b/epoch-000.safetensors", 1.0)
    capsys.readouterr()
    keep = ["filters", "nets.py:mlp", "--to", "run", "--weights"]
    assert main([*keep, "b/epoch-000.safetensors"]) == 2
    said = capsys.readouterr().err
    assert "run holds checkpoint 'epoch-000' of other weights than b/epoch-000.safetensors" in said
    assert "kernels" not in Run.open(here / "run").tables
    assert main([*keep, "epoch-000.safetensors"]) == 0
