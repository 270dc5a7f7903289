"""Read a pickle of plain values and byte arrays without running anything that it names.

A pickle is a program: it may call any function it can import. This reader imports nothing. The few
names that an array's pickle needs become :class:`Inert`, which keeps what it is given; every other
name is refused. Source: the pickle module's documentation, "Restricting Globals".
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any

import numpy as np

from layerwise.foundation.shapes import Array


class Inert:
    """Stands in for numpy's array and dtype: keeps its arguments and its state, does nothing."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


def _latin1(text: str, _encoding: str) -> bytes:
    """Do what Python 3 asks of `_codecs.encode` to write bytes into an old pickle."""
    return text.encode("latin1")


_NAMES = {
    ("numpy", "ndarray"): Inert,
    ("numpy", "dtype"): Inert,
    ("numpy.core.multiarray", "_reconstruct"): Inert,
    ("numpy._core.multiarray", "_reconstruct"): Inert,
    ("_codecs", "encode"): _latin1,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _NAMES:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which data never need")
        return _NAMES[module, name]


def read_plain(content: bytes) -> Any:
    """Return the pickled value; text from Python 2 stays bytes, arrays are :class:`Inert`.

    Raises
    ------
    pickle.UnpicklingError
        If the pickle names anything but an array. A malformed one may raise any other exception.

    Examples
    --------
    >>> read_plain(pickle.dumps({b"labels": [1, 2]}))
    {b'labels': [1, 2]}
    """
    return _Reader(io.BytesIO(content), encoding="bytes").load()


def byte_array(value: Inert) -> Array:
    """Return the uint8 array that `value` was pickled from, built here from its bytes.

    Its state is numpy's: version, shape, dtype, whether the order is Fortran's, the bytes.

    Raises
    ------
    ValueError
        If it is not an array of bytes of the stated shape.
    """
    _, shape, dtype, fortran, content = value.state
    if dtype.arguments[0] not in (b"u1", "u1") or math.prod(shape) != len(content):
        raise ValueError(f"an array of {dtype.arguments[0]!r} in place of bytes")
    flat = np.frombuffer(bytearray(content), np.uint8)
    return flat.reshape(shape, order="F" if fortran else "C")
