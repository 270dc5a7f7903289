"""What part of the input a unit can see: exact boxes, at the borders too.

Found by following a forward pass (:mod:`layerwise.network.reach`), not by a formula for stacks of
convolutions: branches, skips, dilation, ceil-mode pools, slices and tokens are all the same to it.
Left out: how much a unit depends on each pixel of its box, which is a matter of its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.network.layout import FIRST, channel_axes
from layerwise.network.reach import Reach
from layerwise.network.sites import INPUT, ModelError, Site, Survey, select
from layerwise.network.trace import survey, watch
from layerwise.network.values import Batch, first_tensor

Box = tuple[tuple[int, int], ...]
"""First and last position along every axis of the input, both of them inside."""


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """What the units of one layer can see of the input.

    An axis is one that counts positions of the input: (height, width) of a picture, the length of
    a signal, the tokens of a sequence.

    Attributes
    ----------
    input_size : positions of the input along every axis
    n_channels : of the layer
    low, high : (n_axes, n_channels or 1, *positions) of int32, first and last position that each
        unit can depend on, once if all channels are alike; high < low where a unit sees padding
        alone
    size : positions of the largest field along every axis, were the input without borders
    stride : positions of the input from one unit to the next that sees another part, along every
        axis (the median of these steps); NaN where there is none
    start : middle of the first unit's field along every axis; negative if it lies in the padding
    """

    input_size: tuple[int, ...]
    n_channels: int
    low: Array
    high: Array
    size: tuple[int, ...]
    stride: tuple[float, ...]
    start: tuple[float, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Size of the layer's map; () for a dense layer."""
        return tuple(self.low.shape[2:])

    @property
    def middle(self) -> tuple[int, ...]:
        """The position in the middle of the map."""
        return tuple(n // 2 for n in self.positions)

    def interval(self, position: Sequence[int] = (), channel: int | None = None) -> Box | None:
        """Return what the unit at a position can see, cut at the borders of the input.

        Parameters
        ----------
        position : one index for every dimension of the map
        channel : None for all channels together; they differ after a concatenation of branches

        Returns
        -------
        tuple of (first, last) for every axis of the input, or None if it sees padding alone

        Raises
        ------
        InvalidValue
            If there is no such unit.
        """
        sizes = self.positions
        if len(position) != len(sizes):
            raise checks.invalid(
                "interval", "position", f"{len(sizes)} numbers, for a map of {sizes}",
                tuple(position),
            )  # fmt: skip
        place: Any = (slice(None), slice(None))
        for i, (value, size) in enumerate(zip(position, sizes, strict=True)):
            place += (checks.integer("interval", f"position[{i}]", value, 0, size - 1),)
        low, high = self.low[place], self.high[place]
        if channel is not None:
            checks.integer("interval", "channel", channel, 0, self.n_channels - 1)
            if low.shape[1] > 1:
                low, high = low[:, [channel]], high[:, [channel]]
        sees = (high >= low).all(axis=0)
        if not sees.any():
            return None
        ends = zip(low[:, sees].min(axis=1), high[:, sees].max(axis=1), strict=True)
        return tuple((int(first), int(last)) for first, last in ends)

    def boxes(self, channels: Array, positions: Array) -> Array:
        """Return what many units can see, cut at the borders: :meth:`interval`, vectorised.

        Parameters
        ----------
        channels : (m,) int, of each unit
        positions : (m, n_dims) int, where in the map

        Returns
        -------
        (m, n_axes, 2) of int64
            First and last position along every axis; last < first if a unit sees padding alone.
        """
        units = np.zeros(len(channels), np.int64) if self.low.shape[1] == 1 else channels
        place: Any = (slice(None), units, *np.reshape(positions, (len(channels), -1)).T)
        return np.stack([self.low[place], self.high[place]], axis=-1).swapaxes(0, 1).astype(int)


def receptive_fields(
    model: nn.Module,
    batch: Batch,
    layers: Sequence[str] | str | None = None,
    *,
    axes: Mapping[str, int] | None = None,
    strict: bool = True,
) -> dict[str, ReceptiveField]:
    """Return what the units of every layer can see of the first input.

    "Can" by the architecture, with any weights: weights that are 0 count, masks of attention are
    not read. Holes in the field (dilation) are inside the box. Of a forward that branches on its
    data, the branch of the first observation.

    Parameters
    ----------
    model, batch : as of :func:`survey`; the first observation is run once
    layers : names or globs, as of :func:`select`
    axes : overrides of :func:`channel_axes`
    strict : whether an operation without a rule is an error; else the layers that depend on it are
        left out

    Returns
    -------
    dict
        By the address of the layer, in the order of the network. Empty if the input has no
        positions (features, not a picture, signal or sequence).

    Raises
    ------
    ModelError
        If the model fails, or an operation has no rule; the message names it.

    Notes
    -----
    Costs one forward pass and about as much again. Exact: for some weights the box is no larger
    than needed, and nothing outside can ever change the unit.

    References
    ----------
    Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks", Distill
    2019, for stacks of windows.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(2, 2, 3))
    >>> fields = receptive_fields(net, torch.zeros(1, 1, 12, 12))
    >>> [(name, field.size, field.stride) for name, field in fields.items()]
    [('0', (3, 3), (1.0, 1.0)), ('1', (4, 4), (2.0, 2.0)), ('2', (8, 8), (2.0, 2.0))]
    >>> fields["2"].interval((0, 1))
    ((0, 6), (1, 8))
    """
    pair = pair_of(batch)
    found = survey(model, pair, functions=layers is not None)
    sites = select(found, layers)
    return fields_of(model, pair, found, sites, axes=axes, strict=strict)[0]


def pair_of(batch: Batch) -> Batch:
    """Return the first observation of a batch, twice: of one, no dimension says it is the batch."""
    n = len(first_tensor(batch))
    if not n:
        raise checks.invalid("receptive_fields", "batch", "of one observation or more", "none")
    return tree_map(  # type: ignore[no-any-return]
        lambda x: x[[0, 0]] if isinstance(x, Tensor) and x.ndim and len(x) == n else x, batch
    )


def fields_of(
    model: nn.Module,
    pair: Batch,
    found: Survey,
    sites: Sequence[Site],
    *,
    axes: Mapping[str, int] | None = None,
    strict: bool = True,
) -> tuple[dict[str, ReceptiveField], dict[str, str]]:
    """Return the fields of sites of a surveyed model, and for layers without one, why not.

    `pair` is from :func:`pair_of`; else as :func:`receptive_fields`.
    """
    layout = channel_axes(model, found, axes)
    source = first_tensor(pair)
    dims = _position_dims(source, layout.get(INPUT, FIRST))
    if not dims:
        return {}, {}
    fields: dict[str, ReceptiveField] = {}
    problems: dict[str, str] = {}
    reach = Reach(source, dims)
    input_size = tuple(source.shape[dim] for dim in dims)

    def sink(i: int, tensor: Tensor) -> None:
        site, bounds = sites[i], reach.bounds(tensor)
        if isinstance(bounds, str):
            problems[site.name] = (
                f"what layer {site.name!r} of {found.model_name} sees of the input is not known, "
                f"since it depends on the operation {bounds!r}, which has no rule."
            )
        elif bounds is not None:
            fields[site.name] = _field(
                [bound[0] for bound in bounds], layout[site.name], input_size
            )

    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # one operation would hide its inner layers
    try:
        with watch(model, sites, sink) as run, reach:
            run(pair)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    if strict and problems:
        reason = next(iter(problems.values()))
        raise ModelError(f"{reason} Ask for layers before it, or give strict=False.")
    return fields, problems


def _position_dims(source: Tensor, channel_axis: int) -> list[int]:
    """Return the dimensions of a batch that count positions; words by number are tokens."""
    dims = list(range(1, source.ndim))
    if len(dims) == 1:
        return [] if source.is_floating_point() else dims
    return dims[1:] if channel_axis == FIRST else dims[:-1]


def _field(bounds: Sequence[Tensor], axis: int, input_size: tuple[int, ...]) -> ReceptiveField:
    """Return the field of a layer from the bounds of one observation's units."""
    first = bounds[0] if bounds[0].ndim else bounds[0][None]
    n_channels = first.shape[axis]
    ends = [_channels_first(bound, axis) for bound in bounds]
    shape = np.broadcast_shapes(*(end.shape for end in ends))
    ends = [np.broadcast_to(end, shape) for end in ends]
    half = 2 * len(input_size)
    low, high = -np.stack(ends[:half:2]), np.stack(ends[1:half:2])
    sees = (np.isfinite(low) & np.isfinite(high)).all(axis=0)
    before, after = np.stack(ends[half::2]), np.stack(ends[half + 1 :: 2])
    before, after = (np.where(np.isfinite(before + after), x, np.nan) for x in (before, after))
    sizes, middles = before + after + 1, (after - before) / 2
    return ReceptiveField(
        input_size=input_size,
        n_channels=n_channels,
        low=np.where(sees, low, 0).astype(np.int32),
        high=np.where(sees, high, -1).astype(np.int32),
        size=tuple(int(size[np.isfinite(size)].max(initial=0)) for size in sizes),
        stride=tuple(_stride(middle) for middle in middles),
        start=tuple(float(next(iter(middle[np.isfinite(middle)]), np.nan)) for middle in middles),
    )


def _channels_first(bound: Tensor, axis: int) -> Array:
    """Return a bound (channels, *positions), with one channel if all are alike."""
    x = bound if bound.ndim else bound[None]
    x = x.movedim(axis, 0)
    return (x[:1] if x.stride(0) == 0 else x).cpu().numpy()


def _stride(middle: Array) -> float:
    """Return the median step from one position to the next, NaN if there is none."""
    steps = [np.diff(middle, axis=axis).ravel() for axis in range(1, middle.ndim)]
    moves = np.abs(np.concatenate([np.zeros(0), *steps]))
    moves = moves[np.isfinite(moves) & (moves > 0)]
    return float(np.median(moves)) if len(moves) else float("nan")
