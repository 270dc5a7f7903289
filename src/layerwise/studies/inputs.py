"""What lecture 8 asks about inputs: where an answer comes from, what a unit wants, what deceives.

Fleuret's lecture 8.3 takes one picture and shows where in it the answer lies, by occlusion, by
gradients under several rules and by Grad-CAM; 8.4 optimises inputs: those of maximum response,
with multi-scale edge energy as the penalty, and one that is pushed until the network gives another
answer. Left out: how these are computed (:mod:`layerwise.attribution`,
:mod:`layerwise.synthesis`), and many recipes side by side
(:mod:`layerwise.studies.preferred_inputs`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from layerwise import analysis
from layerwise.attribution import explain
from layerwise.attribution.occlusion import last_maps
from layerwise.foundation.checks import UserError
from layerwise.foundation.shapes import Array
from layerwise.models.evaluate import predict
from layerwise.store import Run
from layerwise.studies.preferred_claims import LECTURE
from layerwise.studies.preferred_inputs import LARGE_INPUT, climbed, keep_portraits
from layerwise.studies.subject import Subject
from layerwise.synthesis import (
    Adversarial,
    layer_values,
    loss_ascent,
    portraits,
    random_twins,
)
from layerwise.synthesis.portraits import CLASSES, n_units

METHODS = (
    "occlusion", "gradient", "smoothgrad", "deconvolution", "guided_backpropagation", "grad_cam",
)  # fmt: skip
"""The lecture's, in its order; Grad-CAM where there are maps."""

N_UNITS, N_CLASSES = 8, 10
"""Units of each layer, and classes, whose maximum response is sought; of large pictures a quarter
of the units, and as many classes."""

N_ATTACKED = 20
"""Observations that are pushed until the network gives another answer; of large pictures a
quarter."""

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""Of the ascent, tried in turn: where a network is sure, the gradient of the loss is small."""


def keep_inputs(run: Run, subject: Subject, observation: int) -> None:
    """Keep the input part of the lecture: tables "attributions", "preferred", "adversarial".

    Parameters
    ----------
    run : recorded by the subject at all its checkpoints, with the input
    subject : the network and its data; its model holds other weights after
    observation : the row of the run whose answer is attributed
    """
    keep_saliency(run, subject, observation)
    for checkpoint in subject.each(subject.ends):
        keep_maximum_response(run, subject, checkpoint)
    if subject.shown.are_pictures:
        keep_adversarial(run, subject)


def keep_saliency(run: Run, subject: Subject, observation: int) -> None:
    """Attribute one answer by every method, before and after training.

    Both networks are asked about the class that the trained one names.
    """
    one = subject.shown.take([observation])
    x = one.inputs()
    codes, names = analysis.class_codes(run)
    for _ in subject.each(subject.ends[-1:]):
        answer = predict(subject.model, x).argmax(axis=1)
        options, methods = _grad_cam(subject, x)
    found = {
        checkpoint: explain(
            subject.model, x, classes=answer, methods=methods, options=options, n_steps=10,
            random_state=subject.seed,
        )
        for checkpoint in subject.each(subject.ends)
    }  # fmt: skip
    analysis.keep_attributions(
        run, found, pictures=one.observations if one.are_pictures else None,
        names=[f"test {observation} ({names[codes[observation]]})"], rows=[observation],
    )  # fmt: skip


def _grad_cam(subject: Subject, x: Any) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return the options of Grad-CAM and the methods, without it if no layer has maps."""
    try:
        return {"grad_cam": {"layer": last_maps(subject.model, x)}}, list(METHODS)
    except UserError:
        return {}, [method for method in METHODS if method != "grad_cam"]


def keep_maximum_response(run: Run, subject: Subject, checkpoint: str) -> None:
    """Maximise units of every layer, one position of a map, and the classes, as in the lecture."""
    test = subject.parts["test"]
    large = math.prod(test.input_shape) > LARGE_INPUT
    n, n_classes = (N_UNITS // 4,) * 2 if large else (N_UNITS, N_CLASSES)
    layers = [before for _, before in climbed(subject.model, test, subject.watched.layers)]
    jobs: list[tuple[str, str | None, int]] = [(layer, "middle", n) for layer in layers]
    for order, (layer, position, most) in enumerate([*jobs, (CLASSES, None, n_classes)]):
        units = range(min(most, n_units(subject.model, layer, test)))
        found = portraits(
            subject.model, layer, test, units=units, position=position, recipes=[LECTURE],
            random_state=subject.seed,
        )  # fmt: skip
        keep_portraits(run, found, test, checkpoint, order)


def keep_adversarial(run: Run, subject: Subject) -> None:
    """Push test pictures up the loss of the trained network until its answers change.

    Each by the lecture's 15 steps at the smallest of :data:`RATES` that is enough, else the
    largest. The control is a random step of the same length.
    """
    (checkpoint,) = subject.each(subject.ends[-1:])
    n = N_ATTACKED // 4 if math.prod(subject.shown.input_shape) > LARGE_INPUT else N_ATTACKED
    rows = analysis.rows_of(run, "test", n, subject.seed)
    x = subject.shown.take(rows).inputs()
    found = gentlest(subject.model, x)
    noisy = random_twins(x, found.l2, random_state=subject.seed)
    layers = {name: run.layer(name).pooling for name in run.layers}
    values = [layer_values(subject.model, one, layers) for one in (found.inputs, noisy)]
    analysis.keep_twins(
        run, found, checkpoint=checkpoint, rows=rows, twins=values[0], controls=values[1],
        control_after=predict(subject.model, noisy).argmax(axis=1),
    )  # fmt: skip


def gentlest(model: nn.Module, x: Array) -> Adversarial:
    """Return the twins of the smallest rate at which each answer changes.

    Examples
    --------
    >>> import torch
    >>> net = nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.eye(2))
    >>> found = gentlest(net, np.array([[0.6, 0.5], [0.9, 0.1]], np.float32))
    >>> found.flipped.tolist(), (found.l2[0] < found.l2[1]).item()
    ([True, True], True)
    """
    found = loss_ascent(model, x, rate=RATES[0])
    for rate in RATES[1:]:
        left = np.flatnonzero(~found.flipped)
        if not len(left):
            break
        more = loss_ascent(model, x[left], rate=rate)
        arrays: dict[str, Any] = {}
        for name, values in vars(found).items():
            if isinstance(values, np.ndarray):
                arrays[name] = values.copy()
                arrays[name][left] = getattr(more, name)
        found = replace(found, **arrays)
    return found
