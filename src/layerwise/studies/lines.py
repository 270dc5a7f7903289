"""Hidden units as lines in the plane, while a network of two inputs learns.

After the demonstration in F. Fleuret, EE-559 Deep Learning, lecture 8.1, EPFL 2018: a perceptron
2 -> 20 -> 2 with rectified units, the line of every unit at iterations 1 to 9,999. What is known of
it are the sizes and the iterations; data, optimiser and rate are ours. Beyond the lecture: the
untrained network as control, more layers with their bent lines, exact counts of cells, two features
of any data, and networks of your own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from layerwise import analysis, data, models, report
from layerwise.data import DataSet
from layerwise.foundation import checks
from layerwise.models.checkpoint import name_of
from layerwise.network.weights import State, apply_weights, load_weights
from layerwise.recording import record
from layerwise.store import Run
from layerwise.studies.plane import Features, on_plane, rectified_layers
from layerwise.studies.subject import TRAINED, UNTRAINED
from layerwise.studies.training import n_classes, shown
from layerwise.studies.watched import watched

ITERATIONS = (1, 4, 7, 10, 16, 34, 77, 100, 272, 556, 703, 1407, 2222, 2789, 4999, 9999)
"""Those of the lecture; 0, the untrained network, is always added."""

QUICK = 1407
"""The iteration at which a quick run stops: seconds, and the circles are learned."""

N_TRAIN = 2000
"""Observations of each part; every iteration sees all that are for training."""

LEARNING_RATE = 0.003
"""Of Adam: what is learned is spread over the lecture's iterations, and the spiral is learned."""

N_CURVE = 120
"""Iterations, in growing steps, at which the curves of loss and accuracy are kept in the run."""


@dataclass(frozen=True)
class Lines:
    """What is left.

    Attributes
    ----------
    run : the layers at every checkpoint, and the weights as table "affine"
    table : one row a checkpoint, see :func:`layerwise.analysis.lines`
    report : the page
    """

    run: Run
    table: pd.DataFrame
    report: Path


def lines(
    name: str = "moons",
    *,
    hidden: Sequence[int] = (20,),
    features: Features = None,
    iterations: Sequence[int] = ITERATIONS,
    n: int = N_TRAIN,
    data_dir: str | Path | None = None,
    to: str | Path | None = None,
    seed: int = 0,
    command: str = "",
) -> Lines:
    """Train a network on two features, and keep the lines of its hidden units as it learns.

    Called again, nothing is computed twice.

    Parameters
    ----------
    name : a data set of :data:`layerwise.data.NAMES`, or your own
    hidden : units of each hidden layer
    features : two columns, or "pca" for the first two principal components; by default the two
        that there are, or else "pca". They are standardised.
    iterations : updates after which the network is looked at, each with all training data
    n : observations of each part, at most
    data_dir : where the files of the data set are
    to : folder of the run and its report; by default ``runs/lines-NAME``
    seed : of the initial weights and of samples
    command : what the user typed, for the report

    Returns
    -------
    Lines

    Raises
    ------
    UserError
        If an argument cannot work, or the folder holds another run.

    Notes
    -----
    10,000 iterations take about 10 s.

    Examples
    --------
    >>> found = lines("circles", iterations=[100, 1000], to="runs/circles")   # doctest: +SKIP
    >>> found.table[["iteration", "train_accuracy", "cells"]]                 # doctest: +SKIP
    """
    if not [checks.integer("lines", "hidden", size, 1) for size in hidden]:
        raise checks.invalid("lines", "hidden", "one layer or more", "none")
    moments = sorted({checks.integer("lines", "iterations", k, 1) for k in iterations})
    if not moments:
        raise checks.invalid("lines", "iterations", "one or more", "none")
    folder = Path(to) if to is not None else Path("runs") / f"lines-{Path(name).stem}"
    parts, axes = on_plane(_parts(name, n, data_dir, seed), features)
    train = parts["train"]
    label = next(iter(train.labels))
    outputs = n_classes(train, parts["test"])
    model = models.untrained(
        models.mlp((2,), outputs, hidden=hidden, dropout=(0.0,) * len(hidden)), random_state=seed
    )
    checkpoints = list(
        models.train(
            model, train.inputs(), train.labels[label], to=folder / "training",
            test=(parts["test"].inputs(), parts["test"].labels[label]),
            epochs=moments[-1], batch_size=len(train), learning_rate=LEARNING_RATE,
            optimizer="adam", checkpoints=moments, random_state=seed,
        )
    )  # fmt: skip
    sizes = " → ".join(map(str, (2, *hidden, outputs)))
    about = {
        "title": f"Hidden units as lines in the plane: {train.name}",
        "study": "hidden units as lines, after F. Fleuret, EE-559, lecture 8.1",
        "network": sizes,
        "training": f"Adam, learning rate {LEARNING_RATE:g}, {moments[-1]:,} iterations with all "
        f"{len(train):,} training observations each; weights drawn by torch's own rule",
        "command": command or f'lines("{name}")',
    }
    states = {checkpoint.name: checkpoint.path for checkpoint in checkpoints}
    history = pd.read_json(folder / "training" / "history.json")
    return _kept(model, states, parts, axes, folder, seed, about, history)


