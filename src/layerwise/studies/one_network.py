"""One network of the study: trained, recorded at its checkpoints, and asked everything.

Every stage is kept in the run's folder; asked again, it is read. Leaves out what needs several
networks: spreads over seeds and verdicts (`hypotheses`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from layerwise import analysis, data, models, projection
from layerwise.data import DataSet
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.weights import apply_weights, load_weights
from layerwise.recording import record
from layerwise.store import Run
from layerwise.studies import rauber2017
from layerwise.studies.maps import write_maps
from layerwise.studies.rauber2017 import (
    HIDDEN,
    N_CHECKPOINTS,
    N_NEIGHBORS,
    POLARITY,
    SOURCE,
    Profile,
    published,
    scale_down,
)
from layerwise.studies.training import (
    n_classes,
    part_for,
    shown,
    spaced_epochs,
    trained,
    write_training,
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
        last_map = write_maps(run, HIDDEN[self.network], self.seed)["test"]
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
        train = part_for(self.settings, train, self.seed)
        n_train = len(train)
        settings = self.settings.for_data(n_train)
        observations, columns = _shown(train, test, settings.n_shown, self.seed)
        if on_edges:
            train, test, observations = (_edges(part) for part in (train, test, observations))
        model = NETWORKS[self.network](
            train.input_shape, n_classes(train, test), random_state=self.seed
        )
        folder = self.folder / "training"
        checkpoints = trained(
            model,
            train,
            test,
            settings,
            spaced_epochs(settings.epochs, N_CHECKPOINTS),
            to=folder,
            seed=self.seed,
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
            "label": next(iter(train.labels)),
            "seed": self.seed,
            "scale_down": scale_down(self.network, train.name, settings, n_train),
            "published": published(self.network, train.name, before, after),
        }
        for checkpoint in checkpoints[-1:] if on_edges else checkpoints:
            apply_weights(model, load_weights(checkpoint.path))
            run = record(
                model, observations, to=self.folder, labels=columns, layers=layers,
                checkpoint=checkpoint.name, provenance=provenance,
            )  # fmt: skip
        write_training(run, folder, checkpoints, len(test))
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


def _shown(train: DataSet, test: DataSet, n: int, seed: int) -> tuple[DataSet, dict[str, Array]]:
    """Return what is recorded, and further columns: the set, and of pictures the polarity."""
    both, further = shown({"test": test, "train": train}, n, seed)
    if both.are_pictures:
        further[POLARITY] = data.polarity(both.observations)
    return both, further


def _edges(part: DataSet) -> DataSet:
    """Return the pictures as edges, which are the same for dark on light and light on dark.

    Each picture's edges fill the range: on SVHN, whose contrast varies widely, a network learns
    more from these. So contrast goes with polarity.
    """
    return replace(
        part, name=f"{part.name} edges", observations=data.edges(part.observations, normalize=True),
        source=f"{part.source}; blurred, then Sobel's gradient, scaled by picture",
    )  # fmt: skip
