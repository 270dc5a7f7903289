"""Pictures and sounds as rows of tables: raw pixels and samples beside what they are about.

Nothing is compressed in a code of its own (Parquet does that), so reading a run from a stranger
needs no decoder but a check of sizes. ``run.write_table("images", pictures(...), provenance)`` and
``run.write_table("sounds", sounds(...), provenance)`` keep them in a run. Leaves out the recorded
thumbnails, which are part of the cube.
"""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

ABOUT = ("unit", "class", "observation", "")
"""What each picture may be about; "" if it is about the layer or the network."""

LARGEST = 1024
"""Pixels of the longer side of a stored picture."""

_SET = ["kind", "title", "layer", "checkpoint", "about", "height", "width", "channels"]
"""The columns in which the pictures of one set are equal."""


@dataclass(frozen=True)
class Pictures:
    """Pictures of one size about one place.

    Attributes
    ----------
    kind, title, layer, checkpoint, about : str
    index : (n,) numbers of the units, classes or observations
    names : what stands under each
    pixels : (n, height, width, 1 or 3) uint8
    """

    kind: str
    title: str
    layer: str
    checkpoint: str
    about: str
    index: Array
    names: tuple[str, ...]
    pixels: Array

    @classmethod
    def sets(cls, frame: pd.DataFrame) -> Iterator[Pictures]:
        """Yield the sets in a table of pictures.

        Raises
        ------
        InvalidValue
            If a row holds other than the bytes that its size says.
        """
        for _, rows in frame.groupby(_SET, sort=False):
            first = rows.iloc[0]
            shape = _size(*(int(first[name]) for name in ("height", "width", "channels")))
            content, n_bytes = rows["pixels"].tolist(), math.prod(shape)
            if not all(isinstance(one, bytes) and len(one) == n_bytes for one in content):
                raise checks.invalid("images", "pixels", f"{n_bytes} bytes each", "others")
            yield cls(
                kind=str(first["kind"]),
                title=str(first["title"]),
                layer=str(first["layer"]),
                checkpoint=str(first["checkpoint"]),
                about=checks.choice("images", "about", str(first["about"]), ABOUT),
                index=rows["index"].to_numpy(dtype=np.int64),
                names=tuple(rows["name"].astype(str)),
                pixels=np.frombuffer(b"".join(content), np.uint8).reshape(-1, *shape),
            )


