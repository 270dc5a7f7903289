"""IDX: round trip of every type, and nothing but a UserError on what is not IDX."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwise.data.idx import DTYPES, read_idx
from layerwise.foundation.checks import UserError


def idx(array, code=0x08):
    """Return the bytes of an IDX file, written here from the format's description."""
    dims = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + dims + array.astype(DTYPES[code]).tobytes()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("code", list(DTYPES))
@pytest.mark.parametrize("shape", [(7,), (2, 3, 4), (0, 5)])
def test_round_trip(tmp_path, code, shape, packed):
    array = np.random.default_rng(0).integers(0, 100, shape).astype(DTYPES[code])
    content = idx(array, code)
    path = tmp_path / "any.name"  # the first bytes tell, not the name
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    read = read_idx(path)
    assert read.dtype == np.dtype(DTYPES[code]).newbyteorder("=")
    assert read.dtype.isnative
    assert read.flags.writeable
    np.testing.assert_array_equal(read, array)


GOOD = idx(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "IDX file"),
        (b"\0\0", "IDX file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "IDX file"),
        (b"\0\0\x07\x01" + bytes(30), "IDX file"),
        (b"\0\0\x08\x00", "IDX file"),
        (GOOD[:9], "ends in its header"),
        (GOOD[:-1], "as long as its header says"),
        (GOOD + b"x", "got more bytes"),
        (gzip.compress(GOOD, mtime=0)[:-12], "complete"),
        (gzip.compress(GOOD, mtime=0)[:-8] + bytes(8), "complete"),
        (b"\0\0\x0e\x03" + b"\xff" * 12, "decompression bomb"),
        (b"\0\0\x08\xff" + bytes(4 * 255), "IDX file"),
        (b"\0\0\x08\x04" + bytes(4) + b"\xff" * 12, "decompression bomb"),
    ],
    ids=lambda value: None if isinstance(value, str) else value[:12].hex(),
)
def test_what_is_not_idx_is_refused(tmp_path, content, message):
    path = tmp_path / "bad"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_idx(path)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(idx(np.zeros((1000, 200, 200), np.uint8))))
    assert path.stat().st_size < 50_000
    with pytest.raises(UserError, match="decompression bomb"):
        read_idx(path)


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.booleans())
def test_fuzz(tmp_path_factory, noise, cut, packed):
    content = GOOD[:cut] + noise
    path = tmp_path_factory.getbasetemp() / "fuzz.idx"
    path.write_bytes(gzip.compress(content, mtime=0)[: len(content)] if packed else content)
    try:
        read = read_idx(path)
    except UserError:
        return
    if not packed:
        assert idx(read, content[2])[:4] == content[:4]
        assert read.nbytes + 4 + 4 * read.ndim == len(content)
