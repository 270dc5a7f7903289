"""The way of a layer from the network to the run: cast, checked for overflow, written tile by tile.

A tile stays in the processor's cache on its way, and no second copy of a layer is allocated: the
page faults would cost as much as the writing.
"""

from __future__ import annotations

import torch
from torch import Tensor

from layerwise.foundation import checks
from layerwise.store import Append

_TILE = 2**17
"""Values that are cast and written together: they fit the second-level cache."""


class Outbox:
    """Carries layers to the disk: at once on a CPU; on a GPU while the next batch computes.

    ``append`` is where they go, set for every part; ``len()`` is how many wait.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype, clip: bool) -> None:
        self.append: Append
        self._dtype, self._largest = dtype, torch.finfo(dtype).max if clip else None
        self._tile = torch.empty(_TILE, dtype=dtype)
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._flying: list[tuple[str, Tensor, torch.cuda.Event]] = []

    def __len__(self) -> int:
        return len(self._flying)

    def put(self, name: str, computed: Tensor) -> None:
        """Take a layer of one batch, in the type it was computed in."""
        if self._stream is None:
            self._write(name, computed.cpu())
            return
        computed = computed.clone()  # the network may overwrite its own before the copy ends
        self._stream.wait_stream(torch.cuda.current_stream(computed.device))
        with torch.cuda.stream(self._stream):
            host = torch.empty_like(computed, device="cpu", pin_memory=True)
            host.copy_(computed, non_blocking=True)
            computed.record_stream(self._stream)
            arrived = torch.cuda.Event()
            arrived.record(self._stream)
        self._flying.append((name, host, arrived))

    def send(self, n: int) -> None:
        """Write the `n` layers that have waited longest."""
        for name, host, arrived in self._flying[:n]:
            arrived.synchronize()
            self._write(name, host)
        del self._flying[:n]

    def _write(self, name: str, computed: Tensor) -> None:
        rows = computed.flatten(1) if computed.ndim > 1 else computed[:, None]
        if rows.shape[1] > len(self._tile):
            self._tile = torch.empty(rows.shape[1], dtype=self._dtype)
        for part in rows.split(len(self._tile) // rows.shape[1]):
            self._write_tile(name, part)

    def _write_tile(self, name: str, computed: Tensor) -> None:
        counters = {}
        if self._largest is not None:
            counters["overflow"] = int((computed.abs() > self._largest).sum())
            computed = computed.clamp(-self._largest, self._largest)
        if computed.dtype == self._dtype and computed.is_contiguous():
            stored = computed
        else:
            stored = self._tile[: computed.numel()].view(computed.shape)
            stored.copy_(computed)
        bits = stored.view(torch.uint16) if stored.dtype == torch.bfloat16 else stored
        infinite = self.append(name, bits.numpy(), **counters)
        if infinite and (overflow := infinite - int(computed.isinf().sum())) > 0:
            raise checks.InvalidValue(
                f"record: {overflow} values of layer {name!r} are beyond {self._dtype}. "
                "Record in float32 or bfloat16, or give clip=True to store the largest value."
            )
