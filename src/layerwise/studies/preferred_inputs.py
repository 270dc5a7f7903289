"""Preferred inputs: of every class by every recipe, of the units of every layer, beside real ones.

After Erhan, Bengio, Courville and Vincent 2009 (ascent on a sphere, several starts, linear
combinations of filters), Fleuret's lecture 8.4 (multi-scale edge energy) and the practical of
HEIG-VD (keras-vis). With every image stand the nearest real inputs, its activation among those of
the whole test set, the agreement of the starts and what the network takes it for; beside the
trained network the untrained one. Left out: sampling from a belief net with a unit clamped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from layerwise import analysis
from layerwise.data import DataSet
from layerwise.network import Site, survey
from layerwise.network.targets import Position
from layerwise.store import Run
from layerwise.studies.asked import Asked, Looked, Plan
from layerwise.studies.preferred_claims import LECTURE, claims
from layerwise.studies.subject import Subject
from layerwise.studies.training import Profile
from layerwise.studies.uniqueness import of_stacks, uniqueness
from layerwise.studies.watched import RECTIFIERS, kind
from layerwise.synthesis.portraits import CLASSES, Portrait, n_units, portraits
from layerwise.synthesis.recipes import RECIPES, as_recipe
from layerwise.synthesis.space import input_space
from layerwise.synthesis.streams import taken

PLAN = Plan(
    name="preferred-inputs",
    title="Preferred inputs",
    source="Erhan et al. 2009; Fleuret, EE-559, lecture 8.4; HEIG-VD, Machine Learning",
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
    subsets=("test",),
    published={"mnist": (0.991, "keras-vis, its MNIST example")},
    scale_down="Erhan et al. climbed units of belief nets and of denoising auto-encoders, trained "
    "on 2.5 million deformed digits; here are classifiers of static ones.",
)


ERHAN = "erhan"

MOST_CLASSES = 20
"""Classes that are maximised, the first ones."""

LARGE_INPUT = 2**14
"""Values of one input above which less is climbed."""


@dataclass(frozen=True)
class Effort:
    """How much is climbed.

    Attributes
    ----------
    units : of each layer
    starts : of each image
    unique_units, unique_starts, steps : for the uniqueness of maxima
    recipe_steps : of every other climb; None for those of its recipe
    """

    units: int
    starts: int
    unique_units: int
    unique_starts: int
    steps: int
    recipe_steps: int | None = None

    def for_inputs(self, shape: Sequence[int]) -> Effort:
        """Return the effort, of large pictures a quarter of the units from one start.

        Examples
        --------
        >>> EFFORTS["quick"].for_inputs((3, 224, 224)).units
        4
        """
        if math.prod(shape) <= LARGE_INPUT:
            return self
        return replace(self, units=self.units // 4, starts=1, unique_units=self.unique_units // 4)


EFFORTS = {
    "quick": Effort(units=16, starts=3, unique_units=8, unique_starts=5, steps=100),
    "paper": Effort(units=64, starts=9, unique_units=36, unique_starts=9, steps=400),
}


def preferred_inputs(
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
    """Make the inputs that classes and units prefer, before and after training, beside real ones.

    Parameters
    ----------
    name, model, weights, layers, profile, data_dir, size, to, seeds, command, **changes
        As for :func:`layerwise.studies.parameters`.

    Returns
    -------
    Looked
        The runs hold the tables "preferred", "climbs", "uniqueness" and "images".

    Examples
    --------
    >>> found = preferred_inputs("digits", epochs=2, to="runs/tried")   # doctest: +SKIP
    >>> found.runs[0].table("preferred").query("layer == 'classes'")    # doctest: +SKIP
    """
    asked = Asked(
        name, model, weights, layers, profile, data_dir, size, to, seeds, command, changes
    )
    runs = []
    for subject in asked.subjects(PLAN):
        run = _look(subject, EFFORTS[profile])
        if model is None:
            train, test = asked.load("train"), asked.load("test")
            _keep_stacks(run, train, test, subject, EFFORTS[profile])
        run.write_table("hypotheses", claims(run), {"function": "claims"})
        runs.append(run)
    return asked.looked(PLAN, runs)


def _look(subject: Subject, effort: Effort) -> Run:
    run = subject.record()
    test = subject.parts["test"]
    network = str(run.provenance.get("network", ""))
    effort = effort.for_inputs(test.input_shape)
    layers = climbed(subject.model, test, subject.watched.layers)
    *_, last = subject.states
    for checkpoint in subject.each():
        _keep_all(run, subject, checkpoint, layers, effort, whole=checkpoint == last)
        about = {"function": "uniqueness", "network": network, "checkpoint": checkpoint}

        def measured(checkpoint: str = checkpoint) -> pd.DataFrame:
            found = uniqueness(
                subject.model, [before for _, before in layers], test, n=effort.unique_units,
                starts=effort.unique_starts, steps=effort.steps, random_state=subject.seed,
            )  # fmt: skip
            return found.assign(network=network, checkpoint=checkpoint)

        run.cached("uniqueness", about, measured)
    return run


def _keep_all(
    run: Run, subject: Subject, checkpoint: str, layers: Sequence[tuple[str, str]],
    effort: Effort, *, whole: bool,
) -> None:  # fmt: skip
    """Keep what units of every layer prefer, and the classes by every recipe; of controls less."""
    test = subject.parts["test"]
    usual = as_recipe(None, test.input_shape).name
    jobs: list[tuple[str, list[str], Position, int]] = []
    for shown, before in layers:
        jobs.append((shown, [usual], None, effort.units))
        if whole:  # of one unit: a mean over the map would hardly outweigh the penalty
            jobs.append((before, [LECTURE], "middle", effort.units))
    jobs.append((CLASSES, _recipes(test) if whole else [usual, ERHAN], None, MOST_CLASSES))
    for order, (layer, recipes, position, most) in enumerate(jobs):
        if not _is_kept(run, checkpoint, layer, recipes, effort.starts):
            count = min(most, n_units(subject.model, layer, test))
            found = portraits(
                subject.model, layer, test, units=range(count), recipes=recipes,
                position=position, starts=effort.starts, steps=effort.recipe_steps,
                random_state=subject.seed,
            )  # fmt: skip
            keep_portraits(run, found, test, checkpoint, order)


def keep_portraits(
    run: Run, found: Sequence[Portrait], test: DataSet, checkpoint: str, order: int
) -> None:  # fmt: skip
    """Keep portraits beside the real inputs nearest to them."""
    rows = sorted({int(row) for one in found for row in one.nearest.rows.ravel()})
    label = next(iter(test.labels), "")
    space = input_space(test)
    analysis.keep_preferred(
        run, found, dict(zip(rows, taken(test, rows), strict=True)), checkpoint=checkpoint,
        data=f"the {len(test):,} test observations of {test.name}", first=order,
        value_range=(space.low.numpy().ravel(), space.high.numpy().ravel()),
        labels=test.labels.get(label), class_names=test.class_names.get(label, ()),
    )  # fmt: skip


def _is_kept(
    run: Run, checkpoint: str, layer: str, recipes: Sequence[str], starts: int
) -> bool:  # fmt: skip
    """Return whether the run has this layer by these recipes, from so many starts."""
    if "preferred" not in run.tables:
        return False
    table = run.table("preferred")
    table = table[
        (table["checkpoint"] == checkpoint) & (table["layer"] == layer)
        & (table["n_starts"] == starts)
    ]  # fmt: skip
    return set(recipes) <= set(table["recipe"])


def _keep_stacks(run: Run, train: DataSet, test: DataSet, subject: Subject, effort: Effort) -> None:
    """Keep the uniqueness of preferred inputs of stacks of the size of Erhan et al."""
    about = {"function": "uniqueness", "network": "stacks", "checkpoint": ""}
    run.cached("uniqueness", about, lambda: of_stacks(
        train, test, subject.folder / "stacks", subject.seed, n=effort.unique_units,
        starts=effort.unique_starts, steps=effort.steps,
    ))  # fmt: skip


def climbed(model: nn.Module, test: DataSet, layers: Sequence[str]) -> list[tuple[str, str]]:
    """Return for each layer the address whose units are shown, and that before its nonlinearity.

    Of a map the channel is shown as it is rectified, anywhere in the map: before it, what holds it
    down elsewhere counts as much as what it looks for. A dense unit is climbed before its
    nonlinearity, whose gradient vanishes; the best input is the same.

    Parameters
    ----------
    model, test : the network and its data
    layers : addresses

    Examples
    --------
    >>> from layerwise import data, models
    >>> net = models.lenet((1, 8, 8), 10, channels=(4,), kernel_size=3, pools=(2,), hidden=(9,))
    >>> climbed(net, data.load("digits"), ["relu1", "relu2"])
    [('relu1', 'conv1'), ('fc1', 'fc1')]
    """
    sites = _sites(model, test)
    return [
        (layer if len(sites[layer].shape) > 1 else early, early)
        for layer, early in zip(layers, before_nonlinearity(model, test, layers), strict=True)
    ]


def before_nonlinearity(model: nn.Module, test: DataSet, layers: Sequence[str]) -> list[str]:
    """Return the layers, of each nonlinearity what it is a function of.

    Parameters
    ----------
    model, test : the network and its data
    layers : addresses

    Examples
    --------
    >>> from layerwise import data, models
    >>> net = models.mlp((1, 8, 8), 10, hidden=(9,), dropout=(0.5,))
    >>> before_nonlinearity(net, data.load("digits"), ["relu1"])
    ['fc1']
    """
    before = {
        site.name: early.name for early, site in pairwise(_sites(model, test).values())
        if kind(site) in RECTIFIERS and not early.is_border and early.shape == site.shape
    }  # fmt: skip
    return [before.get(layer, layer) for layer in layers]


def _sites(model: nn.Module, test: DataSet) -> dict[str, Site]:
    found = survey(model, torch.from_numpy(test.take([0, 0]).inputs()))
    return {site.name: site for site in found.sites if site.recordable}


def _recipes(test: DataSet) -> list[str]:
    """Return the recipes that fit such inputs: that for grey pictures has no colours."""
    grey = test.input_shape[0] == 1
    return [name for name in RECIPES if grey or name != "ink"]
