"""The activations of a population, counted as they are computed: one pass, and nothing is stored.

Every batch goes through the network once; what its layers give is counted where it lies and then
forgotten. So the whole of a large data set can be asked about every position of every layer, which
would not fit on the disk. Leaves out what is counted (:class:`layerwise.units.Tally`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import seed
from layerwise.foundation.shapes import Array
from layerwise.network.layout import LAST, channel_axes
from layerwise.network.model import module_names, unwrap
from layerwise.network.placing import Placing
from layerwise.network.sites import Site, select
from layerwise.network.trace import survey, watch
from layerwise.recording.source import Source, as_source
from layerwise.units.population.room import MOST_BYTES, check_room
from layerwise.units.population.tally import BOUNDS, Tally


def tally(
    model: nn.Module,
    data: Any,
    layers: Sequence[str] | str | None = None,
    *,
    labels: Mapping[str, Any] | Any = None,
    label: str | None = None,
    class_names: Mapping[str, Sequence[str]] | None = None,
    batch_size: int = 256,
    maps: bool = True,
    winners: bool = True,
    axes: Mapping[str, int] | None = None,
    num_workers: int = 0,
    random_state: int = 0,
    max_bytes: int = MOST_BYTES,
) -> dict[str, Tally]:
    """Return what every layer does over all observations, and over those of each class.

    The network is put into eval mode for the pass and restored after.

    Parameters
    ----------
    model, data, layers, batch_size, num_workers : as in :func:`record`
    labels : one entry per observation, or columns of them; data that carry labels bring their own.
        A torch Dataset whose items carry labels is asked for its `targets`, or read twice.
    label : name of the column that says the class; by default the first
    class_names : names for integer-coded columns, whose codes below 0 are in no class
    maps, winners : whether to keep class maps, and winners at each position
    axes : 0 (channels first) or -1 (last) by name or glob, where the rule of
        :func:`layerwise.network.channel_axes` is wrong
    random_state : of the sample behind quantiles and near-copies
    max_bytes : refuse what would take more memory for class maps and winners

    Returns
    -------
    dict
        A :class:`layerwise.units.Tally` by layer, in the order of the network. Tokens that the
        ``attention_mask`` of a batch leaves out are counted nowhere.

    Raises
    ------
    UserError
        For unknown layers or labels, a model that fails, NaN or infinity in a layer, class maps
        that do not fit, layers whose shape changes from batch to batch.

    Notes
    -----
    Memory does not depend on the number of observations. Of a LeNet on 60,000 images of 28 x 28,
    three layers with class maps and winners, the pass costs 1.4 times the plain forward loop, 1.5
    times one that keeps its memory (:func:`layerwise.network.keep_freed_memory`; two quiet cores,
    ``benchmarks/tally.py``).

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU())
    >>> found = tally(net, torch.rand(6, 1, 8, 8), labels=[0, 0, 0, 1, 1, 1])
    >>> found["1"].class_maps().shape, found["1"].winners().index.shape
    ((2, 4, 6, 6), (2, 6, 6))
    >>> int(found["1"].statistics()["n"][0])
    216
    """
    batch_size = checks.integer("tally", "batch_size", batch_size, 1)
    checks.integer("tally", "max_bytes", max_bytes, 0)
    inner, source = unwrap(model), as_source(data, num_workers=num_workers)
    placed, n = Placing(inner), len(source)
    batch, own = next(source.batches([(0, min(n, 2))]))
    found = survey(inner, placed(batch), functions=layers is not None)
    sites = select(found, layers)
    channels = channel_axes(inner, found, axes)
    column = _column(source, labels, label, own is not None, data)
    codes, names = _codes(column, {**source.class_names, **(class_names or {})})

    shapes = {site.name: _shape(site, channels[site.name]) for site in sites}
    check_room("tally", shapes, len(names), maps=maps, winners=winners, max_bytes=max_bytes)
    modules = {name: module for module, name in module_names(inner)[0].items()}
    random_state = seed(random_state)
    tallies = {
        site.name: Tally(
            shapes[site.name][0], shapes[site.name][1:], n_classes=len(names), maps=maps,
            winners=winners, bounds=_bounds(site, modules.get(site.source)),
            random_state=random_state, class_names=names,
        )
        for site in sites
    }  # fmt: skip
    rows = slice(0, 0)
    mask: Array | None = None

    def sink(i: int, tensor: Tensor) -> None:
        name = sites[i].name
        A = _array(tensor, channels[name])
        if A.shape[1:] != shapes[name]:
            raise checks.InvalidValue(
                f"tally: layer {name!r} has shape {A.shape[1:]} for these observations and "
                f"{shapes[name]} for the first. Give observations of one size, tokens padded to "
                "one length."
            )
        tokens = channels[name] == LAST and A.ndim > 2
        padded = tokens and mask is not None and mask.shape == (len(A), *A.shape[2:])
        try:
            tallies[name].update(
                A, None if codes is None else codes[rows], mask=mask if padded else None
            )
        except checks.InvalidValue as error:
            raise checks.InvalidValue(
                f"tally: layer {name!r}, observations from {rows.start}: {error}"
            ) from error

    ranges = [(first, min(first + batch_size, n)) for first in range(0, n, batch_size)]
    with bar("tally", n, "observations") as advance, watch(inner, sites, sink) as run:
        for (first, last), (batch, _) in zip(ranges, source.batches(ranges), strict=True):
            rows, batch = slice(first, last), placed(batch)
            mask = _mask(batch)
            run(batch)
            advance(last - first)
    return tallies


def _array(tensor: Tensor, axis: int) -> Array:
    """Return a layer's values where they lie, the channels after the observations."""
    A: Array = tensor.detach().float().cpu().numpy()
    if A.ndim == 1:
        return A[:, None]
    return np.moveaxis(A, -1, 1) if axis == LAST else A


