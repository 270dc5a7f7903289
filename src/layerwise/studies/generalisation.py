"""Whether what a network learned serves for something else: its frozen layers on other data.

Either the data are others altogether (ImageNet features for CIFAR-10), or the network is trained
on one half of the classes and asked about the other half. Pictures are brought to the size and the
colours that the network takes; a layer with positions is taken as its mean over them, so that no
layer is probed in more dimensions than it has channels. Leaves out fine-tuning, which changes the
features, and data that overlap with those of the training: nobody looks for that here.

Source: Zeiler and Fergus 2014, section 5.2 and Table 7.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from layerwise import analysis
from layerwise.data import DataSet
from layerwise.foundation.checks import integer, invalid
from layerwise.foundation.shapes import Array
from layerwise.recording import record
from layerwise.studies.watched import LARGE, means

N_PROBED = 1000
"""Observations to probe: the folds' spread is then a point or two."""


def generalisation(
    networks: Iterable[tuple[str, nn.Module]],
    other: DataSet,
    layers: Sequence[str],
    *,
    input_shape: Sequence[int],
    to: str | Path,
    n: int = N_PROBED,
    seed: int = 0,
) -> pd.DataFrame:
    """Return what a linear probe on each layer of frozen networks reads from other data.

    Parameters
    ----------
    networks : name of a checkpoint and the network that holds its weights, the untrained one first
    other : what none of them was trained on
    layers : addresses, shallow to deep
    input_shape : (channels, height, width) that the network takes
    to : folder of the run that is recorded for it
    n : observations, drawn with the classes in proportion
    seed : of the draw and the folds

    Returns
    -------
    DataFrame
        As of :func:`layerwise.analysis.generalisation`; the raw input is there if it has at most
        4,096 values.
    """
    n = min(integer("generalisation", "n", n, 1), len(other))
    drawn = fitted(other.sample(n, random_state=seed, stratify=True), input_shape)
    recorded = [*(["input"] if math.prod(input_shape) <= LARGE else []), *layers]
    batch = torch.from_numpy(drawn.take([0, 0]).inputs())
    run = None
    for name, model in networks:
        run = record(
            model, drawn, to=to, layers=recorded, pooling=means(model, batch, layers),
            checkpoint=name, provenance={"data": other.name},
        )  # fmt: skip
    if run is None:
        raise invalid("generalisation", "networks", "one or more", "none")
    return analysis.generalisation(run, random_state=seed)


def fitted(data: DataSet, input_shape: Sequence[int]) -> DataSet:
    """Return pictures as a network takes them: scaled to cover its size and cropped, grey or RGB.

    Examples
    --------
    >>> small = DataSet("dots", np.zeros((2, 8, 8, 1), np.uint8), {"class": np.arange(2)},
    ...                 {"class": ("a", "b")})
    >>> fitted(small, (3, 32, 20)).input_shape
    (3, 32, 20)
    """
    shape = tuple(input_shape)
    if data.input_shape == shape:
        return data
    if not data.are_pictures or len(shape) != 3 or shape[0] not in (1, 3):
        raise invalid(
            "generalisation", "other", f"data of shape {shape}, or pictures for a network that "
            "takes pictures", f"{data.name} of shape {data.input_shape}",
        )  # fmt: skip
    channels, height, width = shape
    found = np.stack([_fit(one, height, width, channels) for one in data.observations])
    return replace(data, observations=found)


def _fit(picture: Array, height: int, width: int, channels: int) -> Array:
    from PIL import Image, ImageOps

    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    image = ImageOps.fit(image.convert("RGB" if channels == 3 else "L"), (width, height),
                         Image.Resampling.BICUBIC)  # fmt: skip
    return np.asarray(image).reshape(height, width, channels)


def halves(train: DataSet, test: DataSet) -> tuple[DataSet, DataSet, DataSet]:
    """Return training and test data of the first half of the classes, test data of the others.

    The classes of the second half keep their numbers.

    Raises
    ------
    InvalidValue
        If there are fewer than four classes: each half needs two.
    """
    label = next(iter(train.labels))
    classes = np.unique(test.labels[label])
    if len(classes) < 4:
        raise invalid("generalisation", "data", "of four classes or more", len(classes),
                      "Give other data to probe.")  # fmt: skip
    learned = classes[: len(classes) // 2]
    first = [part.take(np.isin(part.labels[label], learned)) for part in (train, test)]
    return first[0], first[1], test.take(~np.isin(test.labels[label], learned))


def classes_of(data: DataSet) -> str:
    """Return the name of data and of their classes, if those are few.

    Examples
    --------
    >>> from layerwise.data import load
    >>> data = load("digits")
    >>> classes_of(data.take(data.labels["digit"] > 6))
    'digits 7, 8, 9'
    """
    label = next(iter(data.labels))
    names = [data.class_names[label][code] for code in np.unique(data.labels[label])]
    few = ", ".join(names) if len(names) <= 10 else f"{len(names)} classes"
    return f"{data.name} {few}"
