"""One network of the study: trained, recorded at its checkpoints, and asked everything.

Every stage is kept in the run's folder; asked again, it is read. Leaves out what needs several
networks: spreads over seeds and verdicts (`hypotheses`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layerwise import analysis, data, models, projection
from layerwise.data import DataSet
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.models.checkpoint import name_of
from layerwise.network.weights import apply_weights, load_weights
from layerwise.recording import record
from layerwise.store import Run
from layerwise.studies import rauber2017
from layerwise.studies.rauber2017 import (
    HIDDEN,
    N_CHECKPOINTS,
    N_NEIGHBORS,
    POLARITY,
    SOURCE,
    TEST_ACCURACY,
    Profile,
    published,
    scale_down,
)

NETWORKS = {"mlp": models.mlp, "cnn": models.convnet}


@dataclass(frozen=True)
class OneNetwork:
    """What to train, and where.

    Attributes
    ----------
    network : "mlp" or "cnn"
    settings : how much work
    folder : of the run; the training is kept below it
    seed : of the initial weights, the order of the data, samples and maps
    about : provenance: profile and command
    """

    network: str
    settings: Profile
    folder: Path
    seed: int
    about: dict[str, str]

    def run(self, train: DataSet, test: DataSet) -> Run:
        """Return the finished run."""
        run = self._recorded(train, test, ["input", *HIDDEN[self.network], "output"])
        last_map = _write_maps(run, HIDDEN[self.network], self.seed)
        self._write_evolution(run)
        self._write_neurons(run)
        self._write_revealed(run, last_map)
        for subset in analysis.subsets(run):
            for checkpoint in run.checkpoints:
                analysis.accuracy(run, checkpoint=checkpoint, subset=subset)
        return run

    def run_on_edges(self, train: DataSet, test: DataSet) -> Run:
        """Return the run of a network that saw edges only: its last layer after training."""
        run = self._recorded(train, test, [HIDDEN[self.network][-1], "output"], on_edges=True)
        last = HIDDEN[self.network][-1]
        found = analysis.project(run, layer=last, subset="test", random_state=self.seed)
        self._write_revealed(run, found)
        analysis.accuracy(run, subset="test")
        return run

    def _recorded(
        self, train: DataSet, test: DataSet, layers: list[str], *, on_edges: bool = False
    ) -> Run:
        """Train, and record a sample of both sets at every checkpoint (of edges at the last)."""
        n_train = min(self.settings.n_train or len(train), len(train))
        if n_train < len(train):
            train = train.sample(n_train, random_state=self.seed, stratify=True)
        settings = self.settings.for_data(n_train)
        shown, columns = _shown(train, test, settings.n_shown, self.seed)
        if on_edges:
            train, test, shown = (_edges(part) for part in (train, test, shown))
        label = next(iter(train.labels))
        n_classes = int(max(train.labels[label].max(), test.labels[label].max())) + 1
        model = NETWORKS[self.network](train.input_shape, n_classes, random_state=self.seed)
        checkpoints = list(
            models.train(
                model,
                train.inputs(),
                train.labels[label],
                test=(test.inputs(), test.labels[label]),
                to=self.folder / "training",
                epochs=settings.epochs,
                batch_size=settings.batch_size,
                learning_rate=settings.learning_rate,
                momentum=0.9,
                decay=settings.decay,
                optimizer=settings.optimizer,
                checkpoints=_epochs(settings.epochs),
                random_state=self.seed,
            )
        )
        before, after = checkpoints[0].name, checkpoints[-1].name
        network = {"mlp": "a multilayer perceptron", "cnn": "a convolutional network"}
        provenance = {
            **self.about,
            "title": f"Hidden activity of {network[self.network]} on {train.name}",
            "study": f"hidden activity, after {SOURCE}",
            "figures": rauber2017.figures(self.network, train.name),
            "shown_class": rauber2017.SHOWN_CLASS.get(train.name, ""),
            "network": self.network,
            "data": train.name,
            "data_source": train.source,
            "label": label,
            "seed": self.seed,
            "scale_down": scale_down(self.network, train.name, settings, n_train),
            "published": published(self.network, train.name, before, after),
        }
        for checkpoint in checkpoints[-1:] if on_edges else checkpoints:
            apply_weights(model, load_weights(checkpoint.path))
            run = record(
                model, shown, to=self.folder, labels=columns, layers=layers,
                checkpoint=checkpoint.name, provenance=provenance,
            )  # fmt: skip
        _write_training(run, self.folder / "training", checkpoints, len(test))
        return run

    def _write_evolution(self, run: Run) -> None:
        """Follow the test subset over layers, untrained too, and over the epochs of the last."""
        first, last = run.checkpoints[0], run.checkpoints[-1]
        over_layers = [name for name in projection.EVOLUTIONS if name != "joint"]
        jobs = [("layers", last, method) for method in over_layers]
        jobs += [("layers", first, analysis.USUAL["layers"])]
        jobs += [("epochs", HIDDEN[self.network][-1], name) for name in projection.EVOLUTIONS]
        with bar(f"evolution, seed {self.seed}", len(jobs), "evolutions") as advance:
            for over, at, method in jobs:
                found = analysis.evolve(
                    run, over=over, at=at, method=method, subset="test", random_state=self.seed
                )
                analysis.motion(run, found, n_neighbors=N_NEIGHBORS)
                if method == analysis.USUAL[over]:
                    analysis.trails(run, found)
                advance(1)

    def _write_neurons(self, run: Run) -> None:
        """Map the neurons of the last hidden layer before and after training, with their roles."""
        times = (run.checkpoints[0], run.checkpoints[-1])
        with bar(f"neurons, seed {self.seed}", len(times), "maps") as advance:
            for checkpoint in times:
                place: dict[str, Any] = {
                    "layer": HIDDEN[self.network][-1], "checkpoint": checkpoint, "subset": "test",
                    "random_state": self.seed,
                }  # fmt: skip
                found = analysis.neurons(run, **place)
                n_trees = self.settings.n_trees
                forest = analysis.discriminate(run, **place, n_trees=n_trees)
                analysis.discriminate(run, **place, ranking="gini")
                analysis.score_neurons(run, found, forest, n_neighbors=N_NEIGHBORS)
                advance(1)

    def _write_revealed(self, run: Run, found: pd.DataFrame) -> None:
        """Look into the map of the last hidden layer after training."""
        analysis.outliers(run, found, n_neighbors=N_NEIGHBORS)
        mixed = analysis.confusions(run, found, n_neighbors=N_NEIGHBORS)
        pieces = analysis.sub_clusters(run, found)
        column = POLARITY if POLARITY in run.labels else None
        analysis.score_errors(run, found, mixed, pieces, column=column)


def _write_maps(run: Run, hidden: Sequence[str], seed: int) -> pd.DataFrame:
    """Map and score the raw input and every hidden layer; each map is turned to the one before.

    Returns the map of the test subset in the last layer after training.
    """
    times = (run.checkpoints[0], run.checkpoints[-1])

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

    subsets, found = analysis.subsets(run), {}
    total = len(subsets) * (1 + len(times) * len(hidden))
    with bar(f"maps and scores, seed {seed}", total, "maps") as advance:
        for subset in subsets:
            raw = one("input", times[0], subset, None)
            for checkpoint in times:
                previous = raw
                for layer in hidden:
                    previous = one(layer, checkpoint, subset, previous)
            found[subset] = previous
    return found["test"]


def _shown(train: DataSet, test: DataSet, n: int, seed: int) -> tuple[DataSet, dict[str, Array]]:
    """Return what is recorded, a sample of the test and of the training set, and further columns.

    These say which observation is of which set, and of pictures the polarity.
    """
    both = [part.sample(min(n, len(part)), random_state=seed) for part in (test, train)]
    subset = np.repeat(["test", "train"], [len(part) for part in both])
    columns = {
        name: np.concatenate([part.labels[name] for part in both]) for name in both[0].labels
    }
    observations = np.concatenate([part.observations for part in both])
    further = {analysis.SUBSET: subset}
    if both[0].are_pictures:
        further[POLARITY] = data.polarity(observations)
    return replace(both[0], observations=observations, labels=columns), further


def _edges(part: DataSet) -> DataSet:
    """Return the pictures as edges, which are the same for dark on light and light on dark.

    Each picture's edges fill the range: on SVHN, whose contrast varies widely, a network learns
    more from these. So contrast goes with polarity.
    """
    return replace(
        part, name=f"{part.name} edges", observations=data.edges(part.observations, normalize=True),
        source=f"{part.source}; blurred, then Sobel's gradient, scaled by picture",
    )  # fmt: skip


def _epochs(epochs: int) -> list[int]:
    """Return the epochs to keep, evenly spaced from 0 to the last."""
    return sorted({round(epochs * k / (N_CHECKPOINTS - 1)) for k in range(N_CHECKPOINTS)})


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
