"""Small JSON files that carry their own checksum: ``run.json`` and the commit records.

One line a top-level key, one line a layer or checkpoint, so that a person can read them and
`diff` them. NaN never appears: JSON has none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import xxhash

from layerwise.foundation.checks import InvalidType
from layerwise.store import durable
from layerwise.store.durable import StoreError, wrapped

FORMAT = 1
"""The version of the layout on disk that this layerwise writes, and the newest that it reads."""


def plain(value: object) -> Any:
    """Return `value` as JSON can hold it, the same for equal values; mappings sorted by key.

    Numpy scalars become numbers, tuples lists, paths text; NaN and infinities the text ``"nan"``,
    ``"inf"``, ``"-inf"``.

    Examples
    --------
    >>> plain({"seed": np.int64(3), "at": (1, float("nan"))})
    {'at': [1, 'nan'], 'seed': 3}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray) and value.ndim <= 1:
        return plain(value.tolist())
    raise InvalidType(
        f"provenance must hold numbers, text, lists and mappings; got {type(value).__name__}. "
        "Describe the value in text, or by a hash of it."
    )


def canonical(value: object) -> bytes:
    """Return the one spelling of `value` in JSON that hashes and comparisons use."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii")


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write `record` atomically, the format version first and a checksum last."""
    content = {"format": FORMAT, **record}
    content["checksum"] = _checksum(content)
    lines = [f"{json.dumps(key)}: {_lines(value)}" for key, value in content.items()]
    durable.write_atomically(path, ("{\n" + ",\n".join(lines) + "\n}\n").encode("ascii"))


def read_record(path: Path, missing: str) -> dict[str, Any]:
    """Return the record in `path`.

    Raises
    ------
    StoreError
        If there is no such file (worded by `missing`), a newer layerwise wrote it, or its content
        is not what was written.
    """
    text = durable.read(path, lambda: missing)
    with wrapped(path, "read"):
        record = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        written = record.pop("format")
        if isinstance(written, int) and written > FORMAT:
            raise StoreError(
                path, f"was written by a newer layerwise (format {written}, this one reads "
                f"{FORMAT}). Update layerwise.",
            )  # fmt: skip
        checksum = record.pop("checksum")
        if checksum != _checksum({"format": written, **record}):
            raise ValueError("its checksum differs")
    return dict(record)


def _checksum(record: Mapping[str, Any]) -> str:
    return xxhash.xxh3_64_hexdigest(canonical(record))


def _lines(value: object) -> str:
    """Return `value` in JSON, a list or mapping of mappings with one line each."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return "[\n  " + ",\n  ".join(json.dumps(item, allow_nan=False) for item in value) + "\n]"
    if isinstance(value, Mapping) and value:
        items = (f"{json.dumps(k)}: {json.dumps(v, allow_nan=False)}" for k, v in value.items())
        return "{\n  " + ",\n  ".join(items) + "\n}"
    return json.dumps(value, allow_nan=False)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse two values under one key, of which `json` would silently keep the last."""
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError("a key appears twice")
    return record


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")
