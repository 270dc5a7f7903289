"""The neurons of a layer: their places, whether they do anything, and which classes they tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np

from layerwise.analysis import RANKINGS
from layerwise.foundation.shapes import Array
from layerwise.scores import names
from layerwise.store import StoreError
from layerwise.studio.data import scores
from layerwise.studio.data.files import POSITION, SHARE, STATE, File, stamp
from layerwise.studio.data.labels import Column
from layerwise.studio.data.maps import MOST, Map, posed
from layerwise.studio.data.series import Stop, coordinates, parts
from layerwise.studio.data.shown import Shown, integers, numbers

STATES = ("live", "constant", "dead")
MOST_IMPORTANCES = 10**8
"""Neurons times classes, as bytes to a page; of more there is a map without roles."""

QUALITY = {
    names.STRESS: "stress", names.ROLE_AGREEMENT: "role agreement", names.TOP_AUC: "top AUC",
    names.LEAST_AUC: "least AUC", names.SEED_SPEARMAN: "seed correlation",
    names.SEED_OVERLAP: "seed overlap", names.SELECTIVE: "selective",
}  # fmt: skip
"""Scores that are about a map of neurons, and how the manifest calls them."""

_PLACE = ("layer", "checkpoint", "subset")


def neurons(
    shown: Shown, column: Column | None, found: Mapping[tuple[str, str], list[scores.Score]]
) -> list[dict[str, Any]]:
    """Return what the manifest says of the maps of neurons.

    Those of the subset that is shown come before those of all observations. Maps of one layer at
    several checkpoints have the same neurons, and are laid over that of the last one.
    """
    maps = _maps(shown, "units")
    rankings = _rankings(shown, column)
    last: dict[str, Stop] = {}
    for stop in sorted(maps, key=lambda stop: shown.checkpoints[stop.checkpoint]):
        last[stop.layer] = stop
    entries = []
    for stop, subset in sorted(maps.items(), key=lambda item: shown.at(*item[0].place)):
        ranking, ranked = rankings.get((*stop.place, subset), ("", None))
        about = scores.quality(found.get(stop.place, []), subset)
        numbers = {
            QUALITY[name]: value for name, value in about.items()
            if name in QUALITY
        }  # fmt: skip
        files = _files(shown, stop, last[stop.layer], ranked, column)
        entries += [
            {"layer": layer, "checkpoint": checkpoint, **files, "ranking": ranking or None,
             "quality": numbers}
            for layer, checkpoint in shown.at(*stop.place)
        ]  # fmt: skip
    return entries


def _maps(shown: Shown, kind: str) -> dict[Stop, str]:
    """Return the maps of neurons, one for each place, and the subset each is about."""
    known: dict[tuple[str, str], tuple[tuple[bool, bool, int], Stop, str]] = {}
    for table, provenance in shown.tables(kind):
        with shown.noting(table.path):
            for place, where in parts(table, provenance, _PLACE):
                stop = Stop(place["layer"], place["checkpoint"], table, where)
                if shown.covers(place["subset"]) and shown.at(*stop.place):
                    _check_size(stop, table.stamp, shown.run.layer(stop.layer).n_units)
                    other = place["subset"] != shown.subset
                    rank = (other, provenance.get("n") is not None, len(known))
                    if stop.place not in known or rank < known[stop.place][0]:
                        known[stop.place] = rank, stop, place["subset"]
    return {stop: subset for _, stop, subset in known.values()}


def _rankings(
    shown: Shown, column: Column | None
) -> dict[tuple[str, str, str], tuple[str, Stop | None]]:
    """Return the best ranking for each layer, checkpoint and subset: RANKINGS has it first."""
    found: dict[tuple[str, str, str], tuple[str, Stop | None]] = {}
    for table, provenance in shown.tables("discrimination"):
        with shown.noting(table.path):
            if column is None or (provenance.get("label") or column.name) != column.name:
                continue
            for place, where in parts(table, provenance, (*_PLACE, "ranking")):
                ranking = place.pop("ranking")
                key = (place["layer"], place["checkpoint"], place["subset"])
                if ranking in RANKINGS and (
                    key not in found or RANKINGS.index(ranking) < RANKINGS.index(found[key][0])
                ):
                    where = tuple(item for item in where if item[0] != "ranking")
                    found[key] = ranking, Stop(*key[:2], table, (*where, ("ranking", ranking)))
    return found


def _files(
    shown: Shown, stop: Stop, reference: Stop, ranked: Stop | None, column: Column | None
) -> dict[str, str | None]:
    layer, checkpoint = shown.at(*stop.place)[0]
    n_units, mark = shown.run.layer(stop.layer).n_units, stamp(stop.table.stamp)
    both = stamp(stop.table.stamp, reference.table.stamp)
    places = partial(_places, stop, reference, n_units)
    own = {
        "places": File(POSITION, (n_units, 2), both, places),
        "state": File(STATE, (n_units,), mark, partial(_state, stop, n_units)),
        "active": File(SHARE, (n_units,), mark, partial(_active, stop, n_units)),
    }
    n_classes = 0 if column is None else len(column.names)
    if ranked is not None and n_classes * n_units <= MOST_IMPORTANCES:
        make = partial(_importance, ranked, n_classes, n_units)
        ranking = stamp(ranked.table.stamp, n_classes)
        own["importance"] = File(SHARE, (n_classes, n_units), ranking, make)
    folder = f"neurons/{layer}@{checkpoint}"
    files: dict[str, str | None] = {
        name: shown.add(f"{folder}/{name}", file) for name, file in own.items()
    }
    return {"importance": None, **files}


def _places(stop: Stop, reference: Stop, n_units: int) -> bytes:
    own = _map(stop, stop.table.stamp, n_units)
    if stop != reference:
        own = own.laid_over(_map(reference, reference.table.stamp, n_units))
    return POSITION.bytes(own.scattered(n_units))


@lru_cache(16)
def _map(stop: Stop, stamp: str, n_units: int) -> Map:
    frame = stop.read("unit", "x", "y")
    return posed(_units(frame, n_units), coordinates(frame))


def _state(stop: Stop, n_units: int) -> bytes:
    frame = stop.read("unit", "state")
    codes = frame["state"].map({state: code for code, state in enumerate(STATES)})
    if codes.isna().any():
        raise ValueError(f"a state is none of {', '.join(STATES)}")
    return STATE.bytes(_by_unit(_units(frame, n_units), codes.to_numpy()))


def _active(stop: Stop, n_units: int) -> bytes:
    frame = stop.read("unit", "active")
    return SHARE.bytes(_by_unit(_units(frame, n_units), numbers(frame, "active")))


def _importance(ranked: Stop, n_classes: int, n_units: int) -> bytes:
    """Return importances beside that of the strongest neuron of any class, which is 1.

    The mean over repeats, of those that are finite in single precision; 0 if there is none.
    """
    frame = ranked.read("unit", "class", "importance")
    unit, code = integers(frame, "unit"), integers(frame, "class")
    value = numbers(frame, "importance")
    if not np.array_equal(np.unique(unit), np.arange(n_units)):
        raise ValueError(f"the layer has {n_units} units")
    known = (np.abs(value) < MOST) & (code >= 0) & (code < n_classes)
    place, size = code[known] * n_units + unit[known], n_classes * n_units
    total = np.bincount(place, np.maximum(value[known], 0), size)
    mean = total / np.maximum(np.bincount(place, minlength=size), 1)
    return SHARE.bytes(mean / (mean.max() or 1.0))


@lru_cache(8192)
def _check_size(stop: Stop, stamp: str, n_units: int) -> None:
    n_rows = len(stop.read("unit")) if stop.where else stop.table.n_rows()
    if n_rows != n_units:
        raise StoreError(stop.table.path, f"has {n_rows} units of {n_units} in {stop.layer!r}.")


def _units(frame: Any, n_units: int) -> Array:
    """Return the numbers of units, which are all of the layer."""
    unit = integers(frame, "unit")
    if len(unit) != n_units or not np.array_equal(np.sort(unit), np.arange(n_units)):
        raise ValueError(f"the layer has {n_units} units")
    return unit


def _by_unit(unit: Array, values: Array) -> Array:
    found = np.empty(len(unit))
    found[unit] = values
    return found
