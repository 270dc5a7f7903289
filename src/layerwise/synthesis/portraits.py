"""Preferred inputs with what must stand beside them: real inputs, other starts, the network's word.

A preferred input is sufficient to excite its unit; it is not what excites the unit on real data.
So with every image come the real inputs nearest to it, where its activation stands among those of
real inputs, whether other starts end elsewhere, and which class the network takes it for.

Leaves out how an image is made (:func:`layerwise.synthesis.maximize`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import RandomState, seed
from layerwise.foundation.shapes import Array
from layerwise.network.sites import OUTPUT
from layerwise.network.targets import Position, Seen, Target, logit, probability, unit
from layerwise.synthesis.agreement import Agreement, agreement
from layerwise.synthesis.maximize import Preferred, maximize
from layerwise.synthesis.nearest import Nearest, nearest
from layerwise.synthesis.recipes import Recipe
from layerwise.synthesis.streams import stream, taken

CLASSES = "classes"
"""In place of a layer: the network's classes."""


@dataclass(frozen=True, eq=False)
class Among:
    """Where values stand among those of real inputs.

    Attributes
    ----------
    largest : (n_targets,) of all real inputs
    row : (n_targets,) the first real input that has it
    percentile : as the values, the share of real inputs below, in [0, 1]
    n_observations : how many real inputs there were
    shape : of the layer's activation for one of them, channels first
    """

    largest: Array
    row: Array
    percentile: Array
    n_observations: int
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Portrait:
    """The preferred inputs of units of one layer by one recipe, and what stands beside them.

    Attributes
    ----------
    layer : its address, or "classes"
    units : (n,) numbers of the units, channels or classes
    position : where in the map: "mean" over it, "max", "middle", "3,5"; "" if there is none
    preferred : the images and how they were climbed
    agreement : of the starts; the cosine of images without their means
    among : the values among those of real inputs
    predicted : (n,) the class that the network takes each image for; -1 if it knows none
    confidence : (n,) the probability it gives to that class
    nearest : the nearest real inputs of each image
    """

    layer: str
    units: Array
    position: str
    preferred: Preferred
    agreement: Agreement
    among: Among
    predicted: Array
    confidence: Array
    nearest: Nearest


def portraits(
    model: nn.Module,
    layer: str,
    data: Any,
    *,
    units: Sequence[int] | Array,
    position: Position = None,
    recipes: Sequence[Recipe | str | None] = (None,),
    starts: int = 1,
    steps: int | None = None,
    value_range: tuple[Any, Any] | None = None,
    n_nearest: int = 10,
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
    random_state: RandomState = 0,
) -> list[Portrait]:
    """Maximise units of a layer by each recipe, and ask what stands beside the images.

    Parameters
    ----------
    model : left as it was
    layer : an address, or "classes" for the network's classes
    data : real inputs, (n, ...) arrays or a DataSet, in the numbers that the network takes
    units : numbers of units, channels or classes
    position : of channels, as of :func:`layerwise.targets.unit`; None is the mean over the map
    recipes, starts, steps, value_range : as of :func:`maximize`
    n_nearest : real inputs beside each image
    batch_size : images or observations at once
    axes : as of :func:`layerwise.network.channel_axes`
    random_state : same seed, same images

    Returns
    -------
    list of Portrait
        One a recipe.

    Raises
    ------
    UserError
        As :func:`maximize`.

    Notes
    -----
    Beside the climbs it costs a pass of the data through the network, and one past it.

    Examples
    --------
    >>> net = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    >>> data = np.random.default_rng(0).random((20, 1, 4, 4), dtype=np.float32)
    >>> (found,) = portraits(net, "1", data, units=[0, 2], recipes=["erhan"], starts=2)
    >>> found.preferred.images.shape, found.nearest.rows.shape, found.among.percentile.tolist()
    ((2, 1, 4, 4), (2, 10), [1.0, 1.0])
    """
    if not recipes:
        raise checks.invalid("portraits", "recipes", "one or more", "none")
    numbers = np.atleast_1d(np.asarray(units))
    if layer == CLASSES:
        target, each = logit(numbers), [logit(int(k)) for k in numbers]
    else:
        target = unit(layer, numbers, position)
        each = [unit(layer, int(k), position) for k in numbers]
    start = seed(random_state)
    climbed = []
    with bar("preferred inputs", len(recipes), "recipes") as advance:
        for recipe in recipes:
            climbed.append(maximize(
                model, target, data, recipe=recipe, starts=starts, steps=steps,
                value_range=value_range, batch_size=batch_size, axes=axes, random_state=start,
            ))  # fmt: skip
            advance(1)
    site = OUTPUT if layer == CLASSES else layer
    values = np.stack([one.values for one in climbed], axis=1)
    real = among(model, data, site, each, values, batch_size=batch_size, axes=axes)
    where = (target.name.partition("@")[2] or "mean") if len(real.shape) > 1 else ""
    images = np.concatenate([one.images for one in climbed])
    predicted, confidence = said(model, images, batch_size=batch_size, axes=axes)
    close = nearest(images, data, n=n_nearest, batch_size=batch_size)
    found = []
    for k, one in enumerate(climbed):
        rows = slice(k * len(numbers), (k + 1) * len(numbers))
        found.append(Portrait(
            layer=layer, units=numbers, position=where, preferred=one,
            agreement=agreement(one.start_images, one.start_values, centered=True),
            among=replace(real, percentile=real.percentile[:, k]),
            predicted=predicted[rows], confidence=confidence[rows],
            nearest=Nearest(close.rows[rows], close.distances[rows]),
        ))  # fmt: skip
    return found


