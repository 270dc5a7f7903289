"""What the filters of a network look like and how training changes them, kept beside a run.

The weights come from a live network (:func:`layerwise.network.kernels`); here they become tidy
tables and pictures of the same filters at every checkpoint. Leaves out what filters do to data.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layerwise import units
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.store.media import pictures as picture_rows
from layerwise.units.weights.filter_pictures import SCALES

if TYPE_CHECKING:
    from layerwise.network.parameters import Kernel

KEPT = "keep_filters"
"""The function in the provenance of these tables."""


@dataclass(frozen=True, eq=False)
class FilterTables:
    """Numbers and pictures of filters.

    Attributes
    ----------
    kernels : DataFrame, a row a layer and checkpoint
        layer, checkpoint, position (of the layer in the network), kind, n_filters, n_inputs, size
        ("5x5"), groups, stride, dilation, norm (Euclidean, of all weights), effective_rank,
        max_rank, zeros (the share of weights that are exactly 0), dead and twins (numbers of
        filters), moved (norm of the change since the first checkpoint by the norm there; NaN at the
        first).
    filters : DataFrame, a row a filter and checkpoint
        layer, checkpoint, then as of :func:`layerwise.units.filter_statistics`; limit (the weight
        at the end of the scale of its picture; NaN if it has none), picture (its kind, "" for
        none), moved.
    pictures : FilterImages by layer and checkpoint
    """

    kernels: pd.DataFrame
    filters: pd.DataFrame
    pictures: dict[str, dict[str, units.FilterImages]]


def filter_tables(
    checkpoints: Mapping[str, Mapping[str, Kernel]],
    *,
    scale: str = "filter",
    filters: Sequence[int] | int | None = None,
    inputs: Sequence[int] | int | None = None,
    image_shape: Sequence[int] | None = None,
) -> FilterTables:
    """Return what the filters of one network are at each checkpoint.

    Parameters
    ----------
    checkpoints : mapping of a checkpoint's name to the kernels of each layer, early to late
    scale : "filter" (each picture its own) or "layer" (one over the layer at all checkpoints)
    filters, inputs : as in :func:`layerwise.units.filter_images`
        The same at every checkpoint; the strongest are those of the last.
    image_shape : (channels, height, width) or (height, width), optional
        Of the network's input. The first linear layer with so many inputs is drawn as pictures;
        later ones of the same width look at hidden units.

    Raises
    ------
    UserError
        If there is no checkpoint, checkpoints differ in their layers or shapes, or an argument does
        not fit a layer.
    """
    if not checkpoints or not all(checkpoints.values()):
        raise checks.invalid("filter_tables", "checkpoints", "one or more, with layers", "none")
    checks.choice("filter_tables", "scale", scale, SCALES)
    names = list(checkpoints)
    first, last = checkpoints[names[0]], checkpoints[names[-1]]
    seen = _sees_image(last, image_shape)
    rows, frames, drawn = [], [], dict[str, dict[str, units.FilterImages]]()
    for position, layer in enumerate(last):
        over = {name: _same(at, layer, last[layer], name) for name, at in checkpoints.items()}
        shape = image_shape if layer == seen else None
        try:
            drawn[layer] = _pictures(over, scale, filters, inputs, shape)
        except checks.UserError as error:  # one choice for all layers, which may not fit one
            raise type(error)(f"layer {layer}: {error}") from error
        for name, kernel in over.items():
            change = np.nan if name == names[0] else _norms(kernel.weights - first[layer].weights)
            frame = _filters(kernel, drawn[layer][name], change, _norms(first[layer].weights))
            frames.append(frame.assign(layer=layer, checkpoint=name))
            rows.append({
                "layer": layer, "checkpoint": name, "position": position, **_numbers(kernel, frame),
                "moved": float(_ratio(_size(change), _size(_norms(first[layer].weights)))),
            })  # fmt: skip
    head = ["layer", "checkpoint"]
    found = pd.concat(frames, ignore_index=True)
    return FilterTables(
        pd.DataFrame(rows), found[head + [c for c in found if c not in head]], drawn
    )


def keep_filters(
    run: Run,
    checkpoints: Mapping[str, Mapping[str, Kernel]],
    *,
    scale: str = "filter",
    filters: Sequence[int] | int | None = None,
    inputs: Sequence[int] | int | None = None,
    image_shape: Sequence[int] | None = None,
) -> FilterTables:
    """Keep numbers and pictures of filters in a run: tables "kernels", "filters" and "images".

    Parameters
    ----------
    run : Run
    checkpoints : as of :func:`filter_tables`, named like checkpoints of the run, or ""
    scale, filters, inputs : as of :func:`filter_tables`
    image_shape : by default that of the run's pictures, if the first layer is linear and has as
        many inputs

    Returns
    -------
    FilterTables
        What was kept. Asked again for the same layer and checkpoint, it takes the place of the
        earlier answer.

    Raises
    ------
    UserError
        As :func:`filter_tables`; if the run has no such checkpoint.
    """
    for name in checkpoints:
        if name:
            run.checkpoint(name)
    shape = image_shape or _input_shape(run, checkpoints)
    found = filter_tables(
        checkpoints, scale=scale, filters=filters, inputs=inputs, image_shape=shape
    )
    for (layer, checkpoint), row in found.kernels.groupby(["layer", "checkpoint"], sort=False):
        about = {"function": KEPT, "layer": layer, "checkpoint": checkpoint}
        part = found.filters
        part = part[(part["layer"] == layer) & (part["checkpoint"] == checkpoint)]
        images = found.pictures[str(layer)][str(checkpoint)]
        run.write_table("kernels", row, about)
        run.write_table("filters", part, about)
        run.write_table(
            "images", _stored(run, str(layer), str(checkpoint), images, len(part)), about
        )
    return found


def _stored(
    run: Run, layer: str, checkpoint: str, images: units.FilterImages, n_filters: int
) -> pd.DataFrame:
    """Return pictures as rows of the table "images", beside the recorded layer if they can be.

    A recorded convolution has channel times position units: its filters are none of them.
    """
    recorded = layer in run.layers and run.layer(layer).n_units == n_filters
    one = images.kind == "matrix"
    own = "each row on its own scale" if one else "each on its own scale"
    ends = own if images.limit is None else f"one scale to ±{images.limit:.3g}"
    return picture_rows(
        "filters", images.pixels, title=f"{layer}: {images.caption}; {ends}",
        layer=layer if recorded and not one else "", checkpoint=checkpoint,
        about="" if one else "unit", index=None if one else images.filters.numbers,
        names=images.names,
    )  # fmt: skip


def _same(at: Mapping[str, Kernel], layer: str, last: Kernel, checkpoint: str) -> Kernel:
    """Return a layer's kernel at a checkpoint, of the shape it has at the last."""
    if layer not in at:
        raise checks.not_found("layer", layer, f"checkpoint {checkpoint!r}", at)
    if at[layer].weights.shape != last.weights.shape:
        raise checks.invalid(
            "filter_tables", "checkpoints", "of one network",
            f"{layer} of shape {at[layer].weights.shape} and {last.weights.shape}",
        )  # fmt: skip
    return at[layer]


