"""Stored scores, each beside the floor that shuffled labels reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from layerwise.scores.names import HIT_2D
from layerwise.studio.data.shown import Shown, finite

if TYPE_CHECKING:
    from layerwise.store.tables import Table

TEXTS = ("layer", "checkpoint", "subset", "score", "method")
NUMBERS = ("value", "floor", "published")

MOST = 1_000_000
"""Scores in one table."""


class Score(NamedTuple):
    """One row of a table of scores, or the mean of several; a number that is missing is None."""

    layer: str
    checkpoint: str
    subset: str
    score: str
    method: str
    value: float | None
    floor: float | None
    published: float | None
    projection: Mapping[str, Any] | None = None
    """How the map that was scored was made, if that is known."""


def stored(shown: Shown) -> list[Score]:
    """Return the scores of the subset that is shown, and those of all observations."""
    found: list[Score] = []
    for table, provenance in shown.tables("scores"):
        subset = provenance.get("subset", "")
        if not isinstance(subset, str) or shown.covers(subset) or "subset" not in provenance:
            with shown.noting(table.path):
                projection = provenance.get("projection")
                known = projection if isinstance(projection, Mapping) else None
                found += [row._replace(projection=known) for row in _read(table, table.stamp)]
    return [row for row in found if shown.covers(row.subset) and row.value is not None]


def by_place(found: Iterable[Score]) -> Mapping[tuple[str, str], list[Score]]:
    """Return scores by their layer and checkpoint."""
    places: defaultdict[tuple[str, str], list[Score]] = defaultdict(list)
    for row in found:
        places[row.layer, row.checkpoint].append(row)
    return places


def entries(shown: Shown, found: Iterable[Score]) -> list[dict[str, Any]]:
    """Return what the manifest says: one row a layer, checkpoint, score and method.

    Several are averaged; those of all observations count where the subset has none.
    """
    places = []
    for row in found:
        layer = shown.layers.get(row.layer) if row.layer else None
        checkpoint = shown.checkpoints.get(row.checkpoint) if row.checkpoint else None
        if (layer is None) == (not row.layer) and (checkpoint is None) == (not row.checkpoint):
            key = (-1 if layer is None else layer, -1 if checkpoint is None else checkpoint,
                   row.score, row.method)  # fmt: skip
            places.append((key, row))
    result = []
    for key, group in groupby(sorted(places, key=lambda item: item[0]), key=lambda item: item[0]):
        mean = averaged([row for _, row in group], shown.subset)
        layer, checkpoint = (None if number < 0 else number for number in key[:2])
        result.append({
            "layer": layer, "checkpoint": checkpoint, "score": mean.score, "method": mean.method,
            "value": mean.value, "floor": mean.floor, "published": mean.published,
        })  # fmt: skip
    return result


def averaged(rows: list[Score], subset: str) -> Score:
    """Return the mean of several rows of one score, of those of the subset if there are any."""
    own = [row for row in rows if row.subset == subset] or rows
    means: dict[str, Any] = {}
    for name in NUMBERS:
        known = [value for row in own if (value := getattr(row, name)) is not None]
        means[name] = finite(sum(known) / len(known)) if known else None
    return own[0]._replace(**means)


def quality(rows: list[Score], subset: str) -> dict[str, float]:
    """Return numbers by the names of their scores, and the floor of the hit in the map."""
    found: dict[str, float] = {}
    for name in dict.fromkeys(row.score for row in rows):
        mean = averaged([row for row in rows if row.score == name], subset)
        if mean.value is not None:
            found[name] = mean.value
        if name == HIT_2D and mean.floor is not None:
            found["floor"] = mean.floor
    return found


@lru_cache(8192)
def _read(table: Table, stamp: str) -> tuple[Score, ...]:
    if table.n_rows() > MOST:
        raise ValueError(f"more than {MOST:,} scores")
    columns = table.values()
    n = len(next(iter(columns.values()), ()))
    texts = [map(str, columns.get(name, [""] * n)) for name in TEXTS]
    numbers = [map(finite, columns.get(name, [None] * n)) for name in NUMBERS]
    return tuple(Score(*row) for row in zip(*texts, *numbers, strict=True))
