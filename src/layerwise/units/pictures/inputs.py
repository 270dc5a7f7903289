"""Inputs as pictures, real ones and made ones: as they are, or around 0 if they leave the range.

A made input may hold numbers that no real input has. Drawn as they are, black and white would stand
for any number beyond; so such a picture is drawn around 0 on its own scale. Leaves out sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units.pictures.pixels import rgb, signed

SLACK = 0.005
"""By how much of the range an input may leave it and still be drawn as it is: one grey level."""


@dataclass(frozen=True, eq=False)
class InputImages:
    """Inputs as pixels.

    Attributes
    ----------
    pixels : (n, height, width, 1 or 3) uint8
    ramp : what the colours mean: "" for pictures as they are; around 0, each on its own scale,
        "signed" (blue, pale, brown) or "rgb" (0 is mid grey in every colour)
    """

    pixels: Array
    ramp: str


def input_images(
    inputs: Any, *, value_range: tuple[Any, Any] | None = None, side: int | None = None
) -> InputImages:
    """Return inputs as pictures.

    Parameters
    ----------
    inputs : (n, 1 or 3, height, width) pictures; anything else, such as (n, channels, length) or
        (n, features), becomes strips of numbers around 0, one line a channel
    value_range : (lowest, highest) that stand for black and white, numbers or one per channel; by
        default (0, 1)
    side : pixels of the longer side at most; larger ones are averaged over whole blocks, of a strip
        along the line

    Returns
    -------
    InputImages
        As they are if all lie in the range, else around 0: grey ones in blue and brown, RGB ones
        around mid grey.

    Examples
    --------
    >>> found = input_images(np.array([[[[0.0, 1.0]]]]))
    >>> found.pixels.ravel().tolist(), found.ramp
    ([0, 255], '')
    >>> input_images(np.array([[[[-2.0, 1.0]]]])).ramp, input_images(np.ones((5, 7))).pixels.shape
    ('signed', (5, 1, 7, 3))
    """
    x = np.asarray(inputs, dtype=np.float64)
    if x.ndim < 2 or not x.size:
        raise checks.invalid("input_images", "inputs", "(n, ...), at least one",
                             f"shape {x.shape}")  # fmt: skip
    if x.ndim != 4 or x.shape[1] not in (1, 3):
        lines = x.reshape(len(x), -1, x.shape[-1])[:, None]
        steps = [1 if side is None else -(-length // side) for length in lines.shape[2:]]
        return InputImages(_around(_averaged(lines, *steps)), "signed")
    step = 1 if side is None else -(-max(x.shape[2:]) // side)
    x = _averaged(x, step, step)
    low, high = (_ends(end, x.shape[1]) for end in value_range or (0, 1))
    shares = np.moveaxis((x - low) / (high - low), 1, -1)
    if shares.min() < -SLACK or shares.max() > 1 + SLACK:
        return InputImages(_around(x), "rgb" if x.shape[1] == 3 else "signed")
    pixels = np.rint(255 * shares.clip(0, 1)).astype(np.uint8)
    return InputImages(pixels, "")


def strips(rows: Sequence[Sequence[Array]], *, gap: int = 2) -> Array:
    """Return pictures side by side, one strip a row, white between them.

    Parameters
    ----------
    rows : for each strip as many pictures (height, width, 1 or 3) uint8 of one size
    gap : pixels between two; after the first twice as many

    Returns
    -------
    (n_rows, height, width, 3) uint8

    Examples
    --------
    >>> strips([[np.zeros((4, 4, 1), np.uint8)] * 3]).shape
    (1, 4, 18, 3)
    """
    made = []
    for row in rows:
        parts: list[Array] = []
        for place, picture in enumerate(row):
            white = np.full((picture.shape[0], gap * (2 if place == 1 else 1), 3), 255, np.uint8)
            colored = np.broadcast_to(picture, (*picture.shape[:2], 3))
            parts += [colored] if place == 0 else [white, colored]
        made.append(np.concatenate(parts, axis=1))
    return np.stack(made)


def _ends(end: Any, n_channels: int) -> Array:
    """Return one end of the range, to be broadcast over (n, channels, height, width)."""
    values = np.asarray(end, dtype=np.float64)
    if values.ndim > 1 or values.size not in (1, n_channels) or not np.isfinite(values).all():
        raise checks.invalid("input_images", "value_range", f"numbers, or one for each of "
                             f"{n_channels} channels", repr(end))  # fmt: skip
    shaped: Array = values.reshape(-1, 1, 1)
    return shaped


def _around(x: Array) -> Array:
    """Return (n, 1 or 3, height, width) around 0, each picture to its own largest size."""
    limit = np.abs(x).max(axis=(1, 2, 3))[:, None, None]
    return rgb(np.moveaxis(x, 1, -1), limit[..., None]) if x.shape[1] == 3 else signed(
        x[:, 0], limit
    )  # fmt: skip


def _averaged(x: Array, down: int, across: int) -> Array:
    """Return pictures averaged over blocks of so many pixels; what is no whole block is dropped."""
    down, across = min(down, x.shape[2]), min(across, x.shape[3])
    rows, columns = x.shape[2] // down, x.shape[3] // across
    cut = x[:, :, : rows * down, : columns * across]
    parts = cut.reshape(*x.shape[:2], rows, down, columns, across)
    means: Array = parts.mean(axis=(3, 5))
    return means
