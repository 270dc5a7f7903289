"""The scores of all runs as one: mean and spread over seeds, looked up by what they are about.

A run may be scored more than once. The page speaks of one projection method and one k, the main
ones; a map by another method is read with the scores of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from layerwise import analysis
from layerwise.report import reading, wording
from layerwise.scores import select, summarize

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

USUAL_K = 6
"""The k that is the main one if two were used equally often: that of Rauber et al. 2017."""

Place = tuple[str, str, str]
"""What a score is about besides its checkpoint: score, subset, layer."""


@dataclass(frozen=True)
class Score:
    """One result over the seeds; `floor` is the same score under shuffled labels."""

    value: float
    spread: float
    floor: float
    n_observations: float
    seeds: int
    published: float
    source: str

    def __str__(self) -> str:
        return wording.measured(self.value, self.spread)

    @property
    def error(self) -> float:
        r"""Standard error: over the seeds, or for a single seed that of a share of n observations.

        The latter is :math:`\sqrt{p(1-p)/n}`, an upper bound for a mean of shares in [0, 1]
        of independent observations.
        """
        if self.seeds > 1:
            return self.spread / math.sqrt(self.seeds)
        p, n = min(max(self.value, 0.0), 1.0), self.n_observations
        return math.sqrt(p * (1 - p) / n) if n > 0 else math.nan


class Scores:
    """The results of all runs, looked up by what they are about.

    Attributes
    ----------
    method : the projection method that most scores are about, "" if none is named
    n_neighbors : the k of most of these, 0 if none is named
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        import pandas as pd

        parts = [
            _complete(found, seed)
            for seed, run in enumerate(runs)
            if (found := reading.table(run, "scores")) is not None
        ]
        self._rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
        self._rows = self._rows.drop_duplicates()
        self._by_method: dict[str, dict[Place, dict[str, Score]]] = {}
        self.method, self.n_neighbors = "", 0
        if parts:
            self.method = str(_most(self._rows["method"], "") or "")
            self.n_neighbors = self.neighbors(self.method)

    @staticmethod
    def of(runs: Sequence[Run]) -> Scores:
        """Return the results of all runs, read anew only if their tables have changed."""
        stamps = tuple(table.stamp for run in runs for table in run.stored().get("scores", ()))
        return _read(tuple(runs), stamps)

    def __bool__(self) -> bool:
        return bool(len(self._rows))

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Summary of the scores of the main method and k, those of each layer itself included."""
        return summarize(self._of(self.method)) if self else self._rows

    @cached_property
    def others(self) -> pd.DataFrame:
        """Summary of all further scores."""
        import pandas as pd

        if not self:
            return self._rows
        rest = self._rows.drop(index=self._of(self.method).index)
        further = [
            summarize(
                select(part, method=part["method"].iloc[0], n_neighbors=part["n_neighbors"].iloc[0])
            )
            for _, part in rest.groupby(["method", "n_neighbors"], sort=True)
        ]
        return pd.concat(further, ignore_index=True) if further else self.frame[:0]

    def neighbors(self, method: str) -> int:
        """Return the k to read scores of a method with: the main one if it was used, else its own.

        It is 0 where no score names one.
        """
        if not len(self._rows):
            return 0
        used = self._rows.loc[self._rows["method"] == method, "n_neighbors"]
        if self.n_neighbors and self.n_neighbors in set(used):
            return self.n_neighbors
        return int(_most(used, 0, USUAL_K) or self.n_neighbors)

    def get(
        self, score: str, subset: str, checkpoint: str | None, layer: str, method: str | None = None
    ) -> Score | None:
        """Return a result or None; of the main method unless another is asked for.

        The raw input has no checkpoint, so any will do.
        """
        if not len(self._rows):
            return None
        method = self.method if method is None else method
        if method not in self._by_method:
            self._by_method[method] = _by_place(summarize(self._of(method)))
        found = self._by_method[method].get((score, subset, layer), {})
        if layer == reading.INPUT and checkpoint not in found:
            return next(iter(found.values()), None)
        return found.get(checkpoint or "")

    def layers(self, run: Run, score: str, subset: str) -> list[str]:
        """Return the hidden layers that have this score after training."""
        return [
            name
            for name in analysis.hidden_layers(run)
            if self.get(score, subset, reading.after(run), name)
        ]

    def _of(self, method: str) -> pd.DataFrame:
        return select(self._rows, method=method, n_neighbors=self.neighbors(method))


def differ(a: Score, b: Score) -> bool:
    """Return whether two scores differ by more than twice the error of their difference."""
    return abs(a.value - b.value) > 2 * math.hypot(a.error, b.error)


@lru_cache(maxsize=2)
def _read(runs: tuple[Run, ...], stamps: tuple[str, ...]) -> Scores:
    """Return the results; `stamps` tells one state of the tables from the next."""
    return Scores(runs)


def _complete(scores: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the scores of one run with every column that names a result filled."""
    import pandas as pd

    def column(name: str, fill: Any) -> pd.Series:
        given = scores[name] if name in scores else pd.Series(fill, index=scores.index)
        return given.fillna(fill)

    scores = scores.copy(deep=False)
    scores.attrs = {}  # what made them; pandas would copy it, whole, at every step
    text = {name: column(name, "").astype(str) for name in ("layer", "subset", "checkpoint")}
    return scores.assign(
        **text, seed=column("seed", seed), method=column("method", "").astype(str),
        n_neighbors=column("n_neighbors", 0).astype(int),
    )  # fmt: skip


def _by_place(table: pd.DataFrame) -> dict[Place, dict[str, Score]]:
    found: dict[Place, dict[str, Score]] = {}
    for row in table.to_dict("records"):
        score = Score(
            value=float(row["value"]), spread=float(row["spread"]), floor=_number(row["floor"]),
            n_observations=_number(row["n_observations"]), seeds=int(row["seeds"]),
            published=_number(row["published"]),
            source=row["source"] if isinstance(row["source"], str) else "",
        )  # fmt: skip
        place = (row["score"], row["subset"], row["layer"])
        found.setdefault(place, {})[row["checkpoint"]] = score
    return found


def _most(values: pd.Series, without: object, usual: object = None) -> Any:
    """Return the value that stands most often, `without` aside; None if there is none.

    Of values that stand equally often it is `usual`, else the last to appear.
    """
    counts = values[values != without].value_counts(sort=False)
    often = counts.index[counts == counts.max()].tolist()
    return usual if usual in often else (often or [None])[-1]


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
