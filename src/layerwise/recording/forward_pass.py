"""One pass of a network over data, cut into parts that can be computed in any order.

A part is a range of rows; it is computed from the same batches whatever came before it, so the
same part always has the same bytes. Nothing larger than one batch is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import xxhash
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.network.model import unwrap
from layerwise.network.placing import Placing
from layerwise.network.sites import INPUT, Site, select
from layerwise.network.trace import survey, watch
from layerwise.network.values import first_tensor
from layerwise.recording.budget import Plan, rows_per_part
from layerwise.recording.outbox import Outbox
from layerwise.recording.pictures import thumbnails
from layerwise.recording.pooling import check_rules, choose, pool, pooled_shape
from layerwise.recording.source import as_source
from layerwise.store import Append, Layer

DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}

Compute = Callable[[Append, Callable[[float], None]], None]
"""Compute one part: append every layer batch by batch, and report observations done."""


class Pass:
    """A network, data and settings, surveyed and ready to compute any part.

    Attributes
    ----------
    model : unwrapped
    plan : what will be stored
    source : the data by row number
    fingerprint : hashes of the architecture, the data and the settings that decide bytes
    provenance : what a reader wants to know, and what :func:`recompute` needs
    """

    def __init__(
        self,
        model: nn.Module,
        data: Any,
        *,
        layers: Sequence[str] | str | None,
        pooling: str | Mapping[str, str],
        dtype: str,
        clip: bool,
        batch_size: int,
        num_workers: int = 0,
    ) -> None:
        checks.choice("record", "dtype", dtype, tuple(DTYPES))
        self._batch_size = checks.integer("record", "batch_size", batch_size, 1)
        self._dtype, self._clip = DTYPES[dtype], clip
        self.model = unwrap(model)
        self.source = as_source(data, num_workers=num_workers)
        self._placed = Placing(self.model)

        n = len(self.source)
        batch, label = next(self.source.batches([(0, min(n, 2))]))
        probe = self._placed(batch)
        found = survey(self.model, probe, functions=layers is not None)
        sites = select(found, layers)
        names = [site.name for site in sites]
        check_rules(pooling, names)
        stored = [_layer(site, choose(pooling, site.name), dtype) for site in sites]
        if (picture := thumbnails(first_tensor(probe))) is not None:
            stored.append(_about_the_observations("thumbnail", picture.shape[1:], "uint8"))
        if label is not None:
            stored.append(_about_the_observations("label", (1,), str(label.dtype)))
        width = sum(layer.bytes_per_observation for layer in stored)
        self.plan = Plan(n, rows_per_part(width, batch_size, n), tuple(stored), sites)
        self.fingerprint = {
            "model": _architecture(self.model),
            "data": self.source.fingerprint(),
            "settings": _hash(
                f"{batch_size} {clip} {self._placed.device.type} {torch.__version__} "
                f"{torch.backends.cuda.matmul.allow_tf32} {torch.backends.cudnn.allow_tf32}"
            ),
        }
        self.provenance: dict[str, Any] = {
            "model": found.model_name,
            "recording": {
                "layers": names,
                "pooling": pooling if isinstance(pooling, str) else dict(pooling),
                "dtype": dtype,
                "clip": clip,
                "batch_size": batch_size,
            },
            "aliases": dict(found.aliases),
            "hook_difference": found.hook_difference,
            "torch": torch.__version__,
            "device": str(self._placed.device),
        }

    @contextmanager
    def parts(
        self, firsts: Iterable[int], *, with_constants: bool
    ) -> Iterator[Iterator[tuple[int, Compute]]]:
        """Yield each part's first row and the function that computes it; in this order, once.

        Parameters
        ----------
        firsts : first rows of the parts wanted
        with_constants : also append what does not depend on the weights (inputs, pictures, labels)
        """
        cuts = {first: self._cut(first) for first in firsts}
        batches = self.source.batches([pair for cut in cuts.values() for pair in cut])
        layers = {
            layer.name: layer
            for layer in self.plan.layers
            if with_constants or layer.per_checkpoint
        }
        sites = [site for site in self.plan.sites if site.name in layers]
        outbox = Outbox(self._placed.device, self._dtype, self._clip)
        mask: Tensor | None = None

        def sink(i: int, tensor: Tensor) -> None:
            layer = layers[sites[i].name]
            pooled = pool(tensor, layer.pooling, mask)
            if (tuple(pooled.shape[1:]) or (1,)) != layer.shape:
                raise checks.InvalidValue(
                    f"record: layer {layer.name!r} has shape {tuple(pooled.shape[1:])} for these "
                    f"observations and {layer.shape} for the first. Pool it: cls, last or "
                    "masked_mean for tokens, mean or max for maps."
                )
            outbox.put(layer.name, pooled)

        with watch(self.model, sites, sink) as run:

            def compute(first: int, append: Append, advance: Callable[[float], None]) -> None:
                nonlocal mask
                outbox.append = append
                for start, stop in cuts[first]:
                    batch, label = next(batches)
                    batch = self._placed(batch)
                    mask = batch.get("attention_mask") if isinstance(batch, Mapping) else None
                    waiting = len(outbox)
                    run(batch)
                    outbox.send(waiting)
                    if "thumbnail" in layers:
                        append("thumbnail", _present(thumbnails(first_tensor(batch))))
                    if "label" in layers:
                        append("label", _present(label)[:, None])
                    advance(stop - start)
                outbox.send(len(outbox))

            yield ((first, partial(compute, first)) for first in cuts)

    def _cut(self, first: int) -> list[tuple[int, int]]:
        """Return the batches of a part, counted from its own first row."""
        last = min(first + self.plan.rows_per_part, self.plan.n_observations)
        return [(a, min(a + self._batch_size, last)) for a in range(first, last, self._batch_size)]


def _layer(site: Site, pooling: str, dtype: str) -> Layer:
    return Layer(
        name=site.name,
        shape=pooled_shape(site.shape, pooling) or (1,),
        dtype=dtype,
        kind=site.kind,
        pooling=pooling,
        per_checkpoint=site.kind != INPUT,
    )


def _about_the_observations(kind: str, shape: tuple[int, ...], dtype: str) -> Layer:
    return Layer(name=kind, shape=shape, dtype=dtype, kind=kind, per_checkpoint=False)


def _architecture(model: nn.Module) -> str:
    """Return a hash of the names and shapes of a network's state and modules."""
    state = [(name, tuple(t.shape), str(t.dtype)) for name, t in model.state_dict().items()]
    return _hash(f"{type(model).__name__} {model} {state}")


def _hash(text: str) -> str:
    return xxhash.xxh3_64_hexdigest(text.encode())


def _present(rows: Array | None) -> Array:
    if rows is None:
        raise checks.InvalidValue(
            "record: later batches lack the labels or pictures that the first one had. "
            "Give items of one form."
        )
    return rows
