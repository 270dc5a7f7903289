"""The other side of the contract, spelt out: bytes to values, as ``static/data/arrays.js`` does."""

from __future__ import annotations

import io
import json
import math
import struct
import wave
from typing import Any

import numpy as np
from PIL import Image


def decoded(entry: dict[str, Any], content: bytes) -> Any:
    """Return what a file of the manifest holds: values with NaN, texts, a picture or samples."""
    kind, shape = entry["dtype"], tuple(entry["shape"])
    if kind == "json":
        return json.loads(content)
    if kind == "webp":
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    if kind == "wav":
        with wave.open(io.BytesIO(content)) as file:
            return np.frombuffer(file.readframes(file.getnframes()), "<i2")
    size = int(kind[1])
    assert len(content) == size * math.prod(shape), (entry, len(content))
    stored = np.frombuffer(content, "<" + kind).reshape(shape)
    if "scale" not in entry:
        return stored
    values = entry["offset"] + entry["scale"] * stored.astype(float)
    return np.where(stored == entry["missing"], np.nan, values)


def column(content: bytes, n: int) -> np.ndarray:
    """Return one row of a "q1" file."""
    assert len(content) == 8 + n
    offset, scale = struct.unpack("<ff", content[:8])
    return np.array([math.nan if code == 255 else offset + scale * code for code in content[8:]])


class Page:
    """The manifest of some contents and what it names, read as a page reads it."""

    def __init__(self, contents: Any) -> None:
        self.contents = contents
        self.manifest = json.loads(json.dumps(contents.manifest(), allow_nan=False))

    @property
    def run(self) -> dict[str, Any]:
        """The first run."""
        return self.manifest["runs"][0]

    def read(self, name: str, part: int | None = None) -> Any:
        """Return the values of a file."""
        entry = self.manifest["files"][name]
        content = self.contents.bytes(name if part is None else f"{name}/{part}")
        if entry["dtype"] == "q1":
            return column(content, entry["shape"][1])
        return decoded(entry, content)

    def map(self, series: str, layer: int, checkpoint: int) -> np.ndarray:
        """Return the places of a stop."""
        (one,) = [one for one in self.run["series"] if one["id"] == series]
        (stop,) = [
            stop
            for stop in one["stops"]
            if (stop["layer"], stop["checkpoint"]) == (layer, checkpoint)
        ]
        return self.read(stop["file"])

    def names(self) -> set[str]:
        """Return the names of all files that the entries of the runs mention."""
        found: set[str] = set()

        def look(value: Any) -> None:
            if isinstance(value, dict):
                for one in value.values():
                    look(one)
            elif isinstance(value, list):
                for one in value:
                    look(one)
            elif isinstance(value, str) and value in self.manifest["files"]:
                found.add(value)

        look(self.manifest["runs"])
        return found
