"""What the sections ask of the runs: which subset, layer and checkpoint, and each score.

Tables are optional: what a run does not hold is None here, and the section says so or stays away.
Nothing is scored or projected in the report.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import layerwise
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.report import wording

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

HIT_2D = "neighborhood hit 2-D"
HIT_ND = "neighborhood hit n-D"
TRUSTWORTHINESS = "trustworthiness"
CONTINUITY = "continuity"
ACCURACY = "accuracy"

INPUT, OUTPUT = "input", "output"
"""Names of the recorded layers that are not hidden."""


def alike(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return the runs, checked to be of one network on one data set."""
    if not runs:
        raise checks.invalid("report", "runs", "at least one run", "none", "Give a run folder.")
    first = runs[0]
    for run in runs:
        if not run.checkpoints:
            raise checks.invalid(
                "report", "runs", "recorded at one checkpoint or more", f"{folder(run)} with none",
                "Run the record command again.",
            )  # fmt: skip
    for run in runs[1:]:
        for what in ("network", "data"):
            mine, other = first.provenance.get(what), run.provenance.get(what)
            if mine != other:
                raise checks.invalid(
                    "report", "runs", f"seeds of one {what}", f"{mine!r} and {other!r}",
                    "Write one report for each.",
                )  # fmt: skip
        if list(first.layers) != list(run.layers):
            raise checks.invalid(
                "report", "runs", "recorded at the same layers",
                f"{wording.listing(list(first.layers))} and {wording.listing(list(run.layers))}",
                "Write one report for each.",
            )  # fmt: skip
    return tuple(runs)


def hidden(run: Run) -> list[str]:
    """Return the names of the hidden layers, shallow to deep."""
    ends = (INPUT, OUTPUT, "thumbnail")
    return [name for name in run.layers if name not in ends and run.layer(name).kind not in ends]


def before(run: Run) -> str | None:
    """Return the first checkpoint if there is a later one: the control of every claim."""
    return run.checkpoints[0] if len(run.checkpoints) > 1 else None


def after(run: Run) -> str:
    """Return the last checkpoint."""
    return run.checkpoints[-1]


def when(run: Run, checkpoint: str) -> str:
    """Return the words for a checkpoint in a caption."""
    if checkpoint == before(run):
        return f"before training ({checkpoint})"
    if checkpoint == after(run) and before(run):
        return f"after training ({checkpoint})"
    return checkpoint


def label(run: Run) -> str | None:
    """Return the label column that the report is about."""
    named = run.provenance.get("label")
    if named in run.labels:
        return str(named)
    return next((name for name in run.labels if name != "subset"), None)


def subsets(run: Run) -> list[str]:
    """Return the names of the subsets, "test" first; one unnamed subset if there is no column."""
    if "subset" not in run.labels:
        return [""]
    names = dict.fromkeys(str(name) for name in run.labels["subset"])
    return sorted(names, key=lambda name: (name != "test", name))


def rows_of(run: Run, subset: str) -> Array:
    """Return the row numbers of the observations of a subset."""
    if "subset" not in run.labels:
        return np.arange(run.n_observations)
    return np.flatnonzero(np.asarray(run.labels["subset"]).astype(str) == subset)


def classes(run: Run) -> tuple[Array, list[str]]:
    """Return the class number of every observation and the class names, or no class at all."""
    column = label(run)
    if column is None:
        return np.zeros(run.n_observations, dtype=np.int64), []
    return codes(run, run.labels[column]), _class_names(run, column)


def codes(run: Run, values: Any) -> Array:
    """Return class numbers for values of the label column, -1 for those that are no class.

    Codes that have names are class numbers already; other values are numbered in their order.
    """
    column = label(run)
    if column is None:
        return np.full(len(values), -1)
    array = np.asarray(values)
    if run.class_names(column) is not None and array.dtype.kind in "iub":
        return array.astype(np.int64)
    number = {name: index for index, name in enumerate(_class_names(run, column))}
    return np.array([number.get(str(value), -1) for value in array.tolist()], dtype=np.int64)


def _class_names(run: Run, column: str) -> list[str]:
    named = run.class_names(column)
    values = np.unique(run.labels[column]).tolist() if named is None else named
    return [str(value) for value in values]


def noun(run: Run) -> str:
    """Return what one observation is called."""
    return "observation" if run.thumbnails() is None else "image"


def one(run: Run, subset: str) -> str:
    """Return the words for one observation of a subset.

    Vowels are minded: "an observation", "a test image".
    """
    words = f"{subset} {noun(run)}".strip()
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def table(run: Run, kind: str) -> pd.DataFrame | None:
    """Return a table of the run, or None if it has none or an empty one."""
    try:
        found = run.table(kind)
    except LookupError:
        return None
    return found if len(found) else None


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
            if (found := table(run, "scores")) is not None
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
        if found is None and layer == INPUT:
            return next(
                (value for key, value in self._by_key.items()
                 if (key[0], key[1], key[3]) == (score, subset, layer)), None,
            )  # fmt: skip
        return found

    def layers(self, run: Run, score: str, subset: str) -> list[str]:
        """Return the hidden layers that have this score after training."""
        return [name for name in hidden(run) if self.get(score, subset, after(run), name)]


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


def folder(run: Run) -> str:
    """Return the name of the run's folder; the path to it is nobody else's business."""
    return run.path.name


def title(runs: Sequence[Run]) -> str:
    """Return the title: as given, or the network on its data, or the folder's name."""
    given = runs[0].provenance
    network = given.get("network") or given.get("model") or folder(runs[0])
    data = given.get("data")
    words = str(given.get("title") or (f"{network} on {data}" if data else network))
    return words[:1].upper() + words[1:]


def facts(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return what stands under the title, name and value; the command comes last."""
    run = runs[0]
    given = run.provenance
    names = hidden(run)
    _, class_names = classes(run)
    sizes = [f"{wording.count(len(rows_of(run, name)))} {name}".strip() for name in subsets(run)]
    seeds = [str(one.provenance["seed"]) for one in runs if one.provenance.get("seed") is not None]
    found = [
        ("Network", str(given.get("network") or given.get("model", ""))),
        ("Data", str(given.get("data", ""))),
        (f"{noun(run).capitalize()}s", " + ".join(sizes)),
        ("Classes", f"{len(class_names)} ({label(run)})" if class_names else ""),
        ("Hidden layers", wording.listing(names, at_most=5)),
        ("Checkpoints", wording.listing(list(run.checkpoints), at_most=4)),
        ("Seed" if len(seeds) < 2 else "Seeds", ", ".join(seeds)),
        ("Recorded", str(given.get("created", given.get("date", "")))),
        ("layerwise", layerwise.__version__),
        ("Command", str(given.get("command", ""))),
    ]
    return [(name, value) for name, value in found if value]
