"""Evolutions: the maps of the same observations over layers or epochs, and their trails.

All times of one were mapped together, so they are brought into the frame together.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from layerwise.analysis import USUAL
from layerwise.foundation.shapes import Array, Points
from layerwise.studio.data.files import POSITION, ROWS, File, stamp
from layerwise.studio.data.maps import Map, Pose
from layerwise.studio.data.series import COURSES, Series, Stop, coordinates, parts
from layerwise.studio.data.shown import Shown, finite, integers, rows_of

if TYPE_CHECKING:
    from layerwise.store.tables import Table

_PLACE = ("over", "at", "method", "subset")


class Course(NamedTuple):
    """The rows of an evolution, in the frame, and the pose that brought them there."""

    observations: Array
    Y: Points
    times: Array
    pose: Pose


def evolutions(shown: Shown) -> list[Series]:
    """Return the evolutions of the observations that are shown: the usual and latest first."""
    found = []
    for table, provenance in shown.tables("evolution"):
        with shown.noting(table.path):
            for place, where in parts(table, provenance, _PLACE):
                if shown.covers(place["subset"]) and place["over"] in COURSES:
                    stops = _stops(table, provenance, where)
                    if len({stop.place for stop in stops}) < len(stops):
                        raise ValueError("it has two maps of one place")
                    there = [stop for stop in stops if shown.at(*stop.place)]
                    if there:
                        found.append(Series.of({**provenance, **place}, *there))
    fixed = {**shown.layers, **shown.checkpoints}

    def rank(one: Series) -> tuple[bool, bool, int, bool, str]:
        over, at, method = (one.made[name] for name in ("over", "at", "method"))
        return (one.made["subset"] != shown.subset, over != "layers", -fixed.get(at, -1),
                method != USUAL[over], one.title)  # fmt: skip

    return sorted(found, key=rank)


def entry(shown: Shown, one: Series) -> dict[str, Any]:
    """Return what the manifest says of an evolution, each stop beside its measures."""
    table, measured, stops = one.stops[0].table, _measures(shown, one), []
    mark = stamp(shown.data, table.stamp)
    for stop in one.stops:
        stops += one.stop(shown, stop, mark, partial(at_time, stop), measured.get(stop.time, {}))
    return one.entry(shown, stops, _trails(shown, one, mark))


def at_time(stop: Stop) -> Map:
    """Return one of the maps in the frame, its points numbered by rows of the run."""
    course = _course(stop, stop.table.stamp)
    now = course.times == stop.time
    return Map.of(course.observations[now], course.Y[now])


def _course(stop: Stop, stamp: str) -> Course:
    return _read(Stop("", "", stop.table, stop.where), stamp)  # the same of every stop


@lru_cache(4)
def _read(stop: Stop, stamp: str) -> Course:
    frame = stop.read("time", "observation", "x", "y")
    pose = Pose.of(Y := coordinates(frame))
    return Course(integers(frame, "observation"), pose.apply(Y), integers(frame, "time"), pose)


def _stops(
    table: Table, provenance: Mapping[str, Any], where: tuple[tuple[str, str], ...]
) -> list[Stop]:
    times = provenance.get("times")
    if isinstance(times, list):
        return [
            Stop(str(layer), str(checkpoint), table, where, time)
            for time, (layer, checkpoint) in enumerate(times)
        ]
    frame = Stop("", "", table, where).read("time", "layer", "checkpoint")
    found = frame[["time", "layer", "checkpoint"]].drop_duplicates().sort_values("time")
    columns = found["layer"].astype(str), found["checkpoint"].astype(str), integers(found, "time")
    return [
        Stop(layer, checkpoint, table, where, int(time))
        for layer, checkpoint, time in zip(*columns, strict=True)
    ]


def _trails(shown: Shown, one: Series, mark: str) -> dict[str, str] | None:
    """Return the entry of the bundled paths through the maps, or None if there are none."""
    for table, provenance in shown.tables("trails"):
        evolution = provenance.get("evolution")
        if isinstance(evolution, Mapping) and Series.of(evolution).key == one.key:
            with shown.noting(table.path):
                n_places, observations = _size(table, table.stamp)
                rows = shown.index(observations)
                rows = rows[rows >= 0]
                both = stamp(mark, table.stamp)
                make = partial(_lines, shown, one.stops[0], table, n_places, rows)
                lines = File(POSITION, (n_places, len(rows), 2), both, make)
                who = File(ROWS, (len(rows),), both, partial(ROWS.bytes, rows))
                return {
                    "file": shown.add(f"trails/{one.key}", lines),
                    "rows": shown.add(f"trailed/{one.key}", who),
                }
    return None


def _lines(shown: Shown, stop: Stop, table: Table, n_places: int, rows: Array) -> bytes:
    frame = rows_of(table, table.stamp, ("place", "observation", "x", "y"))
    observations = shown.index(integers(frame, "observation"))
    there = observations >= 0
    pose = _course(stop, stop.table.stamp).pose
    lines = np.full((n_places, len(rows), 2), np.nan)
    at = integers(frame, "place")[there], np.searchsorted(rows, observations[there])
    lines[at] = pose.apply(coordinates(frame)[there])
    return POSITION.bytes(lines)


@lru_cache(64)
def _size(table: Table, stamp: str) -> tuple[int, Array]:
    """Return the number of places of a table of trails, and its observations, ascending."""
    frame = rows_of(table, stamp, ("place", "observation", "x", "y"))
    place, observations = integers(frame, "place"), np.unique(integers(frame, "observation"))
    n_places = int(place.max(initial=-1)) + 1
    if place.min(initial=0) < 0 or n_places * len(observations) != len(frame):
        raise ValueError("not every trail has every place")
    return n_places, observations


def _measures(shown: Shown, one: Series) -> dict[int | None, dict[str, float]]:
    """Return how well each time of an evolution tells the classes apart."""
    found: dict[int | None, dict[str, float]] = {}
    for table, provenance in shown.tables("motion"):
        evolution = provenance.get("evolution")
        if isinstance(evolution, Mapping) and Series.of(evolution).key == one.key:
            with shown.noting(table.path):
                for time, measure, value in _motion(table, table.stamp):
                    if value is not None:
                        found.setdefault(time, {})[measure] = value
    return found


@lru_cache(1024)
def _motion(table: Table, stamp: str) -> tuple[tuple[int, str, float | None], ...]:
    frame, _ = table.read(("time", "measure", "value"))
    measures, values = frame["measure"].astype(str), map(finite, frame["value"])
    return tuple(zip(integers(frame, "time").tolist(), measures, values, strict=True))
