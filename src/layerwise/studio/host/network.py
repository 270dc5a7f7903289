"""What a live network says of one observation, as the page draws it.

The network itself is behind a plain callable (:class:`Ask`), so that this room needs no torch;
:class:`layerwise.attribution.OnDemand` is one. Here its answer is checked and made small: one
signed number a pixel, in a byte each.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.studio.data.shown import finite
from layerwise.studio.host.asked import Asked

LARGEST_SIDE = 224
"""Rows and columns of a map at most; larger ones are averaged over squares of pixels."""

MANY, SHARE = 1000, 99.5
"""Of so many values and more the colours end at this percentile of their sizes: a few single pixels
of a gradient would leave all others pale."""

_CODES = 127
"""Codes of one byte on either side of zero."""

Stopped = Callable[[], bool]
"""Says whether nobody waits for the answer any more."""


@runtime_checkable
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
            "attribution": one number a position of the input, "channels": how many each of these
            adds up, "layer": whose maps were taken, if any, "target": its name, "value": the
            target's value, "output": (n_classes,) logits, or None if the output is no such row.
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

    What has one dimension is one row. "limit" is where the colours end, "largest" the largest size
    of all, "sum" that of the whole attribution.

    Examples
    --------
    >>> found = drawn(np.array([1.0, -2.0]))
    >>> found["shape"], found["limit"], np.frombuffer(base64.b64decode(found["codes"]), "i1")
    ([1, 2], 2.0, array([  64, -127], dtype=int8))
    """
    whole: Array = np.asarray(values, dtype=np.float64)
    if whole.size == 0 or not np.isfinite(whole).all():
        raise checks.invalid(
            "attribution", "its values", "finite", "NaN or infinity",
            "Look whether the network overflows for this observation.",
        )  # fmt: skip
    plane = _averaged(whole.sum(axis=tuple(range(whole.ndim - 2))) if whole.ndim > 2 else
                      np.atleast_2d(whole))  # fmt: skip
    sizes = np.abs(plane)
    largest = float(sizes.max())
    limit = float(np.percentile(sizes, SHARE)) if sizes.size >= MANY else 0.0
    limit = limit or largest
    codes = np.rint(np.clip(plane / (limit or 1.0), -1, 1) * _CODES).astype(np.int8)
    return {
        "shape": list(plane.shape), "codes": base64.b64encode(codes.tobytes()).decode(),
        "limit": finite(limit), "largest": finite(largest), "sum": finite(float(whole.sum())),
    }  # fmt: skip


def said(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was asked about, its value, and what the network says of the observation.

    Examples
    --------
    >>> logits = np.array([0.0, np.log(3)])
    >>> found = said({"target": "conv2:3", "value": 0.5, "channels": 3, "output": logits})
    >>> found["value"], found["predicted"], found["share"], found["classes"]
    (0.5, 1, 0.75, 2)
    """
    output = answer.get("output")
    found = {
        "target": str(answer["target"]), "value": finite(float(answer["value"])),
        "layer": str(answer.get("layer", "")),
        "channels": int(answer["channels"]),
    }  # fmt: skip
    if output is None or not np.isfinite(output).all():
        return {**found, "predicted": None, "share": None, "classes": 0}
    from layerwise.studio.data.predictions import most_probable

    classes, shares = most_probable([np.asarray(output)[None]], 1)
    return {
        **found, "predicted": int(classes[0, 0]), "share": finite(float(shares[0, 0])),
        "classes": len(output),
    }  # fmt: skip


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
