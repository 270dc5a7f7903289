"""The scores of all runs as one: mean and spread over seeds, looked up by what they are about."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from layerwise.report import reading, wording

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

HIT_2D = "neighborhood hit 2-D"
HIT_ND = "neighborhood hit n-D"
TRUSTWORTHINESS = "trustworthiness"
CONTINUITY = "continuity"
ACCURACY = "accuracy"


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
    """The results of all runs, looked up by what they are about."""

    def __init__(self, runs: Sequence[Run]) -> None:
        import pandas as pd

        from layerwise.scores.summary import summarize

        parts = [
            _tidy(found, seed)
            for seed, run in enumerate(runs)
            if (found := reading.table(run, "scores")) is not None
        ]
        self.frame = summarize(pd.concat(parts, ignore_index=True)) if parts else pd.DataFrame()
        self._by_key = {
            (row["score"], row["subset"], row["checkpoint"], row["layer"]): Score(
                value=float(row["value"]), spread=float(row["spread"]),
                floor=_number(row["floor"]), n_observations=_number(row["n_observations"]),
                seeds=int(row["seeds"]), published=_number(row["published"]),
                source="" if pd.isna(row["source"]) else str(row["source"]),
            )
            for row in self.frame.to_dict("records")
        }  # fmt: skip

    def __bool__(self) -> bool:
        return bool(self._by_key)

    def get(self, score: str, subset: str, checkpoint: str | None, layer: str) -> Score | None:
        """Return a result or None; the raw input has no checkpoint, so any will do."""
        found = self._by_key.get((score, subset, checkpoint or "", layer))
        if found is None and layer == reading.INPUT:
            return next(
                (value for key, value in self._by_key.items()
                 if (key[0], key[1], key[3]) == (score, subset, layer)), None,
            )  # fmt: skip
        return found

    def layers(self, run: Run, score: str, subset: str) -> list[str]:
        """Return the hidden layers that have this score after training."""
        return [
            name
            for name in reading.hidden(run)
            if self.get(score, subset, reading.after(run), name)
        ]


def _tidy(scores: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the scores of one run, complete where a column may be missing.

    Scores of a second projection method get its name; the most frequent method is the main one.
    """
    import pandas as pd

    found = scores.drop_duplicates()
    given = found["seed"] if "seed" in found else pd.Series(math.nan, index=found.index)
    text = {name: found[name].fillna("").astype(str) for name in ("layer", "subset", "checkpoint")}
    found = found.assign(seed=given.fillna(seed), **text)
    if "method" in found:
        methods = found["method"].fillna("").astype(str)
        main = methods[methods != ""].mode()
        other = (methods != "") & ~methods.isin(main[:1])
        found["score"] = found["score"].where(~other, found["score"] + " (" + methods + ")")
    return found


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
