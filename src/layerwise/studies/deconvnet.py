"""What excites each unit, what in the input it is, and how the answer moves when the input does.

After Zeiler and Fergus 2014: the observations that excite each feature map most beside their
deconvnet projections (Fig. 2), how these came about in training (Fig. 4), invariance to shifts,
scale and rotation (Fig. 5), what a covered part of a picture does (Fig. 7), networks trained
without some of their layers (Table 3), layers of a frozen network on classes it never saw
(Table 7). For any network that somebody brings the same but the last two: what is trained is
trained here, and other classes are those of data that the user names. Left out: correspondence
between parts, which needs pictures whose parts are known
(:func:`layerwise.attribution.correspondence`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from layerwise import analysis, attribution, data
from layerwise.analysis.asking.invariance import keep_invariance
from layerwise.analysis.asking.occlusion import keep_occlusion
from layerwise.attribution.invariance import invariance
from layerwise.attribution.occlusion import occlusion_maps
from layerwise.data import DataSet
from layerwise.foundation.shapes import Array
from layerwise.network import kernels
from layerwise.recording import top
from layerwise.store import Run
from layerwise.studies import training
from layerwise.studies.ablation import Variant, ablation
from layerwise.studies.asked import Asked, Looked, Plan
from layerwise.studies.generalisation import classes_of, generalisation, halves
from layerwise.studies.preferred_inputs import LARGE_INPUT
from layerwise.studies.subject import Subject
from layerwise.studies.training import Profile
from layerwise.studies.watched import Watched, means

PLAN = Plan(
    name="deconvnet",
    title="What excites the units",
    source='Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014',
    filters=(16, 32, 32, 32),
    kernel_size=3,
    pools=(2, 1, 1, 2),
    padding=True,
    profiles={
        "quick": Profile(
            epochs=8, batch_size=64, learning_rate=0.001, optimizer="adam", n_train=10_000,
            n_shown=500, min_updates=600, filter_rms=0.1,
        ),
        "paper": Profile(
            epochs=70, batch_size=128, learning_rate=0.01, n_shown=2000, filter_rms=0.1,
        ),
    },
    n_checkpoints=5,
    subsets=("test",),
    scale_down="The paper's: 8 layers of up to 384 filters and 4,096 units on 1.3 million "
    "photographs of 1,000 classes, 70 epochs of SGD in batches of 128, momentum 0.9, learning rate "
    "0.01 lowered by hand, dropout in two dense layers.",
)  # fmt: skip

ABLATION = {
    "quick": Profile(
        epochs=5, batch_size=64, learning_rate=0.001, optimizer="adam", n_train=3000,
        min_updates=200, filter_rms=0.1,
    ),
    "paper": Profile(epochs=20, batch_size=128, learning_rate=0.01, filter_rms=0.1),
}  # fmt: skip
"""How much each of the networks of the ablation is trained, and the one that knows half of the
classes: there are many, so less than the network that is looked at."""

N_COVERED, N_MOVED = 3, 5
"""Pictures whose parts are covered, and that are moved: as many as in the figures of the paper."""

N_LARGE, LARGE_STRIDE = 6, 16
"""Of large pictures so many units of a layer are drawn, and the square moves a 16th of the side."""

CHANGES = ("translation", "scale", "rotation")


def deconvnet(
    name: str = "mnist",
    *,
    model: nn.Module | None = None,
    weights: Sequence[str | Path] = (),
    layers: Sequence[str] | None = None,
    other: str | None = None,
    profile: str = "quick",
    data_dir: str | Path | None = None,
    size: int | None = None,
    to: str | Path | None = None,
    seeds: int = 1,
    command: str = "",
    **changes: Any,
) -> Looked:
    """Ask a network what excites its units and how its answers follow their inputs.

    At every checkpoint the strongest observations of every unit over the whole test set, with
    deconvnet projections of the most excited units; before and after training maps of covered
    pictures and curves of moved ones. Of data that a network is trained on here, also an ablation
    (three seeds) and the layers of a network that knows half of the classes, probed for the others.

    Parameters
    ----------
    name, model, weights, layers, profile, data_dir, size, to, seeds, command, **changes
        As for :func:`layerwise.studies.parameters`.
    other : data set to probe the layers of the network itself with, instead of classes that
        another one never saw; the only way for a brought network

    Returns
    -------
    Looked
        The runs hold the tables "top", "feature_evolution", "occlusion" and "invariance", the first
        also "ablation" and "generalisation".

    Examples
    --------
    >>> found = deconvnet("digits", epochs=2, to="runs/tried")          # doctest: +SKIP
    >>> found.runs[0].table("top").query("unit == 3 and rank == 0")     # doctest: +SKIP
    """
    asked = Asked(
        name, model, weights, layers, profile, data_dir, size, to, seeds, command, changes
    )
    runs = []
    for number, given in enumerate(asked.subjects(PLAN)):
        subject = by_channel(given)
        run = _look(subject)
        if number == 0:
            if model is None:
                _keep_ablation(run, subject, asked)
            _keep_generalisation(run, subject, asked, other)
        runs.append(run)
    return asked.looked(PLAN, runs)


def by_channel(subject: Subject) -> Subject:
    """Return the subject with every layer recorded as it is looked at: one number a channel."""
    layers = subject.watched.layers
    batch = torch.from_numpy(subject.parts["test"].take([0, 0]).inputs())
    return replace(subject, watched=Watched(layers, layers, means(subject.model, batch, layers)))


def _look(subject: Subject) -> Run:
    run = subject.record()
    analysis.keep_filters(run, {name: kernels(subject.model) for name in subject.each()})
    _keep_top(run, subject)
    rows = answered(run, max(N_COVERED, N_MOVED))
    codes, names = analysis.class_codes(run)
    words = [f"{names[codes[row]]} (test {row})" for row in rows]
    inputs, classes = subject.shown.take(rows).inputs(), codes[rows]
    ends = subject.ends
    first, last = subject.watched.layers[0], subject.watched.layers[-1]
    *_, with_maps = [None, *subject.watched.pooling]
    large = is_large(subject)
    stride = max(1, min(subject.shown.input_shape[1:]) // LARGE_STRIDE) if large else None
    covered, moved = {}, {}
    for checkpoint in subject.each(ends):
        here = inputs[:N_COVERED], classes[:N_COVERED]
        covered[checkpoint] = occlusion_maps(subject.model, *here, layer=with_maps, stride=stride)
        here = inputs[:N_MOVED], classes[:N_MOVED]
        moved[checkpoint] = [
            invariance(subject.model, *here, list(dict.fromkeys([first, last])), kind=kind)
            for kind in CHANGES
        ]
    pictures = subject.shown.observations[rows]
    keep_occlusion(run, covered, names=words[:N_COVERED], pictures=pictures[:N_COVERED])
    keep_invariance(run, moved, names=words[:N_MOVED])
    return run


def answered(run: Run, n: int) -> Array:
    """Return the first `n` rows that are named right after training, of different classes.

    If there are fewer, those that are named wrong follow.
    """
    found = analysis.predictions(run).assign(label=analysis.class_codes(run)[0])
    ordered = found.sort_values("correct", ascending=False, kind="stable")
    distinct = ordered.drop_duplicates("label")["observation"].tolist()
    others = [row for row in ordered["observation"].tolist() if row not in set(distinct)]
    return np.array([*distinct, *others][:n])


def is_large(subject: Subject) -> bool:
    """Tell whether looking at all that is looked at in small pictures would take hours."""
    return math.prod(subject.shown.input_shape) > LARGE_INPUT


def _keep_top(run: Run, subject: Subject) -> None:
    """Keep the top 9 of every unit over the whole test set, at every checkpoint.

    Pictures are of the same units at all of them: those that the trained network excites most.
    """
    part, layers = subject.parts["test"], subject.watched.layers
    found = {name: top(subject.model, part, layers) for name in subject.each()}
    last = list(found)[-1]
    n = N_LARGE if is_large(subject) else None
    units = {layer: analysis.strongest_units(one, n) for layer, one in found[last].items()}
    patches = {
        name: {
            layer: attribution.top_patches(subject.model, part, one, units[layer])
            for layer, one in found[name].items() if len(units[layer])
        }
        for name in subject.each()
    }  # fmt: skip
    label = str(run.provenance["label"])
    names = np.array(part.class_names[label])[part.labels[label]]
    analysis.keep_top(run, patches, classes=names, subset="test", data=part.source)


def _keep_ablation(run: Run, subject: Subject, asked: Asked) -> None:
    """Train networks without some of the layers, from three seeds each."""
    train, test = (asked.load(split) for split in ("train", "test"))
    profile = asked.chosen(PLAN.name, ABLATION)
    folder = subject.folder / "ablation"
    found = ablation(variants(PLAN, test.input_shape), train, test, profile, to=folder)
    part = training.part_for(profile, train, 0)
    about = {"function": "ablation", "data": test.source,
             "training": profile.for_data(len(part)).words(len(part))}  # fmt: skip
    run.write_table("ablation", found, about)


def variants(plan: Plan, shape: Sequence[int]) -> list[Variant]:
    """Return the networks of the ablation: what the paper leaves out of its own, and clipping."""

    def smaller(name: str, **fields: Any) -> Variant:
        changed = replace(plan, **fields)
        return Variant(name, lambda n, seed: changed.network(shape, n, seed))

    filters, pools, (units,) = plan.filters, plan.pools, plan.hidden
    last = len(filters)
    middle = f"{', '.join(str(k) for k in range(2, last))}"
    ends: dict[str, Any] = {
        "filters": (filters[0], filters[-1]), "pools": (pools[0], pools[-1]),
    }  # fmt: skip
    more = tuple(round(1.5 * n) for n in filters[1:])
    counts = ", ".join(map(str, dict.fromkeys(more)))
    whole = smaller("whole")
    return [
        whole,
        smaller(f"without layers {middle}", **ends),
        smaller(f"without layer {last + 1}", hidden=()),
        smaller(f"without layers {middle}, {last + 1}", hidden=(), **ends),
        smaller(f"layer {last + 1}: {units // 4} units", hidden=(units // 4,)),
        smaller(f"layer {last + 1}: {units * 4} units", hidden=(units * 4,)),
        smaller(f"layers {middle}, {last}: {counts} filters", filters=(filters[0], *more)),
        replace(whole, name="filters not clipped", changes={"filter_rms": None}),
    ]


def _keep_generalisation(run: Run, subject: Subject, asked: Asked, other: str | None) -> None:
    """Probe the layers for other data, or those of a network that knows half of the classes.

    A network that somebody brought cannot be trained here, so without other data nothing is asked.
    """
    folder = subject.folder / "generalisation"
    if other is not None:
        own = asked.data_dir if other in data.NAMES else None
        learned, strange = subject.parts["test"].name, data.load(other, data_dir=own)
        networks = subject
    elif asked.model is None:
        train, few, strange = halves(asked.load("train"), asked.load("test"))
        learned = classes_of(few)
        networks = _knowing(train, few, subject, asked.chosen(PLAN.name, ABLATION), folder)
    else:
        return
    found = generalisation(
        ((name, networks.model) for name in networks.each(networks.ends)), strange,
        subject.watched.recorded, input_shape=subject.parts["test"].input_shape,
        to=folder / "run", seed=subject.seed,
    )  # fmt: skip
    first, last = networks.ends[0], networks.ends[-1]
    names = {first: subject.ends[0], last: subject.ends[-1]}
    found = found.assign(
        learned=learned, data=classes_of(strange), checkpoint=found["checkpoint"].map(names)
    )
    run.write_table("generalisation", found, {
        "function": "generalisation", "data": strange.source,
    })  # fmt: skip


def _knowing(
    train: DataSet, test: DataSet, subject: Subject, profile: Profile, folder: Path
) -> Subject:
    """Return the same architecture, trained on these classes alone."""
    seed = subject.seed
    model = PLAN.network(train.input_shape, training.n_classes(train, test), seed)
    part = training.part_for(profile, train, seed)
    checkpoints = training.trained(
        model, part, test, profile.for_data(len(part)), [], to=folder / "training", seed=seed
    )
    states = {one.name: one.path for one in (checkpoints[0], checkpoints[-1])}
    return replace(subject, model=model, states=states)
