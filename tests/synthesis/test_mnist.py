"""What the sources say of preferred inputs, on MNIST, beside the untrained network.

E2 Erhan et al. 2009; FL4 Fleuret's lecture 8.4; H3 to H5 the practical of HEIG-VD.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import models
from layerwise.data import DataSet, load
from layerwise.foundation.shapes import Array
from layerwise.models.glorot import glorot_uniform
from layerwise.network.question import question
from layerwise.network.targets import logit, unit
from layerwise.recording import tally
from layerwise.synthesis import edge_energy, lp_norm, maximize, total_variation
from layerwise.synthesis.agreement import agreement
from layerwise.synthesis.recipes import RECIPES

pytestmark = [pytest.mark.slow, pytest.mark.needs_data]

TEN = range(10)


@pytest.fixture(scope="module")
def digits(shared_data: Path) -> DataSet:
    return load("mnist", split="test", data_dir=shared_data)


def trained(model: nn.Module, shared_data: Path, folder: Path, n: int) -> nn.Module:
    data = load("mnist", split="train", data_dir=shared_data).sample(n)
    (label, *_) = data.labels
    for _ in models.train(
        model, data.inputs(), data.labels[label], to=folder, epochs=2, batch_size=128,
        learning_rate=0.001, optimizer="adam", checkpoints=[2],
    ):  # fmt: skip
        pass
    return model.eval()


@pytest.fixture(scope="module")
def lenet(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> nn.Module:
    model = models.lenet((1, 28, 28), 10)
    return trained(model, shared_data, tmp_path_factory.mktemp("lenet"), 30_000)


def said(model: nn.Module, images: Array) -> Array:
    """Return the probability that each of ten images gets of its own class."""
    with torch.no_grad():
        return model(torch.from_numpy(images)).softmax(1).numpy()[TEN, TEN]


@pytest.fixture(scope="module")
def logits(lenet: nn.Module, digits: DataSet) -> Array:
    with torch.no_grad():
        return lenet(torch.from_numpy(digits.inputs())).numpy()


@pytest.mark.parametrize("recipe", list(RECIPES))
def test_study_every_class_is_recognised(
    lenet: nn.Module, digits: DataSet, logits: Array, recipe: str
) -> None:
    """H3: p > .9 and a logit above the 99th percentile of real digits, for all ten classes.

    With no more ink than the mean digit has, and held variously, it is above the 95th.
    """
    found = maximize(lenet, logit(TEN), digits, recipe=recipe)
    assert said(lenet, found.images).min() > 0.9
    percentile = 95 if recipe == "ink" else 99
    assert (found.values > np.percentile(logits, percentile, axis=0)).all()


def test_study_sufficient_is_not_necessary(lenet: nn.Module, digits: DataSet) -> None:
    """H5: the network is as sure as of any digit, of images that are further from all digits."""
    found = maximize(lenet, logit(TEN), digits, recipe="ink")
    real = torch.from_numpy(digits.inputs()).flatten(1)
    distances = torch.cdist(torch.from_numpy(found.images).flatten(1), real).amin(1)
    among = torch.cdist(real[:200], real)
    among[torch.arange(200), torch.arange(200)] = torch.inf
    assert said(lenet, found.images).min() > 0.99
    assert float(distances.median()) > float(among.amin(1).median())


@pytest.mark.parametrize("layer", ["conv2", "fc1", "output"])
def test_study_no_real_input_excites_as_much(lenet: nn.Module, digits: DataSet, layer: str) -> None:
    """FL4: more than the largest of 10,000 digits, for nine units in ten; h smooths the image."""
    (seen,) = tally(lenet, digits, [layer], maps=False, winners=False).values()
    largest = seen.statistics()["max"].to_numpy()[:16]
    units = range(len(largest))
    target = unit(layer, units, "max" if layer == "conv2" else None)
    smooth = maximize(lenet, target, digits, recipe="lecture")
    assert (smooth.values > largest).mean() >= 0.9
    rough = maximize(lenet, target, digits, recipe=replace(RECIPES["lecture"], penalty=None))
    energy = [edge_energies(lenet, found.images) for found in (smooth, rough)]
    assert (energy[0] < energy[1]).all()


def edge_energies(model: nn.Module, images: Array) -> Array:
    with question(model, edge_energy(), images) as ask:
        return ask(ask.x).numpy()


def test_study_what_each_prior_does(lenet: nn.Module, digits: DataSet) -> None:
    """H4: total variation and the norm, each on and off; the loss falls to the returned best."""
    found = {}
    for variation in (0, 10):
        for norm in (0, 10):
            penalty = variation * total_variation() + norm * lp_norm()
            recipe = replace(RECIPES["keras-vis"], penalty=penalty)
            found[variation, norm] = maximize(lenet, logit(TEN), digits, recipe=recipe)
    for one in found.values():
        history = one.history[:, 0]
        np.testing.assert_array_equal(history.argmax(1), one.best_step[:, 0])
        assert (history.max(1) > history[:, 0] + 5).all()
        assert said(lenet, one.images).min() > 0.9
    for prior, off, on in (
        (total_variation(), found[0, 0], found[10, 0]),
        (lp_norm(), found[0, 0], found[0, 10]),
    ):
        with question(lenet, prior, found[0, 0].images) as ask:
            without, having = (ask(torch.from_numpy(one.images)) for one in (off, on))
        assert float((having / without).median()) < 1


def test_study_sigmoid_units_have_one_maximum_and_rectified_ones_more(
    shared_data: Path, digits: DataSet, tmp_path: Path, lenet: nn.Module
) -> None:
    """E2: the share of units whose nine starts all agree; an untrained network shows the same."""
    stack = OrderedDict[str, nn.Module](flatten=nn.Flatten())
    for k, (a, b) in enumerate([(784, 200), (200, 200)], start=1):
        stack[f"fc{k}"], stack[f"act{k}"] = nn.Linear(a, b), nn.Sigmoid()
    stack["output"] = nn.Linear(200, 10)
    mlp = glorot_uniform(nn.Sequential(stack), 0)
    shares = {}
    for name, model, layer in (
        ("sigmoid, untrained", mlp, "fc2"),
        ("sigmoid", lambda: trained(mlp, shared_data, tmp_path, 10_000), "fc2"),
        ("rectified, untrained", models.lenet((1, 28, 28), 10), "fc1"),
        ("rectified", lenet, "fc1"),
    ):
        net = model if isinstance(model, nn.Module) else model()
        found = maximize(
            net, unit(layer, range(12)), digits, recipe="erhan", starts=9, steps=200
        )  # fmt: skip
        assert (np.diff(found.history) >= 0).all()  # E4
        agreed = agreement(found.start_images, found.start_values)
        shares[name] = float(agreed.all_agree.mean())
    print(shares)
    assert shares["sigmoid, untrained"] > 0.9
    assert shares["sigmoid"] > 0.9
    assert shares["rectified"] < 0.5