def _shape(site: Site, axis: int) -> tuple[int, ...]:
    """Return the shape of one observation, the channels first."""
    shape = site.shape or (1,)
    return (shape[-1], *shape[:-1]) if axis == LAST else shape


def _mask(batch: Any) -> Array | None:
    mask = batch.get("attention_mask") if isinstance(batch, Mapping) else None
    return None if mask is None else (mask != 0).cpu().numpy()


def _bounds(site: Site, module: nn.Module | None) -> tuple[float, float] | None:
    """Return the bounds of a nonlinearity, by what computes it."""
    if isinstance(module, nn.Hardtanh):  # ReLU6 is one
        return float(module.min_val), float(module.max_val)
    return BOUNDS.get(site.kind.removeprefix("function ").lower())


def _column(source: Source, labels: Any, label: str | None, in_items: bool, data: Any) -> Any:
    """Return (name, one entry per observation) of the column that says the class, or None."""
    if labels is not None and not isinstance(labels, Mapping):
        labels = {label or "label": labels}
    columns = {**source.labels, **(labels or {})}
    if not columns and in_items:
        columns = {"label": _targets(source, data)}
    if label is None:
        label = next(iter(columns), None)
    elif label not in columns:
        raise checks.not_found("label column", label, "the data", columns)
    if label is None:
        return None
    return label, checks.labels("tally", columns[label], len(source), f"labels[{label!r}]")


def _targets(source: Source, data: Any) -> Array:
    """Return the labels of a torch Dataset's items."""
    known = getattr(getattr(data, "dataset", data), "targets", None)
    if known is not None and len(known) == len(source):
        return np.asarray(known)
    ranges = [(first, min(first + 1024, len(source))) for first in range(0, len(source), 1024)]
    found = [label for _, label in source.batches(ranges) if label is not None]
    if len(found) < len(ranges):
        raise checks.InvalidValue(
            "tally: later items lack the labels that the first one had. Give items of one form."
        )
    return np.concatenate(found)


def _codes(
    column: tuple[str, Array] | None, names: Mapping[str, Sequence[str]]
) -> tuple[Array | None, tuple[str, ...]]:
    """Return the class of every observation and the names of all classes.

    Codes that have names are classes already; other values are numbered in sorted order.
    """
    if column is None:
        return None, ()
    label, values = column
    if label in names and values.dtype.kind in "iub":
        known = tuple(map(str, names[label]))
        if values.size and values.max() >= len(known):
            raise checks.invalid("tally", f"labels[{label!r}]", f"below {len(known)}, the number "
                                 "of names", values.max())  # fmt: skip
        return values.astype(np.int64), known
    codes, distinct = pd.factorize(values, sort=True)
    return codes, tuple(map(str, distinct))
