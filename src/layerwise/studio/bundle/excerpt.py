"""What of the runs a page that carries its data shows: a part that says most with few bytes.

All maps, labels and answers are small; the activations are not. So a page holds chosen neurons
only, as many pictures as the eye can use, and the neighbours that a host would otherwise be asked
for. The manifest stays that of :class:`~layerwise.studio.data.Contents`: whoever reads it cannot
tell an excerpt from a small run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise import scores, units
from layerwise.foundation import checks
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.studio.data import Contents, files
from layerwise.studio.data.inputs import pictures
from layerwise.studio.data.sheets import Layout, webp

if TYPE_CHECKING:
    from layerwise.store import Activations, Run

POINTS = 20_000
"""Observations in a page."""

PICTURES = 10_000
"""Thumbnails in a page: at 100 bytes each 1 MB, and a contact sheet shows tens at a time."""

QUALITY = 50
"""Of so many thumbnails, as WebP: a quarter smaller than those of a few."""

PER_CLASS, PER_LAYER = 5, 64
"""Neurons of a layer whose neurons were mapped: the best of each class, and at most in all."""

OTHERS = 16
"""Neurons of any other hidden layer: those that vary most."""

SEEN = 2_000
"""Observations that show how much a neuron varies, and that are read at a time."""

NEIGHBORS = 10

MOST_VALUES = 2**28
"""Activations in memory for the neighbours: 1 GB in single precision."""

EXTREMES = 8
"""Observations for which a neuron fires most, and least, whose pictures are there if any are."""

Entry = dict[str, Any]


class Excerpt:
    """The manifest and the files of some runs, cut down to what a page shows.

    Parameters
    ----------
    runs : recorded runs
    full : take every observation, picture and sound, and every neuron of the layers that were
        mapped

    Attributes
    ----------
    manifest : as that of Contents, "live" false and "methods" empty
    """

    def __init__(self, runs: Sequence[Run], *, full: bool = False, random_state: int = 0) -> None:
        self._full, self._seed = full, random_state
        self._contents = Contents(runs, n=None if full else POINTS, random_state=random_state)
        self._made: dict[str, Callable[[], bytes]] = {}
        whole = self._contents.manifest()
        self._files: dict[str, Entry] = dict(whole["files"])
        cut: list[Entry] = []
        for number, (run, about) in enumerate(zip(runs, whole["runs"], strict=True)):
            cut.append(self._cut(number, run, about))
            for before in cut[:-1]:
                if before["data"] == about["data"]:  # the same pictures: they are there once
                    cut[-1]["inputs"] = before["inputs"]
        self.manifest = {**whole, "live": False, "runs": cut, "files": self._files}

    def read(self, name: str) -> bytes:
        """Return the bytes of a file that the manifest names."""
        make = self._made.get(name)
        return self._contents.bytes(name) if make is None else make()

    def _make(self, name: str, dtype: str, shape: Sequence[int], make: Callable[[], bytes]) -> str:
        self._made[name] = make
        self._files[name] = {"dtype": dtype, "shape": list(shape)}
        return name

    def _numbers(self, name: str) -> Array:
        """Return the stored codes of a file."""
        file = self._files[name]
        dtype = np.dtype(file["dtype"]).newbyteorder("<")
        return np.frombuffer(self.read(name), dtype).reshape(file["shape"])

    def _cut(self, number: int, run: Run, about: Entry) -> Entry:
        rows = self._numbers(about["rows"])
        activations = self._chosen(run, rows, about)
        return {
            **about, "methods": [], "activations": activations,
            "neighbors": self._near(number, run, rows, about),
            "inputs": self._pictures(number, run, rows, {**about, "activations": activations}),
            "sounds": about["sounds"] if self._full else None,
        }  # fmt: skip

    def _chosen(self, run: Run, rows: Array, about: Entry) -> list[Entry]:
        """Return the activations to look at: of chosen neurons, wherever there is a map."""
        mapped = {
            (stop["layer"], stop["checkpoint"])
            for series in about["series"] for stop in series["stops"]
        } | {(entry["layer"], entry["checkpoint"]) for entry in about["neurons"]}  # fmt: skip
        kept, known = [], {}
        for entry in reversed(about["activations"]):  # the last checkpoint decides
            layer = entry["layer"]
            if (layer, entry["checkpoint"]) not in mapped:
                continue
            if layer not in known:
                known[layer] = self._neurons(run, rows, about, entry)
            chosen = known[layer]
            if chosen:
                shape = (len(chosen), about["n"])
                read = partial(_columns, _activations(run, about, entry), rows, chosen)
                name = self._make(f"{entry['file']}/chosen", "q1", shape, read)
                kept.append({**entry, "units": chosen, "file": name})
        return kept[::-1]

    def _neurons(self, run: Run, rows: Array, about: Entry, entry: Entry) -> list[int]:
        layer = about["layers"][entry["layer"]]
        if self._full:
            return list(range(layer["units"]))
        ranked = [
            one["importance"] for one in about["neurons"]
            if one["layer"] == entry["layer"] and one["importance"] is not None
        ]  # fmt: skip
        if ranked:
            codes, missing = self._numbers(ranked[-1]), self._files[ranked[-1]].get("missing")
            return strongest(np.where(codes == missing, 0, codes))
        mapped = any(one["layer"] == entry["layer"] for one in about["neurons"])
        if not mapped and not layer["hidden"]:
            return list(range(layer["units"])) if layer["units"] <= OTHERS else []
        some = rows[:: -(-len(rows) // SEEN)]
        try:
            std = units.statistics(_activations(run, about, entry)[some])["std"]
        except checks.UserError:  # NaN: the report's section on health says so
            return []
        order = np.argsort(-std.to_numpy(), kind="stable")[: PER_LAYER if mapped else OTHERS]
        return sorted(int(unit) for unit in order)

    def _near(self, number: int, run: Run, rows: Array, about: Entry) -> list[Entry]:
        """Return the nearest observations by the deepest hidden layer that memory can hold."""
        most = MOST_VALUES // about["n"]
        hidden = [
            entry for entry in about["activations"]
            if (layer := about["layers"][entry["layer"]])["hidden"] and layer["units"] <= most
        ]  # fmt: skip
        k = min(NEIGHBORS, about["n"] - 1)
        if not hidden or k < 1:
            return []
        deepest = max(hidden, key=lambda entry: (entry["checkpoint"], entry["layer"]))
        layer, checkpoint = deepest["layer"], deepest["checkpoint"]
        try:
            found = scores.nearest_neighbors(_activations(run, about, deepest)[rows], k)
        except checks.UserError:
            return []
        dtype = "u2" if about["n"] <= np.iinfo(np.uint16).max else "u4"
        write = found.astype(f"<{dtype}").tobytes
        name = self._make(f"r{number}/neighbors/{layer}@{checkpoint}", dtype, found.shape, write)
        return [{"layer": layer, "checkpoint": checkpoint, "file": name, "k": k}]

    def _pictures(self, number: int, run: Run, rows: Array, about: Entry) -> Entry | None:
        """Return the pictures: of the wrong, of the extremes of neurons, then of a sample."""
        inputs: Entry | None = about["inputs"]
        if inputs is None or self._full or inputs["count"] <= PICTURES:
            return inputs
        order = generator(self._seed).permutation(about["n"])
        rank = np.select([self._wrong(about), self._extreme(about)], [0, 1], 2)
        order = np.sort(order[np.argsort(rank[order], kind="stable")][:PICTURES])
        layout = Layout(inputs["width"], inputs["height"], PICTURES)
        sheets = [
            self._make(
                f"r{number}/inputs/{sheet}", "webp", layout.shape(sheet),
                partial(_sheet, run, rows[order[layout.part(sheet)]], layout.columns),
            )
            for sheet in range(layout.n_sheets)
        ]  # fmt: skip
        write = order.astype("<u4").tobytes
        return {
            **inputs, "columns": layout.columns, "per_sheet": layout.per_sheet, "count": PICTURES,
            "sheets": sheets, "order": self._make(f"r{number}/order", "u4", order.shape, write),
        }  # fmt: skip

    def _wrong(self, about: Entry) -> Array:
        """Return whether the last answer of the network about each observation is wrong."""
        said = [one["predicted"] for one in about["checkpoints"] if one["predicted"]]
        truth = [one["file"] for one in about["labels"] if one["name"] == about["label"]]
        if not said or not truth:
            return np.zeros(about["n"], dtype=bool)
        wrong: Array = self._numbers(said[-1]) != self._numbers(truth[0])
        return wrong

    def _extreme(self, about: Entry) -> Array:
        """Return whether some chosen neuron fires most or least for an observation, at last."""
        found = np.zeros(about["n"], dtype=bool)
        last = max((entry["checkpoint"] for entry in about["activations"]), default=0)
        for entry in about["activations"]:
            if entry["checkpoint"] == last:
                content = np.frombuffer(self.read(entry["file"]), np.uint8)
                values = content.reshape(len(entry["units"]), -1)[:, -about["n"] :]
                order = np.argsort(-values.astype(np.int16), axis=1, kind="stable")
                found[order[:, :EXTREMES]] = found[order[:, -EXTREMES:]] = True
        return found


def _activations(run: Run, about: Entry, entry: Entry) -> Activations:
    """Return the activations that an entry of the manifest is about."""
    checkpoint = about["checkpoints"][entry["checkpoint"]]["name"]
    return run.activations(about["layers"][entry["layer"]]["name"], checkpoint)


def _columns(X: Activations, rows: Array, chosen: Sequence[int]) -> bytes:
    """Return some neurons over some observations as "q1", read in batches of rows."""
    batches = (rows[start : start + SEEN] for start in range(0, len(rows), SEEN))
    values = np.concatenate([X[batch][:, chosen] for batch in batches])
    return b"".join(map(files.column, values.T))


def _sheet(run: Run, rows: Array, columns: int) -> bytes:
    return webp(pictures(run, rows), columns, QUALITY)


def strongest(importance: Array) -> list[int]:
    """Return the neurons that tell each class best: the first of every class before any second.

    Parameters
    ----------
    importance : (n_classes, n_units)

    Examples
    --------
    >>> strongest(np.array([[9, 0, 1, 0], [8, 0, 0, 7]]))
    [0, 2, 3]
    """
    order = np.argsort(-importance.astype(np.int64), axis=1, kind="stable")[:, :PER_CLASS]
    told = np.take_along_axis(importance, order, axis=1) > 0
    by_rank = order.T[told.T]
    chosen = list(dict.fromkeys(by_rank.tolist()))[:PER_LAYER]
    return sorted(chosen)
