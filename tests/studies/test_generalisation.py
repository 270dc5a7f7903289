"""Contract: what is recorded and probed. Closed form: pictures as a network takes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import data, models
from layerwise.data import DataSet
from layerwise.foundation.checks import UserError
from layerwise.scores import probe
from layerwise.studies.generalisation import classes_of, fitted, generalisation, halves

DIGITS = data.load("digits")


def pictures(n: int, *shape: int) -> DataSet:
    pixels = np.random.default_rng(0).integers(0, 256, (n, *shape), np.uint8)
    return DataSet("noise", pixels, {"class": np.arange(n) % 2}, {"class": ("a", "b")})


def test_reference_layers_are_means_over_positions_and_probed_as_they_are(tmp_path: Path) -> None:
    model = models.lenet((1, 8, 8), 10, channels=(4, 6), kernel_size=3, pools=(1, 2), padding=True)
    found = generalisation(
        [("before", model), ("after", models.untrained(model, random_state=9))], DIGITS,
        ["relu1", "pool2", "relu3"], input_shape=(1, 8, 8), to=tmp_path, n=120, seed=3,
    )  # fmt: skip
    assert found[["layer", "checkpoint"]].values.tolist() == [
        ["input", "before"], ["relu1", "before"], ["pool2", "before"], ["relu3", "before"],
        ["relu1", "after"], ["pool2", "after"], ["relu3", "after"],
    ]  # fmt: skip
    assert found["n_units"].tolist() == [64, 4, 6, 200, 4, 6, 200]
    assert set(found["n_observations"]) == {120}
    assert set(found["n_classes"]) == {10}
    drawn = DIGITS.sample(120, random_state=3, stratify=True)
    with torch.no_grad():
        pool2 = model[:5](torch.from_numpy(drawn.inputs())).mean(dim=(2, 3)).numpy()
    expected = probe(pool2, drawn.labels["digit"], random_state=3)
    row = found.query("layer == 'pool2' and checkpoint == 'before'").iloc[0]
    assert row["value"] == pytest.approx(expected.accuracy, abs=0.02)
    assert row["floor"] == pytest.approx(expected.floor, abs=0.1)


def test_closed_form_grey_becomes_rgb_and_sides_are_covered() -> None:
    grey = pictures(3, 4, 4, 1)
    assert fitted(grey, (1, 4, 4)) is grey
    coloured = fitted(grey, (3, 4, 4))
    assert (coloured.observations == grey.observations).all()
    flat = np.full((2, 6, 10, 3), [200, 100, 50], np.uint8)
    scaled = fitted(DataSet("flat", flat, {"c": np.arange(2)}, {"c": ("a", "b")}), (3, 12, 9))
    assert scaled.observations.shape == (2, 12, 9, 3)
    assert (scaled.observations == [200, 100, 50]).all()
    assert fitted(pictures(2, 6, 6, 3), (1, 3, 3)).input_shape == (1, 3, 3)


def test_halves_keep_their_numbers_and_share_nothing() -> None:
    train = data.load("digits", split="train")
    learned, few, strange = halves(train, DIGITS)
    assert np.unique(learned.labels["digit"]).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(few.labels["digit"]).tolist() == [0, 1, 2, 3, 4]
    assert np.unique(strange.labels["digit"]).tolist() == [5, 6, 7, 8, 9]
    assert len(few) + len(strange) == len(DIGITS)
    assert classes_of(strange) == "digits 5, 6, 7, 8, 9"


def test_refusals(tmp_path: Path) -> None:
    few = DIGITS.take(DIGITS.labels["digit"] < 3)
    with pytest.raises(UserError, match="data must be of four classes or more; got 3"):
        halves(few, few)
    with pytest.raises(UserError, match="networks must be one or more; got none"):
        generalisation([], DIGITS, [], input_shape=(1, 8, 8), to=tmp_path)
    features = data.load("moons")
    with pytest.raises(UserError, match=r"other must be data of shape \(1, 8, 8\), or pictures"):
        generalisation([("a", nn.Flatten())], features, ["0"], input_shape=(1, 8, 8), to=tmp_path)


@pytest.mark.slow
@pytest.mark.needs_data
def test_z8_deeper_layers_serve_classes_that_were_never_seen(
    shared_data: Path, tmp_path: Path
) -> None:
    """Z8: monotone up to one violation, and above the untrained network at the last layer."""
    from layerwise.analysis.asking.generalisation import violations
    from layerwise.studies.deconvnet import ABLATION, PLAN
    from layerwise.studies.training import part_for, trained

    train, test = (data.load("mnist", split=split, data_dir=shared_data / "mnist")
                   for split in ("train", "test"))  # fmt: skip
    learned, few, strange = halves(train, test)
    part = part_for(ABLATION["quick"], learned, 0)
    model = PLAN.network(test.input_shape, 5, 0)
    profile = ABLATION["quick"].for_data(len(part))
    trained(model, part, few, profile, [], to=tmp_path / "training", seed=0)
    networks = [("untrained", PLAN.network(test.input_shape, 5, 0)), ("trained", model)]
    layers = ["pool1", "relu2", "relu3", "pool4", "relu5"]
    found = generalisation(
        networks, strange, layers, input_shape=test.input_shape, to=tmp_path / "run"
    )
    values = found.set_index(["checkpoint", "layer"])["value"]
    assert violations([values["trained", layer] for layer in layers]) <= 1
    assert values["trained", "relu5"] > found["floor"].max() + 0.4
