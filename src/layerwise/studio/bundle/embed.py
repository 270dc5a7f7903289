"""The data of a page that carries itself: the files of an excerpt in one packed block.

Files are added in the order in which a reader would miss them, each as long as the page stays small
enough to be mailed; what no longer fits is left out of the manifest, and named. The block is one
gzip stream, also around WebP, which costs it five bytes in 64 kB, so a page opens it in one go.
Same runs, same bytes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerwise.foundation import checks
from layerwise.studio.bundle.excerpt import Entry, Excerpt

if TYPE_CHECKING:
    from layerwise.store import Run

BUDGET = 4_600_000
"""Bytes of manifest and block in the page: with the code less than 5 MB, small enough to mail."""

_GZIP = 31
"""zlib's number for a gzip stream with the longest window; its header holds no time."""

_ENTRY = 200
"""Bytes that the manifest and the index say of a file, about."""


@dataclass(frozen=True)
class Embedded:
    """What a page holds.

    Attributes
    ----------
    manifest : names only files that the page holds
    index : first byte and length of every file in the block, unpacked
    block : base64 of the gzip of all files, one after the other
    sizes : bytes of the block by what they are for, about
    left_out : for what some files did not fit
    """

    manifest: dict[str, Any]
    index: dict[str, tuple[int, int]]
    block: str
    sizes: dict[str, int]
    left_out: tuple[str, ...]


def embed(
    runs: Sequence[Run], *, full: bool = False, budget: int = BUDGET, random_state: int = 0
) -> Embedded:
    """Return the data of a page about some runs.

    Several runs are there to be compared, so either all are in the page or only the first.

    Parameters
    ----------
    runs : recorded runs
    full : take every observation, picture, sound, and every neuron of the layers that were mapped,
        whatever the size
    budget : bytes of manifest and block
    random_state : of the sample of observations and of pictures

    Returns
    -------
    Embedded

    Examples
    --------
    >>> found = embed([run], budget=1_000_000)                              # doctest: +SKIP
    >>> len(found.block), found.sizes["maps"], found.left_out               # doctest: +SKIP
    (847580, 147336, ())
    """
    excerpt = Excerpt(runs, full=full, random_state=random_state)
    first, *others = excerpt.manifest["runs"]
    packing = Packing(excerpt.read, None if full else budget)
    packing.add_run(first)
    shown = [first]
    if others:
        trial = packing.copy()
        for about in others:
            trial.add_run(about)
        if len(trial.left_out) == len(packing.left_out):
            packing, shown = trial, [first, *others]
    files = excerpt.manifest["files"]
    manifest = {
        **excerpt.manifest,
        "runs": [held(about, packing.holds) for about in shown],
        "notes": [*excerpt.manifest["notes"], *packing.notes],
        "files": {name: _lasting(files[name]) for name in files if packing.holds(name)},
    }
    left_out = tuple(sorted(set(packing.left_out)))
    return Embedded(manifest, packing.index, packing.block(), packing.sizes, left_out)


class Packing:
    """Files on their way into one block.

    Parameters
    ----------
    read : gives the bytes of a file
    budget : bytes that manifest and block may have in the page; None for no end
    """

    def __init__(self, read: Callable[[str], bytes], budget: int | None) -> None:
        self._read, self._budget = read, budget
        self._stream, self._packed = zlib.compressobj(9, zlib.DEFLATED, _GZIP), b""
        self._length, self._said = 0, 0
        self.index: dict[str, tuple[int, int]] = {}
        self.sizes: dict[str, int] = {}
        self.left_out: list[str] = []
        self.notes: list[str] = []

    def copy(self) -> Packing:
        """Return a second one that goes on from here by itself."""
        other = Packing(self._read, self._budget)
        other._stream, other._packed = self._stream.copy(), self._packed
        other._length, other._said = self._length, self._said
        other.index, other.sizes = dict(self.index), dict(self.sizes)
        other.left_out, other.notes = list(self.left_out), list(self.notes)
        return other

    def add_run(self, about: Entry) -> None:
        """Add the files of a run, those first that would be missed most."""
        self._said += len(json.dumps(about))
        for rank, purpose, names in sorted(_ranked(about), key=lambda item: item[0]):
            self._add(purpose, names, needed=rank == 0)

    def holds(self, name: str) -> bool:
        """Return whether a file is in the block, whole or clip by clip."""
        return name in self.index or f"{name}/0" in self.index

    def block(self) -> str:
        """Return the block."""
        return base64.b64encode(self._packed + self._stream.copy().flush()).decode()

    def _add(self, purpose: str, names: Sequence[str], *, needed: bool) -> None:
        stream, length, index, packed = self._stream.copy(), self._length, {}, []
        for name in (name for name in names if name not in self.index):
            try:
                content = self._read(name)
            except checks.UserError as error:  # damaged: the rest is shown all the same
                if needed:
                    raise
                self.notes.append(str(error))
                return
            packed.append(stream.compress(content))
            index[name] = (length, len(content))
            length += len(content)
        found = b"".join(packed) + stream.flush(zlib.Z_SYNC_FLUSH)
        size = self._said + len(names) * _ENTRY + _base64(len(self._packed) + len(found))
        if self._budget is not None and size > self._budget and not needed:
            self.left_out.append(purpose)
            return
        self._said += len(names) * _ENTRY
        self._stream, self._length, self._packed = stream, length, self._packed + found
        self.index |= index
        self.sizes[purpose] = self.sizes.get(purpose, 0) + _base64(len(found))


