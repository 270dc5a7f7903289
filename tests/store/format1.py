"""A run of format 1, written with numpy and json only.

It stands for the runs that people have on their disks: every later layerwise must read it. So it
does not use layerwise, and it is never changed; a new format gets its own builder beside it.
"""

from __future__ import annotations

import hashlib
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

RELU = np.array([[0, 1.5], [np.nan, -2], [3, np.inf]], np.float32)
NORM = np.array([[0x3F80], [0xC000], [0x0000]], np.uint16)  # bfloat16 for 1, -2, 0
LAYERS = [
    {"name": "relu", "shape": [2], "dtype": "float32", "kind": "ReLU", "pooling": "flatten",
     "per_checkpoint": True},
    {"name": "norm", "shape": [1], "dtype": "bfloat16", "kind": "LayerNorm", "pooling": "mean",
     "per_checkpoint": True},
]  # fmt: skip


def slug(name):
    return f"{name}-{hashlib.blake2b(name.encode(), digest_size=8).hexdigest()}"


def record(path, content):
    content = {"format": 1, **content}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    content["checksum"] = xxhash.xxh3_64_hexdigest(text.encode())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def build(folder):
    record(folder / "run.json", {
        "written_by": "layerwise 0.1.0", "n_observations": 3, "rows_per_part": 2,
        "fingerprint": {"data": "d"}, "provenance": {"seed": 0}, "layers": LAYERS,
        "checkpoints": [{"name": "last", "fingerprint": "w", "metadata": {"epoch": 9}}],
    })  # fmt: skip
    for first, stop in ((0, 2), (2, 3)):
        entries = {}
        for name, values in (("relu", RELU), ("norm", NORM)):
            buffer = io.BytesIO()
            np.save(buffer, values[first:stop])
            relative = f"activations/{slug('last')}/{slug(name)}/{first:09d}.npy"
            path = folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(buffer.getvalue())
            entries[name] = {"path": relative, "counts": {"nan": 0, "inf": 0, "zero": 0},
                             "checksum": xxhash.xxh3_64_hexdigest(buffer.getvalue())}  # fmt: skip
        record(folder / f"_done/{slug('last')}__{first:09d}.json", {
            "checkpoint": "last", "fingerprint": "w", "first": first, "rows": stop - first,
            "seconds": 0.1, "host": "h", "layers": entries,
        })  # fmt: skip
    frame = pd.DataFrame({"observation": [0, 1, 2], "digit": [0, 1, 0]})
    table = pa.Table.from_pandas(frame, preserve_index=False)
    names = json.dumps({"class_names": {"digit": ["zero", "one"]}}).encode()
    buffer = io.BytesIO()
    metadata = {**table.schema.metadata, b"layerwise": names}
    pq.write_table(table.replace_schema_metadata(metadata), buffer)
    (folder / "tables").mkdir()
    (folder / "tables/observations.parquet").write_bytes(buffer.getvalue())
    checksum = xxhash.xxh3_64_hexdigest(buffer.getvalue())
    record(
        folder / f"_done/observations__{checksum}.json", {"table": "tables/observations.parquet"}
    )
