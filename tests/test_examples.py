"""The examples run, end in a picture, and say of strangers' networks what these can."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from layerwise.cli.inputs import load_model
from layerwise.network import apply_weights, load_weights

EXAMPLES = Path(__file__).parents[1] / "examples"

WEIGHTS = {
    "mobilenet_v2": "mobilenet_v2_1.0_224_imagenet.npz",
    "resnet20": "resnet20-12fca82f.th",
    "squeezenet": "squeezenet_v1.0_imagenet.npz",
    "svhn_cnn": "svhn_cnn.pth",
}
PHOTOS = ("mobilenet_v2", "squeezenet")
NAMED_RIGHT = {"mobilenet_v2": 0.859, "resnet20": 0.915, "squeezenet": 0.685, "svhn_cnn": 0.933}
"""Measured once on all 92 photographs, 600 of CIFAR-10's test set and 1,165 of SVHN's."""


def run(script: str, *arguments: Path, data: Path | None = None) -> str:
    extra = {} if data is None else {"LAYERWISE_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{script}.py", *arguments],
        capture_output=True, text=True, check=False, env={**os.environ, **extra},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def own() -> list[str]:
    return sorted({path.stem for path in EXAMPLES.glob("*.py")} - set(WEIGHTS))


@pytest.mark.parametrize("script", own())
def test_examples_end_in_a_picture(script: str, tmp_path: Path) -> None:
    run(script, tmp_path)
    assert (tmp_path / f"{script}.png").stat().st_size > 5000


@pytest.mark.needs_data
@pytest.mark.parametrize("script", WEIGHTS)
def test_strangers_networks_do_what_they_were_trained_for(
    script: str, shared_data: Path, tmp_path: Path
) -> None:
    arguments = [tmp_path, shared_data / "weights" / WEIGHTS[script]]
    if script in PHOTOS:
        arguments.append(shared_data / "photos" / "photos.tsv")
    said = run(script, *arguments, data=shared_data)
    shares = re.findall(r"([\d.]+) % (?:of \d+ pictures )?named right", said)
    assert float(shares[-1]) / 100 == pytest.approx(NAMED_RIGHT[script], abs=0.02)
    assert (tmp_path / f"{script}.png").stat().st_size > 5000


@pytest.mark.parametrize("script", WEIGHTS)
def test_without_a_file_the_network_is_untrained_and_fits_its_input(script: str) -> None:
    model = load_model(f"{EXAMPLES / script}.py:{script}").eval()
    side = {"squeezenet": 227, "mobilenet_v2": 224}.get(script, 32)
    with torch.no_grad():
        logits = model(torch.zeros(1, 3, side, side))
    assert logits.shape == (1, 1000 if script in PHOTOS else 10)


@pytest.mark.needs_data
@pytest.mark.parametrize("script", ["resnet20", "svhn_cnn"])
def test_their_names_are_those_in_the_file(script: str, shared_data: Path) -> None:
    model = load_model(f"{EXAMPLES / script}.py:{script}")
    apply_weights(model, load_weights(shared_data / "weights" / WEIGHTS[script]))


@pytest.mark.parametrize("script", WEIGHTS)
def test_without_arguments_they_say_how_to_run_them(script: str) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / f"{script}.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"Run it: python examples/{script}.py FOLDER WEIGHTS" in " ".join(done.stderr.split())