def n_units(model: nn.Module, layer: str, data: Any) -> int:
    """Return the number of units, channels or classes of a layer, by a forward of two inputs.

    Examples
    --------
    >>> n_units(nn.Conv1d(2, 7, 3), "output", np.zeros((4, 2, 9), np.float32))
    7
    """
    shapes: list[int] = []
    few = taken(data, [0, 0])
    site = OUTPUT if layer == CLASSES else layer
    stream(few, lambda _, A: shapes.append(A.shape[1]), model=model, layer=site)
    return shapes[0]


def among(
    model: nn.Module,
    data: Any,
    layer: str,
    targets: Sequence[Target],
    values: Array,
    *,
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
) -> Among:
    """Return where values of targets stand among those of real inputs, in one pass.

    Parameters
    ----------
    model, data, layer, batch_size, axes : as of :func:`layerwise.synthesis.stream`
    targets : of that layer alone, or of the output if that is the layer; the same of all inputs
    values : (n_targets, ...)

    Examples
    --------
    >>> from layerwise.network.targets import unit
    >>> data = np.array([[1.0, 9.0], [3.0, 5.0]], np.float32)
    >>> found = among(nn.Identity(), data, "output", [unit("output", 0)], np.array([2.0]))
    >>> found.largest.tolist(), found.row.tolist(), found.percentile.tolist()
    ([3.0], [1], [0.5])
    """
    below = np.zeros(np.shape(values), np.int64)
    largest = np.full(len(targets), -np.inf)
    row = np.zeros(len(targets), np.int64)
    shape: tuple[int, ...] = ()

    def see(rows: slice, A: Tensor) -> None:
        nonlocal shape
        shape = tuple(A.shape[1:])
        seen = _Computed(A)
        for k, target in enumerate(targets):
            reached = target.ask(seen).double().cpu().numpy()
            below[k] += (reached < values[k][..., None]).sum(axis=-1)
            best = int(reached.argmax())
            if reached[best] > largest[k]:
                largest[k], row[k] = reached[best], rows.start + best

    n = stream(data, see, model=model, layer=layer, batch_size=batch_size, axes=axes)
    return Among(largest, row, below / n, n, shape)


def said(
    model: nn.Module, images: Array, *, batch_size: int = 128, axes: Mapping[str, int] | None = None
) -> tuple[Array, Array]:
    """Return the class that the network takes each image for, and its probability.

    Returns
    -------
    predicted : (n,) int64, -1 if the network gives no two or more numbers per observation
    confidence : (n,) float, NaN then

    Examples
    --------
    >>> predicted, confidence = said(nn.Identity(), np.array([[0.1, 0.9]], np.float32))
    >>> predicted.tolist(), confidence.round(2).tolist()
    ([1], [0.9])
    """
    predicted = np.full(len(images), -1, np.int64)
    confidence = np.full(len(images), np.nan)

    def see(rows: slice, A: Tensor) -> None:
        if A.ndim == 2 and A.shape[1] > 1:
            classes = A.argmax(1)
            predicted[rows] = classes.cpu().numpy()
            confidence[rows] = probability(classes).ask(_Computed(A)).double().cpu().numpy()

    stream(images, see, model=model, layer=OUTPUT, batch_size=batch_size, axes=axes)
    return predicted, confidence


class _Computed(Seen):
    """What one forward has shown, so that many targets can be asked of it."""

    def __init__(self, values: Tensor) -> None:
        self.rows, self._values = torch.arange(len(values)), values

    def layer(self, name: str) -> Tensor:
        return self._values

    def input(self) -> Tensor:
        return self._values

    def output(self) -> Tensor:
        return self._values
