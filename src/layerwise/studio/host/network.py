"""What a live network says of one observation, as the page draws it.

The network itself is behind a plain callable (:class:`Ask`), so that this room needs no torch;
:class:`layerwise.attribution.OnDemand` is one. Here its answer is checked and made small: one
signed number a pixel, in a byte each.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.studio.data.shown import finite
from layerwise.studio.host.asked import Asked

LARGEST_SIDE = 224
"""Rows and columns of a map at most; larger ones are averaged over squares of pixels."""

MOST_CHANNELS = 64
"""Channels of a signal that are rows of their own; more are summed."""

_CODES = 127
"""Codes of one byte on either side of zero."""

Stopped = Callable[[], bool]
"""Says whether nobody waits for the answer any more."""


class Ask(Protocol):
    """Asks a network which parts of an input its answer, or one of its units, rests on."""

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the ways to ask, the usual one first."""

    def __call__(
        self,
        run: Run,
        checkpoint: str,
        row: int,
        method: str,
        *,
        layer: str | None,
        unit: int | None,
        stopped: Stopped,
    ) -> Mapping[str, Any]:
        """Return what one observation rests on.

        Parameters
        ----------
        run, checkpoint : what was recorded, with which weights
        row : of the observation in the run
        method : one of `methods`
        layer, unit : a unit by its number in that recorded layer; of the network's output if
            `layer` is None, there the predicted class if `unit` is None
        stopped : asked now and then; once it says so, the callable may raise a UserError

        Returns
        -------
        mapping
            "attribution": of the shape of the input, "target": its name, "value": the target's
            value, "output": (n_classes,) logits or None if the output is no such row.
        """  # fmt: skip


def attribution(asked: Asked, ask: Ask | None, stopped: Stopped) -> dict[str, Any]:
    """Return the answer to a question of kind "attribution"; see :func:`.questions.ask`."""
    if ask is None:
        raise checks.NotFound(
            "The studio was started without the network. "
            "`layerwise view RUN --model mymodel.py:Net` lets it answer."
        )
    observation = asked.index("observation", len(asked.rows))
    of_layer, of_unit = asked.has("layer"), asked.has("unit")
    layer = asked.layer if of_layer else None
    unit = None
    if layer is not None:
        unit = asked.index("unit", asked.run.layer(layer).n_units)
    elif of_unit:
        unit = asked.count("unit", 0, 2**31)
    answer = ask(
        asked.run, asked.checkpoint, int(asked.rows[observation]),
        asked.choice("method", ask.methods), layer=layer, unit=unit, stopped=stopped,
    )  # fmt: skip
    return {**drawn(answer["attribution"]), **said(answer)}


def drawn(values: object) -> dict[str, Any]:
    """Return an attribution as rows and columns of signed bytes, and what the largest means.

    Channels of a picture are summed; what has one dimension is one row. "sum" is that of the whole
    attribution.

    Examples
    --------
    >>> found = drawn(np.array([[[0.5, -1.0]], [[0.5, -1.0]]]))
    >>> found["shape"], found["limit"], np.frombuffer(base64.b64decode(found["codes"]), "i1")
    ([1, 2], 2.0, array([  64, -127], dtype=int8))
    """
    whole: Array = np.asarray(values, dtype=np.float64)
    if whole.size == 0 or not np.isfinite(whole).all():
        raise checks.invalid(
            "attribution", "its values", "finite", "NaN or infinity",
            "Look whether the network overflows for this observation.",
        )  # fmt: skip
    plane = _averaged(_plane(whole))
    limit = float(np.abs(plane).max())
    codes = np.rint(plane * (_CODES / (limit or 1.0))).astype(np.int8)
    return {
        "shape": list(plane.shape), "codes": base64.b64encode(codes.tobytes()).decode(),
        "limit": finite(limit), "sum": finite(float(whole.sum())), "channels": _summed(whole),
    }  # fmt: skip


def said(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked about, its value, and what the network says of the observation.

    Examples
    --------
    >>> logits = np.array([0.0, np.log(3)])
    >>> said({"target": "conv2:3", "value": 0.5, "output": logits})
    {'target': 'conv2:3', 'value': 0.5, 'predicted': 1, 'share': 0.75, 'classes': 2}
    """
    output = answer.get("output")
    found = {"target": str(answer["target"]), "value": finite(float(answer["value"]))}
    if output is None or not np.isfinite(output).all():
        return {**found, "predicted": None, "share": None, "classes": 0}
    from layerwise.studio.data.predictions import most_probable

    classes, shares = most_probable([np.asarray(output)[None]], 1)
    return {
        **found, "predicted": int(classes[0, 0]), "share": finite(float(shares[0, 0])),
        "classes": len(output),
    }  # fmt: skip


def _plane(values: Array) -> Array:
    """Return rows and columns: pictures without their channels, signals channel by channel."""
    if values.ndim < 2:
        return values.reshape(1, -1)
    if values.ndim == 2:
        return values if len(values) <= MOST_CHANNELS else values.sum(axis=0, keepdims=True)
    if values.ndim == 3 and _is_last(values):
        return np.asarray(values.sum(axis=-1))
    return np.asarray(values.sum(axis=tuple(range(values.ndim - 2))))


def _is_last(values: Array) -> bool:
    """Whether the colours of a picture are its last dimension."""
    return values.shape[-1] in (1, 3) and values.shape[0] not in (1, 3)


def _summed(values: Array) -> int:
    """Return how many channels one number of the map sums."""
    return values.size // _plane(values).size


def _averaged(plane: Array) -> Array:
    """Return a map of at most LARGEST_SIDE rows and columns."""
    steps = [math.ceil(side / LARGEST_SIDE) for side in plane.shape]
    if steps == [1, 1]:
        return plane
    for axis, step in enumerate(steps):
        starts = np.arange(0, plane.shape[axis], step)
        counts = np.diff([*starts, plane.shape[axis]])
        plane = np.add.reduceat(plane, starts, axis) / np.expand_dims(counts, 1 - axis)
    return plane
