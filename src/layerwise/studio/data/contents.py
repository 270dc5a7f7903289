"""The data contract: what a page may ask of some runs, and the bytes that it gets.

`manifest` says which observations, layers, checkpoints, maps, neurons and pictures there are, and
names the file of each; `bytes` makes a file when it is asked for. Names are looked up in the
manifest's list and never become paths. Version 1 of the format; whoever reads it is
``static/data``. Leaves out how the bytes travel (server, page, notebook).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.foundation.version import VERSION
from layerwise.store import Run, StoreError
from layerwise.store.durable import wrapped
from layerwise.studio.data.files import File
from layerwise.studio.data.shown import Shown

FORMAT, FORMAT_VERSION = "layerwise studio", 1

LARGEST = 50_000_000
"""Observations of a run; of more, not even the row numbers fit a page."""

PREFERRED = "test"
"""The subset that is shown if a run has it and none is asked for."""


class Contents:
    """Everything a page can show of some runs; threads may share one.

    Parameters
    ----------
    runs : Run or sequence of Run
        Each is opened again for every manifest, since it may still be recorded.
    subset : str, optional
        Value of the label "subset" whose observations are shown, "" for all; by default "test" if
        there is one, else all.
    n : int, optional
        Show at most so many: a sample, those first that have a place in a map.
    random_state : int
        Seed of the sample.
    live : bool
        Whether a host answers questions and runs jobs.
    attributions : sequence of str
        The ways in which a host asks the network about an observation; none without the network.

    Examples
    --------
    >>> contents = Contents(run)                                            # doctest: +SKIP
    >>> contents.manifest()["runs"][0]["layers"][1]                         # doctest: +SKIP
    {'name': 'relu1', 'kind': 'ReLU', 'shape': [1000], 'units': 1000, 'hidden': True}
    >>> np.frombuffer(contents.bytes("r0/rows"), "<u4")                     # doctest: +SKIP
    array([  0,   1,   2, ..., 596, 597, 598], dtype=uint32)
    """

    def __init__(
        self,
        runs: Run | Sequence[Run],
        *,
        subset: str | None = None,
        n: int | None = None,
        random_state: int = 0,
        live: bool = False,
        attributions: Sequence[str] = (),
    ) -> None:
        self.runs = [runs] if isinstance(runs, Run) else list(runs)
        if not self.runs:
            raise checks.invalid("Contents", "runs", "at least one run", "none")
        self._n = None if n is None else checks.integer("Contents", "n", n, 1)
        self._subset, self._seed, self._live = subset, random_state, live
        self._attributions = list(attributions)
        self._rows: dict[tuple[int, str], Array] = {}
        self._files: dict[str, File] | None = None
        self._making = threading.Lock()

    def manifest(self) -> dict[str, Any]:
        """Return what there is now; no activation and no map is read.

        Raises
        ------
        StoreError
            If a run cannot be opened. What of it cannot be read is left out, with a sentence in
            "notes".
        """
        from layerwise.studio.data.about import title
        from layerwise.studio.data.sections import about

        with self._making:  # of two threads the one that looked last says which files there are
            shown = self.shown()
            runs = [about(one, live=self._live) for one in shown]
            files = {name: file for one in shown for name, file in one.files.items()}
            self._files = files
        return {
            "format": FORMAT, "version": FORMAT_VERSION, "layerwise": VERSION,
            "title": title(shown[0].run), "live": self._live, "runs": runs,
            "attributions": self._attributions,
            "notes": [note for one in shown for note in one.notes],
            "files": {name: file.entry for name, file in files.items()},
        }  # fmt: skip

    def bytes(self, name: str) -> bytes:
        """Return a file by the name that the manifest gives it, or ``<name>/<number>`` of a part.

        Raises
        ------
        NotFound
            If the manifest does not name it.
        StoreError
            If the run's files are damaged.
        """
        file, part = self._find(name)
        where = self.runs[int(name[1:].partition("/")[0])].path
        with wrapped(where, "shown"):
            return file.make() if part is None else file.make(part)

    def media_type(self, name: str) -> str:
        """Return the media type of a file."""
        return self._find(name)[0].media_type

    def shown(self) -> list[Shown]:
        """Return the runs as they are now: which observations, layers and checkpoints."""
        found: list[Shown] = []
        for number, run in enumerate(self.runs):
            found.append(self._show(number, Run.open(run.path), found))
        return found

    def _find(self, name: str) -> tuple[File, int | None]:
        if self._files is None:
            self.manifest()
        files = self._files or {}
        if name in files and files[name].parts is None:
            return files[name], None
        head, _, tail = name.rpartition("/")
        parts = files[head].parts if head in files else None
        if parts is not None and tail.isascii() and tail.isdecimal() and len(tail) < 16:
            number = int(tail)
            if number < parts and str(number) == tail:
                return files[head], number
        raise checks.not_found("file", name[:100], "the studio", files)

    def _show(self, number: int, run: Run, before: Sequence[Shown]) -> Shown:
        from layerwise.analysis import SUBSET
        from layerwise.studio.data.labels import columns

        if run.n_observations > LARGEST:
            raise StoreError(run.path, f"has {run.n_observations:,} observations; a page shows at "
                             f"most {LARGEST:,}.")  # fmt: skip
        stored = run.stored()
        column = next((one for one in columns(run, stored) if one.name == SUBSET), None)
        names = {}
        if column is not None:
            codes = np.unique(column.values)
            names = {column.names[code]: code for code in codes[codes >= 0]}
        subset = self._subset
        if subset is None:
            subset = PREFERRED if PREFERRED in names else ""
        if subset and subset not in names:
            raise checks.not_found("subset", subset, run.path.name, names)
        if column is None or not subset:
            rows = np.arange(run.n_observations)
        else:
            rows = np.flatnonzero(column.values == names[subset])
        whole = Shown(run, stored, number, subset, rows)
        if self._n is None or len(rows) <= self._n:
            return whole
        for other in before:  # the same observations of the same data
            if other.whole == whole.data:
                return Shown(run, stored, number, subset, other.rows, whole.data)
        key = number, whole.data
        if key not in self._rows:  # they stay while the run gains maps
            from layerwise.studio.data.sections import placed

            self._rows.setdefault(key, sample(rows, placed(whole), self._n, self._seed))
        return Shown(run, stored, number, subset, self._rows[key], whole.data)


def sample(rows: Array, first: Array, n: int, random_state: int) -> Array:
    """Return `n` of `rows`, ascending: a sample of those in `first`, then of the others.

    Examples
    --------
    >>> sample(np.arange(9), np.array([2, 4]), 3, 0)[:3].tolist()
    [2, 4, 7]
    """
    rng, known = generator(random_state), np.isin(rows, first)
    k = min(n, int(known.sum()))
    # Without maps these are the rows that a map of n of them will have: analysis.rows_of.
    others = rng.choice(rows[~known], n - k, replace=False)
    return np.sort(np.concatenate([rng.choice(rows[known], k, replace=False), others]))
