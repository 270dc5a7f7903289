"""Evolutions in the tables: which there are, how they were measured, what that says in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise.analysis.evolution import OVER, PLACE, USUAL
from layerwise.foundation.shapes import Array
from layerwise.report import reading, wording
from layerwise.report.blocks import Finding
from layerwise.scores.names import SPREAD_2D, SPREAD_ND

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

HOW = {
    "independent": "each map on its own, turned onto the one before",
    "sequential": "each map starts from the one before",
    "joint": "one map of all times together",
    "dynamic": "all maps at once, movement penalised",
}


@dataclass(frozen=True)
class Course:
    """One evolution: over the layers of a checkpoint, or over the epochs of a layer."""

    over: str
    at: str
    method: str
    subset: str

    @property
    def step(self) -> str:
        """What one step of time is."""
        return {"layers": "layer", "epochs": "epoch"}.get(self.over, self.over)

    @property
    def how(self) -> str:
        """The method in words."""
        return f"{self.method.capitalize()} t-SNE: {HOW.get(self.method, self.method)}"

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of a table that are about it."""
        wanted = [self.over, self.at, self.method, self.subset]
        return frame[(frame[PLACE].astype(str) == wanted).all(axis=1)]

    def times(self, evolution: pd.DataFrame) -> list[str]:
        """Return the names of its times: layers or checkpoints."""
        part = reading.first(self.of(evolution), "time").drop_duplicates("time")
        return [str(name) for name in part["layer" if self.over == "layers" else "checkpoint"]]


def courses(run: Run, evolution: pd.DataFrame, over: str) -> list[Course]:
    """Return what was followed over layers or epochs, what matters most first.

    That is the last checkpoint or the deepest layer, the first subset, the usual method.
    """
    keys = evolution.loc[evolution["over"] == over, PLACE].astype(str).drop_duplicates()
    fixed = list(run.checkpoints if over == "layers" else run.layers)
    subsets = reading.subsets(run)

    def rank(course: Course) -> tuple[int, int, bool, str]:
        depth = fixed.index(course.at) if course.at in fixed else -1
        order = subsets.index(course.subset) if course.subset in subsets else len(subsets)
        return (-depth, order, course.method != USUAL[over], course.method)

    return sorted((Course(*key) for key in keys.itertuples(index=False, name=None)), key=rank)


def control(run: Run, found: Sequence[Course]) -> Course | None:
    """Return the first of the courses in the untrained network, if it was followed there."""
    main = found[0]
    wanted = Course(main.over, str(reading.before(run)), main.method, main.subset)
    return wanted if main.over == "layers" and wanted != main and wanted in found else None


class Motion:
    """The measures of the evolutions of all runs; empty if none has any."""

    def __init__(self, runs: Sequence[Run]) -> None:
        import pandas as pd

        tables = [
            found.assign(seed=number)
            for number, run in enumerate(runs)
            if (found := reading.table(run, "motion")) is not None
        ]
        self._rows = pd.concat(tables, ignore_index=True) if tables else None

    def series(self, course: Course, measure: str) -> Array | None:
        """Return a measure at every time, (n_times, n_seeds), or None."""
        table = self._table(course, measure)
        if table is None:
            return None
        values = table[table.index >= 0].dropna(axis=1).to_numpy(dtype=float)
        return values if values.size else None

    def whole(self, course: Course, measure: str) -> Array | None:
        """Return a measure of the whole course, (n_seeds,), or None."""
        table = self._table(course, measure)
        if table is None or -1 not in table.index:
            return None
        values: Array = table.loc[-1].dropna().to_numpy(dtype=float)
        return values

    def _table(self, course: Course, measure: str) -> pd.DataFrame | None:
        if self._rows is None:
            return None
        part = course.of(self._rows)
        part = part[part["measure"] == measure].drop_duplicates(["time", "seed"])
        return part.pivot_table(index="time", columns="seed", values="value") if len(part) else None


def converge(runs: Sequence[Run]) -> list[Finding]:
    """Say whether the classes draw together, over layers against the untrained network.

    The number is the spread within classes over that between them, in the activations themselves.
    It has changed if the change exceeds twice its standard error over the seeds; a single seed has
    none, and then the numbers stand without a verdict.
    """
    frame = reading.table(runs[0], "evolution")
    if frame is None:
        return []
    motion = Motion(runs)
    found = (converge_over(runs[0], frame, motion, over) for over in OVER)
    return [finding for finding in found if finding is not None]


def converge_over(run: Run, frame: pd.DataFrame, motion: Motion, over: str) -> Finding | None:
    """Say whether the classes draw together over layers, or over epochs."""
    found = courses(run, frame, over)
    now = motion.series(found[0], SPREAD_ND) if found else None
    if now is None:
        return None
    main, untrained = found[0], control(run, found)
    was = motion.series(untrained, SPREAD_ND) if untrained else None
    flat = motion.series(main, SPREAD_2D)
    fell = sign(now[-1] - now[0])
    moves = {
        None: "the spread within classes over that between them goes",
        -1: "the classes draw together: the spread within them over that between them falls",
        0: "the classes draw no closer beyond the error: the spread within them over that between "
        "them goes",
        1: "the classes mix: the spread within them over that between them rises",
    }
    times = main.times(frame)
    where = "" if over == "layers" else f" in layer {main.at}"
    asides = [f"untrained network {_change(was)}"] if was is not None else []
    if over == "layers" and was is None:
        asides.append("no untrained control, so training may not be the reason")
    asides += [] if flat is None else [f"in the maps {_change(flat)}"]
    asides += ["one seed, so its error is not known"] if fell is None else []
    text = (
        f"{main.step.capitalize()} by {main.step}{where} {moves[fell]} {_change(now)} from "
        f"{times[0]} to {times[-1]} ({'; '.join(asides)})."
    )
    if fell == -1 and was is not None and sign((now[-1] - now[0]) - (was[-1] - was[0])) != -1:
        text += " The untrained network does so too, so depth explains it without training."
    return Finding(text, f"figure-spread-{over}")


def sign(changes: Array) -> int | None:
    """Return -1, 0 or 1 by twice the standard error over the seeds; None for a single seed.

    Examples
    --------
    >>> sign(np.array([-0.5, -0.6])), sign(np.array([-0.5, 0.6])), sign(np.array([-0.5]))
    (-1, 0, None)
    """
    if len(changes) < 2:
        return None
    error = float(changes.std(ddof=1)) / math.sqrt(len(changes))
    mean = float(changes.mean())
    return 0 if abs(mean) <= 2 * error else int(np.sign(mean))


def _change(values: Array) -> str:
    return f"{wording.decimal(values[0])} → {wording.decimal(values[-1])}"