def _pictures(
    over: Mapping[str, Kernel],
    scale: str,
    filters: Sequence[int] | int | None,
    inputs: Sequence[int] | int | None,
    image_shape: Sequence[int] | None,
) -> dict[str, units.FilterImages]:
    """Return a layer's pictures at every checkpoint, of the filters chosen at the last."""
    kernel = list(over.values())[-1]
    shared = max(float(np.abs(one.weights).max()) for one in over.values())
    ends = shared if scale == "layer" else scale
    last = units.filter_images(
        kernel.weights, groups=kernel.groups, scale=ends, filters=filters, inputs=inputs,
        image_shape=image_shape,
    )  # fmt: skip
    shown = _dated(last.filters, filters, list(over))
    seen = _dated(last.inputs, inputs, list(over))
    return {
        name: units.filter_images(
            one.weights, groups=one.groups, scale=ends, filters=shown, inputs=seen,
            image_shape=image_shape,
        )
        for name, one in over.items()
    }  # fmt: skip


def _dated(
    choice: units.Choice, asked: Sequence[int] | int | None, names: Sequence[str]
) -> units.Choice:
    """Return a choice of the strongest with the checkpoint at which they are that."""
    if not isinstance(asked, int) or len(names) < 2:
        return choice
    return replace(choice, words=f"{choice.words} at {names[-1]}")


