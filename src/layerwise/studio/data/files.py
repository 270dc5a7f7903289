"""Files of numbers that a page reads: as few bytes as the eye needs, and how to read them back.

A file is known by its entry in the manifest (dtype, shape, scale, offset, missing, stamp) and made
when it is asked for. Numbers are little-endian, in C order; what is stored is a code, and the value
is ``offset + scale * code``. The other side is ``static/data/arrays.js``. Leaves out what the
numbers mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xxhash

from layerwise.foundation.shapes import Array

FRAME = 8.0
"""Half the width of the frame of all maps, in root-mean-square radii of a map.

One frame, known before a map is read, keeps the manifest cheap. A step of the code is then 1/4000
of a radius, some ten times finer than a pixel when the whole map is in view. A map with a point
further out is drawn smaller.
"""

_MEDIA = {"json": "application/json", "webp": "image/webp", "wav": "audio/wav"}
_MISSING = {"u1": 255, "u2": 65535}


@dataclass(frozen=True)
class Form:
    """How values are stored.

    Parameters
    ----------
    dtype : {"u1", "u2", "u4", "f4", "q1", "json", "webp", "wav"}
    missing : int, optional
        The code of a value that is not there: NaN, what lies beyond the range, or a negative class
        number.
    scale, offset : float, optional
        Of values that are rounded to a code; others are stored as they are.
    """

    dtype: str
    missing: int | None = None
    scale: float | None = None
    offset: float | None = None

    def bytes(self, values: Array) -> bytes:
        """Return numbers in this form."""
        if self.scale is not None and self.offset is not None and self.missing is not None:
            values = _rounded(values, self.scale, self.offset, self.missing)
        elif self.missing is not None:
            values = np.where(values < 0, self.missing, values)
        return values.astype(np.dtype(self.dtype).newbyteorder("<")).tobytes()


def _fraction(dtype: str, low: float, high: float) -> Form:
    missing = _MISSING[dtype]
    return Form(dtype, missing, (high - low) / (missing - 1), low)


ROWS, NUMBERS, COLUMN = Form("u4"), Form("f4"), Form("q1")
TEXT, SHEET, SOUND = Form("json"), Form("webp"), Form("wav")
STATE = Form("u1")
POSITION = _fraction("u2", -FRAME, FRAME)
"""Places in a map, NaN for none."""
SHARE = _fraction("u1", 0.0, 1.0)
"""Numbers from 0 to 1."""


def class_form(n_classes: int) -> Form:
    """Return the form of class numbers: one byte, or two for more than 255 classes.

    Examples
    --------
    >>> list(class_form(3).bytes(np.array([0, 2, -1]))), class_form(300).dtype
    ([0, 2, 255], 'u2')
    """
    dtype = "u1" if n_classes <= _MISSING["u1"] else "u2"
    return Form(dtype, _MISSING[dtype])


@dataclass(frozen=True)
class File:
    """What the manifest says of a file, and how its bytes are made.

    Parameters
    ----------
    form : Form
    shape : tuple of int
    stamp : str
        Changes when the bytes do.
    make : callable
        Returns the bytes; of a file of many `parts`, those of the part with a number.
    parts : int, optional
        How many parts there are, each a file of its own named ``<name>/<number>``; None if the file
        is one.
    """

    form: Form
    shape: tuple[int, ...]
    stamp: str
    make: Callable[..., bytes]
    parts: int | None = None

    @property
    def entry(self) -> dict[str, Any]:
        """What the manifest says."""
        known = {name: value for name, value in asdict(self.form).items() if value is not None}
        return {**known, "shape": list(self.shape), "stamp": self.stamp}

    @property
    def media_type(self) -> str:
        """What a server calls its content."""
        return _MEDIA.get(self.form.dtype, "application/octet-stream")


def stamp(*parts: object) -> str:
    """Return a short text that differs when any of `parts` does, the same in every process.

    Examples
    --------
    >>> stamp("a", 1) == stamp("a", 1), stamp("a", 1) == stamp("a1")
    (True, False)
    """
    return digest(repr(parts).encode("utf-8", "backslashreplace"))


def digest(content: bytes) -> str:
    """Return a short text that differs when the bytes do; it keeps no secret."""
    return xxhash.xxh3_64_hexdigest(content)


def column(values: Array) -> bytes:
    """Return numbers of any range as one row of "q1": f4 offset, f4 scale, a byte a value.

    What is not finite in single precision is missing. Half a step (1/508 of the range) is lost at
    most, of a range below 1e-38 more.

    Examples
    --------
    >>> column(np.array([1.0, 3.0, np.inf]))[8:].hex()
    '00feff'
    """
    with np.errstate(over="ignore"):
        values = np.asarray(values).astype(np.float32).astype(np.float64)
    values[~np.isfinite(values)] = np.nan
    known = values[~np.isnan(values)]
    low, high = (known.min(), known.max()) if known.size else (0.0, 0.0)
    missing = _MISSING["u1"]
    head = np.array([low, (high - low) / (missing - 1)], "<f4")
    offset, scale = head.astype(float)
    codes = _rounded(np.minimum(values, offset + scale * (missing - 1)), scale, offset, missing)
    return head.tobytes() + codes.astype("u1").tobytes()


def _rounded(values: Array, scale: float, offset: float, missing: int) -> Array:
    steps = np.rint((values - offset) / scale if scale > 0 else values * 0)
    return np.where((steps >= 0) & (steps < missing), steps, missing)  # neither is NaN
