"""Reading Parquet that may come from a stranger: a few kilobytes can unfold to any size.

What repeats is stored once, so neither the file nor its own count of bytes says how much memory the
rows will take. Here the rows are read in such portions that none can be larger than :data:`MOST`,
and no further than that in all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyarrow import parquet

MOST = 2**32
"""Bytes of a table in memory."""

_VALUE = 8
"""Bytes of a number, or of where a text begins, at most."""


class TooLarge(Exception):
    """A table that does not fit."""


def unfolded(file: parquet.ParquetFile, columns: Sequence[str] | None = None) -> Any:
    """Return the rows of a file, or some columns of them, as a `pyarrow.Table`.

    Raises
    ------
    TooLarge
        If they take more than :data:`MOST` bytes.
    """
    import pyarrow as pa

    values, worst, longest = 0, 0, 1
    for chunk, nested in _chunks(file):
        values += chunk.num_values
        if chunk.physical_type in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"):
            size = chunk.total_uncompressed_size  # no text of it can be longer
            worst, longest = worst + chunk.num_values * size, max(longest, size)
            if nested and chunk.num_values * size > MOST:
                raise TooLarge
    if values * _VALUE > MOST:
        raise TooLarge
    if worst <= MOST:
        return file.read(columns, use_threads=False)
    batches, n_bytes = [], 0
    for batch in file.iter_batches(max(1, MOST // longest), columns=columns, use_threads=False):
        batches.append(batch)
        n_bytes += batch.nbytes
        if n_bytes > MOST:
            raise TooLarge
    metadata = file.schema_arrow.metadata
    return pa.Table.from_batches(batches).replace_schema_metadata(metadata)


def _chunks(file: parquet.ParquetFile) -> Any:
    """Yield every column of every group of rows, and whether a row of it holds several values."""
    schema, about = file.schema, file.metadata
    for group in range(about.num_row_groups):
        for column in range(about.num_columns):
            nested = schema.column(column).max_repetition_level > 0
            yield about.row_group(group).column(column), nested