def held(about: Entry, holds: Callable[[str], bool]) -> Entry:
    """Return the entry of a run without what names files that are not held."""

    def those(entries: Sequence[Entry], *keys: str) -> list[Entry]:
        return [
            entry for entry in entries
            if all(holds(entry[key]) for key in keys if entry[key] is not None)
        ]  # fmt: skip

    series = [
        {
            **one, "stops": those(one["stops"], "file"),
            "trails": next(iter(those([one["trails"]] if one["trails"] else [], "file")), None),
        }
        for one in about["series"]
    ]  # fmt: skip
    inputs, sounds = about["inputs"], about["sounds"]
    return {
        **about,
        "labels": those(about["labels"], "file"),
        "checkpoints": [_answered(one, holds) for one in about["checkpoints"]],
        "activations": those(about["activations"], "file"),
        "series": [one for one in series if one["stops"]],
        "neurons": those(about["neurons"], "places"),
        "neighbors": those(about["neighbors"], "file"),
        "images": those(about["images"], "sheet"),
        "inputs": inputs if inputs and all(map(holds, inputs["sheets"])) else None,
        "sounds": sounds if sounds and holds(sounds["file"]) else None,
    }


def _answered(checkpoint: Entry, holds: Callable[[str], bool]) -> Entry:
    predicted, probable = checkpoint["predicted"], checkpoint["probable"]
    return {
        **checkpoint,
        "predicted": predicted if predicted and holds(predicted) else None,
        "probable": probable if probable and holds(probable["classes"]) else None,
    }


def _ranked(about: Entry) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Yield (rank, purpose, files): what comes together, and 0 for what a page needs anyhow."""
    last = len(about["checkpoints"]) - 1
    with_map = {entry["layer"] for entry in about["neurons"]}

    def age(checkpoint: int) -> int:
        """Return 0 after training, 1 before it, 2 in between."""
        return 0 if checkpoint == last else 2 if checkpoint else 1

    yield 0, "labels", (about["rows"], *(label["file"] for label in about["labels"]))
    for number, one in enumerate(about["checkpoints"]):
        if one["predicted"]:
            yield 1, "answers", (one["predicted"],)
        if one["probable"]:
            yield 3 + age(number), "answers", tuple(one["probable"].values())
    for place, series in enumerate(about["series"]):
        for stop in series["stops"]:
            yield (5 if place else 1) + age(stop["checkpoint"]), "maps", (stop["file"],)
        if trails := series["trails"]:
            yield (6 if place else 3), "trails", (trails["file"], trails["rows"])
    for one in about["neurons"]:
        keys = ("places", "state", "active", "importance")
        files = tuple(one[key] for key in keys if one[key])
        yield 1 + age(one["checkpoint"]), "neuron maps", files
    for one in about["activations"]:
        rank = 3 if one["layer"] in with_map else 5
        yield rank + 2 * age(one["checkpoint"]), "activations", (one["file"],)
    for one in about["neighbors"]:
        yield 4, "neighbours", (one["file"],)
    if inputs := about["inputs"]:
        yield (
            2,
            "thumbnails",
            (*inputs["sheets"], *([inputs["order"]] if "order" in inputs else [])),
        )
    for one in about["images"]:
        yield 5, "images", (one["sheet"],)
    if sounds := about["sounds"]:
        yield 8, "sounds", tuple(f"{sounds['file']}/{i}" for i in range(about["n"]))


def _lasting(file: Entry) -> Entry:
    """Return the entry of a file without its stamp: in a page nothing changes."""
    return {key: value for key, value in file.items() if key != "stamp"}


def _base64(n: int) -> int:
    return -(-n // 3) * 4
