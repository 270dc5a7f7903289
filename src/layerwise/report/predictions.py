"""The predictions of one checkpoint on one subset, beside the true classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise import analysis
from layerwise.foundation.shapes import Array
from layerwise.report import reading

if TYPE_CHECKING:
    from layerwise.store import Run


@dataclass(frozen=True)
class Predictions:
    """Parallel arrays, one entry an observation: its row in the run, class numbers, confidence."""

    rows: Array
    true: Array
    predicted: Array
    correct: Array
    confidence: Array
    names: tuple[str, ...]

    @classmethod
    def of(cls, run: Run, checkpoint: str, subset: str) -> Predictions | None:
        """Return what the table "predictions" holds, or None without table or labels."""
        frame = reading.table(run, "predictions")
        truth, names = reading.classes(run)
        if frame is None or not names:
            return None
        frame = frame[frame["checkpoint"] == checkpoint]
        frame = frame[frame["observation"].isin(analysis.rows_of(run, subset))]
        if not len(frame):
            return None
        rows = frame["observation"].to_numpy(dtype=np.int64)
        confidence = (
            frame["confidence"].to_numpy(dtype=float)
            if "confidence" in frame else np.full(len(rows), np.nan)
        )  # fmt: skip
        predicted = reading.codes(run, frame["predicted"].to_numpy())
        correct = frame["correct"].to_numpy(dtype=bool)
        return cls(rows, truth[rows], predicted, correct, confidence, tuple(names))

    @property
    def wrong(self) -> Array:
        """Positions of the misclassified, the most confident first."""
        positions = np.flatnonzero(~self.correct)
        return positions[np.argsort(-self.confidence[positions], kind="stable")]

    def name(self, number: int) -> str:
        """Return the name of a class, or its number if it has none."""
        return self.names[number] if 0 <= number < len(self.names) else str(number)

    def pairs(self) -> list[tuple[str, str, int]]:
        """Return (true, predicted, times) of every confusion, the most frequent first."""
        found = Counter(
            (int(t), int(p))
            for t, p in zip(self.true[self.wrong], self.predicted[self.wrong], strict=True)
        )
        ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
        return [(self.name(t), self.name(p), times) for (t, p), times in ordered]

    def matrix(self) -> Array:
        """Return counts, (true class, predicted class)."""
        n = max(len(self.names), int(self.predicted.max(initial=0)) + 1)
        counts = np.zeros((n, n), dtype=np.int64)
        known = (self.true >= 0) & (self.predicted >= 0)
        np.add.at(counts, (self.true[known], self.predicted[known]), 1)
        return counts
