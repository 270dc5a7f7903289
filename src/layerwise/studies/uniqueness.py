"""Whether every start ends at one preferred input, and how far that is the unit's linear picture.

Erhan et al. 2009 found that almost all units of their belief nets and auto-encoders have one
maximum, and compared it with the linear combination of filters below. Both are measured layer by
layer, before and after training. So that what depth does is told from what the nonlinearity does,
two stacks of their size, of sigmoid and of rectified units, are measured like the network itself.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from layerwise import models
from layerwise.data import DataSet
from layerwise.foundation.shapes import Array
from layerwise.models.glorot import glorot_uniform
from layerwise.network.targets import unit
from layerwise.network.weights import apply_weights, load_weights
from layerwise.studies.subject import TRAINED, UNTRAINED
from layerwise.studies.training import n_classes
from layerwise.synthesis.agreement import agreement
from layerwise.synthesis.linear import linear_combination
from layerwise.synthesis.maximize import maximize
from layerwise.synthesis.portraits import n_units
from layerwise.synthesis.space import input_space

HIDDEN = (500, 500, 500)
"""Units of the stacks, those of Erhan et al. [as recalled]."""

N_TRAIN, EPOCHS = 10_000, 12
"""Of the stacks: digits and epochs of the calibration that stands beside them."""

STACKS = {"sigmoid": nn.Sigmoid, "rectified": nn.ReLU}
"""Erhan et al. had sigmoid units; rectified ones are what is in use today."""


def uniqueness(
    model: nn.Module,
    layers: Sequence[str],
    data: DataSet,
    *,
    n: int,
    starts: int,
    steps: int,
    random_state: int = 0,
) -> pd.DataFrame:
    """Return how unique the preferred inputs of each layer are, and how linear.

    Parameters
    ----------
    model : whose pre-activations are climbed on the sphere of the mean norm of the data
    layers : addresses, shallow to deep; of channels the position in the middle
    data : for shape and norm
    n : units of each layer, the first ones
    starts, steps : of each climb
    random_state : of the starts

    Returns
    -------
    DataFrame, one row a layer
        layer, n_units, n_starts, steps, cosine (mean over units of the mean over pairs of starts),
        all_agree (share of units whose starts are all alike), spread (largest coefficient of
        variation of the maxima), linear and least_linear (median and least cosine of the best
        start and the linear combination of filters), order (of the layer).
    """
    space = input_space(data)
    rows = []
    for order, layer in enumerate(layers):
        units = range(min(n, n_units(model, layer, data)))
        found = maximize(
            model, unit(layer, units, "middle"), space.shape, recipe="erhan", starts=starts,
            steps=steps, norm=space.norm, random_state=random_state,
            value_range=(space.low.numpy().ravel(), space.high.numpy().ravel()),
        )  # fmt: skip
        agreed = agreement(found.start_images, found.start_values)
        linear = _cosines(found.images, linear_combination(model, layer, units, space.shape))
        rows.append({
            "layer": layer, "n_units": len(units), "n_starts": starts, "steps": steps,
            "cosine": float(agreed.cosine.mean()), "all_agree": float(agreed.all_agree.mean()),
            "spread": float(agreed.spread.max()),
            "linear": float(np.median(linear)), "least_linear": float(linear.min()),
            "order": order,
        })  # fmt: skip
    return pd.DataFrame(rows)


def stacks(
    train: DataSet, test: DataSet, folder: Path, seed: int
) -> Iterator[tuple[str, nn.Module, Mapping[str, Path]]]:
    """Yield the name of each stack, the network and its weights, untrained and trained.

    Trained to tell the classes apart, read if it was done before.
    """
    few = train.sample(min(N_TRAIN, len(train)), random_state=seed, stratify=True)
    label = next(iter(train.labels))
    for name, activation in STACKS.items():
        model = _stack(train.input_shape, n_classes(train, test), activation, seed)
        checkpoints = list(models.train(
            model, few.inputs(), few.labels[label], test=(test.inputs(), test.labels[label]),
            to=folder / name, epochs=EPOCHS, batch_size=100, learning_rate=0.001,
            optimizer="adam", checkpoints=[0, EPOCHS], random_state=seed,
        ))  # fmt: skip
        sizes = " x ".join(map(str, (len(HIDDEN), HIDDEN[0])))
        yield f"{sizes} {name} units", model, {
            UNTRAINED: checkpoints[0].path, TRAINED: checkpoints[-1].path
        }  # fmt: skip


def of_stacks(
    train: DataSet, test: DataSet, folder: Path, seed: int, **effort: Any
) -> pd.DataFrame:
    """Return the uniqueness of both stacks before and after training."""
    frames = []
    for name, model, states in stacks(train, test, folder, seed):
        layers = [f"fc{k + 1}" for k in range(len(HIDDEN))]
        for checkpoint, path in states.items():
            apply_weights(model, load_weights(path))
            found = uniqueness(model, layers, test, random_state=seed, **effort)
            frames.append(found.assign(network=name, checkpoint=checkpoint))
    return pd.concat(frames, ignore_index=True)


def _stack(
    shape: Sequence[int], n_outputs: int, activation: type[nn.Module], seed: int
) -> nn.Sequential:
    with torch.device("meta"):
        modules = OrderedDict[str, nn.Module](flatten=nn.Flatten())
        width = math.prod(shape)
        for k, size in enumerate(HIDDEN, start=1):
            modules[f"fc{k}"], modules[f"act{k}"] = nn.Linear(width, size), activation()
            width = size
        modules["output"] = nn.Linear(width, n_outputs)
        model = nn.Sequential(modules)
    return glorot_uniform(model, seed)


def _cosines(a: Array, b: Array) -> Array:
    """Return the cosine of each pair; 0 if one of them is 0."""
    a, b = (x.reshape(len(x), -1).astype(np.float64) for x in (a, b))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines: Array = np.divide((a * b).sum(axis=1), lengths, out=np.zeros(len(a)),
                               where=lengths > 0)  # fmt: skip
    return cosines
