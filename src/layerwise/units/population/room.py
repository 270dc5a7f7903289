"""How much memory class maps and winners take, and a sentence if that is too much."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from layerwise.foundation import checks

MOST_BYTES = 4 * 2**30
"""Bytes that the class maps and winners of all layers may take unless more is allowed."""


def map_bytes(shape: Sequence[int], n_classes: int, *, maps: bool, winners: bool) -> int:
    """Return the bytes of maps and winners of all classes in a tally of (n_units, *positions).

    Examples
    --------
    >>> map_bytes((64, 112, 112), 1000, maps=True, winners=True) / 1e9
    9.78432
    """
    n_units, n_positions = shape[0], math.prod(shape[1:])
    maps_take = 8 * n_units if maps and n_positions > 1 else 0
    return n_classes * n_positions * (maps_take + (4 * (n_units + 1) + 8 if winners else 0))


def check_room(
    function: str,
    shapes: Mapping[str, Sequence[int]],
    n_classes: int,
    *,
    maps: bool,
    winners: bool,
    max_bytes: int,
) -> None:
    """Refuse layers whose class maps and winners take more than `max_bytes` together.

    Examples
    --------
    >>> check_room("tally", {"conv1": (64, 112, 112)}, 1000, maps=True, winners=True,
    ...            max_bytes=2**30)
    Traceback (most recent call last):
        ...
    layerwise.foundation.checks.InvalidValue: tally: max_bytes must be at least 9.78 GB for ...
    """
    need = {
        name: map_bytes(shape, n_classes, maps=maps, winners=winners)
        for name, shape in shapes.items()
    }
    total = sum(need.values())
    if total <= max_bytes:
        return
    widest = max(need, key=lambda name: need[name])
    raise checks.invalid(
        function, "max_bytes", f"at least {total / 1e9:.3g} GB for the class maps and winners of "
        f"{n_classes:,} classes (layer {widest!r} takes {need[widest] / 1e9:.3g} GB)",
        f"{max_bytes / 1e9:.3g} GB",
        "Choose fewer layers or classes, or maps=False and winners=False.",
    )  # fmt: skip
