"""What some methods say of some observations, with the checks that belong beside it.

The one call behind `layerwise attribute`: attributions of one target by several methods, their
maps, and for each the numbers of :mod:`layerwise.attribution.sanity`. Left out: all drawing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from layerwise.attribution.axes import input_axis
from layerwise.attribution.gradients import BATCH
from layerwise.attribution.methods import METHODS, attribute
from layerwise.attribution.sanity import (
    ORDERS,
    Curve,
    completeness,
    curve,
    randomized,
    target_values,
)
from layerwise.attribution.windows import Baseline
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.question import batches, question
from layerwise.network.targets import Target, as_target, logit, probability

USUAL = ("gradient", "smoothgrad", "integrated_gradients")
"""Methods that suit every network and need no layer."""

RANDOM = "random order"
"""The control of curves, in the column "method"."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Attributions of one target at one checkpoint.

    Attributes
    ----------
    targets : (n,) name of the target of each observation
    values : (n,) of the target
    predicted : (n,) class of the largest output, -1 if the target does not read the output
    maps : by method, (n, *positions), one number a position
    checks : DataFrame, a row for each observation and method: ``observation``, ``method``,
        ``layer`` (of Grad-CAM), ``total`` (sum of the attribution), ``at_baseline`` (the target
        there) and ``error`` (total minus the difference of the target; NaN for methods without such
        a promise), ``deletion``, ``deletion_random``, ``insertion``, ``insertion_random`` (mean
        heights of the curves)
    curves : DataFrame, a row a point: ``observation``, ``method``, ``kind``, ``share``, ``value``
    measured : (n,) name of the target of the curves
    """

    targets: tuple[str, ...]
    values: Array
    predicted: Array
    maps: Mapping[str, Array]
    checks: pd.DataFrame
    curves: pd.DataFrame
    measured: tuple[str, ...]


def predicted_classes(model: nn.Module, inputs: Any, *, batch_size: int = BATCH) -> Array:
    """Return the class of the largest output of each observation, (n,) int64.

    Examples
    --------
    >>> predicted_classes(nn.Identity(), np.array([[0.1, 0.9], [0.8, 0.2]], np.float32))
    array([1, 0])
    """
    found = []
    with question(model, logit(0), inputs) as ask, torch.no_grad():
        for part in batches(len(ask.x), batch_size):
            ask(ask.x[part], part)
            found.append(ask.answers().cpu().numpy())
    classes: Array = np.concatenate(found)
    return classes


def explain(
    model: nn.Module,
    inputs: Any,
    target: Target | str | None = None,
    *,
    classes: Array | None = None,
    methods: Sequence[str] = USUAL,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    baseline: Baseline = 0.0,
    n_steps: int = 20,
    n_random: int = 3,
    random_state: int = 0,
    batch_size: int = BATCH,
) -> Explanation:
    """Attribute a target by several methods, and check each.

    Parameters
    ----------
    model : any module; left as it is
    inputs : (n, ...), as of :func:`layerwise.attribution.attribute`
    target : Target or its text; None asks about a class of each observation, by its logit in the
        attributions and its probability in the curves
    classes : (n,) int, those classes; None for the predicted ones
    methods : names in :data:`layerwise.attribution.METHODS`
    options : by method, of its function, such as ``{"grad_cam": {"layer": "conv3"}}``
    baseline : of integrated gradients, and what stands in place of deleted positions
    n_steps, n_random : of :func:`layerwise.attribution.curve`; at least one random order
    random_state : of noise and random orders
    batch_size : inputs at once

    Returns
    -------
    Explanation

    Raises
    ------
    UserError
        As :func:`layerwise.attribution.attribute`.

    Notes
    -----
    Besides the attributions, ``2 (n_steps + 1) (n_methods + n_random)`` forward passes of each
    observation.

    Examples
    --------
    >>> net, x = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 2)), torch.rand(4, 9)
    >>> found = explain(net, x, methods=["gradient", "integrated_gradients"])
    >>> sorted(found.maps), found.maps["gradient"].shape, len(found.checks)
    (['gradient', 'integrated_gradients'], (4, 9), 8)
    """
    checks.integer("explain", "n_random", n_random, 1)
    asked = _Asked.of(model, inputs, target, classes, batch_size)
    attribute_by = _attributors(methods, options, baseline, random_state, batch_size)
    axis = input_axis(model, inputs)
    settings: dict[str, Any] = {"baseline": baseline, "batch_size": batch_size}

    def walk(important: Array, random: int) -> list[Curve]:
        return [
            curve(
                kind, model, asked.measured, inputs, important, n_steps=n_steps, n_random=random,
                random_state=random_state, **settings,
            )
            for kind in ORDERS
        ]  # fmt: skip

    maps: dict[str, Array] = {}
    rows: list[pd.DataFrame] = []
    points: list[pd.DataFrame] = []
    control: list[Curve] = []
    with bar("explain", len(methods)) as advance:
        for name, attribute_one in attribute_by.items():
            method, A = METHODS[name], attribute_one(model, asked.target, inputs)
            maps[name] = method.map(A, axis)
            row: dict[str, Any] = {
                "observation": np.arange(len(A)), "method": name,
                "layer": (options or {}).get(name, {}).get("layer", ""),
                "total": maps[name].reshape(len(A), -1).sum(1), "at_baseline": np.nan,
                "error": np.nan,
            }  # fmt: skip
            if method.baseline:
                sums = completeness(model, asked.target, inputs, A, **settings)
                row |= {"at_baseline": sums.at_baseline, "error": sums.error}
            walked = walk(method.importance(A, axis), 0 if control else n_random)
            control = control or walked
            for one, random in zip(walked, control, strict=True):
                row |= {one.kind: one.area, f"{one.kind}_random": random.control_area.mean(0)}
                points.append(_points(name, one, one.values))
            rows.append(pd.DataFrame(row))
            advance(1)
    points += [_points(RANDOM, one, one.control.mean(0)) for one in control]
    return Explanation(
        asked.names("logit"), _values(model, asked.target, inputs, batch_size), asked.predicted,
        maps, pd.concat(rows, ignore_index=True), pd.concat(points, ignore_index=True),
        asked.names("probability"),
    )  # fmt: skip


def unlearn(
    model: nn.Module,
    inputs: Any,
    target: Target | str | None = None,
    *,
    classes: Array | None = None,
    methods: Sequence[str] = USUAL,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    baseline: Baseline = 0.0,
    random_state: int = 0,
    batch_size: int = BATCH,
) -> pd.DataFrame:
    """Return how much of each method's attributions remains when weights are drawn anew.

    Parameters as of :func:`explain`.

    Returns
    -------
    DataFrame
        The rows of :func:`layerwise.attribution.randomized` for each ``method``.

    Examples
    --------
    >>> net, x = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 2)), torch.rand(4, 9)
    >>> unlearn(net, x, methods=["gradient"])[["method", "layer"]].values.tolist()
    [['gradient', ''], ['gradient', '2'], ['gradient', '0']]
    """
    asked = _Asked.of(model, inputs, target, classes, batch_size)
    attribute_by = _attributors(methods, options, baseline, random_state, batch_size)
    found = []
    for name, by in attribute_by.items():
        stages = randomized(
            model, inputs, partial(_with_target, by, asked.target), random_state=random_state
        )
        stages.insert(0, "method", name)
        found.append(stages)
    return pd.concat(found, ignore_index=True)


@dataclass(frozen=True)
class _Asked:
    """What is asked of each observation: the target of attributions, and that of curves."""

    target: Target
    measured: Target
    predicted: Array
    classes: Array | None

    @classmethod
    def of(
        cls, model: nn.Module, inputs: Any, target: Target | str | None, classes: Array | None,
        batch_size: int,
    ) -> _Asked:  # fmt: skip
        if target is None:
            predicted = predicted_classes(model, inputs, batch_size=batch_size)
            own = predicted if classes is None else np.asarray(classes)
            return cls(logit(own), probability(own), predicted, own)
        asked = as_target(target)
        if asked.reads_output:
            predicted = predicted_classes(model, inputs, batch_size=batch_size)
        else:
            predicted = np.full(len(_values(model, asked, inputs, batch_size)), -1)
        return cls(asked, asked, predicted, None)

    def names(self, kind: str) -> tuple[str, ...]:
        """Return the name of the target of each observation."""
        if self.classes is None:
            return (str(self.target),) * len(self.predicted)
        return tuple(f"{kind}:{one}" for one in self.classes)


def _attributors(
    methods: Sequence[str], options: Mapping[str, Mapping[str, Any]] | None, baseline: Baseline,
    random_state: int, batch_size: int,
) -> dict[str, Callable[[nn.Module, Target, Any], Array]]:  # fmt: skip
    """Return ``attribute(model, target, inputs)`` by method, with its options."""
    if not methods:
        raise checks.invalid("explain", "methods", "at least one", "none")
    found: dict[str, Callable[[nn.Module, Target, Any], Array]] = {}
    for name in methods:
        method = METHODS[checks.choice("explain", "methods", name, list(METHODS))]
        own: dict[str, Any] = {"batch_size": batch_size}
        own |= {"baseline": baseline} if method.baseline else {}
        own |= {"random_state": random_state} if name == "smoothgrad" else {}
        found[name] = partial(attribute, method=name, **own | dict((options or {}).get(name, {})))
    return found


def _with_target(
    by: Callable[[nn.Module, Target, Any], Array], target: Target, model: nn.Module, inputs: Any
) -> Array:
    return by(model, target, inputs)


def _values(model: nn.Module, target: Target, inputs: Any, batch_size: int) -> Array:
    """Return the target of each observation, (n,)."""
    with question(model, target, inputs) as ask:
        return target_values(ask, lambda rows: ask.x[rows], batch_size)


def _points(method: str, one: Curve, values: Array) -> pd.DataFrame:
    n, n_points = values.shape
    return pd.DataFrame({
        "observation": np.repeat(np.arange(n), n_points), "method": method, "kind": one.kind,
        "share": np.tile(one.shares, n), "value": values.ravel(),
    })  # fmt: skip
