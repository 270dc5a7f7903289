"""Visual outliers: observations whose neighbours in the map are of other classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise import analysis
from layerwise.analysis.reveal import PLACE
from layerwise.foundation.shapes import Array
from layerwise.report import reading, wording
from layerwise.report.blocks import Finding
from layerwise.report.predictions import Predictions
from layerwise.report.scores import Score, Scores, differ

if TYPE_CHECKING:
    from layerwise.store import Run

ANCHOR = "figure-outliers"


@dataclass(frozen=True)
class Outliers:
    """The outliers of one map, worst first; parallel arrays, one entry an outlier.

    Attributes
    ----------
    true, nearest, predicted : class numbers; predicted is -1 where no prediction is known
    wrong : whether the network errs, None without predictions
    others : misclassified and all observations of the map that are no outliers
    """

    layer: str
    checkpoint: str
    subset: str
    method: str
    rows: Array
    hit: Array
    true: Array
    nearest: Array
    predicted: Array
    wrong: Array | None
    others: tuple[int, int]

    @classmethod
    def of(cls, runs: Sequence[Run]) -> Outliers | None:
        """Return those of the map that matters most, or None without table or labels."""
        run = runs[0]
        frame = reading.table(run, "outliers")
        truth, names = reading.classes(run)
        if frame is None or not names:
            return None
        part = reading.first(reading.foremost(run, frame, Scores.of(runs).method), "hit")
        layer, checkpoint, subset, method = (str(part[name].iloc[0]) for name in PLACE)
        rows = part["observation"].to_numpy(dtype=np.int64)
        shown = _shown(run, layer, checkpoint, subset, method)
        predicted, wrong, others = np.full(len(rows), -1), None, (0, len(shown) - len(rows))
        answers = Predictions.of(run, checkpoint, subset)
        if answers is not None and set(rows) <= set(answers.rows):
            said, errs = np.full(run.n_observations, -1), np.zeros(run.n_observations, dtype=bool)
            said[answers.rows], errs[answers.rows] = answers.predicted, ~answers.correct
            predicted, wrong = said[rows], errs[rows]
            others = (int(errs[np.setdiff1d(shown, rows)].sum()), others[1])
        return cls(
            layer, checkpoint, subset, method, rows, part["hit"].to_numpy(dtype=float), truth[rows],
            part["nearest"].to_numpy(dtype=np.int64), predicted, wrong, others,
        )  # fmt: skip


def strangers(runs: Sequence[Run]) -> Finding | None:
    """Say whether the network errs on the outliers of the map more often than on the rest."""
    run, found = runs[0], Outliers.of(runs)
    if found is None:
        return None
    n, rest = len(found.rows), found.others[1]
    noun = f"{found.subset} {reading.noun(run)}".strip()
    text = (
        f"{wording.count(n)} of {wording.count(n + rest, noun)} lie among other classes in the map "
        f"of layer {found.layer}{' of the first run' if len(runs) > 1 else ''}"
    )
    if found.wrong is None:
        return Finding(f"{text}; what the network says of them is not known.", ANCHOR)
    here = _share(int(found.wrong.sum()), n)
    there = _share(found.others[0], rest)
    text += f": the network errs on {here} of them, and on {there} of the rest"
    if not differ(here, there):
        text += " (no difference beyond the error)"
    return Finding(f"{text}.", ANCHOR)


def _share(part: int, n: int) -> Score:
    value = part / n if n else math.nan
    return Score(value, math.nan, math.nan, n, 1, math.nan, "")


def _shown(run: Run, layer: str, checkpoint: str, subset: str, method: str) -> Array:
    """Return the rows that the map shows; all of the subset if it is not there."""
    frame = reading.table(run, "projections")
    if frame is not None:
        part = frame[(frame[PLACE].astype(str) == [layer, checkpoint, subset, method]).all(axis=1)]
        if len(part):
            return reading.first(part)["observation"].to_numpy(dtype=np.int64)
    return analysis.rows_of(run, subset)
