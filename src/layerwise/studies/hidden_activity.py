"""How a network separates classes layer by layer, before and after training.

After Rauber, Fadel, Falcão and Telea, "Visualizing the Hidden Activity of Artificial Neural
Networks", IEEE TVCG 23(1), 2017: 2,000 observations of the test set and of the training set, a
t-SNE map of the raw input and of every hidden layer, the neighbourhood hit (k = 6) of each map.

Beyond the paper, every number has its control: the untrained network, shuffled labels, the same
score in n-D (a bad map of a good layer is the projection's fault), and the spread over seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from layerwise.models.checkpoint import name_of
from layerwise.network.weights import apply_weights, load_weights
from layerwise.recording import record
from layerwise.scores import select, summarize
from layerwise.store import Run
from layerwise.studies.rauber2017 import (
    HIDDEN,
    N_NEIGHBORS,
    PROFILES,
    SOURCE,
    TEST_ACCURACY,
    Profile,
    published,
    scale_down,
)

_NETWORKS = {"mlp": models.mlp, "cnn": models.convnet}


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
    if "epochs" in changes:
        changes = {"min_updates": 0, **changes}
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
    rows = select(rows, method="tsne", n_neighbors=N_NEIGHBORS)  # others may have been added since
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
    settings = settings.for_data(n_train)
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
            optimizer=settings.optimizer,
            checkpoints=[0, settings.epochs],
            random_state=seed,
        )
    )
    before, after = checkpoints[0], checkpoints[-1]

    shown, subset_column = _shown(train, test, settings.n_shown, seed)
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
            labels={analysis.SUBSET: subset_column},
            layers=["input", *HIDDEN[network], "output"],
            checkpoint=checkpoint.name,
            provenance=provenance,
        )
    _write_training(run, folder / "training", checkpoints, len(test))
    _write_maps(run, HIDDEN[network], seed)
    for subset in analysis.subsets(run):
        for checkpoint_name in run.checkpoints:
            analysis.accuracy(run, checkpoint=checkpoint_name, subset=subset)
    return run


def _write_maps(run: Run, hidden: Sequence[str], seed: int) -> None:
    """Map and score the raw input and every hidden layer; each map is turned to the one before."""

    def one(
        layer: str, checkpoint: str, subset: str, align_to: pd.DataFrame | None
    ) -> pd.DataFrame:
        projection = analysis.project(
            run, layer=layer, checkpoint=checkpoint, subset=subset, random_state=seed,
            align_to=align_to,
        )  # fmt: skip
        analysis.score(
            run, layer=layer, checkpoint=checkpoint, subset=subset, random_state=seed,
            projection=projection,
        )  # fmt: skip
        advance(1)
        return projection

    subsets = analysis.subsets(run)
    total = len(subsets) * (1 + len(run.checkpoints) * len(hidden))
    with bar(f"maps and scores, seed {seed}", total, "maps") as advance:
        for subset in subsets:
            raw = one("input", run.checkpoints[0], subset, None)
            for checkpoint in run.checkpoints:
                previous = raw
                for layer in hidden:
                    previous = one(layer, checkpoint, subset, previous)


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
    history["checkpoint"] = history["epoch"].map(name_of)
    run.write_table("training", history, {"function": "train"})
    for checkpoint in checkpoints:
        table = [(TEST_ACCURACY, checkpoint.test_accuracy, np.nan, "")]
        place = {"checkpoint": checkpoint.name, "layer": "", "subset": "test"}
        row = analysis.tidy(run, table, n_test, **place)
        run.write_table("scores", row, {"function": "train", **place})


def _describe(network: str) -> str:
    return {"mlp": "a multilayer perceptron", "cnn": "a convolutional network"}[network]
