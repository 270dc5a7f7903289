"""Whatever the user calls data, as batches by row number.

Rows are asked for by ranges, so that a recording can begin where the last one stopped. Left out:
shuffling and streams without a length, which have no row numbers to resume at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xxhash
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate

from layerwise.data import DataSet
from layerwise.foundation.checks import InvalidType, invalid
from layerwise.foundation.shapes import Array
from layerwise.network.values import Batch, tensors

Ranges = Sequence[tuple[int, int]]

_LABEL_KEYS = ("label", "labels", "target", "targets", "y")
_SAMPLED_ROWS = 1024
"""Rows of an array that its fingerprint reads, evenly spaced: a pass over all would cost one."""


class Source(ABC):
    """Observations by row number.

    ``labels`` and ``class_names`` are what the data themselves say about the observations.
    """

    labels: Mapping[str, Array]
    class_names: Mapping[str, Sequence[str]]

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of observations."""

    @abstractmethod
    def batches(self, ranges: Ranges) -> Iterator[tuple[Batch, Array | None]]:
        """Yield for each (first, last) what the network takes, and a label per row or None."""

    @abstractmethod
    def fingerprint(self) -> str:
        """Return a hash that tells other data from these, without a pass over all."""


def as_source(data: Any, *, num_workers: int = 0) -> Source:
    """Return the source for arrays, a :class:`DataSet`, a torch `Dataset` or a `DataLoader`.

    Parameters
    ----------
    data : an array or tensor ``(n_observations, ...)``; a tuple or mapping of them for networks
        with several inputs; a DataSet; a map-style torch Dataset whose items are ``x``,
        ``(x, label)``, ``(x1, x2, label)`` or mappings; a DataLoader (its order is not used)
    num_workers : processes that load a torch Dataset

    Examples
    --------
    >>> [batch for batch, _ in as_source(np.arange(5.0)).batches([(0, 2), (4, 5)])]
    [tensor([0., 1.], dtype=torch.float64), tensor([4.], dtype=torch.float64)]
    """
    if isinstance(data, DataSet):
        return _DataSetSource(data)
    if isinstance(data, DataLoader):
        return _TorchSource(data.dataset, data.num_workers, data.collate_fn)
    if isinstance(data, IterableDataset):
        raise InvalidType(
            f"data must have a length and row numbers; got the stream {type(data).__name__}. "
            "Wrap it in a map-style torch Dataset."
        )
    if isinstance(data, Dataset):
        return _TorchSource(data, num_workers, default_collate)
    return _ArraySource(data)


class _ArraySource(Source):
    """Arrays and tensors, one or several of the same length, sliced without a copy."""

    def __init__(self, data: Any) -> None:
        self.labels, self.class_names = {}, {}
        if isinstance(data, Mapping):
            self._parts = {str(key): _rows(value) for key, value in data.items()}
        else:
            several = data if isinstance(data, tuple) else (data,)
            self._parts = {str(i): _rows(value) for i, value in enumerate(several)}
        self._mapping, self._single = isinstance(data, Mapping), not isinstance(data, tuple)
        lengths = {key: len(part) for key, part in self._parts.items()}
        if not lengths or len(set(lengths.values())) > 1 or 0 in lengths.values():
            raise invalid("record", "data", "one or more arrays of one length", f"rows {lengths}")

    def __len__(self) -> int:
        return len(next(iter(self._parts.values())))

    def batches(self, ranges: Ranges) -> Iterator[tuple[Batch, Array | None]]:
        for first, last in ranges:
            cut = {key: _as_tensor(part[first:last]) for key, part in self._parts.items()}
            if self._mapping:
                yield cut, None
            else:
                yield (cut["0"] if self._single else tuple(cut.values())), None

    def fingerprint(self) -> str:
        rows = np.unique(np.linspace(0, len(self) - 1, _SAMPLED_ROWS).astype(int))
        digest = xxhash.xxh3_64()
        for key, part in self._parts.items():
            sample = _as_tensor(part[torch.from_numpy(rows) if isinstance(part, Tensor) else rows])
            digest.update(f"{key} {tuple(part.shape)} {sample.dtype}".encode())
            digest.update(_bytes(sample))
        return digest.hexdigest()


