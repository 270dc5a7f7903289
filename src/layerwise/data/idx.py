"""The IDX format of MNIST: a magic number, the dimensions, the values.

Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database", section "File formats".
Big-endian throughout: two zero bytes, a type code, the number of dimensions, then one uint32 a
dimension. A file may be gzipped; its first bytes tell, not its name, because browsers unpack
downloads and keep the name.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from layerwise.data.sizes import refuse_bomb
from layerwise.foundation import checks
from layerwise.foundation.checks import InvalidValue
from layerwise.foundation.shapes import Array

DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path) -> Array:
    """Return the array in an IDX file, plain or gzipped, in this machine's byte order.

    Raises
    ------
    InvalidValue
        If the file is not IDX, is cut short, has bytes left over, or is a decompression bomb.
    """
    path = Path(path)
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            # GzipFile is a BinaryIO in all but its declared type.
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if packed else raw
            return _read(stream, path)
        except (EOFError, OSError, zlib.error) as error:
            raise _broken(path, "complete", error) from None


def _read(stream: BinaryIO, path: Path) -> Array:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or not 0 < magic[3] < 9:
        raise _broken(path, "an IDX file (0, 0, type, dimensions)", f"first bytes {magic.hex(' ')}")
    dtype = np.dtype(DTYPES[magic[2]])
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise _broken(path, "complete", "a file that ends in its header")
    shape = struct.unpack(f">{magic[3]}I", header)
    n_bytes = math.prod(shape) * dtype.itemsize
    # An empty dimension counts as one: beside it, the others may still exceed what numpy can name.
    declared = math.prod(max(side, 1) for side in shape) * dtype.itemsize
    refuse_bomb(path.name, declared, path.stat().st_size)
    values = stream.read(n_bytes)
    if len(values) < n_bytes or stream.read(1):
        found = f"{len(values):,}" if len(values) < n_bytes else "more"
        raise _broken(path, f"as long as its header says, {shape} {dtype}", f"{found} bytes")
    array = np.frombuffer(bytearray(values), dtype)  # a bytearray, so that it can be written to
    return array.astype(dtype.newbyteorder("="), copy=False).reshape(shape)


def _broken(path: Path, requirement: str, got: object) -> InvalidValue:
    return checks.invalid("load", str(path), requirement, got, "Fetch the file again.")
