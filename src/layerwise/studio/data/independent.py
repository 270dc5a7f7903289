"""Projections that know nothing of each other, laid over one of them.

The reference is that of the deepest layer at the last checkpoint: the picture that people look at
first keeps its pose, and all others turn to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from layerwise.scores import names
from layerwise.studio.data import scores
from layerwise.studio.data.files import stamp
from layerwise.studio.data.maps import Map, posed
from layerwise.studio.data.series import METHODS, Series, Stop, coordinates, parts
from layerwise.studio.data.shown import Shown, integers

Found = Mapping[tuple[str, str], list[scores.Score]]
"""Scores by layer and checkpoint."""

_PLACE = ("layer", "checkpoint", "subset", "method")


def projections(shown: Shown) -> list[Series]:
    """Return the projections of the observations that are shown, by how they were made."""
    known: dict[str, Series] = {}
    for table, provenance in shown.tables("projections"):
        with shown.noting(table.path):
            for place, where in parts(table, provenance, _PLACE):
                stop = Stop(place["layer"], place["checkpoint"], table, where)
                if shown.covers(place["subset"]) and shown.at(*stop.place):
                    one = Series.of({**provenance, **place, "over": "", "at": ""})
                    stops = known.setdefault(one.key, one).stops
                    if all(stop.place != other.place for other in stops):
                        stops.append(stop)
    order = list(METHODS)

    def rank(one: Series) -> tuple[bool, int, str, str]:
        method = one.made["method"]
        place = order.index(method) if method in order else len(order)
        return one.made["subset"] != shown.subset, place, one.title, one.how(shown.subset)

    return sorted(known.values(), key=rank)


def entry(shown: Shown, one: Series, found: Found) -> dict[str, Any]:
    """Return what the manifest says of a series, each stop beside its scores."""

    def depth(stop: Stop) -> tuple[int, int]:
        return max((checkpoint, layer) for layer, checkpoint in shown.at(*stop.place))

    reference = max(one.stops, key=depth)
    stops = []
    for stop in sorted(one.stops, key=lambda stop: shown.at(*stop.place)):
        mark = stamp(shown.data, stop.table.stamp, reference.table.stamp, reference.place)
        rows = [row for row in found.get(stop.place, ()) if _of(row, one)]
        numbers = scores.quality(rows, one.made["subset"])
        stops += one.stop(shown, stop, mark, partial(aligned, stop, reference), numbers)
    return one.entry(shown, stops)


def aligned(stop: Stop, reference: Stop) -> Map:
    """Return a map laid over the reference, its points numbered by rows of the run."""
    own = read(stop, stop.table.stamp)
    return own if stop == reference else own.laid_over(read(reference, reference.table.stamp))


@lru_cache(8)
def read(stop: Stop, stamp: str) -> Map:
    """Return a projection in the frame, its points numbered by rows of the run."""
    frame = stop.read("observation", "x", "y")
    return posed(integers(frame, "observation"), coordinates(frame))


def _of(row: scores.Score, one: Series) -> bool:
    """Say whether a score is about a map of the series, or about the layer itself."""
    if row.score == names.HIT_ND:
        return True
    if row.score not in (names.HIT_2D, names.TRUSTWORTHINESS, names.CONTINUITY):
        return False
    if row.projection is None:
        return row.method in ("", one.made["method"]) and row.subset == one.made["subset"]
    return Series.of({**row.projection, "over": "", "at": ""}).key == one.key
