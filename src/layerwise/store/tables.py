"""Tidy tables: what was computed from the cube, one Parquet file for one provenance.

``tables/<kind>/<hash of the provenance>.parquet``, the provenance as JSON under the key
``layerwise`` of the file's metadata, so ``pandas.read_parquet("run/tables/<kind>")`` gives all
tables of a kind. A table is valid if a marker in ``_done`` names its checksum: the marker comes
first and the table is then renamed into place, so there is no moment at which an old table is
spoilt and a new one not yet good.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from layerwise.foundation import checks
from layerwise.store import durable
from layerwise.store.durable import StoreError, wrapped
from layerwise.store.records import canonical, plain, write_record

if TYPE_CHECKING:
    import pandas as pd

_KEY = b"layerwise"
OBSERVATIONS = "observations"
"""The one kind of which a run has a single table."""


@dataclass(frozen=True)
class Table:
    """One table of a run: where it lies, and reading and writing it."""

    base: Path
    kind: str
    key: str

    @classmethod
    def of(cls, base: Path, kind: str, provenance: Mapping[str, Any]) -> Table:
        """Return the place of the table of this kind and provenance.

        The table of observations is single, whatever its provenance.
        """
        if not isinstance(kind, str) or not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", kind):
            raise checks.invalid("table", "kind", "a word in a-z, 0-9, _ and -", repr(kind))
        digest = hashlib.blake2b(canonical(plain(provenance)), digest_size=12).hexdigest()
        return cls(base, kind, "" if kind == OBSERVATIONS else digest)

    @classmethod
    def all(cls, base: Path) -> list[Table]:
        """Return the tables that are there, sorted by kind."""
        with wrapped(base, "read"):
            paths = sorted((base / "tables").glob("*/*.parquet"))
            tables = [cls(base, path.parent.name, path.stem) for path in paths]
            single = cls(base, OBSERVATIONS, "")
            markers = list((base / "_done").glob(f"{OBSERVATIONS}__*"))
        return tables if not (markers or single.exists()) else [single, *tables]

    @property
    def path(self) -> Path:
        """Its Parquet file."""
        folder = self.base / "tables"
        return (
            folder / self.kind / f"{self.key}.parquet"
            if self.key
            else (folder / f"{self.kind}.parquet")
        )

    def exists(self) -> bool:
        """Say whether it has been written."""
        return self.path.is_file()

    def write(self, frame: pd.DataFrame, provenance: Mapping[str, Any]) -> None:
        """Write `frame` atomically; its index is not kept. Same content, same bytes."""
        import pandas as pd
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not isinstance(frame, pd.DataFrame):
            raise checks.InvalidType(f"table: frame must be a DataFrame; got {type(frame)}.")
        frame = frame.copy(deep=False)
        frame.attrs = {}
        described = plain(provenance)
        buffer = io.BytesIO()
        with wrapped(self.path, "written"):
            table = pa.Table.from_pandas(frame, preserve_index=False)
            metadata = {**(table.schema.metadata or {}), _KEY: canonical(described)}
            pq.write_table(table.replace_schema_metadata(metadata), buffer, compression="zstd")
        content = buffer.getvalue()
        write_record(self._marker(content), {
            "table": self.path.relative_to(self.base).as_posix(),
            "rows": len(frame),
            "columns": [str(name) for name in frame.columns],
        })  # fmt: skip
        durable.write_atomically(self.path, content)

    def read(self) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return the table and its provenance.

        Raises
        ------
        StoreError
            If its bytes are not the ones that were written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        content = self._bytes()
        with wrapped(self.path, "read"):
            table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
            provenance: dict[str, Any] = json.loads(table.schema.metadata[_KEY])
            frame = table.to_pandas()
        return frame, provenance

    def check(self) -> None:
        """Raise a :class:`StoreError` if the table is not what was written."""
        self._bytes()

    def _bytes(self) -> bytes:
        again = "Delete it and run the same command again."
        content = durable.read(self.path, lambda: "is missing or was not finished. " + again)
        if not self._marker(content).exists():
            raise StoreError(self.path, "is damaged: its checksum is not a recorded one. " + again)
        return content

    def _marker(self, content: bytes) -> Path:
        name = "__".join(filter(None, (self.kind, self.key, xxhash.xxh3_64_hexdigest(content))))
        return self.base / "_done" / f"{name}.json"
