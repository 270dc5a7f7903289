"""What the manifest says of one run, put together from all that is known of it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np

from layerwise.foundation.shapes import Array
from layerwise.studio.data import evolution, independent, scores
from layerwise.studio.data.about import facts, title
from layerwise.studio.data.files import ROWS, File
from layerwise.studio.data.images import images
from layerwise.studio.data.inputs import activations, sounds, thumbnails
from layerwise.studio.data.labels import Column, classes, labels
from layerwise.studio.data.neurons import neurons
from layerwise.studio.data.predictions import answers
from layerwise.studio.data.series import METHODS
from layerwise.studio.data.shown import Shown, epoch


def about(shown: Shown, *, live: bool) -> dict[str, Any]:
    """Return the entry of a run; its files are offered by `shown`."""
    run, column = shown.run, classes(shown)
    found = shown.attempt(scores.stored) or []
    places = scores.by_place(found)
    inputs = shown.attempt(thumbnails)
    rows = File(ROWS, (shown.n,), shown.data, lambda: ROWS.bytes(shown.rows))
    return {
        "name": run.path.name,
        "title": title(run),
        "facts": [list(fact) for fact in facts(run)],
        "data": shown.data,
        "n": shown.n,
        "of": run.n_observations,
        "subset": shown.subset,
        "rows": shown.add("rows", rows),
        "noun": "observation" if inputs is None else "image",
        "label": None if column is None else column.name,
        "labels": labels(shown),
        "inputs": inputs,
        "sounds": shown.attempt(sounds),
        "layers": _layers(shown),
        "checkpoints": _checkpoints(shown, column),
        "activations": activations(shown),
        "series": shown.attempt(lambda shown: _series(shown, places)) or [],
        "neurons": shown.attempt(lambda shown: neurons(shown, column, places)) or [],
        "neighbors": [],
        "scores": scores.entries(shown, found),
        "images": shown.attempt(images) or [],
        "methods": _methods() if live else [],
    }


def _methods() -> list[str]:
    """Return what a host can compute; UMAP is a package of its own."""
    return [name for name in METHODS if name != "umap" or find_spec("umap")]


def placed(shown: Shown) -> Array:
    """Return the row numbers of the observations that have a place in some map."""
    rows = [np.empty(0, np.int64)]
    for one in independent.projections(shown):
        with shown.noting():
            rows.append(independent.read(one.stops[0], one.stops[0].table.stamp).ids)
    for one in evolution.evolutions(shown):
        with shown.noting():
            rows.append(evolution.at_time(one.stops[0]).ids)
    return np.unique(np.concatenate(rows))


def _layers(shown: Shown) -> list[dict[str, Any]]:
    known = [shown.run.layer(name) for name in shown.layers]
    return [
        {"name": one.name, "kind": one.kind, "shape": list(one.shape), "units": one.n_units,
         "hidden": one.hidden}
        for one in known
    ]  # fmt: skip


def _checkpoints(shown: Shown, column: Column | None) -> list[dict[str, Any]]:
    found = []
    for number, name in enumerate(shown.checkpoints):
        metadata = shown.run.checkpoint(name).metadata
        found.append({
            "name": name, "epoch": epoch(name, metadata), "recorded": shown.recorded[number],
            "complete": shown.complete(number), **answers(shown, number, column),
        })  # fmt: skip
    return found


def _series(shown: Shown, found: independent.Found) -> list[dict[str, Any]]:
    """Return the entries of all series; those with one title are told apart by how they came."""
    apart, together = independent.projections(shown), evolution.evolutions(shown)
    entries = [
        *(independent.entry(shown, one, found) for one in apart),
        *(evolution.entry(shown, one) for one in together),
    ]
    taken: set[str] = set()
    for one, entry in zip([*apart, *together], entries, strict=True):
        if entry["id"] in taken:  # say, of seed 0 and of no known seed
            entry["id"] += f"-{one.key[:8]}"
        taken.add(entry["id"])
    titles = [one["title"] for one in entries]
    for entry in entries:
        if titles.count(entry["title"]) > 1:
            entry["title"] = f"{entry['title']} ({entry['how']})"
    return entries