class _DataSetSource(Source):
    """A named data set: pictures become inputs batch by batch."""

    def __init__(self, data: DataSet) -> None:
        self._data = data
        self.labels, self.class_names = data.labels, data.class_names

    def __len__(self) -> int:
        return len(self._data)

    def batches(self, ranges: Ranges) -> Iterator[tuple[Batch, Array | None]]:
        for first, last in ranges:
            yield torch.from_numpy(self._data.take(slice(first, last)).inputs()), None

    def fingerprint(self) -> str:
        return _ArraySource(self._data.observations).fingerprint()


class _TorchSource(Source):
    """A map-style torch Dataset, loaded in order by the user's own collate function."""

    def __init__(
        self, dataset: Any, num_workers: int, collate: Callable[[list[Any]], Any] | None
    ) -> None:
        self.labels, self.class_names = {}, {}
        self._dataset, self._num_workers, self._collate = dataset, num_workers, collate
        try:
            self._n = len(dataset)
        except TypeError as error:
            raise InvalidType(f"record: data {type(dataset).__name__} has no length.") from error
        if self._n == 0:
            raise invalid("record", "data", "at least one observation", "an empty Dataset")

    def __len__(self) -> int:
        return self._n

    def batches(self, ranges: Ranges) -> Iterator[tuple[Batch, Array | None]]:
        loader: DataLoader[Any] = DataLoader(
            self._dataset,
            batch_sampler=[list(range(first, last)) for first, last in ranges],
            num_workers=self._num_workers,
            collate_fn=self._collate,
        )
        for item in loader:
            yield _inputs_and_label(item)

    def fingerprint(self) -> str:
        digest = xxhash.xxh3_64(f"{type(self._dataset).__name__} {self._n}".encode())
        ends = [(0, 1), (self._n // 2, self._n // 2 + 1), (self._n - 1, self._n)]
        for batch, _ in self.batches(ends):
            for path, tensor in tensors(batch):
                digest.update(f"{path} {tuple(tensor.shape)} {tensor.dtype}".encode())
                digest.update(_bytes(tensor))
        return digest.hexdigest()


def _inputs_and_label(item: Any) -> tuple[Batch, Array | None]:
    """Split a collated item: the last of a tuple, or a key such as "label", is the label."""
    label = None
    if isinstance(item, list | tuple):
        *inputs, label = item if len(item) > 1 else (item[0], None)
        item = inputs[0] if len(inputs) == 1 else inputs
        item = tuple(item) if isinstance(item, list) else item  # what collating makes of a tuple
    elif isinstance(item, Mapping):
        label = next((item[key] for key in _LABEL_KEYS if key in item), None)
        item = {key: value for key, value in item.items() if key not in _LABEL_KEYS}
    if isinstance(label, Tensor) and label.ndim == 1 and not label.is_complex():
        return item, label.double().numpy() if label.is_floating_point() else label.long().numpy()
    return item, None


def _rows(value: Any) -> Array | Tensor:
    try:
        rows = value if isinstance(value, Tensor | np.ndarray) else np.asarray(value)
    except ValueError as error:  # rows of different shapes, such as a list of (x, label)
        raise InvalidType(
            f"record: data must be an array, or a torch Dataset if its items are "
            f"(x, label); got a {type(value).__name__} of items that differ in shape."
        ) from error
    if not isinstance(rows, Tensor) and rows.dtype.kind not in "fiub":
        raise InvalidType(f"record: data must be numeric; got dtype {rows.dtype}.")
    if rows.ndim == 0:
        raise invalid("record", "data", "an array with one row per observation", "a single number")
    return rows


def _as_tensor(rows: Any) -> Tensor:
    if isinstance(rows, Tensor):
        return rows
    rows = np.asarray(rows)
    return torch.from_numpy(rows if rows.flags.writeable and rows.dtype.isnative else rows.copy())


def _bytes(tensor: Tensor) -> Any:
    return tensor.detach().cpu().contiguous().view(torch.uint8).numpy() if tensor.ndim else b""
