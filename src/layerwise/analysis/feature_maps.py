"""What every layer makes of one observation, as numbers and as pictures kept beside a run.

The activations come from a live network (:func:`layerwise.recording.activations`); the same
observation at several checkpoints tells what training made of it. Leaves out populations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layerwise import units
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.store.media import LARGEST
from layerwise.store.media import pictures as picture_rows

if TYPE_CHECKING:
    from layerwise.network.receptive_field import ReceptiveField
    from layerwise.recording.one import FeatureMaps

KEPT_MAPS = "keep_feature_maps"
"""The function in the provenance of these tables."""

PICTURES = "activations"
"""The kind of these pictures in the table "images"."""

INPUT = "input"

FOLLOWING = (
    "batchnorm", "relu", "leakyrelu", "leaky_relu", "prelu", "elu", "celu", "selu", "gelu", "silu",
    "mish", "hardswish", "hardtanh", "sigmoid", "tanh", "softplus",
)  # fmt: skip
"""How kinds begin that only shape what the layer before them computes."""

MOST_STRONGEST = 3
"""Channels that are named."""


def feature_map_table(maps: Mapping[str, FeatureMaps]) -> pd.DataFrame:
    """Return what each layer makes of an observation, and what its middle unit sees of it.

    Parameters
    ----------
    maps : from :func:`layerwise.recording.activations`

    Returns
    -------
    DataFrame, one row a layer
        layer, kind, shape (as "32x14x14", channels first), n_channels, min, max, active (the share
        of values above 0), silent (channels whose values are all 0), strongest (numbers of the
        channels of largest absolute activation, separated by commas), tokens; middle ("7,7", the
        position of the unit in the middle), size_y, size_x, stride_y, stride_x (of the receptive
        field, in pixels of the input, were it without borders), y0, y1, x0, x1 (what that unit sees
        of the input, first and last), whole (whether that is all of it), height, width (of the
        input). A signal or sequence has x alone; NaN or 0 where nothing is known.

    Examples
    --------
    >>> from layerwise.recording import FeatureMaps
    >>> values = np.array([[[0.0, 2.0]], [[0.0, 0.0]]], np.float32)
    >>> table = feature_map_table({"relu1": FeatureMaps("relu1", "ReLU", values, tokens=False)})
    >>> table[["layer", "shape", "active", "silent", "strongest"]].values.tolist()
    [['relu1', '2x1x2', 0.25, 1, '0,1']]
    """
    rows = []
    for maps_of in maps.values():
        A = maps_of.values
        flat = A.reshape(len(A), -1)
        order = np.argsort(-units.strength(A), kind="stable")[:MOST_STRONGEST]
        rows.append({
            "layer": maps_of.layer, "kind": maps_of.kind, "shape": "x".join(map(str, A.shape)),
            "n_channels": len(A), "min": float(flat.min()), "max": float(flat.max()),
            "active": float((flat > 0).mean()), "silent": int((flat == 0).all(axis=1).sum()),
            "strongest": ",".join(map(str, order)), "tokens": maps_of.tokens,
            **_field(maps_of.field),
        })  # fmt: skip
    return pd.DataFrame(rows)


def main_layers(table: pd.DataFrame) -> list[str]:
    """Return the layers without those that a norm or an activation function follows at once.

    Parameters
    ----------
    table : from :func:`feature_map_table`, of one checkpoint

    Examples
    --------
    >>> main_layers(pd.DataFrame({"layer": ["conv1", "relu1", "fc"], "shape": ["4x5", "4x5", "9"],
    ...                           "kind": ["Conv1d", "ReLU", "Linear"]}))
    ['relu1', 'fc']
    """
    layers, shapes = table["layer"].tolist(), table["shape"].tolist()
    kinds = [str(kind).removeprefix("function ").lower() for kind in table["kind"]]
    last = len(layers) - 1
    return [
        layer for i, layer in enumerate(layers)
        if i == last or shapes[i] != shapes[i + 1] or not kinds[i + 1].startswith(FOLLOWING)
    ]  # fmt: skip


def feature_map_images(
    checkpoints: Mapping[str, Mapping[str, FeatureMaps]],
    *,
    channels: Sequence[int] | int | None = None,
    scale: str = "layer",
) -> dict[str, dict[str, units.MapImages]]:
    """Return the pictures of each layer's channels at each checkpoint.

    Parameters
    ----------
    checkpoints : maps by checkpoint, early to late, of one observation
        The channels drawn are those that are strongest at the last, the same at every checkpoint.
    channels : sequence of int, int or None
        These, of the layers that have them; so many of each layer of maps, the strongest; or as
        many as :func:`layerwise.units.map_images` draws.
    scale : "layer" or "channel"

    Returns
    -------
    dict
        :class:`layerwise.units.MapImages` by layer and checkpoint. Without maps in three dimensions
        and those of more than 1,024 pixels a side.

    Raises
    ------
    UserError
        If no layer has one of the channels, or an argument does not fit.

    Examples
    --------
    >>> from layerwise.recording import FeatureMaps
    >>> relu1 = FeatureMaps("relu1", "ReLU", np.eye(3, dtype=np.float32)[:, :, None], tokens=False)
    >>> images = feature_map_images({"epoch-000": {"relu1": relu1}}, channels=2)
    >>> images["relu1"]["epoch-000"].caption
    'the 2 strongest of 3 channels by largest activation'
    """
    *_, name = checkpoints
    last, when = checkpoints[name], f" at {name}" if len(checkpoints) > 1 else ""
    most = max(len(maps.values) for maps in last.values())
    for channel in channels if isinstance(channels, Sequence) else ():
        checks.integer("feature_map_images", "channels", channel, 0, most - 1)
    found: dict[str, dict[str, units.MapImages]] = {}
    for layer, after in last.items():
        if after.values.ndim > 3 or max(after.positions, default=0) > LARGEST:
            continue
        asked = channels if after.values.ndim == 3 else None
        if isinstance(channels, Sequence):
            asked = [k for k in channels if k < len(after.values)]
            if not asked:
                continue
        images = units.map_images(
            after.values, channels=asked, scale=scale, tokens=after.tokens, when=when
        )
        found[layer] = {
            checkpoint: units.map_images(
                maps[layer].values, channels=images.channels, scale=scale, tokens=after.tokens
            )
            for checkpoint, maps in checkpoints.items() if layer in maps
        }  # fmt: skip
    return found


def keep_feature_maps(
    run: Run,
    checkpoints: Mapping[str, Mapping[str, FeatureMaps]],
    *,
    picture: Array | None = None,
    name: str = "",
    channels: Sequence[int] | int | None = 8,
    scale: str = "layer",
) -> pd.DataFrame:
    """Keep what layers make of one observation: tables "feature_maps" and "images".

    Parameters
    ----------
    run : Run
    checkpoints : maps by checkpoint of the run, early to late, of one observation
    picture : (height, width), (height, width, 1) or (height, width, 3) uint8, optional
        The observation, if it is a picture.
    name : what the observation is: "test 7, a 9"
    channels, scale : as of :func:`feature_map_images`

    Returns
    -------
    DataFrame
        The columns of :func:`feature_map_table`, and checkpoint, observation (its name), position
        (of the layer in the network), limit (end of the scale of its pictures, NaN if each has its
        own or there are none), signed, caption (what its pictures show, "" for none). Kept again,
        it takes the place of the earlier observation.

    Raises
    ------
    UserError
        If there is no checkpoint, one that the run does not have, or an argument does not fit.

    Examples
    --------
    >>> import tempfile, torch
    >>> from layerwise.recording import activations, record
    >>> net = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU())
    >>> x = torch.rand(3, 1, 5, 5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(net, x, to=folder, checkpoint="trained")
    ...     kept = keep_feature_maps(run, {"trained": activations(net, x[0])}, name="the first")
    >>> kept[["layer", "checkpoint", "shape", "size_y"]].values.tolist()
    [['0', 'trained', '2x3x3', 3.0], ['1', 'trained', '2x3x3', 3.0]]
    """
    if not checkpoints or not all(checkpoints.values()):
        raise checks.invalid("keep_feature_maps", "checkpoints", "one or more, with layers", "none")
    for checkpoint in checkpoints:
        run.checkpoint(checkpoint)
    drawn = feature_map_images(checkpoints, channels=channels, scale=scale)
    frames = []
    for checkpoint, maps in checkpoints.items():
        about = {"function": KEPT_MAPS, "checkpoint": checkpoint}
        frame = feature_map_table(maps).assign(checkpoint=checkpoint, observation=name)
        own = {layer: drawn.get(layer, {}).get(checkpoint) for layer in maps}
        for layer, images in own.items():
            if images is not None:
                part = _stored(run, maps[layer], checkpoint, images)
                run.write_table("images", part, {**about, "layer": layer})
        words = [_words(images) for images in own.values()]
        frame["limit"], frame["signed"], frame["caption"] = zip(*words, strict=True)
        frame["position"] = np.arange(len(frame))
        run.write_table("feature_maps", frame, about)
        frames.append(frame)
    if picture is not None:
        run.write_table("images", _input(picture, name), {"function": KEPT_MAPS, "layer": INPUT})
    return pd.concat(frames, ignore_index=True)


def _field(field: ReceptiveField | None) -> dict[str, float | str]:
    """Return the receptive field of the middle unit, in columns of y and x."""
    found: dict[str, float | str] = {"middle": "", "whole": False, "height": 0, "width": 0}
    axes = () if field is None else ("y", "x")[-len(field.input_size) :]
    for axis in ("y", "x"):
        found |= {f"size_{axis}": np.nan, f"stride_{axis}": np.nan}
        found |= {f"{axis}0": np.nan, f"{axis}1": np.nan}
    if field is None or len(field.input_size) > len(axes):
        return found
    found["middle"] = ",".join(map(str, field.middle))
    box, size = field.interval(field.middle), (1, *field.input_size)
    found["height"], found["width"] = size[-2:]
    for i, axis in enumerate(axes):
        found[f"size_{axis}"], found[f"stride_{axis}"] = float(field.size[i]), field.stride[i]
        if box is not None:
            found[f"{axis}0"], found[f"{axis}1"] = map(float, box[i])
    found["whole"] = box == tuple((0, size - 1) for size in field.input_size)
    return found


def _words(images: units.MapImages | None) -> tuple[float, bool, str]:
    if images is None:
        return np.nan, False, ""
    return (np.nan if images.limit is None else images.limit), images.signed, images.caption


def _stored(run: Run, maps: FeatureMaps, checkpoint: str, images: units.MapImages) -> pd.DataFrame:
    """Return pictures as rows of the table "images", beside the recorded layer if they can be.

    Channels are units of a recorded layer only if its positions were pooled.
    """
    a_channel = images.kind == "maps"
    layer = maps.layer
    recorded = layer in run.layers and run.layer(layer).n_units == len(maps.values)
    end = "each on its own scale" if images.limit is None else f"one scale to {images.limit:.3g}"
    return picture_rows(
        PICTURES, images.pixels, title=f"{layer}: {images.caption}; {end}",
        layer=layer if recorded and a_channel else "", checkpoint=checkpoint,
        about="unit" if a_channel else "",
        index=images.channels.numbers if a_channel else None, names=images.names,
    )  # fmt: skip


def _input(picture: Array, name: str) -> pd.DataFrame:
    pixels = np.asarray(picture)
    if pixels.ndim not in (2, 3) or pixels.dtype != np.uint8:
        raise checks.invalid(
            "keep_feature_maps", "picture", "(height, width[, 1 or 3]) uint8",
            f"{pixels.dtype} of shape {pixels.shape}",
        )  # fmt: skip
    title = f"The observation: {name}" if name else "The observation"
    return picture_rows(PICTURES, pixels[None], title=title, about="", names=[name])
