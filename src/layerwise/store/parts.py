"""Parts: immutable ``.npy`` files, written as a stream and checked on first open.

A part is a range of rows of one layer. Whoever has numpy reads it with ``np.load``. This file
knows nothing of runs; which parts count is decided by the commit records (``commits.py``).
"""

from __future__ import annotations

import math
import mmap
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xxhash

from layerwise.foundation.checks import invalid
from layerwise.foundation.shapes import Array
from layerwise.store.durable import StoreError, discard, make_folder, publish, temporary, wrapped
from layerwise.store.values import STORED, count, returned

_TILE = 1 << 18
"""Bytes that are hashed, counted and written together while they sit in the processor's cache."""

_FLUSH_BEHIND = 8 << 20
"""Bytes of one part after which a thread begins to bring them to the disk."""

_SETTLED = 2.0
"""Seconds after which a file's time stamp tells a later change from an earlier one (as in git)."""

_verified: dict[tuple[object, ...], str] = {}


@cache
def _flusher() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="layerwise-flush")


class PartWriter:
    """One part under construction: append batches, seal, publish.

    Parameters
    ----------
    target : Path
        Its final name.
    dtype : {"float32", "float16", "bfloat16", "float64", "uint8", "int64"}
    shape : tuple of int
        ``(rows, *shape per observation)``; all rows have to come.
    """

    def __init__(self, target: Path, dtype: str, shape: tuple[int, ...]) -> None:
        self.target, self.dtype, self.shape = target, dtype, shape
        self.counts = np.zeros(3, np.int64)
        self._stored, self._n_units, self._rows = STORED[dtype], math.prod(shape[1:]), 0
        self._hash = xxhash.xxh3_64()
        self._flushes: list[Future[None]] = []
        self._unflushed = 0
        with wrapped(target, "written"):
            make_folder(target.parent)
            self._temporary = temporary(target.parent)
            self._file = self._temporary.open("xb")
            try:
                self._write_header()
            except BaseException:
                self.discard()
                raise

    def _write_header(self) -> None:
        header = {"descr": self._stored.str, "fortran_order": False, "shape": self.shape}
        np.lib.format.write_array_header_1_0(_Tee(self._file, self._hash), header)

    def append(self, array: Array) -> int:
        """Add a batch of shape ``(batch, *shape)`` or ``(batch, n_units)``, in the stored type.

        About one pass over memory: each tile is hashed, counted and handed to the system. Returns
        how many of its values are infinite.
        """
        if array.dtype != self._stored:
            raise invalid("append", "array", f"of dtype {self._stored} (stored {self.dtype})",
                          array.dtype)  # fmt: skip
        if array.shape[1:] not in (self.shape[1:], (self._n_units,)):
            raise invalid("append", "array", f"of shape (batch, *{self.shape[1:]})", array.shape)
        self._rows += len(array)
        if self._rows > self.shape[0]:
            raise invalid("append", "array", f"within the {self.shape[0]} rows of the part",
                          f"{self._rows} rows")  # fmt: skip
        flat = np.ascontiguousarray(array).reshape(-1)
        step = _TILE // self._stored.itemsize
        infinite = int(self.counts[1])
        with wrapped(self.target, "written"):
            for start in range(0, flat.size, step):
                tile = flat[start : start + step]
                self._hash.update(tile.data)
                self.counts += count(tile, self.dtype)
                self._file.write(tile.data)
            self._flush_behind(flat.nbytes)
        return int(self.counts[1]) - infinite

    def _flush_behind(self, n_bytes: int) -> None:
        """Let a thread bring what is written to the disk, so that sealing finds little to do."""
        self._unflushed += n_bytes
        if self._unflushed > _FLUSH_BEHIND:
            self._unflushed = 0
            self._flushes.append(_flusher().submit(os.fdatasync, self._file.fileno()))

    def seal(self) -> None:
        """Bring every byte to the disk."""
        if self._rows != self.shape[0]:
            raise StoreError(self.target, f"got {self._rows} of its {self.shape[0]} rows.")
        with wrapped(self.target, "written"):
            for flush in self._flushes:
                flush.result()  # the system tells a failed write once, to whoever asked first
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def publish(self) -> None:
        """Give the sealed part its name."""
        with wrapped(self.target, "written"):
            publish(self._temporary, self.target)

    def discard(self) -> None:
        """Remove what has been written, unless it is published."""
        wait(self._flushes)  # none may outlive the file
        try:
            self._file.close()  # may try to write once more
        except OSError:
            pass
        finally:
            discard(self._temporary)

    @property
    def checksum(self) -> str:
        """xxh3_64 of every byte so far, in hexadecimal."""
        return self._hash.hexdigest()


class _Tee:
    """What numpy writes the header to: the file and the checksum."""

    def __init__(self, *sinks: Any) -> None:
        self._file, self._hash = sinks

    def write(self, content: bytes) -> None:
        self._hash.update(content)
        self._file.write(content)


@dataclass(frozen=True)
class Part:
    """A published part and what it has to be."""

    path: Path
    dtype: str
    shape: tuple[int, ...]
    checksum: str

    def open(self, *, trust: bool = True) -> Array:
        """Return the memory-mapped, read-only values as stored, of shape ``(rows, n_units)``.

        The header and the size are compared with what the run says before anything of that size
        is touched. The checksum of every byte is computed once in a process, and again when the
        file changes (or always, with ``trust=False``).

        Raises
        ------
        StoreError
            If the file is missing, or anything about it is not what was recorded.
        """
        with wrapped(self.path, "read"):
            if not self.path.is_file():
                raise StoreError(self.path, "is missing. " + AGAIN)
            with self.path.open("rb") as file:
                self._check_header(file)
                offset, status = file.tell(), os.fstat(file.fileno())
                expected = offset + math.prod(self.shape) * STORED[self.dtype].itemsize
                if status.st_size != expected:
                    raise StoreError(
                        self.path, f"has {status.st_size} bytes instead of {expected}. {AGAIN}"
                    )
                mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._check_bytes(mapped, status, trust)
            flat = np.frombuffer(mapped, STORED[self.dtype], offset=offset)
        return flat.reshape(self.shape[0], -1)

    def _check_header(self, file: Any) -> None:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("another version of npy")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        if (shape, fortran, dtype) != (self.shape, False, STORED[self.dtype]):
            raise StoreError(
                self.path, f"holds {dtype} of shape {shape} instead of {STORED[self.dtype]} of "
                f"shape {self.shape}. {AGAIN}",
            )  # fmt: skip

    def _check_bytes(self, mapped: mmap.mmap, status: os.stat_result, trust: bool) -> None:
        key = (self.path, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
        if trust and _verified.get(key) == self.checksum:
            return
        if xxhash.xxh3_64_hexdigest(mapped) != self.checksum:
            raise StoreError(self.path, "is damaged: its checksum differs. " + AGAIN)
        if time.time() - max(status.st_mtime, status.st_ctime) > _SETTLED:
            _verified[key] = self.checksum

    @property
    def returned(self) -> np.dtype[Any]:
        """The type in which its values are read."""
        return returned(self.dtype)


AGAIN = "Delete its record in _done and run the same record command again."