def lines_of(
    model: nn.Module,
    name: str,
    *,
    weights: Sequence[str | Path] = (),
    features: Features = None,
    n: int = N_TRAIN,
    data_dir: str | Path | None = None,
    to: str | Path | None = None,
    seed: int = 0,
    network: str = "",
    command: str = "",
) -> Lines:
    """Keep the lines of the hidden units of a network of your own, of two inputs.

    Parameters
    ----------
    model : Linear layers with ReLU between them
    name : data with two features, given to the network as they are
    weights : files, one a checkpoint that is named like its file; none: the model's own. The
        control, unless one is called "untrained", is the same architecture with weights drawn anew.
    features : two columns, of data that have more
    n, data_dir, to, seed, command : as for :func:`lines`
    network : what the network is called

    Returns
    -------
    Lines

    Raises
    ------
    UserError
        If the network is another one, or weights do not fit.
    """
    folder = Path(to) if to is not None else Path("runs") / f"lines-{Path(name).stem}"
    parts = _parts(name, n, data_dir, seed)
    if features is None and parts["train"].inputs()[0].size != 2:
        raise checks.invalid(
            "lines", "features", "two columns, for a network of your own",
            f"none, of {parts['train'].inputs()[0].size}",
        )  # fmt: skip
    if isinstance(features, str):
        raise checks.invalid(
            "lines", "features", "two columns, for a network of your own", f"{features!r}",
            "It takes its inputs as they are.",
        )  # fmt: skip
    parts, axes = on_plane(parts, features, scaled=False)
    names = [Path(path).stem for path in weights]
    if len(set(names)) < len(names):
        raise checks.invalid("lines", "weights", "files of different names", ", ".join(names))
    kind = network or type(model).__name__
    about = {
        "title": f"Hidden units of {kind} as lines in the plane",
        "network": kind,
        "command": command or f"lines_of({kind})",
    }
    brought: dict[str, State | Path] = {Path(path).stem: Path(path) for path in weights}
    if not weights:
        brought = {TRAINED: {key: value.clone() for key, value in model.state_dict().items()}}
    control = models.untrained(model, random_state=seed).state_dict()
    states = brought if UNTRAINED in brought else {UNTRAINED: control, **brought}
    return _kept(model, states, parts, axes, folder, seed, about)


def _parts(name: str, n: int, data_dir: str | Path | None, seed: int) -> dict[str, DataSet]:
    """Return at most `n` observations of both parts, the classes in proportion."""
    checks.integer("lines", "n", n, 2)
    loaded = {part: data.load(name, split=part, data_dir=data_dir) for part in ("test", "train")}
    return {
        part: found if len(found) <= n else found.sample(n, random_state=seed, stratify=True)
        for part, found in loaded.items()
    }


def _kept(
    model: nn.Module,
    states: Mapping[str, State | Path],
    parts: Mapping[str, DataSet],
    axes: tuple[str, str],
    folder: Path,
    seed: int,
    about: Mapping[str, Any],
    history: pd.DataFrame | None = None,
) -> Lines:
    """Record every checkpoint with its weights, count, and write the report."""
    observations, columns = shown(parts, max(map(len, parts.values())), seed)
    test = parts["test"]
    provenance = {
        **about, "data": test.name, "data_source": test.source, "seed": seed, "axes": axes,
        "label": next(iter(test.labels)),
    }  # fmt: skip
    for name, state in states.items():
        apply_weights(model, load_weights(state) if isinstance(state, Path) else state)
        weights, biases = rectified_layers(model, observations.observations)
        hidden = watched(model, torch.zeros(2, 2)).recorded
        run = record(
            model, observations, to=folder, labels=columns, checkpoint=name,
            layers=["input", *hidden, "output"], provenance=provenance,
        )  # fmt: skip
        analysis.keep_affine(run, name, weights, biases)
    if history is not None:
        run.write_table("training", _curve(history, list(states)), {"function": "train"})
    for checkpoint in dict.fromkeys((run.checkpoints[0], run.checkpoints[-1])):
        for subset in parts:
            analysis.accuracy(run, checkpoint=checkpoint, subset=subset)
    table = analysis.lines(run)
    return Lines(run, table, report.write([run], folder / "report.html"))


def _curve(history: pd.DataFrame, kept: Sequence[str]) -> pd.DataFrame:
    """Return the history at the checkpoints and in steps that grow with the iteration."""
    history = history.assign(checkpoint=history["epoch"].map(name_of))
    steps = np.unique(np.geomspace(1, len(history), N_CURVE).round()) - 1
    chosen = history["epoch"].isin(steps) | history["checkpoint"].isin(kept)
    return history[chosen].reset_index(drop=True)
