"""Series of maps of the observations: a stop for each layer and checkpoint, all in one frame.

A series is what one call after another made alike: one method with one set of parameters, or one
evolution. Maps are read when a page asks for one; the manifest needs only how they were made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise.foundation.shapes import Array, Points
from layerwise.studio.data.files import POSITION, File, stamp
from layerwise.studio.data.maps import MOST, Map
from layerwise.studio.data.shown import Shown, numbers, rows_of

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store.tables import Table

METHODS = {"tsne": "t-SNE", "pca": "PCA", "mds": "MDS", "umap": "UMAP"}
"""Projections as the literature spells them."""

COURSES = {"layers": "t-SNE through the layers", "epochs": "t-SNE through training"}
KINDS = {
    "independent": "each map by itself, laid over the one before",
    "sequential": "each map from the one before",
    "joint": "one map of all",
    "dynamic": "movement penalised",
}
"""Evolutions in words."""

_SILENT: dict[str, Any] = {
    "over": "", "at": "", "method": "", "subset": "", "n": None, "random_state": None,
    "parameters": {},
}  # fmt: skip
"""What of the provenance of a table tells its series, and what holds if it is silent."""


@dataclass(frozen=True)
class Stop:
    """One map: of a layer at a checkpoint, as a part of a table."""

    layer: str
    checkpoint: str
    table: Table
    where: tuple[tuple[str, str], ...] = ()
    """Columns and their values in its rows; none if the whole table is about one place."""
    time: int | None = None
    """Of an evolution, which time; else None."""

    @property
    def place(self) -> tuple[str, str]:
        """Layer and checkpoint."""
        return self.layer, self.checkpoint

    def read(self, *columns: str) -> pd.DataFrame:
        """Return columns of its rows; of an evolution, those of all times."""
        names = [name for name, _ in self.where]
        frame = rows_of(self.table, self.table.stamp, (*names, *columns))
        return matching(frame, self.where) if names else frame


@dataclass(frozen=True)
class Series:
    """Maps that were made alike: `made` says how, from the provenance of their tables."""

    made: Mapping[str, Any]
    stops: list[Stop] = field(default_factory=list)

    @classmethod
    def of(cls, provenance: Mapping[str, Any], *stops: Stop) -> Series:
        """Return the series that a table belongs to."""
        made = {name: provenance.get(name, usual) for name, usual in _SILENT.items()}
        return cls(made, list(stops))

    @property
    def key(self) -> str:
        """Tells it from all other series, and never changes."""
        return stamp(*self.made.items())

    def name(self, subset: str) -> str:
        """Return what an address calls it: short for a method as it is usually called."""
        over, method = self.made["over"], self.made["method"]
        if method not in (KINDS if over else METHODS):
            return f"map-{self.key[:8]}"
        usual = not (over or self.made["parameters"] or self.made["random_state"])
        if usual and self.made["n"] is None and self.made["subset"] == subset:
            return str(method)
        return "-".join(filter(None, (over, method, self.key[:8])))

    @property
    def title(self) -> str:
        """What it is called."""
        over, at, method = (self.made[name] for name in ("over", "at", "method"))
        if over:
            return f"{COURSES[over]} ({at}), {KINDS.get(method, method)}"
        return str(METHODS.get(method, method))

    def how(self, subset: str) -> str:
        """Return in a few words how it was made."""
        known = self.made["parameters"]
        items = known.items() if isinstance(known, Mapping) else ()
        words = [f"{str(name).replace('_', ' ')} {value}" for name, value in items]
        words = words or ["usual settings"]
        if self.made["random_state"] is not None:
            words.append(f"seed {self.made['random_state']}")
        if self.made["n"] is not None:
            words.append(f"a sample of {self.made['n']}")
        if self.made["subset"] != subset:
            words.append("of all observations")
        return ", ".join(words)

    def entry(
        self, shown: Shown, stops: Sequence[dict[str, Any]], trails: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Return what the manifest says."""
        subset = shown.subset
        return {"id": self.name(subset), "title": self.title, "over": self.made["over"],
                "how": self.how(subset), "stops": list(stops), "trails": trails}  # fmt: skip

    def stop(
        self, shown: Shown, stop: Stop, mark: str, make: Callable[[], Map],
        quality: Mapping[str, float],
    ) -> list[dict[str, Any]]:  # fmt: skip
        """Return the entries of a stop; the input has one at every checkpoint, of one file."""
        places = shown.at(*stop.place)
        if stop.time is not None:
            places = [(shown.layers[stop.layer], shown.checkpoints[stop.checkpoint])]

        def content() -> bytes:
            found = make()
            return POSITION.bytes(Map(shown.index(found.ids), found.Y).scattered(shown.n))

        file = File(POSITION, (shown.n, 2), mark, content)
        name = shown.add("map/{}/{}@{}".format(self.key, *places[0]), file)
        return [
            {"layer": layer, "checkpoint": checkpoint, "file": name, "quality": dict(quality)}
            for layer, checkpoint in places
        ]


def parts(
    table: Table, provenance: Mapping[str, Any], names: tuple[str, ...]
) -> list[tuple[dict[str, str], tuple[tuple[str, str], ...]]]:
    """Return what the parts of a table are about, and the columns to tell their rows by.

    A table of one answer says it in its provenance; one that someone put together is read.
    """
    if all(isinstance(provenance.get(name), str) for name in names):
        return [({name: provenance[name] for name in names}, ())]
    frame = rows_of(table, table.stamp, names).drop_duplicates().astype(str)
    found = [dict(zip(names, row, strict=True)) for row in frame.itertuples(index=False)]
    return [(place, tuple(place.items())) for place in found]


def matching(frame: pd.DataFrame, where: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Return the rows with these values in these columns."""
    names, values = zip(*where, strict=True)
    return frame[(frame[list(names)].astype(str) == list(values)).all(axis=1)]


def coordinates(frame: pd.DataFrame) -> Points:
    """Return the columns x and y, NaN where they are too large to be a place."""
    Y: Array = np.stack([numbers(frame, "x"), numbers(frame, "y")], axis=1)
    return np.where(np.abs(Y) < MOST, Y, np.nan)
