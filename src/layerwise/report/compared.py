"""What the sections on populations compare: one subset, its layers, and the networks side by side.

Tables of populations may be about layers, and networks, that were never recorded, so their own
order counts where the run has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layerwise.report import reading, wording
from layerwise.report.population import class_name

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

FEW = 3
"""Layers with pictures of their own: the first, the middle and the last."""

MOST_LAYERS = 20
"""Layers along an axis; of more this many are shown, evenly spaced."""

MOST_CLASSES = 20
"""Classes in a picture; of more this many are shown, evenly spaced."""

BOX = "Box: quartiles; line: 5 to 95 %; dot: median."
"""What a box in a figure of units shows."""

OUTPUT = "output"
"""Name of the recorded layer that is the answer of the network."""

NAMELESS = "the network as given"
"""A network that is no checkpoint of the run."""

UNTRAINED = "untrained"
"""How the name of a network begins that was never trained, where the run has not recorded it."""


@dataclass(frozen=True)
class Compared:
    """The part of a table that is shown.

    Attributes
    ----------
    frame : the rows of one subset
    layers : in the order of the network
    checkpoints : all of them, the untrained one first
    """

    run: Run
    frame: pd.DataFrame
    subset: str
    layers: tuple[str, ...]
    checkpoints: tuple[str, ...]

    @classmethod
    def of(cls, run: Run, kind: str) -> Compared | None:
        """Return the table of this kind, cut to the subset that matters most, or None."""
        frame = reading.table(run, kind)
        if frame is None:
            return None
        subsets = [name for name in reading.subsets(run) if name in set(frame["subset"])]
        subset = subsets[0] if subsets else str(frame["subset"].iloc[0])
        frame = frame[frame["subset"] == subset]
        depth = _depth(run)
        layers = [str(name) for name in frame["layer"].unique()]
        layers.sort(key=lambda name: depth.get(name, len(depth)))
        recorded = list(run.checkpoints)

        def age(name: str) -> int:
            if name in recorded:
                return recorded.index(name)
            return -1 if name.startswith(UNTRAINED) else len(recorded)

        times = sorted((str(name) for name in frame["checkpoint"].unique()), key=age)
        return cls(run, frame, subset, tuple(layers), tuple(times))

    @property
    def hidden(self) -> tuple[str, ...]:
        """The layers but the output, which tells classes by its purpose, if there are others."""
        return tuple(name for name in self.layers if name != OUTPUT) or self.layers

    @property
    def ends(self) -> tuple[str, ...]:
        """The networks side by side: the first and the last, or the only one."""
        return tuple(dict.fromkeys((self.checkpoints[0], self.checkpoints[-1])))

    def words(self, checkpoint: str) -> str:
        """Return "before training" or the like, the name itself where the run does not know it."""
        return self.when(checkpoint).split(" (")[0]

    def when(self, checkpoint: str) -> str:
        """Return the same with the name of the checkpoint; a network may have none."""
        return reading.when(self.run, checkpoint) or NAMELESS

    @property
    def networks(self) -> str:
        """Return what stands side by side, for a caption."""
        return " and ".join(map(self.when, self.ends))

    def at(self, layer: str, checkpoint: str) -> pd.DataFrame:
        """Return the rows about one layer of one network."""
        frame = self.frame
        return frame[(frame["layer"] == layer) & (frame["checkpoint"] == checkpoint)]

    def in_order(self, frame: pd.DataFrame, layers: Sequence[str]) -> pd.DataFrame:
        """Return the rows of these layers in both networks, named and in the network's order."""
        part = arranged(frame, layer=layers, checkpoint=self.ends)
        return part.assign(checkpoint=part["checkpoint"].map(self.words))

    def control(self, text: str) -> str:
        """Return the words for the number of the untrained network, or that there is none."""
        if len(self.ends) < 2:
            return "no untrained control"
        return f"{self.words(self.ends[0])} {text}"

    def whose(self) -> str:
        """Return the words for the observations: "of the test subset", or none."""
        return f" of the {self.subset} subset" if self.subset else ""


def _depth(run: Run) -> dict[str, int]:
    """Return the places of layers in the network: as recorded, or else as they were tallied."""
    tallied = reading.table(run, "activity")
    if tallied is None or "order" not in tallied:
        return {name: k for k, name in enumerate(run.layers)}
    order = tallied.groupby("layer")["order"].max()
    if set(order.index) <= set(run.layers):
        return {name: k for k, name in enumerate(run.layers)}
    return {str(name): int(place) for name, place in order.items()}


def some(shown: Sequence[object], of: Sequence[object], noun: str, how: str) -> str:
    """Return the words for a choice, or none if nothing was left out.

    Examples
    --------
    >>> some([1, 2], [1, 2, 3], "layers", "evenly spaced"), some([1], [1], "layers", "")
    (' (2 of 3 layers, evenly spaced)', '')
    """
    if len(shown) == len(of):
        return ""
    return f" ({wording.count(len(shown))} of {wording.count(len(of))} {noun}, {how})"


def names_of(run: Run, codes: Sequence[int]) -> list[str]:
    """Return the names of classes, or their numbers if they have none."""
    names = reading.classes(run)[1]
    return [class_name(names, int(code)) for code in codes]


def arranged(frame: pd.DataFrame, **order: Sequence[object]) -> pd.DataFrame:
    """Return the rows with these values, in the order of these values."""
    for column, values in reversed(order.items()):
        rank = {value: k for k, value in enumerate(values)}
        frame = frame[frame[column].isin(rank)]
        frame = frame.iloc[frame[column].map(rank).argsort(kind="stable")]
    return frame
