"""What studies have in common before they look: how much to train, on what, and what is shown.

Left out: which networks there are and what is asked of them; that is each study's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from torch import nn

from layerwise import analysis, models
from layerwise.data import DataSet
from layerwise.foundation.shapes import Array
from layerwise.models.checkpoint import Checkpoint, name_of
from layerwise.store import Run

TEST_ACCURACY = "accuracy, whole test set"
OPTIMIZERS = {"sgd": "SGD", "adam": "Adam"}

P = TypeVar("P", bound="Profile")


@dataclass(frozen=True)
class Profile:
    """How much work: `n_train` None is the whole training set, `min_updates` for small ones."""

    epochs: int
    batch_size: int
    learning_rate: float
    n_train: int | None = None
    n_shown: int = 2000
    decay: float = 0.0
    optimizer: str = "sgd"
    min_updates: int = 0
    filter_rms: float | None = None

    def for_data(self: P, n_train: int) -> P:
        """Return the profile with as many more epochs as small data need for `min_updates`.

        Examples
        --------
        >>> Profile(5, 128, 0.05, min_updates=250).for_data(1_198).epochs
        25
        """
        updates = -(-n_train // self.batch_size)
        return replace(self, epochs=max(self.epochs, -(-self.min_updates // updates)))

    def changed(self: P, changes: Mapping[str, Any]) -> P:
        """Return the profile with other fields; epochs that are asked for are the epochs."""
        return replace(self, **({"min_updates": 0, **changes} if "epochs" in changes else changes))

    def words(self, n_train: int) -> str:
        """Return the sentence on what was done here.

        Examples
        --------
        >>> Profile(2, 100, 0.001, optimizer="adam").words(60_000)
        'Here: 60,000 training images, 2 epochs of Adam in batches of 100, learning rate 0.001.'
        """
        return (
            f"Here: {n_train:,} training images, {self.epochs} epochs of "
            f"{OPTIMIZERS[self.optimizer]} in batches of {self.batch_size}, learning rate "
            f"{self.learning_rate:g}{self._clipped()}."
        )

    def _clipped(self) -> str:
        rms = self.filter_rms
        return "" if rms is None else f", the root mean square of a filter kept at {rms:g} or below"


def part_for(profile: Profile, train: DataSet, seed: int) -> DataSet:
    """Return as much of the training set as the profile takes, every class in proportion."""
    n = profile.n_train or len(train)
    return train if n >= len(train) else train.sample(n, random_state=seed, stratify=True)


def n_classes(train: DataSet, test: DataSet) -> int:
    """Return the number of outputs that the labels of both parts need."""
    label = next(iter(train.labels))
    return int(max(part.labels[label].max() for part in (train, test))) + 1


def trained(
    model: nn.Module,
    train: DataSet,
    test: DataSet,
    profile: Profile,
    epochs: Sequence[int],
    *,
    to: Path,
    seed: int,
) -> list[Checkpoint]:
    """Train, or read a training that is done; return the checkpoints at `epochs`, 0 and the last.

    The model holds the weights of the last one after.
    """
    label = next(iter(train.labels))
    return list(
        models.train(
            model,
            train.inputs(),
            train.labels[label],
            test=(test.inputs(), test.labels[label]),
            to=to,
            epochs=profile.epochs,
            batch_size=profile.batch_size,
            learning_rate=profile.learning_rate,
            momentum=0.9,
            decay=profile.decay,
            optimizer=profile.optimizer,
            filter_rms=profile.filter_rms,
            checkpoints=epochs,
            random_state=seed,
        )
    )


def shown(parts: Mapping[str, DataSet], n: int, seed: int) -> tuple[DataSet, dict[str, Array]]:
    """Return what is recorded: a sample of each part, and the column that says which is of which.

    Parameters
    ----------
    parts : subset name -> data, of one kind
    n : observations of each, or all if there are fewer
    """
    drawn = {
        name: part.sample(min(n, len(part)), random_state=seed) for name, part in parts.items()
    }
    first = next(iter(drawn.values()))
    subset = np.repeat(list(drawn), [len(part) for part in drawn.values()])
    columns = {
        name: np.concatenate([part.labels[name] for part in drawn.values()])
        for name in first.labels
    }
    observations = np.concatenate([part.observations for part in drawn.values()])
    both = replace(first, observations=observations, labels=columns)
    return both, {analysis.SUBSET: subset}


def spaced_epochs(epochs: int, n: int) -> list[int]:
    """Return `n` epochs to keep, or all if there are fewer: 0, the last, evenly spaced between.

    Examples
    --------
    >>> spaced_epochs(100, 6), spaced_epochs(2, 6)
    ([0, 20, 40, 60, 80, 100], [0, 1, 2])
    """
    return sorted({round(epochs * k / (n - 1)) for k in range(n)})


def write_training(run: Run, folder: Path, checkpoints: Sequence[Checkpoint], n_test: int) -> None:
    """Keep the history in the run, and the accuracy on the whole test set as a score."""
    history = pd.read_json(folder / "history.json")
    history["checkpoint"] = history["epoch"].map(name_of)
    run.write_table("training", history, {"function": "train"})
    for checkpoint in checkpoints:
        table = [(TEST_ACCURACY, checkpoint.test_accuracy, np.nan, "")]
        place = {"checkpoint": checkpoint.name, "layer": "", "subset": "test"}
        row = analysis.tidy(run, table, n_test, **place)
        run.write_table("scores", row, {"function": "train", **place})
