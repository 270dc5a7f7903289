"""What `layerwise maximize` climbs, and the real inputs that it stands beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerwise.cli.chosen import name_of
from layerwise.foundation.checks import integer

if TYPE_CHECKING:
    from torch import nn

    from layerwise.synthesis import Portrait

FIRST = 16
"""Units of a layer if none are named."""


@dataclass(frozen=True)
class Climbs:
    """What is maximised, and how; settings as of :func:`layerwise.synthesis.portraits`.

    Attributes
    ----------
    layers : addresses; "classes" for the network's classes
    units : of every layer, or classes if there is no other layer; None for the first ones
    """

    layers: Sequence[str]
    units: list[int] | None
    recipes: Sequence[str | None]
    starts: int
    steps: int | None
    position: Any
    seed: int

    def of(self, network: nn.Module, real: Real) -> list[Portrait]:
        """Return the portraits of every layer, recipe by recipe."""
        from layerwise.synthesis.portraits import CLASSES, n_units, portraits

        found: list[Portrait] = []
        for layer in self.layers:
            count = n_units(network, layer, real.data)
            chosen = self.units
            if chosen is None or (layer == CLASSES and len(self.layers) > 1):
                chosen = list(range(count if layer == CLASSES else min(count, FIRST)))
            for unit in chosen:
                integer("maximize", f"--units of {layer}", unit, 0, count - 1)
            found += portraits(
                network, layer, real.data, units=chosen, position=self.position,
                recipes=self.recipes, starts=self.starts, steps=self.steps,
                value_range=real.value_range, random_state=self.seed,
            )  # fmt: skip
        return found


@dataclass(frozen=True, eq=False)
class Real:
    """Real inputs.

    Attributes
    ----------
    data : as of :func:`layerwise.record`
    name : how many of what they are
    value_range : lowest and highest value of the inputs, or of each channel
    labels, class_names : by their first label column; None and empty if there is none
    """

    data: Any
    name: str
    value_range: tuple[Any, Any]
    labels: Any
    class_names: Sequence[str]

    @classmethod
    def of(cls, data: Any, name: str, split: str, ends: tuple[float, float] | None) -> Real:
        """Return the data that were named so on the command line."""
        from layerwise.recording.source import as_source
        from layerwise.synthesis.space import input_space

        source = as_source(data)
        label = next(iter(source.labels), None)
        space = input_space(data, None, ends)
        return cls(
            data, f"{len(source):,} observations of {name_of(name, split)}",
            (space.low.numpy().ravel(), space.high.numpy().ravel()),
            None if label is None else source.labels[label],
            () if label is None else source.class_names.get(label, ()),
        )  # fmt: skip

    def beside(self, portraits: Sequence[Portrait]) -> dict[int, Any]:
        """Return the inputs that are nearest to any image, by row."""
        from layerwise.synthesis import taken

        rows = sorted({int(row) for one in portraits for row in one.nearest.rows.ravel()})
        return dict(zip(rows, taken(self.data, rows), strict=True))
