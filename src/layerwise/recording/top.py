"""The observations that excite each unit most: the exact top n of a whole data set, in one pass.

Every batch goes through the network once, and of each channel only its strongest position in each
observation is looked at; what does not enter the best n so far is forgotten. So memory does not
depend on the number of observations. Leaves out what the units see there, and pictures of it
(:mod:`layerwise.attribution.deconvnet`).

Source: Zeiler and Fergus 2014, section 4.1: "the top 9 activations" of a feature map over a set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network.layout import LAST, channel_axes
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.receptive_field import ReceptiveField, fields_of, pair_of
from layerwise.network.sites import select
from layerwise.network.trace import survey, watch
from layerwise.recording.source import as_source


@dataclass(frozen=True, eq=False)
class Top:
    """The strongest activations of every unit of one layer, the strongest first.

    A unit is a channel, or a unit of a dense layer. Of each observation only its strongest position
    counts, so no observation stands twice.

    Attributes
    ----------
    layer : its address
    kind : class of the module, "function relu", "input" or "output"
    rows : (n_units, n) int64, row number of the observation; -1 where there is none
    positions : (n_units, n, n_dims) int64, where in the channel's map; n_dims is 0 for a dense
        layer, 1 for a signal or tokens, 2 for a picture
    values : (n_units, n) float32, the activation; -inf where there is none
    n_observations : how many were looked at
    field : what the units see of the input; None if that is not known or the input has no positions
    problem : why the field is not known
    """

    layer: str
    kind: str
    rows: Array
    positions: Array
    values: Array
    n_observations: int
    field: ReceptiveField | None = None
    problem: str = ""

    @property
    def silent(self) -> Array:
        """(n_units,) bool, whether no activation is above 0: dead, if the layer is rectified."""
        found: Array = ~(self.values[:, 0] > 0)
        return found


def top(
    model: nn.Module,
    data: Any,
    layers: Sequence[str] | str | None = None,
    *,
    n: int = 9,
    batch_size: int = 256,
    axes: Mapping[str, int] | None = None,
    num_workers: int = 0,
) -> dict[str, Top]:
    """Return for every unit the n observations that excite it most, and where in them.

    Exact: of every channel the largest over the positions of each observation, and of these the n
    largest. Equal activations: the lower row first, and in one observation the first position. The
    network is put into eval mode for the pass and restored after.

    Parameters
    ----------
    model, data, layers, batch_size, num_workers : as in :func:`record`
    n : how many a unit; fewer if there are fewer observations
    axes : 0 (channels first) or -1 (last) by name or glob, where the rule of
        :func:`layerwise.network.channel_axes` is wrong

    Returns
    -------
    dict
        :class:`Top` by layer, in the order of the network. Tokens that the ``attention_mask`` of a
        batch leaves out do not count.

    Raises
    ------
    UserError
        For unknown layers, a model that fails, NaN or infinity in a layer.

    Notes
    -----
    One forward pass. Memory is a batch and n numbers a unit, whatever the number of observations.
    Of a LeNet on 60,000 images of 28 x 28, all units of three layers, the pass costs 1.25 times the
    plain forward loop (CPU time on two quiet cores, ``benchmarks/top.py``).

    References
    ----------
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, Fig. 2.

    Examples
    --------
    >>> x = torch.zeros(4, 1, 5, 5)
    >>> x[1, 0, 2, 3], x[3, 0, 0, 0] = 2.0, 7.0
    >>> found = top(nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.ReLU()).apply(
    ...     lambda m: nn.init.ones_(m.weight) if isinstance(m, nn.Conv2d) else m), x, "1", n=3)
    >>> found["1"].rows.tolist(), found["1"].values.tolist(), found["1"].positions[0, :2].tolist()
    ([[3, 1, 0]], [[7.0, 2.0, 0.0]], [[0, 0], [2, 3]])
    """
    n = checks.integer("top", "n", n, 1)
    batch_size = checks.integer("top", "batch_size", batch_size, 1)
    inner, source = unwrap(model), as_source(data, num_workers=num_workers)
    placed, n_rows = Placing(inner), len(source)
    batch, _ = next(source.batches([(0, min(n_rows, 2))]))
    pair = pair_of(placed(batch))
    found = survey(inner, pair, functions=layers is not None)
    sites, layout = select(found, layers), channel_axes(inner, found, axes)
    fields, problems = fields_of(inner, pair, found, sites, axes=axes, strict=False)
    leaders = [_Leaders(site.name, min(n, n_rows)) for site in sites]
    first = 0
    mask: Tensor | None = None

    def sink(i: int, values: Tensor) -> None:
        A = values[:, None] if values.ndim < 2 else values
        is_last = layout[sites[i].name] == LAST
        A = A.movedim(-1, 1) if is_last else A
        if is_last and mask is not None and mask.shape == (len(A), *A.shape[2:]):
            A = A.float().masked_fill(mask[:, None] == 0, -torch.inf)
        leaders[i].update(A, first)

    ranges = [(start, min(start + batch_size, n_rows)) for start in range(0, n_rows, batch_size)]
    with bar("top", n_rows, "observations") as advance, watch(inner, sites, sink) as run:
        for (first, last), (batch, _) in zip(ranges, source.batches(ranges), strict=True):
            batch = placed(batch)
            mask = batch.get("attention_mask") if isinstance(batch, Mapping) else None
            run(batch)
            advance(last - first)
    return {
        site.name: Top(
            site.name, site.kind, one.rows, one.positions, one.values, n_rows,
            fields.get(site.name), problems.get(site.name, ""),
        )
        for site, one in zip(sites, leaders, strict=True)
    }  # fmt: skip


class _Leaders:
    """The best n of every unit so far."""

    rows: Array
    positions: Array
    values: Array

    def __init__(self, layer: str, n: int) -> None:
        self._layer, self._n = layer, n
        self.values = np.empty((0, n), np.float32)

    def update(self, A: Tensor, first: int) -> None:
        """Let the observations of a batch (b, n_units, *positions) compete; rows count on."""
        peaks = (A.amax(tuple(range(2, A.ndim))) if A.ndim > 2 else A).float().cpu().numpy()
        bad = np.isnan(peaks) | np.isposinf(peaks)
        if bad.any():
            rows = first + np.flatnonzero(bad.any(axis=1))
            raise checks.not_finite("top", f"layer {self._layer!r}", rows)
        if not len(self.values):
            self._start(peaks.shape[1], A.ndim - 2)
        n = self._n
        enters = peaks > self.values[:, -1]  # who only equals the last came later
        if len(peaks) > n:
            enters &= peaks >= np.partition(peaks, -n, axis=0)[-n]
        row, unit = np.nonzero(enters)
        if not len(row):
            return
        touched = np.unique(unit)
        known = n * len(touched)
        units = np.concatenate([np.repeat(touched, n), unit])
        values = np.concatenate([self.values[touched].ravel(), peaks[row, unit]])
        rows = np.concatenate([self.rows[touched].ravel(), first + row])
        places = np.zeros((len(units), A.ndim - 2), np.int64)
        places[:known] = self.positions[touched].reshape(known, -1)
        order = np.lexsort((rows, -values, units))
        best = order[np.searchsorted(units[order], touched)[:, None] + np.arange(n)]
        if A.ndim > 2:  # only the few that enter are searched for their position
            new = best[best >= known]
            maps = A[torch.from_numpy(row[new - known]), torch.from_numpy(unit[new - known])]
            at = maps.flatten(1).argmax(1).cpu().numpy()  # of equals the first
            places[new] = np.stack(np.unravel_index(at, tuple(A.shape[2:])), axis=1)
        self.values[touched], self.rows[touched] = values[best], rows[best]
        self.positions[touched] = places[best]

    def _start(self, n_units: int, n_dims: int) -> None:
        self.values = np.full((n_units, self._n), -np.inf, np.float32)
        self.rows = np.full((n_units, self._n), -1, np.int64)
        self.positions = np.zeros((n_units, self._n, n_dims), np.int64)
