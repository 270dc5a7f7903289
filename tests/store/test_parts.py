"""Parts. Kind: round trip and contract."""

from __future__ import annotations

import os
import stat
import time

import numpy as np
import pytest
import xxhash

from layerwise.foundation.checks import InvalidValue
from layerwise.store import StoreError
from layerwise.store.parts import Part, PartWriter


def write(path, values, dtype="float32", step=3):
    writer = PartWriter(path, dtype, values.shape)
    for start in range(0, len(values), step):
        batch = values[start : start + step]
        assert writer.append(batch) == np.isinf(batch).sum()
    writer.seal()
    writer.publish()
    return Part(path, dtype, values.shape, writer.checksum), writer


def test_a_part_is_an_npy_file_that_numpy_reads(tmp_path):
    values = np.random.default_rng(0).normal(size=(10, 2, 3)).astype(np.float32)
    part, writer = write(tmp_path / "a" / "0.npy", values)
    np.testing.assert_array_equal(np.load(part.path, allow_pickle=False), values)
    np.testing.assert_array_equal(part.open(), values.reshape(10, 6))
    assert part.checksum == xxhash.xxh3_64_hexdigest(part.path.read_bytes())
    assert writer.counts.tolist() == [0, 0, 0]
    np.save(tmp_path / "b.npy", values)
    assert (tmp_path / "b.npy").read_bytes() == part.path.read_bytes()


def test_batches_larger_than_a_tile_and_not_contiguous(tmp_path):
    values = np.zeros((700, 1000), np.float32)
    values[::7, ::3] = np.nan
    values[1::7, ::3] = -np.inf
    part, writer = write(tmp_path / "0.npy", np.asfortranarray(values), step=333)
    np.testing.assert_array_equal(part.open(), values)
    nan, inf = np.isnan(values).sum(), np.isinf(values).sum()
    assert writer.counts.tolist() == [nan, inf, values.size - nan - inf]


def test_flat_batches_fit_shaped_parts(tmp_path):
    writer = PartWriter(tmp_path / "0.npy", "float16", (2, 3, 4))
    writer.append(np.ones((1, 12), np.float16))
    writer.append(np.ones((1, 3, 4), np.float16))
    writer.seal()
    writer.publish()
    assert np.load(tmp_path / "0.npy").shape == (2, 3, 4)


@pytest.mark.parametrize("wrong", [np.zeros((1, 4), np.float64), np.zeros((1, 5), np.float32),
                                   np.zeros((1, 2, 2), np.float32), np.zeros((4, 4), np.float32),
                                   np.zeros(4, np.float32), np.zeros((1, 4), ">f4")])  # fmt: skip
def test_what_does_not_fit_is_refused(tmp_path, wrong):
    writer = PartWriter(tmp_path / "0.npy", "float32", (3, 4))
    with pytest.raises(InvalidValue, match="append: array must be"):
        writer.append(wrong)
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_short_part_is_refused(tmp_path):
    writer = PartWriter(tmp_path / "0.npy", "float32", (3, 4))
    writer.append(np.zeros((2, 4), np.float32))
    with pytest.raises(StoreError, match="got 2 of its 3 rows"):
        writer.seal()
    writer.discard()
    assert list(tmp_path.iterdir()) == []


def test_files_are_readable_for_the_group(tmp_path):
    old = os.umask(0o022)
    try:
        part, _ = write(tmp_path / "0.npy", np.zeros((1, 1), np.float32))
        assert stat.S_IMODE(part.path.stat().st_mode) == 0o644
        os.umask(0o027)
        part, _ = write(tmp_path / "1.npy", np.zeros((1, 1), np.float32))
        assert stat.S_IMODE(part.path.stat().st_mode) == 0o640
    finally:
        os.umask(old)


def lies(path, values):
    """Write files that pass some checks and fail another; yield them with their checksums."""
    good = path.with_name("good.npy")
    np.save(good, values)
    head, body = good.read_bytes()[:128], good.read_bytes()[128:]
    huge = head.replace(b"(3, 4), }", b"(3, 4000000000000), }").replace(b" " * 12 + b"\n", b"\n")
    yield "huge", huge[:127] + b"\n" + body
    yield "short", head + body[:-1]
    yield "long", head + body + b"\0"
    yield "fortran", head.replace(b"False", b"True ") + body
    yield "type", head.replace(b"<f4", b"<i4") + body
    yield "order", head.replace(b"<f4", b">f4") + body
    yield "object", head.replace(b"'<f4'", b"'|O' ") + body
    yield "transposed", head.replace(b"(3, 4)", b"(4, 3)") + body
    yield "code", head.replace(b"(3, 4)", b"f(3,4)") + body
    yield "empty", b""
    yield "zip", b"PK\3\4" + body
    yield "version", head[:6] + b"\3\0" + head[8:] + body


def test_files_that_lie_are_refused_whatever_their_checksum(tmp_path):
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    for name, content in lies(tmp_path / "x", values):
        path = tmp_path / f"{name}.npy"
        path.write_bytes(content)
        part = Part(path, "float32", (3, 4), xxhash.xxh3_64_hexdigest(content))
        with pytest.raises(StoreError) as caught:
            part.open()
        assert caught.value.path == path
        assert caught.value.reason


def test_an_object_array_is_never_unpickled(tmp_path):
    path = tmp_path / "o.npy"
    np.save(path, np.array([[print]], object), allow_pickle=True)
    part = Part(path, "float32", (1, 1), xxhash.xxh3_64_hexdigest(path.read_bytes()))
    with pytest.raises(StoreError):
        part.open()


def test_the_checksum_is_computed_once_and_again_after_a_change(tmp_path, monkeypatch):
    part, _ = write(tmp_path / "0.npy", np.ones((4, 4), np.float32))
    calls = []
    real = xxhash.xxh3_64_hexdigest
    monkeypatch.setattr(xxhash, "xxh3_64_hexdigest", lambda data: (calls.append(1), real(data))[1])
    part.open()
    part.open()
    assert len(calls) == 2  # too young for its time stamp to be believed
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10)
    part.open()
    part.open()
    part.open()
    assert len(calls) == 3
    part.open(trust=False)
    assert len(calls) == 4
    content = bytearray(part.path.read_bytes())
    content[-1] ^= 1
    part.path.write_bytes(content)
    with pytest.raises(StoreError, match="checksum differs"):
        part.open()
