"""Whom a study looks at: a network trained here, or one that somebody brought with its weights.

Both are a network with weights at successive checkpoints, of which the first is untrained: the
control. A brought network has no past, so its control is the same architecture with weights drawn
anew. Left out: what is asked of it, which is each study's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from layerwise import analysis, models
from layerwise.data import DataSet
from layerwise.foundation.checks import invalid
from layerwise.foundation.shapes import Array
from layerwise.models.checkpoint import Checkpoint
from layerwise.network.weights import State, apply_weights, load_weights
from layerwise.recording import record, tally
from layerwise.store import Run
from layerwise.studies import training
from layerwise.studies.training import TEST_ACCURACY, Profile
from layerwise.studies.watched import Watched, watched

UNTRAINED, TRAINED = "untrained", "trained"
"""Checkpoints of a brought network; with files of weights, these are named after the files."""

MOST_VALUES = 2**26
"""Input values that are recorded (256 MB): of large photographs fewer are shown."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One network at successive checkpoints, and the data to look at it with.

    Attributes
    ----------
    model : holds the weights of whichever checkpoint is in turn
    states : name of a checkpoint -> its weights, or the file that has them
    parts : subset -> all its observations, "test" first
    watched : which layers
    folder : of the run
    seed : of weights, order, samples and maps
    n_shown : observations of each part to record
    provenance : what the run should remember
    training : the checkpoints of a network trained here
    """

    model: nn.Module
    states: Mapping[str, State | Path]
    parts: Mapping[str, DataSet]
    watched: Watched
    folder: Path
    seed: int
    n_shown: int
    provenance: Mapping[str, Any]
    training: Sequence[Checkpoint] = ()

    @property
    def ends(self) -> tuple[str, ...]:
        """The first and the last checkpoint: what is looked at before and after training."""
        names = list(self.states)
        return tuple(dict.fromkeys((names[0], names[-1])))

    def each(self, names: Collection[str] | None = None) -> Iterator[str]:
        """Yield every checkpoint, or those of `names`, while the model holds its weights."""
        for name, state in self.states.items():
            if names is not None and name not in names:
                continue
            apply_weights(self.model, load_weights(state) if isinstance(state, Path) else state)
            yield name

    @cached_property
    def _sample(self) -> tuple[DataSet, dict[str, Array]]:
        n = max(1, min(self.n_shown, MOST_VALUES // math.prod(self.parts["test"].input_shape)))
        return training.shown(self.parts, n, self.seed)

    @property
    def shown(self) -> DataSet:
        """What is recorded: the observations of the run."""
        return self._sample[0]

    def record(self) -> Run:
        """Record a sample of every part at every checkpoint, with its accuracies."""
        test = self.parts["test"]
        for name in self.each():
            run = record(
                self.model, self.shown, to=self.folder, labels=self._sample[1], checkpoint=name,
                layers=["input", *self.watched.recorded, "output"], pooling=self.watched.pooling,
                provenance=self.provenance,
            )  # fmt: skip
            if not self.training:
                self._score_whole(run, name)
        if self.training:
            training.write_training(run, self.folder / "training", self.training, len(test))
        for name in run.checkpoints:
            for subset in self.parts:
                analysis.accuracy(run, checkpoint=name, subset=subset)
        return run

    def keep_tallies(self, run: Run, *, maps: bool) -> None:
        """Count what every watched layer does over all of every part, at every checkpoint."""
        for checkpoint in self.each():
            for subset, part in self.parts.items():
                found = tally(self.model, part, self.watched.layers, maps=maps, winners=maps)
                analysis.keep_tallies(
                    run, found, checkpoint=checkpoint, subset=subset,
                    label=str(run.provenance["label"]), data=part.source,
                )  # fmt: skip

    def _score_whole(self, run: Run, checkpoint: str) -> None:
        """Keep the accuracy of a brought network on the whole test set."""
        test = self.parts["test"]
        place = {"checkpoint": checkpoint, "layer": "", "subset": "test"}

        def compute() -> pd.DataFrame:
            label = run.provenance["label"]
            share = models.accuracy(self.model, test.inputs(), test.labels[label])
            table = [(TEST_ACCURACY, share, np.nan, "")]
            return analysis.tidy(run, table, len(test), **place)

        run.cached("scores", {"function": "accuracy", "whole": True, **place}, compute)


def learner(
    train: DataSet,
    test: DataSet,
    build: Callable[[int], nn.Module],
    profile: Profile,
    *,
    n_checkpoints: int,
    subsets: Sequence[str],
    folder: Path,
    seed: int,
    given: Mapping[str, Any],
    published: tuple[float, str] | None = None,
    scale_down: str = "",
) -> Subject:
    """Return a network that is trained here, or was before in the same folder.

    Parameters
    ----------
    train, test : whole; the profile says how much of `train` to take
    build : number of classes -> an untrained network
    profile : how much work
    n_checkpoints : how many to keep, the untrained one among them
    subsets : what is looked at, of "test" and "train"
    folder : of the run; the training is kept below it
    seed : of everything
    given : provenance: title, study, network, command
    published : accuracy on the whole test set in the literature, and where
    scale_down : what is smaller or other than in the source
    """
    train = training.part_for(profile, train, seed)
    profile = profile.for_data(len(train))
    model = build(training.n_classes(train, test))
    epochs = training.spaced_epochs(profile.epochs, n_checkpoints)
    checkpoints = training.trained(
        model, train, test, profile, epochs, to=folder / "training", seed=seed
    )
    reference = [] if published is None else [{
        "score": TEST_ACCURACY, "subset": "test", "checkpoint": checkpoints[-1].name, "layer": "",
        "value": published[0], "source": published[1],
    }]  # fmt: skip
    words = f"{profile.words(len(train))} {scale_down}".rstrip()
    return Subject(
        model=model,
        states={checkpoint.name: checkpoint.path for checkpoint in checkpoints},
        parts={name: {"test": test, "train": train}[name] for name in subsets},
        watched=_watched(model, test, None),
        folder=folder,
        seed=seed,
        n_shown=profile.n_shown,
        provenance=_provenance(test, seed, given, scale_down=words, published=reference),
        training=checkpoints,
    )


def stranger(
    model: nn.Module,
    parts: Mapping[str, DataSet],
    *,
    weights: Sequence[str | Path] = (),
    layers: Sequence[str] | None = None,
    n_shown: int,
    folder: Path,
    seed: int,
    given: Mapping[str, Any],
) -> Subject:
    """Return a network as it was brought, or with weights from files, beside its control.

    Parameters
    ----------
    model : trained, unless there are files; its weights are changed in place
    parts : subset -> data, "test" first
    weights : files of trained weights, one a checkpoint, in order
    layers : names or globs of what to look at
    n_shown : observations of each part to record
    folder, seed, given : as for :func:`learner`
    """
    test = parts["test"]
    control = models.untrained(model, random_state=seed).state_dict()
    if weights:
        brought: dict[str, State | Path] = {Path(path).stem: Path(path) for path in weights}
    else:
        brought = {TRAINED: {name: value.clone() for name, value in model.state_dict().items()}}
    if len(brought) < max(1, len(weights)) or UNTRAINED in brought:
        raise invalid("study", "weights", "files of different names, none 'untrained'",
                      ", ".join(map(str, weights)))  # fmt: skip
    n_outputs = models.predict(model, test.take([0]).inputs()).shape[-1]
    largest = int(max(part.labels[next(iter(part.labels))].max() for part in parts.values()))
    if largest >= n_outputs:
        raise invalid(
            "study", "data", f"of the {n_outputs} classes that {type(model).__name__} knows",
            f"class {largest} in {test.name}", "Class k of the data is output k of the network.",
        )  # fmt: skip
    words = (
        f"Here: {type(model).__name__} as its author trained it. The control is the same "
        f"architecture with weights drawn anew by torch's own rules (seed {seed})."
    )
    return Subject(
        model=model,
        states={UNTRAINED: control, **brought},
        parts=parts,
        watched=_watched(model, test, layers),
        folder=folder,
        seed=seed,
        n_shown=n_shown,
        provenance=_provenance(test, seed, given, scale_down=words),
    )


def _watched(model: nn.Module, test: DataSet, layers: Sequence[str] | None) -> Watched:
    return watched(model, torch.from_numpy(test.take([0, 0]).inputs()), layers)


def _provenance(
    test: DataSet, seed: int, given: Mapping[str, Any], **further: Any
) -> dict[str, Any]:
    label = next(iter(test.labels))
    return {**given, "data": test.name, "data_source": test.source, "label": label, "seed": seed,
            **further}  # fmt: skip
