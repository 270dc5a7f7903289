"""Looking at parameters, activations and inputs: what is inside a network, layer by layer.

After Fleuret's lectures 8.1 to 8.4: the filters of a LeNet as pictures, what its layers make of one
observation, maps of many observations in the input and in successive layers, where the classes come
apart; then where in the observation its answer lies, inputs of maximum response, and inputs that
deceive the network. For any network that somebody brings the same. Left out: the hidden units of
networks in the plane as lines, which are a study of their own (:mod:`layerwise.studies.lines`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torch import nn

from layerwise import analysis
from layerwise.network import kernels
from layerwise.recording import activations
from layerwise.store import Run
from layerwise.studies.asked import Asked, Looked, Plan
from layerwise.studies.inputs import keep_inputs
from layerwise.studies.maps import write_maps
from layerwise.studies.subject import Subject
from layerwise.studies.training import Profile

PLAN = Plan(
    name="parameters",
    title="Parameters, activations and inputs",
    source="Fleuret, EE-559 Deep Learning, lectures 8.1 to 8.4",
    filters=(32, 64),
    kernel_size=5,
    pools=(3, 2),
    profiles={
        "quick": Profile(
            epochs=3, batch_size=64, learning_rate=0.001, optimizer="adam", min_updates=600
        ),
        "paper": Profile(epochs=25, batch_size=100, learning_rate=0.001, optimizer="adam"),
    },
    n_checkpoints=4,
    subsets=("test",),
    scale_down="The lecture's: 32, 64 filters of 5x5 with pools of 3, 2, then 200 dense units; how "
    "long and with which steps it was trained is not known.",
)

OBSERVATION = 0
"""Row of the run that is looked at alone: the first that is recorded is of the test set."""


def parameters(
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
    """Show what a network's parameters are and what it makes of one and of many observations.

    At every checkpoint: filters as pictures with their norms, effective ranks and what became of
    them; the feature maps of one test observation; the distribution of every unit over the whole
    test set; before and after training maps of a sample by input and layer, and attributions of
    that observation; after training inputs of maximum response and adversarial ones. Called again,
    what is trained and recorded is read.

    Parameters
    ----------
    name : a data set of :data:`layerwise.data.NAMES`, an ``.npz``, a folder or a table of pictures
    model : a network to look at instead of a LeNet that is trained here; class k is its output k.
        Its control is the same architecture with weights drawn anew.
    weights : files with trained weights of `model`, each a checkpoint; none if it holds its own
    layers : names or globs of layers of `model` to look at; by default at most 6 rectified ones
    profile : "quick" (minutes on two cores) or "paper" (more epochs)
    data_dir : where the files of the data set are
    size : side to which your own pictures are scaled
    to : folder for runs and report; by default under ``runs/``
    seeds : networks trained, each from its own start; of a brought network, controls
    command : what the user typed, for the report
    **changes : fields of :class:`~layerwise.studies.training.Profile`, such as ``epochs=3``

    Returns
    -------
    Looked

    Examples
    --------
    >>> found = parameters("digits", epochs=2, to="runs/tried")         # doctest: +SKIP
    >>> found.runs[0].table("kernels")[["layer", "norm", "dead"]]       # doctest: +SKIP
    """
    asked = Asked(
        name, model, weights, layers, profile, data_dir, size, to, seeds, command, changes
    )
    return asked.looked(PLAN, [_look(subject) for subject in asked.subjects(PLAN)])


def _look(subject: Subject) -> Run:
    run = subject.record()
    write_maps(run, subject.watched.recorded, subject.seed)
    analysis.keep_filters(run, {name: kernels(subject.model) for name in subject.each()})
    _keep_feature_maps(run, subject)
    subject.keep_tallies(run, maps=False)
    keep_inputs(run, subject, OBSERVATION)
    return run


def _keep_feature_maps(run: Run, subject: Subject) -> None:
    """Keep what every layer makes of the first test observation."""
    shown = subject.shown.take([OBSERVATION])
    layers = list(dict.fromkeys([*subject.watched.layers, *subject.watched.recorded]))
    codes, names = analysis.class_codes(run)
    analysis.keep_feature_maps(
        run,
        {name: activations(subject.model, (shown, 0), layers) for name in subject.each()},
        picture=shown.observations[0] if shown.are_pictures else None,
        name=f"test observation {OBSERVATION}, class {names[codes[OBSERVATION]]}",
    )
