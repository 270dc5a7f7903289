"""Data and networks with two inputs: two features of anything, rectified layers of any module.

Whether a module is what its linear layers and rectifiers say is not read from its code: it is
compared with them at many places of the plane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import nn

from layerwise import projection, units
from layerwise.data import DataSet
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.models.evaluate import batch
from layerwise.network.model import as_it_was, check_weights, run, unwrap

PCA = "pca"

Features = str | Sequence[int] | None
"""Two column numbers, "pca" for the first two principal components, or None."""

SIDE = 40
"""Places along one side of the window at which a network is compared with its layers."""


def on_plane(
    parts: Mapping[str, DataSet], features: Features = None, *, scaled: bool = True
) -> tuple[dict[str, DataSet], tuple[str, str]]:
    """Return data with two features, and what these are.

    Parameters
    ----------
    parts : subset -> data; "train" decides on components and scales
    features : two columns of the (flattened) observations; "pca"; None takes the two that there
        are, or else "pca"
    scaled : subtract the mean of the training set and divide by its standard deviation

    Raises
    ------
    InvalidValue
        If there are no such columns, one is constant, or there is one only.

    Examples
    --------
    >>> from layerwise import data
    >>> parts = {split: data.load("digits", split=split) for split in ("train", "test")}
    >>> found, names = on_plane(parts, [10, 13])
    >>> found["test"].observations.shape, names
    ((599, 2), ('feature 10, standardised', 'feature 13, standardised'))
    """
    flat = {name: part.inputs().reshape(len(part), -1) for name, part in parts.items()}
    n_features = flat["train"].shape[1]
    if features is None:
        features = [0, 1] if n_features == 2 else PCA
    if features == PCA and n_features > 1:
        found = projection.PCA(2, random_state=0).fit(flat["train"])
        flat = {name: found.transform(values) for name, values in flat.items()}
        names = ("component 1", "component 2")
    else:
        columns = _columns(features, n_features)
        flat = {name: values[:, columns] for name, values in flat.items()}
        names = (f"feature {columns[0]}", f"feature {columns[1]}")
    if scaled:
        train = checks.matrix("lines", "data", flat["train"]).astype(float)
        mean, deviation = train.mean(axis=0), train.std(axis=0)
        if not deviation.all():
            constant = names[int(deviation.argmin())]
            raise checks.invalid("lines", "features", "two that vary", f"{constant}, constant",
                                 'Choose others, or "pca".')  # fmt: skip
        flat = {name: (values - mean) / deviation for name, values in flat.items()}
        names = (f"{names[0]}, standardised", f"{names[1]}, standardised")
    plane = {
        name: replace(part, observations=flat[name].astype(np.float32))
        for name, part in parts.items()
    }
    return plane, names


def _columns(features: Features, n_features: int) -> list[int]:
    """Return two column numbers that exist and differ."""
    chosen = list(features) if isinstance(features, Sequence) else []
    fit = [k for k in chosen if isinstance(k, int | np.integer) and 0 <= k < n_features]
    if len(chosen) != 2 or len(set(fit)) != 2:
        raise checks.invalid(
            "lines", "features", f"two different columns in [0, {n_features - 1}], or 'pca'",
            ", ".join(map(str, chosen)) or features,
        )  # fmt: skip
    return [int(k) for k in fit]


def rectified_layers(model: nn.Module, points: Array) -> tuple[list[Array], list[Array]]:
    """Return (weights, biases) of the linear layers of a network with rectifiers between them.

    Parameters
    ----------
    model : computes what its ``nn.Linear`` modules, in their order, with ReLU between them would
    points : (n, 2), at and around which this is verified

    Raises
    ------
    InvalidValue
        If it does not, or a weight is not finite.
    ModelError
        If it is on the meta device.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> weights, biases = rectified_layers(net, np.zeros((1, 2)))
    >>> [W.shape for W in weights]
    [(3, 2), (2, 3)]
    """
    check_weights(model)
    plain = unwrap(model)
    linear = [module for module in plain.modules() if isinstance(module, nn.Linear)]
    sizes = [(module.in_features, module.out_features) for module in linear]
    chained = all(one[1] == two[0] for one, two in pairwise(sizes))
    held = sum(len(list(module.parameters())) for module in linear)
    others = held < len(list(plain.parameters()))
    if len(linear) < 2 or sizes[0][0] != 2 or not chained or others:
        raise _refused(plain, "")
    if any(torch.finfo(module.weight.dtype).bits < 32 for module in linear):
        raise _refused(plain, " in half precision; model.float() is not")
    weights = [module.weight.detach().cpu().double().numpy() for module in linear]
    biases = [
        np.zeros(len(W)) if module.bias is None else module.bias.detach().cpu().double().numpy()
        for module, W in zip(linear, weights, strict=True)
    ]
    if not all(np.isfinite(numbers).all() for numbers in (*weights, *biases)):
        raise checks.invalid(
            "lines", "model", "of finite weights", "NaN or infinity",
            "The training diverged; take an earlier checkpoint.",
        )  # fmt: skip
    (x0, x1), (y0, y1) = units.window_around(points)
    x, y = np.meshgrid(np.linspace(x0, x1, SIDE), np.linspace(y0, y1, SIDE))
    places = np.column_stack([x.ravel(), y.ravel()]).astype(np.float32)
    _, expected = units.responses(weights, biases, places)
    with as_it_was(model):
        answers = run(model, batch(model, torch.from_numpy(places), slice(None)))
    got = answers.double().cpu().numpy() if isinstance(answers, torch.Tensor) else np.zeros(0)
    # Half-precision weights are refused: float32 sums of any order agree to this.
    if got.shape != expected.shape or np.abs(got - expected).max() > 1e-4 * np.abs(expected).max():
        raise _refused(plain, ", whose outputs differ from that")
    return weights, biases


def _refused(model: nn.Module, further: str) -> checks.InvalidValue:
    kinds = [type(module).__name__ for module in model.modules() if module is not model]
    held = ", ".join(dict.fromkeys(kinds)) or "nothing"
    return checks.invalid(
        "lines", "model", "of two inputs, made of Linear layers with ReLU between them",
        f"{type(model).__name__} of {held}{further}",
        "For the first layer of any other network there is units.unit_lines(W, b, window).",
    )  # fmt: skip