@dataclass(frozen=True)
class Sounds:
    """One clip an observation: 16-bit samples of one channel."""

    rate: int
    clips: tuple[bytes, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Sounds:
        """Return the clips of a table of sounds.

        Raises
        ------
        InvalidValue
            If clips differ in their rate, a row holds no samples, or an observation has not one
            clip.
        """
        order = np.argsort(frame["observation"].to_numpy(), kind="stable")
        if not np.array_equal(frame["observation"].to_numpy()[order], np.arange(len(frame))):
            raise checks.invalid("sounds", "observation", "0, 1, 2, ...", "others")
        rates, clips = set(frame["rate"].tolist()), tuple(frame["samples"].iloc[order])
        if len(rates) != 1:
            raise checks.invalid("sounds", "rate", "one for all", sorted(rates)[:5])
        if not all(isinstance(clip, bytes) and len(clip) % 2 == 0 for clip in clips):
            raise checks.invalid("sounds", "samples", "pairs of bytes", "others")
        return cls(checks.integer("sounds", "rate", rates.pop(), 1, 10**6), clips)

    def wav(self, row: int) -> bytes:
        """Return the clip of an observation as a WAV file."""
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(self.clips[row])
        return content.getvalue()


def pictures(
    kind: str,
    images: object,
    *,
    title: str,
    layer: str = "",
    checkpoint: str = "",
    about: str = "unit",
    index: Sequence[int] | Array | None = None,
    names: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Return pictures of one size as rows of the table "images".

    Parameters
    ----------
    kind : str
        A word for the sort of picture: "filters", "class means", "preferred inputs".
    images : (n, height, width) or (n, height, width, 1 or 3) uint8
        At most 1,024 pixels a side.
    title : str
        What stands above them.
    layer, checkpoint : str
        What they were made of; "" for the network as a whole, or for all checkpoints.
    about : {"unit", "class", "observation", ""}
    index : (n,) int, optional
        Number of the unit, class or observation (row of the run) of each; 0, 1, ... by default.
    names : (n,) str, optional
        What stands under each; the index by default.

    Returns
    -------
    DataFrame
        One row a picture, for ``run.write_table("images", ..., provenance)``.

    Examples
    --------
    >>> frame = pictures("filters", np.zeros((2, 5, 5), np.uint8), title="Filters of conv1",
    ...                  layer="conv1")
    >>> frame[["index", "name", "height", "width", "channels"]].values.tolist()
    [[0, '0', 5, 5, 1], [1, '1', 5, 5, 1]]
    """
    import pandas as pd

    pixels = np.asarray(images)
    if pixels.dtype != np.uint8:
        raise checks.InvalidType(f"pictures: images must be uint8; got dtype {pixels.dtype}.")
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    if pixels.ndim != 4 or not len(pixels):
        raise checks.invalid("pictures", "images", "at least one, (n, height, width[, 3])",
                             f"shape {pixels.shape}")  # fmt: skip
    checks.choice("pictures", "about", about, ABOUT)
    numbers = np.arange(len(pixels)) if index is None else np.asarray(index)
    labels = [str(number) for number in numbers] if names is None else [str(n) for n in names]
    for argument, found in (("index", numbers), ("names", labels)):
        if len(found) != len(pixels):
            raise checks.invalid("pictures", argument, f"one for each of {len(pixels)} images",
                                 len(found))  # fmt: skip
    height, width, channels = _size(*pixels.shape[1:])
    return pd.DataFrame({
        "kind": kind, "title": title, "layer": layer, "checkpoint": checkpoint, "about": about,
        "index": numbers.astype(np.int64), "name": labels, "height": height, "width": width,
        "channels": channels, "pixels": [one.tobytes() for one in pixels],
    })  # fmt: skip


def sounds(clips: Sequence[Any], rate: int) -> pd.DataFrame:
    """Return clips, one an observation, as rows of the table "sounds".

    Parameters
    ----------
    clips : sequence of (n_samples,)
        int16, or float in [-1, 1]; they may differ in length.
    rate : int
        Samples a second.

    Returns
    -------
    DataFrame
        One row an observation, for ``run.write_table("sounds", ..., provenance)``.

    Examples
    --------
    >>> sounds([np.zeros(3), np.array([1, -1], np.int16)], 8000)["samples"].map(len).tolist()
    [6, 4]
    """
    import pandas as pd

    checks.integer("sounds", "rate", rate, 1, 10**6)
    samples = [_samples(clip) for clip in clips]
    rows = np.arange(len(samples))
    return pd.DataFrame({"observation": rows, "rate": rate, "samples": samples})


def _samples(clip: Any) -> bytes:
    values = np.asarray(clip)
    if values.ndim != 1 or values.dtype.kind not in "fi" or (
        values.dtype.kind == "i" and values.dtype != np.int16
    ):  # fmt: skip
        raise checks.InvalidType("sounds: clips must be 1-D int16 or float; "
                                 f"got {values.dtype} of shape {values.shape}.")  # fmt: skip
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise checks.invalid("sounds", "clips", "finite", "NaN or infinity")
        values = np.rint(np.clip(values, -1, 1) * 32767)
    return values.astype("<i2").tobytes()


def _size(height: int, width: int, channels: int) -> tuple[int, int, int]:
    if not (0 < height <= LARGEST and 0 < width <= LARGEST and channels in (1, 3)):
        raise checks.invalid("pictures", "images", f"of at most {LARGEST} pixels a side, grey or "
                             "RGB", f"{height} x {width} x {channels}")  # fmt: skip
    return height, width, channels
