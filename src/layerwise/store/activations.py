"""Activations of one layer: an array of observations by units whose rows lie in several files.

Indexing follows numpy and reads only what is asked for. What numpy can index and this file does
not treat specially (``None``, masks in two dimensions) reads the layer whole first, so the answer
is right all the same. No arithmetic: ``np.asarray(X)`` gives the array.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store.parts import Part
from layerwise.store.values import decode

_OPEN_PARTS = 32
"""Each open part holds a file descriptor, of which a process often has no more than 1024."""


class Activations:
    """Read-only values of shape ``(n_observations, n_units)``.

    A drop-in for an array wherever ``np.asarray`` is called on it, as scikit-learn does. Parts are
    memory-mapped when first touched and then checked byte by byte
    (:class:`~layerwise.store.StoreError` if one is damaged).

    Attributes
    ----------
    shape : (n_observations, n_units)
    unit_shape : tuple of int
        How the units are laid out, e.g. channels, height, width.
    dtype : numpy.dtype
        bfloat16 is read as float32, everything else as stored.

    Examples
    --------
    >>> X = run.activations("relu4")                 # doctest: +SKIP
    >>> X[:100], X[[3, 5]], X[labels == 7]           # rows                  # doctest: +SKIP
    >>> X[:, 14]                                     # one unit              # doctest: +SKIP
    >>> X[3].reshape(X.unit_shape)                   # one observation       # doctest: +SKIP
    """

    ndim = 2

    def __init__(self, parts: Sequence[Part], rows_per_part: int, title: str = "") -> None:
        self._parts, self._rows_per_part, self._title = tuple(parts), rows_per_part, title
        self.unit_shape = self._parts[0].shape[1:]
        self.dtype = self._parts[0].returned
        n_units = int(np.prod(self.unit_shape))
        self.shape = (sum(part.shape[0] for part in self._parts), n_units)
        self._open = lru_cache(_OPEN_PARTS)(lambda number: self._parts[number].open())

    @property
    def size(self) -> int:
        """Number of values."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes that the whole layer takes in memory."""
        return self.size * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<Activations {self._title} {self.shape[0]} x {self.shape[1]} {self.dtype}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._parts, self._rows_per_part, self._title)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        copied = len(self._parts) > 1 or self._parts[0].dtype == "bfloat16"
        wanted = self.dtype if dtype is None else np.dtype(dtype)
        if copy is False and (copied or wanted != self.dtype):
            raise ValueError(f"{self!r} has no array to share: it is put together when read")
        array = self._slice(range(len(self)), slice(None))
        return array.astype(wanted, copy=bool(copy) and not copied)

    def batches(self, n: int) -> Iterator[Array]:
        """Yield all rows in order, `n` at a time (the last batch may be shorter)."""
        checks.integer("batches", "n", n, 1)
        for start in range(0, len(self), n):
            yield self[start : start + n]

    def __getitem__(self, key: Any) -> Any:
        rows, columns = self._split(key)
        if rows is None:
            return np.asarray(self)[key]
        if isinstance(rows, slice):
            wanted = range(len(self))[rows]
            if wanted.step > 0:
                return self._slice(wanted, columns)
            return self._slice(wanted[::-1], columns)[::-1]
        if not isinstance(rows, np.ndarray):
            part, row = divmod(range(len(self))[rows], self._rows_per_part)
            return decode(np.asarray(self._open(part)[row, columns]), self._logical)[()]
        if isinstance(columns, np.ndarray):
            rows, columns = np.broadcast_arrays(rows, columns)
            return self._gather(rows.ravel(), columns.ravel()).reshape(rows.shape)
        found = self._gather(rows.ravel(), columns)
        return found.reshape(rows.shape + found.shape[1:])

    def _split(self, key: Any) -> tuple[Any, Any]:
        """Return the rows and the columns that `key` asks for; None for rows if it is unusual.

        Each is an int, a slice or an array of integers.
        """
        keys = list(key) if isinstance(key, tuple) else [key]
        at = [i for i, one in enumerate(keys) if one is Ellipsis] or [len(keys)]
        keys[at[0] : at[0] + 1] = [slice(None)] * (2 - len(keys) + (at[0] < len(keys)))
        if len(keys) != 2 or len(at) > 1:
            return None, None
        rows, columns = (_index(one, n) for one, n in zip(keys, self.shape, strict=True))
        return (None, None) if rows is None or columns is None else (rows, columns)

    @property
    def _logical(self) -> str:
        return self._parts[0].dtype

    def _slice(self, rows: range, columns: Any) -> Array:
        """Return ascending rows: a view into the one part that holds them, or a joined copy."""
        pieces = []
        for number in range(rows.start // self._rows_per_part, len(self._parts)):
            start = number * self._rows_per_part
            stop = start + self._rows_per_part
            here = rows[_count_below(rows, start) : _count_below(rows, stop)]
            if here:
                local = slice(here.start - start, here.stop - start, here.step)
                pieces.append(self._open(number)[local, columns])
        if not pieces:
            pieces = [self._open(0)[:0, columns]]
        return decode(pieces[0] if len(pieces) == 1 else np.concatenate(pieces), self._logical)

    def _gather(self, rows: Array, columns: Any) -> Array:
        """Return any rows, part by part in the order of the disk, put back in the order asked."""
        if rows.size == 0:
            return decode(self._open(0)[rows, columns], self._logical)
        wrong = rows[(rows < -len(self)) | (rows >= len(self))]
        if wrong.size:
            raise IndexError(f"index {wrong[0]} is out of bounds for axis 0 with size {len(self)}")
        rows = np.where(rows < 0, rows + len(self), rows)
        order = np.argsort(rows, kind="stable")
        numbers = rows[order] // self._rows_per_part
        found: Array | None = None
        for group in np.split(order, np.flatnonzero(np.diff(numbers)) + 1):
            number, local = rows[group[0]] // self._rows_per_part, rows[group] % self._rows_per_part
            chosen = columns[group] if isinstance(columns, np.ndarray) else columns
            piece = self._open(int(number))[local, chosen]
            if found is None:
                found = np.empty((len(rows), *piece.shape[1:]), piece.dtype)
            found[group] = piece
        return decode(np.asarray(found), self._logical)


def _count_below(rows: range, bound: int) -> int:
    """Return how many of the ascending `rows` are below `bound`."""
    return len(range(rows.start, min(rows.stop, bound), rows.step))


def _index(key: Any, n: int) -> Any:
    """Return `key` for an axis of length `n` as an int, a slice or integers; None if unusual."""
    if isinstance(key, slice):
        return key
    if isinstance(key, bool | np.bool_) or key is None:
        return None
    try:
        return operator.index(key)
    except TypeError:
        array = np.asarray(key)
    if array.dtype == bool:
        return np.flatnonzero(array) if array.shape == (n,) else None
    if array.dtype.kind in "iu" or (array.size == 0 and isinstance(key, list)):
        return array.astype(np.intp)
    return None
