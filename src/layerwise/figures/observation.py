"""One observation through a network: the figure that fits its layers, from their activations.

Signals become traces, everything else pictures. Takes what :func:`layerwise.recording.activations`
returns; leaves out how it is drawn (feature_maps, traces, receptive_field).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from layerwise import units
from layerwise.analysis.feature_maps import feature_map_images
from layerwise.figures.feature_maps import feature_maps
from layerwise.figures.receptive_field import Box, receptive_field
from layerwise.figures.traces import MOST_CHANNELS, MOST_LAYERS, Trace, traces
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    from layerwise.recording.one import FeatureMaps


def observation(
    checkpoints: Mapping[str, Mapping[str, FeatureMaps]],
    *,
    picture: Array | None = None,
    signal: Array | None = None,
    channels: Sequence[int] | int | None = None,
    scale: str = "layer",
    caption: str = "the observation",
    title: str = "",
) -> Figure:
    """Draw what layers make of one observation.

    Parameters
    ----------
    checkpoints : :class:`FeatureMaps` by layer, by checkpoint, "" if there is but one
    picture : (height, width), (height, width, 1) or (height, width, 3) uint8, if it is a picture;
        on it stand boxes around what the middle unit of each layer sees
    signal : (n_channels, length), if it is a signal; its layers are traces, at the last checkpoint,
        and layers without a time axis are left out
    channels, scale : as of :func:`layerwise.analysis.feature_map_images`
    caption : what the observation is
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If nothing can be drawn.

    Examples
    --------
    >>> from layerwise.recording import FeatureMaps
    >>> fc = FeatureMaps("fc", "Linear", np.arange(5, dtype=np.float32), tokens=False)
    >>> figure = observation({"": {"fc": fc}}, title="One observation")
    >>> figure.texts[1].get_text()
    'fc: all 5 units from the left'
    """
    if not checkpoints:
        raise checks.invalid("observation", "checkpoints", "one or more, with layers", "none")
    *_, last = checkpoints.values()
    over_time = [one for one in last.values() if is_signal(one)]
    if signal is not None and over_time:
        drawn = [_trace(one, channels) for one in over_time[: MOST_LAYERS - 1]]
        first = Trace("input", signal, range(len(signal)))
        return traces([first, *drawn], title=title)
    images = feature_map_images(checkpoints, channels=channels, scale=scale)
    return feature_maps(
        images, picture=picture, boxes=boxes_of(last), input_size=_input_size(last),
        caption=caption, title=title,
    )  # fmt: skip


def one_unit(
    maps: FeatureMaps,
    position: Sequence[int],
    channel: int,
    *,
    picture: Array | None = None,
    signal: Array | None = None,
    title: str = "",
) -> Figure:
    """Draw what one unit sees of the observation, beside its channel with the unit marked.

    Parameters
    ----------
    maps : of its layer, whose receptive field is known
    position, channel : of the unit
    picture, signal, title : as of :func:`observation`, one of the first two

    Raises
    ------
    InvalidValue
        If there is no such unit, or neither a picture nor a signal to draw it on.

    Examples
    --------
    >>> import torch
    >>> from layerwise.recording import activations
    >>> found = activations(torch.nn.Conv2d(1, 2, 3), np.zeros((1, 8, 8)), "output")
    >>> figure = one_unit(found["output"], (0, 5), 1, picture=np.zeros((8, 8), np.uint8))
    >>> figure.axes[0].get_title().splitlines()[0]
    'sees rows 0 to 2, columns 5 to 7'
    """
    if maps.field is None:
        raise checks.invalid(
            "one_unit", "maps", "of a layer whose field is known", repr(maps.layer), maps.problem
        )
    box = maps.field.interval(position, channel)
    name = f"{maps.layer}, channel {channel}"
    if signal is not None and is_signal(maps):
        span = None if box is None else box[0]
        own = _trace(maps, [channel], span=span, mark=position[0])
        first = Trace("input", signal, range(len(signal)), span=span)
        return traces([first, own], title=title or name)
    if picture is None or len(maps.field.input_size) != 2:
        raise checks.invalid("one_unit", "picture", "the observation as a picture", "none")
    values, place = maps.values[channel], tuple(position)
    # Tokens and dense layers are one row of cells.
    flat = values.reshape(1, -1) if values.ndim < 2 else values
    images = units.map_images(flat[None], scale="channel")
    row, column = place if len(place) == 2 else (0, *place, 0)[:2]
    return receptive_field(
        picture, None if box is None else (box[0], box[1]), images.pixels[0], (row, column),
        input_size=maps.field.input_size, name=name, title=title,
    )  # fmt: skip


def is_signal(maps: FeatureMaps) -> bool:
    """Return whether a layer has one axis of positions that is no sequence of tokens."""
    return maps.values.ndim == 2 and not maps.tokens


def boxes_of(maps: Mapping[str, FeatureMaps]) -> dict[str, Box]:
    """Return what the middle unit of each layer sees of a picture; of alike ones the first."""
    found: dict[str, Box] = {}
    for layer, one in maps.items():
        if one.field is None or len(one.field.input_size) != 2:
            continue
        box = one.field.interval(one.field.middle)
        if box is not None and (box[0], box[1]) not in found.values():
            found[layer] = (box[0], box[1])
    return found


def _input_size(maps: Mapping[str, FeatureMaps]) -> tuple[int, ...] | None:
    return next((one.field.input_size for one in maps.values() if one.field is not None), None)


def _trace(
    maps: FeatureMaps,
    channels: Sequence[int] | int | None,
    *,
    span: tuple[int, int] | None = None,
    mark: int | None = None,
) -> Trace:
    """Return the traces of some channels, where their steps lie on the input's axis."""
    shown = MOST_CHANNELS if channels is None else channels
    if isinstance(shown, Sequence):
        shown = [k for k in shown if k < len(maps.values)] or MOST_CHANNELS
    chosen = units.map_images(maps.values, channels=shown).channels.numbers
    chosen = np.sort(chosen)  # so a channel has one colour from layer to layer, if they are few
    start, stride = 0.0, 1.0
    if maps.field is not None and np.isfinite(maps.field.start[0]):
        start, stride = maps.field.start[0], float(np.nan_to_num(maps.field.stride[0], nan=1.0))
    return Trace(maps.layer, maps.values[chosen], chosen.tolist(), start, stride, span, mark)
