"""How a network separates classes layer by layer, before and after training.

After Rauber, Fadel, Falcão and Telea, "Visualizing the Hidden Activity of Artificial Neural
Networks", IEEE TVCG 23(1), 2017: 2,000 observations of the test set and of the training set, a
t-SNE map of the raw input and of every hidden layer, the neighbourhood hit (k = 6) of each map.

Beyond the paper, every number has its control: the untrained network, shuffled labels, the same
score in n-D (a bad map of a good layer is the projection's fault), and the spread over seeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layerwise import analysis, data, models, report
from layerwise.data import DataSet
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.weights import apply_weights, load_weights
from layerwise.recording import record
from layerwise.scores import summarize
from layerwise.store import Run

SOURCE = "Rauber et al. 2017"
TEST_ACCURACY = "accuracy, whole test set"

_NETWORKS = {"mlp": models.mlp, "cnn": models.convnet}
_HIDDEN = {"mlp": ["relu*"], "cnn": ["relu5", "relu6"]}
"""Hidden layers that are recorded: for convolutional networks the paper takes the dense ones."""


@dataclass(frozen=True)
class Profile:
    """How much work: `n_train` None is the whole training set."""

    epochs: int
    batch_size: int
    learning_rate: float
    n_train: int | None = None
    n_shown: int = 2000
    decay: float = 0.0


PROFILES = {
    "quick": {
        "mlp": Profile(epochs=10, batch_size=128, learning_rate=0.05, n_train=20_000),
        "cnn": Profile(epochs=10, batch_size=64, learning_rate=0.02, n_train=20_000),
    },
    "paper": {
        "mlp": Profile(epochs=100, batch_size=16, learning_rate=0.01, decay=1e-9),
        "cnn": Profile(epochs=100, batch_size=32, learning_rate=0.01, decay=1e-6),
    },
}

_RAW, _BEFORE, _AFTER = "raw", "before", "after"

# (network, data, subset, time, layer: -1 is the last hidden one): (value, where)
_PUBLISHED_HITS = {
    ("mlp", "mnist", "test", _RAW, 0): (0.8912, "Fig. 2"),
    ("mlp", "mnist", "test", _BEFORE, -1): (0.8378, "Fig. 3a"),
    ("mlp", "mnist", "test", _AFTER, -1): (0.9836, "Fig. 3b"),
    ("mlp", "svhn", "test", _BEFORE, -1): (0.2094, "Fig. 4"),
    ("mlp", "svhn", "test", _AFTER, 0): (0.5278, "Fig. 5a"),
    ("mlp", "svhn", "test", _AFTER, -1): (0.67, "Fig. 5b"),
    ("cnn", "svhn", "test", _AFTER, -1): (0.8502, "Fig. 6"),
    ("cnn", "svhn", "train", _AFTER, -1): (0.9383, "Fig. 8"),
    ("cnn", "cifar10", "test", _AFTER, -1): (0.5343, "Fig. 9"),
}
_PUBLISHED_ACCURACY = {
    ("mlp", "mnist", "test"): (0.9915, "Fig. 3b"),
    ("cnn", "svhn", "train"): (0.999, "Fig. 8"),
    ("cnn", "cifar10", "test"): (0.787, "Fig. 9"),
}
_PUBLISHED_TEST_ACCURACY = {
    ("mlp", "mnist"): 0.9852,
    ("cnn", "mnist"): 0.9962,
    ("mlp", "svhn"): 0.7738,
    ("cnn", "svhn"): 0.9376,
    ("mlp", "cifar10"): 0.5291,
    ("cnn", "cifar10"): 0.7919,
}
_PAPER_TRAINING = {"mnist": 50_000, "svhn": 61_048, "cifar10": 41_667}
"""Training images of the paper: its replications hold one sixth out for validation."""


@dataclass(frozen=True)
class Study:
    """What a study leaves.

    Attributes
    ----------
    runs : one per seed
    rows : scores of all seeds, columns of :data:`layerwise.analysis.ROWS`
    summary : mean, spread and floor over seeds
    report : the page
    """

    runs: tuple[Run, ...]
    rows: pd.DataFrame
    summary: pd.DataFrame
    report: Path


def hidden_activity(
    name: str = "digits",
    *,
    network: str = "mlp",
    profile: str = "quick",
    data_dir: str | Path | None = None,
    to: str | Path | None = None,
    seeds: int = 1,
    command: str = "",
    **changes: Any,
) -> Study:
    """Train, record, map and score one network on one data set, and write the report.

    Every stage is kept in the folder and resumes: called again, nothing is computed twice.

    Parameters
    ----------
    name : a data set of :data:`layerwise.data.NAMES`, an ``.npz`` or a folder of pictures
    network : "mlp" (4 x 1000) or "cnn" (conv 32, 32, 64, 64, dense 4096, 512)
    profile : "quick" (minutes on two cores) or "paper" (all data, 100 epochs)
    data_dir : where the files of the data set are
    to : folder for runs and report; by default under ``runs/``
    seeds : networks trained, each from its own start
    command : what the user typed, for the report
    **changes : fields of :class:`Profile` to change, for example ``epochs=3``

    Returns
    -------
    Study

    Examples
    --------
    >>> study = hidden_activity("digits", epochs=2, to="runs/tried")    # doctest: +SKIP
    >>> study.summary[["layer", "checkpoint", "score", "value"]]        # doctest: +SKIP
    """
    checks.choice("hidden_activity", "network", network, tuple(_NETWORKS))
    checks.choice("hidden_activity", "profile", profile, tuple(PROFILES))
    checks.integer("hidden_activity", "seeds", seeds, 1)
    settings = replace(PROFILES[profile][network], **changes)
    train, test = (data.load(name, split=split, data_dir=data_dir) for split in ("train", "test"))
    folder = (
        Path(to) if to is not None else Path("runs") / f"hidden-activity-{train.name}-{network}"
    )
    shown = {
        "profile": profile,
        "command": command or f'hidden_activity("{name}", network="{network}")',
    }
    runs = tuple(
        _one_seed(train, test, network, settings, folder / f"seed-{seed}", seed, shown)
        for seed in range(seeds)
    )
    rows = pd.concat([run.table("scores") for run in runs], ignore_index=True)
    page = report.write(runs, folder / "report.html")
    return Study(runs=runs, rows=rows, summary=summarize(rows), report=page)


def _one_seed(
    train: DataSet,
    test: DataSet,
    network: str,
    settings: Profile,
    folder: Path,
    seed: int,
    about: dict[str, str],
) -> Run:
    """Return the finished run of one seed."""
    n_train = min(settings.n_train or len(train), len(train))
    if n_train < len(train):
        train = train.sample(n_train, random_state=seed, stratify=True)
    label = next(iter(train.labels))
    n_classes = int(max(train.labels[label].max(), test.labels[label].max())) + 1
    model = _NETWORKS[network](train.input_shape, n_classes, random_state=seed)
    checkpoints = list(
        models.train(
            model,
            train.inputs(),
            train.labels[label],
            test=(test.inputs(), test.labels[label]),
            to=folder / "training",
            epochs=settings.epochs,
            batch_size=settings.batch_size,
            learning_rate=settings.learning_rate,
            momentum=0.9,
            decay=settings.decay,
            checkpoints=[0, settings.epochs],
            random_state=seed,
        )
    )
    before, after = checkpoints[0], checkpoints[-1]

    shown, subset = _shown(train, test, settings.n_shown, seed)
    provenance = {
        **about,
        "title": f"Hidden activity of {_describe(network)} on {train.name}",
        "study": f"hidden activity, after {SOURCE}",
        "network": network,
        "data": train.name,
        "data_source": train.source,
        "label": label,
        "seed": seed,
        "scale_down": scale_down(network, train.name, settings, n_train),
        "published": published(network, train.name, before.name, after.name),
    }
    for checkpoint in (before, after):
        apply_weights(model, load_weights(checkpoint.path))
        run = record(
            model,
            shown,
            to=folder,
            labels={analysis.SUBSET: subset},
            layers=["input", *_HIDDEN[network], "output"],
            checkpoint=checkpoint.name,
            provenance=provenance,
        )
    _write_training(run, folder / "training", checkpoints, len(test))
    steps = list(_steps(run))
    with bar(f"maps and scores, seed {seed}", len(steps), "maps") as advance:
        previous: dict[tuple[str, str], pd.DataFrame] = {}
        for subset, checkpoint_name, layer in steps:
            place = (subset, "" if layer == "input" else checkpoint_name)
            projection = analysis.project(
                run, layer=layer, checkpoint=checkpoint_name, subset=subset, method="tsne",
                random_state=seed, align_to=previous.get(place, previous.get((subset, ""))),
            )  # fmt: skip
            previous[place] = projection
            analysis.score(
                run, layer=layer, checkpoint=checkpoint_name, subset=subset,
                projection=projection, random_state=seed,
            )  # fmt: skip
            advance(1)
    for subset in analysis.subsets(run):
        for checkpoint_name in run.checkpoints:
            analysis.accuracy(run, checkpoint=checkpoint_name, subset=subset)
    return run


def _steps(run: Run) -> Iterator[tuple[str, str, str]]:
    """Yield subset, checkpoint, layer of every map; the raw input once, before the others."""
    hidden = [layer for layer in run.layers if layer not in ("input", "output")]
    for subset in analysis.subsets(run):
        yield subset, run.checkpoints[0], "input"
        for checkpoint in run.checkpoints:
            for layer in hidden:
                yield subset, checkpoint, layer


def _shown(train: DataSet, test: DataSet, n: int, seed: int) -> tuple[DataSet, Array]:
    """Return what is recorded, a sample of the test and of the training set, and which is which."""
    both = [part.sample(min(n, len(part)), random_state=seed) for part in (test, train)]
    subset = np.repeat(["test", "train"], [len(part) for part in both])
    columns = {
        name: np.concatenate([part.labels[name] for part in both]) for name in both[0].labels
    }
    observations = np.concatenate([part.observations for part in both])
    return replace(both[0], observations=observations, labels=columns), subset


def _write_training(
    run: Run, folder: Path, checkpoints: list[models.Checkpoint], n_test: int
) -> None:
    """Keep the history in the run, and the accuracy on the whole test set as a score."""
    history = pd.read_json(folder / "history.json")
    history["checkpoint"] = [f"epoch-{epoch:03d}" for epoch in history["epoch"]]
    run.cached("training", {"function": "train"}, lambda: history)
    for checkpoint in checkpoints:
        table = [(TEST_ACCURACY, checkpoint.test_accuracy, np.nan, "")]
        place = {"checkpoint": checkpoint.name, "layer": "", "subset": "test"}
        row = analysis.tidy(run, table, n_test, **place)
        run.cached("scores", {"function": "train", **place}, lambda row=row: row)


def published(network: str, name: str, before: str, after: str) -> list[dict[str, Any]]:
    """Return the paper's values for one network and data set, by the row they stand beside.

    Examples
    --------
    >>> published("mlp", "mnist", "epoch-000", "epoch-100")[0]["value"]
    0.8912
    """
    hidden = {"mlp": ["relu1", "relu2", "relu3", "relu4"], "cnn": ["relu5", "relu6"]}[network]
    rows = []
    for (net, data_name, subset, time, layer), (value, where) in _PUBLISHED_HITS.items():
        if (net, data_name) == (network, name):
            rows.append(
                {
                    "score": analysis.HIT_2D,
                    "subset": subset,
                    "checkpoint": after if time == _AFTER else before,
                    "layer": "input" if time == _RAW else hidden[layer],
                    "value": value,
                    "source": f"{SOURCE}, {where}",
                }
            )
    for (net, data_name, subset), (value, where) in _PUBLISHED_ACCURACY.items():
        if (net, data_name) == (network, name):
            place = {"subset": subset, "checkpoint": after, "layer": "", "value": value}
            rows.append({"score": analysis.ACCURACY, **place, "source": f"{SOURCE}, {where}"})
    if (network, name) in _PUBLISHED_TEST_ACCURACY:
        value = _PUBLISHED_TEST_ACCURACY[network, name]
        place = {"subset": "test", "checkpoint": after, "layer": "", "value": value}
        rows.append({"score": TEST_ACCURACY, **place, "source": f"{SOURCE}, Table 1"})
    return rows


def scale_down(network: str, name: str, settings: Profile, n_train: int) -> str:
    """Return what is smaller or other here than in the paper, in one sentence.

    Examples
    --------
    >>> scale_down("mlp", "mnist", PROFILES["quick"]["mlp"], 20_000)
    'Here: 20,000 training images, 10 epochs, batches of 128, learning rate 0.05. ...'
    """
    paper = PROFILES["paper"][network]
    here = (
        f"Here: {n_train:,} training images, {settings.epochs} epochs, batches of "
        f"{settings.batch_size}, learning rate {settings.learning_rate:g}."
    )
    if name not in _PAPER_TRAINING:
        return f"{here} The paper did not use these data."
    return (
        f"{here} The paper: about {_PAPER_TRAINING[name]:,} images, {paper.epochs} epochs; batches "
        f"of {paper.batch_size} and learning rate {paper.learning_rate:g} by its replications. "
        "The initial weights and the exact observations of the paper are not known."
    )


def _describe(network: str) -> str:
    return {"mlp": "a multilayer perceptron", "cnn": "a convolutional network"}[network]
