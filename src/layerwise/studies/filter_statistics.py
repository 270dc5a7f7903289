"""What every filter answers to each class: class means, differences, winners, and in numbers.

After the practical "Understanding Deep Neural Networks" (HEIG-VD, Machine Learning, 2017): the mean
output of every filter of every layer for each class, and at each position the filter that is
strongest in most images of the class. Its questions, which patterns do classes share and which
tell them apart, are answered in numbers beside those of the untrained network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from layerwise import analysis
from layerwise.network import kernels
from layerwise.store import Run
from layerwise.studies.asked import Asked, Looked, Plan
from layerwise.studies.subject import Subject
from layerwise.studies.training import Profile

PLAN = Plan(
    name="filter-statistics",
    title="Filters and classes",
    source='HEIG-VD, Machine Learning, "Understanding Deep Neural Networks"',
    filters=(32, 64, 64),
    kernel_size=3,
    pools=(2, 1, 2),
    profiles={
        "quick": Profile(
            epochs=2, batch_size=128, learning_rate=0.001, optimizer="adam", min_updates=600
        ),
        "paper": Profile(epochs=5, batch_size=128, learning_rate=0.001, optimizer="adam"),
    },
    n_checkpoints=2,
    subsets=("test", "train"),
    published={"mnist": (0.991, "keras-vis, its MNIST example")},
    scale_down="The network of the practical is not known. Its likely model is the MNIST example "
    "of keras-vis: 32, 64 filters of 3x3, a pool of 2, 128 dense units, dropout, 5 epochs of Adam "
    "in batches of 128.",
)


def filter_statistics(
    name: str = "mnist",
    *,
    model: nn.Module | None = None,
    weights: Sequence[str | Path] = (),
    layers: Sequence[str] | None = None,
    profile: str = "quick",
    data_dir: str | Path | None = None,
    size: int | None = None,
    to: str | Path | None = None,
    seeds: int = 1,
    command: str = "",
    **changes: Any,
) -> Looked:
    """Tally every filter over all observations of each class, before and after training.

    The whole training set and the whole test set are streamed through the network; nothing of
    them is stored but the statistics. Of a brought network the test set alone.

    Parameters
    ----------
    name, model, weights, layers, profile, data_dir, size, to, seeds, command, **changes
        As for :func:`layerwise.studies.parameters`.

    Returns
    -------
    Looked
        The runs hold the tables "activity", "selectivity", "class_maps" and "class_statistics".

    Examples
    --------
    >>> found = filter_statistics("digits", epochs=2, to="runs/tried")  # doctest: +SKIP
    >>> found.runs[0].table("class_statistics").query("measure == 'same winner'")  # doctest: +SKIP
    """
    asked = Asked(
        name, model, weights, layers, profile, data_dir, size, to, seeds, command, changes
    )
    return asked.looked(PLAN, [_look(subject) for subject in asked.subjects(PLAN)])


def _look(subject: Subject) -> Run:
    run = subject.record()
    analysis.keep_filters(run, {name: kernels(subject.model) for name in subject.each()})
    subject.keep_tallies(run, maps=True)
    analysis.class_statistics(run)
    return run
