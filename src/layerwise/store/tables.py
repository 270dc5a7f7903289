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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from layerwise.foundation import checks
from layerwise.store import durable
from layerwise.store.durable import StoreError, wrapped
from layerwise.store.records import canonical, plain, write_record
from layerwise.store.unfolding import MOST, TooLarge, unfolded

if TYPE_CHECKING:
    import pandas as pd

_KEY = b"layerwise"
OBSERVATIONS = "observations"
"""The one kind of which a run has a single table."""


@dataclass(frozen=True)
class Table:
    """One table of a run: where it lies, and reading and writing it.

    `checksums` are those that the run's records know for it, see :attr:`stamp`; `all` fills it in.
    """

    base: Path
    kind: str
    key: str
    checksums: tuple[str, ...] = field(default=(), compare=False)

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
        known: dict[str, list[str]] = {}
        with wrapped(base, "read"):
            for marker in sorted(path.stem for path in (base / "_done").glob("*.json")):
                name, _, checksum = marker.rpartition("__")
                known.setdefault(name, []).append(checksum)
            paths = sorted((base / "tables").glob("*/*.parquet"), key=lambda path: path.parts)
            places = [(path.parent.name, path.stem) for path in paths]
            if OBSERVATIONS in known or cls(base, OBSERVATIONS, "").exists():
                places.insert(0, (OBSERVATIONS, ""))
        return [cls(base, *at, tuple(known.get(_name(*at), ()))) for at in places]

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

    @property
    def stamp(self) -> str:
        """Changes when the content does; its rows are read only if the table was written twice."""
        if len(self.checksums) == 1:
            return self.checksums[0]
        return xxhash.xxh3_64_hexdigest(self._bytes())

    def provenance(self) -> dict[str, Any]:
        """Return what made the table, from the end of its file; its rows are not read or checked.

        Raises
        ------
        StoreError
            If it is no table of a run.
        """
        with wrapped(self.path, "read"):
            return dict(json.loads(self._footer().metadata[_KEY]))

    def n_rows(self) -> int:
        """Return the number of rows, from the end of its file."""
        with wrapped(self.path, "read"):
            return int(self._footer().num_rows)

    def read(self, columns: Sequence[str] | None = None) -> tuple[pd.DataFrame, dict[str, Any]]:
        """Return the table, or some of its columns, and its provenance.

        Raises
        ------
        StoreError
            If its bytes are not the ones that were written, it has no such column, or it would fill
        the memory.
        """
        with wrapped(self.path, "read"):
            table = self._arrow(columns)
            provenance: dict[str, Any] = json.loads(table.schema.metadata[_KEY])
            return table.to_pandas(), provenance

    def values(self) -> dict[str, list[Any]]:
        """Return the columns as lists; of a few rows in a quarter of the time of :meth:`read`."""
        with wrapped(self.path, "read"):
            return dict(self._arrow().to_pydict())

    def _arrow(self, columns: Sequence[str] | None = None) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = pq.ParquetFile(pa.BufferReader(self._bytes()))
        lacks = sorted(set(columns or ()) - set(file.schema_arrow.names))
        if lacks:
            raise StoreError(self.path, f"has no column {', '.join(lacks)}.")
        try:
            return unfolded(file, columns)
        except TooLarge:
            raise StoreError(self.path, f"takes more than {MOST >> 30} GB of memory.") from None

    def _footer(self) -> Any:
        import pyarrow.parquet as pq

        durable.check_finite(self.path)
        return pq.read_metadata(self.path)

    def check(self) -> None:
        """Raise a :class:`StoreError` if the table is not what was written."""
        self._bytes()

    def _bytes(self) -> bytes:
        again = "Delete it and run the same command again."
        if self.path.is_file() and self.path.stat().st_size > MOST:
            raise StoreError(self.path, f"has more than {MOST >> 30} GB.")
        content = durable.read(self.path, lambda: "is missing or was not finished. " + again)
        if not self._marker(content).exists():
            raise StoreError(self.path, "is damaged: its checksum is not a recorded one. " + again)
        return content

    def _marker(self, content: bytes) -> Path:
        name = _name(self.kind, self.key)
        return self.base / "_done" / f"{name}__{xxhash.xxh3_64_hexdigest(content)}.json"


def _name(kind: str, key: str) -> str:
    """Return how a table is called in the names of its records."""
    return f"{kind}__{key}" if key else kind
