"""What the README shows runs as shown."""

from __future__ import annotations

import re
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import record
from layerwise.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_of_the_readme_exists() -> None:
    named = set(re.findall(r"(?m)^layerwise +([a-z]+)", README))
    assert named
    assert named <= {command.__name__ for command in COMMANDS}


def test_the_lines_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ten_lines, further, live, asking = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    torch.manual_seed(0)
    model = nn.Sequential()
    for i in range(1, 5):
        model.add_module(f"fc{i}", nn.Linear(12, 12))
        model.add_module(f"relu{i}", nn.ReLU())
    rng = np.random.default_rng(0)
    images = rng.normal(size=(120, 12)).astype(np.float32)
    space = {"model": model, "images": images, "digits": np.arange(120) % 10, "rows": [3, 4]}
    exec(ten_lines, space)
    assert (tmp_path / "mine.html").stat().st_size > 1000
    with torch.no_grad():
        model[0].weight += 0.1
    space["run"] = record(model, images, labels={"digit": space["digits"]}, layers=["relu*"],
                          to="runs/mine", checkpoint="epoch-001")  # fmt: skip
    exec(further, space)
    assert {"evolution", "trails", "motion", "units"} <= set(space["run"].tables)
    layers = OrderedDict(conv1=nn.Conv2d(1, 4, 3), relu1=nn.ReLU(), flatten=nn.Flatten(),
                         fc1=nn.Linear(4 * 6 * 6, 10))  # fmt: skip
    images = rng.random((120, 1, 8, 8)).astype(np.float32)
    space |= {"model": nn.Sequential(layers), "images": images, "image": images[0]}
    exec(live, space)
    assert space["told"]["relu1"].n_observations == 120
    layers = OrderedDict(conv1=nn.Conv2d(1, 4, 3), relu1=nn.ReLU(), conv2=nn.Conv2d(4, 16, 3),
                         relu2=nn.ReLU(), conv3=nn.Conv2d(16, 8, 3), relu3=nn.ReLU(),
                         flatten=nn.Flatten(), fc1=nn.Linear(8 * 2 * 2, 10))  # fmt: skip
    words = OrderedDict(embeddings=nn.Embedding(9, 4), head=nn.Linear(4, 2))
    space |= {"model": nn.Sequential(layers), "text_model": nn.Sequential(words),
              "token_ids": torch.tensor([[1, 2, 3]])}  # fmt: skip
    exec(asking, space)
    assert space["bert"](torch.rand(5, 3, 4)).shape == (5, 3, 2)


def test_pictures_of_the_readme_are_there_and_small() -> None:
    for name in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert 1000 < (ROOT / name).stat().st_size < 400_000
