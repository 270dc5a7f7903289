"""What the sections ask of the runs: which subset, layer and checkpoint, and in which words.

Tables are optional: what a run does not hold is None here, and the section says so or stays away.
Nothing is scored or projected in the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise import analysis
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.report import wording

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

INPUT = "input"
"""Name of the recorded layer that is the raw input."""

MOST_ACROSS = 10
"""Columns of a figure of maps; of more this many are shown, evenly spaced."""

PAPER = "Rauber et al. 2017"
"""Whose figures the provenance of a study names."""


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


def asked_at(run: Run, table: pd.DataFrame) -> list[str]:
    """Return the checkpoints of the run that a table has rows of, early to late."""
    known = set(table["checkpoint"])
    return [name for name in run.checkpoints if name in known]


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
    """Return the label column that the report is about, or None if there is none."""
    try:
        return analysis.class_label(run)
    except LookupError:
        return None


def subsets(run: Run) -> list[str]:
    """Return the names of the subsets, "test" first; one unnamed subset if there is no column."""
    return sorted(analysis.subsets(run), key=lambda name: (name != "test", name))


def classes(run: Run) -> tuple[Array, list[str]]:
    """Return the class number of every observation and the class names, or no class at all."""
    if label(run) is None:
        return np.zeros(run.n_observations, dtype=np.int64), []
    return analysis.class_codes(run)


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
    number = {name: index for index, name in enumerate(classes(run)[1])}
    return np.array([number.get(str(value), -1) for value in array.tolist()], dtype=np.int64)


def noun(run: Run) -> str:
    """Return what one observation is called."""
    return "observation" if run.thumbnails() is None else "image"


def one(run: Run, subset: str) -> str:
    """Return the words for one observation of a subset: "an observation", "a test image"."""
    words = f"{subset} {noun(run)}".strip()
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def table(run: Run, kind: str) -> pd.DataFrame | None:
    """Return a table of the run, or None if it has none or an empty one."""
    try:
        found = run.table(kind)
    except LookupError:
        return None
    return found if len(found) else None


def first(part: pd.DataFrame, column: str = "observation") -> pd.DataFrame:
    """Return the first of the tables that lie one after the other in `part`.

    `column` ascends within each, so a step back is the start of a second one, made with other
    parameters, which would otherwise be drawn over the first.
    """
    steps = np.diff(part[column].to_numpy(dtype=float))
    ends = np.flatnonzero(steps < 0)
    return part.iloc[: ends[0] + 1] if len(ends) else part


def foremost(run: Run, frame: pd.DataFrame, method: str = "") -> pd.DataFrame:
    """Return the rows of the place that matters most.

    After training before any other checkpoint, the first subset, the method asked for, the deepest
    layer.
    """
    names = [name for name in ("checkpoint", "subset", "method", "layer") if name in frame]

    def rank(place: tuple[str, ...]) -> tuple[Any, ...]:
        at = dict(zip(names, place, strict=True))
        order = {name: number for number, name in enumerate(subsets(run))}
        layers = list(run.layers)
        return (
            at["checkpoint"] != after(run), order.get(at["subset"], len(order)),
            at.get("method", method) != method,
            -layers.index(at["layer"]) if at["layer"] in layers else 1, place,
        )  # fmt: skip

    groups = {tuple(map(str, key)): part for key, part in frame.groupby(names, sort=False)}
    return groups[min(groups, key=rank)]


def spaced(names: Sequence[str], at_most: int = MOST_ACROSS) -> list[str]:
    """Return the names, of many only some, evenly spaced, the first and the last among them."""
    if len(names) <= at_most:
        return list(names)
    chosen = np.linspace(0, len(names) - 1, at_most).round().astype(int)
    return [names[index] for index in chosen]


def after_figure(run: Run, *keys: str) -> str:
    """Return the words for the figures of the paper that show the same, or none.

    The numbers under the picture are this run's: it stands *after* the figure, not for it.
    """
    known = run.provenance.get("figures") or {}
    found = list(dict.fromkeys(str(known[key]) for key in keys if key in known))
    return f"After {wording.listing(found)} of {PAPER}." if found else ""


def first_of(runs: Sequence[Run], what: str) -> str:
    """Return the sentence that says whose pictures these are, or none if there is one run."""
    if len(runs) < 2:
        return ""
    seed = runs[0].provenance.get("seed", folder(runs[0]))
    return f"{what} of the first of {len(runs)} runs (seed {seed})."


def folder(run: Run) -> str:
    """Return the name of the run's folder; the path to it is nobody else's business."""
    return run.path.name


def facts(runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return what stands under the title, name and value; the command comes last."""
    run = runs[0]
    given = run.provenance
    names = analysis.hidden_layers(run)
    ends = f"{len(names)}: {names[0]} … {names[-1]}" if len(names) > 5 else wording.listing(names)
    _, class_names = classes(run)
    sizes = [
        f"{wording.count(len(analysis.rows_of(run, name)))} {name}".strip() for name in subsets(run)
    ]
    seeds = [str(one.provenance["seed"]) for one in runs if one.provenance.get("seed") is not None]
    found = [
        ("Network", str(given.get("network") or given.get("model", ""))),
        ("Data", str(given.get("data", ""))),
        (f"{noun(run).capitalize()}s", " + ".join(sizes)),
        ("Classes", f"{len(class_names)} ({label(run)})" if class_names else ""),
        ("Hidden layers", ends),
        ("Checkpoints", wording.listing(list(run.checkpoints), at_most=4)),
        ("Seed" if len(seeds) < 2 else "Seeds", ", ".join(seeds)),
        ("Recorded", str(given.get("created", ""))),
        ("Recorded by", f"layerwise {given['layerwise']}" if given.get("layerwise") else ""),
        ("Command", str(given.get("command", ""))),
    ]
    return [(name, value) for name, value in found if value]