def _filters(
    kernel: Kernel, images: units.FilterImages, change: Array | float, before: Array
) -> pd.DataFrame:
    frame = units.filter_statistics(kernel.weights, kernel.groups)
    limit, picture = np.full(len(frame), np.nan), np.full(len(frame), "", dtype=object)
    limit[images.filters.numbers], picture[images.filters.numbers] = images.limits, images.kind
    return frame.assign(limit=limit, picture=picture, moved=_ratio(change, before))


def _numbers(kernel: Kernel, filters: pd.DataFrame) -> dict[str, object]:
    return {
        "kind": kernel.kind, "n_filters": kernel.n_filters, "n_inputs": kernel.n_inputs,
        "size": kernel.size, "groups": kernel.groups,
        "stride": "x".join(map(str, kernel.stride)),
        "dilation": "x".join(map(str, kernel.dilation)),
        "norm": float(np.linalg.norm(filters["norm"])),
        "effective_rank": units.effective_rank(kernel.weights, kernel.groups),
        "max_rank": units.max_rank(kernel.weights, kernel.groups),
        "zeros": float(filters["zeros"].mean()),
        "dead": int((filters["state"] == "dead").sum()),
        "twins": int((filters["twin"] != filters["unit"]).sum()),
    }  # fmt: skip


def _norms(weights: Array) -> Array:
    norms: Array = np.linalg.norm(weights.reshape(len(weights), -1).astype(np.float64), axis=1)
    return norms


def _size(norms: Array | float) -> float:
    """Return the norm of all filters from that of each."""
    return float(np.linalg.norm(norms))


def _ratio(change: Array | float, before: Array | float) -> Array:
    """Return change by size before; NaN where there was none."""
    size = np.asarray(before, dtype=float)
    share: Array = np.divide(change, size, out=np.full(size.shape, np.nan), where=size > 0)
    return share


def _sees_image(kernels: Mapping[str, Kernel], image_shape: Sequence[int] | None) -> str | None:
    """Return the first linear layer whose inputs are the pixels of such an image."""
    if image_shape is None:
        return None
    widths = [k.n_inputs for k in kernels.values() if k.weights.ndim == 2]
    for layer, kernel in kernels.items():
        if kernel.weights.ndim == 2 and kernel.n_inputs == math.prod(image_shape):
            return layer
    raise checks.invalid(
        "filter_tables", "image_shape", "that of a linear layer's inputs, "
        + (f"{', '.join(map(str, dict.fromkeys(widths)))} here" if widths else "and there is none"),
        " x ".join(map(str, image_shape)),
    )  # fmt: skip


def _input_shape(
    run: Run, checkpoints: Mapping[str, Mapping[str, Kernel]]
) -> tuple[int, ...] | None:
    """Return the shape of the run's pictures if the first layer is linear on their pixels."""
    thumbnails = run.thumbnails()
    kernels = next(iter(checkpoints.values()), None)
    if thumbnails is None or not kernels:
        return None
    height, width, channels = thumbnails.unit_shape
    first = next(iter(kernels.values()))
    sees = first.weights.ndim == 2 and first.n_inputs == height * width * channels
    return (channels, height, width) if sees else None
