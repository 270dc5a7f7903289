"""Parquet from strangers. Kind: contract (too much is refused), reference (plain reading)."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from layerwise.store import StoreError, unfolding
from layerwise.store.tables import Table
from layerwise.store.unfolding import TooLarge, unfolded


def stored(path, **columns):
    parquet.write_table(pa.table(columns), path, compression="zstd", store_schema=False)
    return parquet.ParquetFile(path)


def repeated(value, n):
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value]))


@pytest.mark.parametrize("column", [
    repeated("x" * 10_000, 100_000), repeated(b"x" * 10_000, 100_000),
    pa.array(np.zeros(1_000_000)), pa.array([[0] * 1000] * 1000), pa.array([["x" * 1000] * 1000]),
])  # fmt: skip
def test_a_small_file_of_many_rows_is_refused(tmp_path, monkeypatch, column):
    file = stored(tmp_path / "bomb.parquet", a=column)
    assert (tmp_path / "bomb.parquet").stat().st_size < 100_000
    monkeypatch.setattr(unfolding, "MOST", 2**19)
    with pytest.raises(TooLarge):
        unfolded(file)


def test_reference_what_is_read_in_portions_is_the_table(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    texts = ["x" * k for k in rng.integers(300, size=500)]
    frame = pd.DataFrame({"text": texts, "number": rng.normal(size=500), "code": range(500)})
    frame.to_parquet(tmp_path / "table.parquet", row_group_size=200)
    file = parquet.ParquetFile(tmp_path / "table.parquet")
    whole = file.read()
    monkeypatch.setattr(unfolding, "MOST", whole.nbytes + 10_000)
    found = unfolded(file)
    assert found.column(0).num_chunks > whole.column(0).num_chunks
    pd.testing.assert_frame_equal(found.to_pandas(), frame)
    pd.testing.assert_frame_equal(unfolded(file, ["code"]).to_pandas(), frame[["code"]])


def test_a_table_that_would_fill_the_memory_is_one_sentence(tmp_path, monkeypatch):
    table = Table.of(tmp_path, "scores", {})
    table.write(pd.DataFrame({"layer": ["relu" * 100] * 10_000}), {})
    monkeypatch.setattr(unfolding, "MOST", 2**19)
    for read in (table.read, table.values):
        with pytest.raises(StoreError, match="of memory"):
            read()


def test_a_pipe_in_place_of_a_table_is_never_waited_for(tmp_path):
    table = Table.of(tmp_path, "scores", {})
    table.path.parent.mkdir(parents=True)
    os.mkfifo(table.path)
    for ask in (table.read, table.provenance, table.n_rows):
        with pytest.raises(StoreError, match="it is no file"):
            ask()
