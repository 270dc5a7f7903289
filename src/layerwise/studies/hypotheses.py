"""What Rauber et al. 2017 expected and found, tested on our numbers, each beside its control.

A difference counts if it exceeds twice its standard error: that over seeds, or that of two shares
of so many observations if it is larger, since few seeds may agree by luck. Verdicts are on the
numbers of this study alone. Hypotheses are named as the course notes name them (they print "H4"
twice; the second is H4' here), acceptance criteria A1 to A7 are ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layerwise.foundation.shapes import Array
from layerwise.scores.names import (
    ACCURACY,
    HIT_2D,
    LEAST_AUC,
    PIECES,
    PIECES_SILHOUETTE,
    ROLE_AGREEMENT,
    SPREAD_2D,
    WITHIN,
)
from layerwise.studies.rauber2017 import HIDDEN
from layerwise.studies.training import TEST_ACCURACY

CONFIRMED, CONTRADICTED, OPEN = "confirmed", "contradicted", "not decided"
MET, NOT_MET = "met", "not met"

COLUMNS = ("name", "claim", "verdict", "numbers", "control", "published")


@dataclass(frozen=True)
class Evidence:
    """The scores of one network on one data set.

    Attributes
    ----------
    rows : scores of all seeds, columns of :data:`layerwise.analysis.ROWS`
    motion : table "motion" of all seeds
    network, data : "mlp" or "cnn", name of the data set
    before, after : names of the untrained and of the last checkpoint
    chance : expected neighbourhood hit of random labels on the shown test observations
    edges : scores of the networks that saw edges only, or None
    """

    rows: pd.DataFrame
    motion: pd.DataFrame
    network: str
    data: str
    before: str
    after: str
    chance: float
    edges: pd.DataFrame | None = None

    @property
    def first(self) -> str:
        """The first hidden layer that is shown."""
        return HIDDEN[self.network][0]

    @property
    def last(self) -> str:
        """The last hidden layer."""
        return HIDDEN[self.network][-1]

    def hit(
        self, layer: str, checkpoint: str, subset: str = "test", column: str = "value"
    ) -> Array:
        """Return the neighbourhood hit of a map, one value a seed."""
        return self.of(HIT_2D, layer, checkpoint, subset, column=column)

    def of(
        self, score: str, layer: str, checkpoint: str, subset: str = "test",
        rows: pd.DataFrame | None = None, column: str = "value",
    ) -> Array:  # fmt: skip
        """Return a score, one value a seed in the order of the seeds; empty if there is none."""
        rows = self.rows if rows is None else rows
        found = rows[
            (rows["score"] == score) & (rows["layer"] == layer) & (rows["subset"] == subset)
            & (rows["checkpoint"] == checkpoint)
        ]  # fmt: skip
        return found.sort_values("seed")[column].to_numpy(dtype=float)

    def error(self, a: Array, b: Array, n: int = 2000) -> float:
        """Return the standard error of the mean difference of two shares of n observations.

        The larger of two: over the seeds, paired; and that of drawing so many observations.
        """
        seeds = len(a)
        drawn = math.sqrt(sum(p * (1 - p) / n for p in (float(a.mean()), float(b.mean()))) / seeds)
        return max(drawn, float((a - b).std(ddof=1)) / math.sqrt(seeds) if seeds > 1 else 0.0)

    def spreads(self, over: str, at: str, method: str, measure: str) -> Array:
        """Return a measure at every time, the mean over seeds; empty if there is none."""
        table = self.motion
        found = table[
            (table["over"] == over) & (table["at"] == at) & (table["method"] == method)
            & (table["measure"] == measure)
        ]  # fmt: skip
        return found.groupby("time")["value"].mean().to_numpy()


Row = tuple[str, str, str, str, str]
"""Claim, verdict, numbers, control, published."""


def hypotheses(evidence: Evidence) -> pd.DataFrame:
    """Return every hypothesis that the evidence speaks to, with its verdict.

    Returns
    -------
    DataFrame
        Columns name, claim, verdict, numbers, control, published: all text.
    """
    found = [(name, *row) for name, test in TESTS if (row := test(evidence)) is not None]
    return pd.DataFrame(found, columns=list(COLUMNS))


def _h1(e: Evidence) -> Row | None:
    raw, before = e.hit("input", e.before), e.hit(e.last, e.before)
    floor = e.hit(e.last, e.before, column="floor")
    kept = float((before - floor).mean() / (raw - floor).mean())
    return (
        "an untrained last layer separates the classes poorly",
        CONTRADICTED if kept >= 0.5 else CONFIRMED,
        f"untrained {_percent(before)}; it keeps {100 * kept:.0f} % of what the raw input has "
        "above shuffled labels (half or more contradicts)",
        f"raw input {_percent(raw)}, shuffled labels {_percent(floor)}",
        {"mnist": "contradicted: 83.8 %, raw 89.1 % (MLP)", "svhn": "20.9 % (MLP)"}.get(e.data, ""),
    )


def _h2(e: Evidence) -> Row | None:
    before, after = e.hit(e.last, e.before), e.hit(e.last, e.after)
    return (
        "training improves the separation in the last layer",
        _decide(e, after, before),
        _pair(before, after),
        f"shuffled labels {_percent(e.hit(e.last, e.after, column='floor'))}",
        {"mnist": "confirmed: 83.8 to 98.4 % (MLP)"}.get(e.data, "confirmed"),
    )


def _h3(e: Evidence) -> Row | None:
    first, last = e.hit(e.first, e.after), e.hit(e.last, e.after)
    untrained = e.hit(e.first, e.before), e.hit(e.last, e.before)
    return (
        "after training deep layers separate better than shallow ones",
        _decide(e, last, first),
        f"{e.first} to {e.last}: {_pair(first, last)}",
        f"untrained: {_pair(*untrained)}",
        {"svhn": "confirmed: 52.8 to 67.0 % (MLP)"}.get(e.data, "confirmed"),
    )


def _h4(e: Evidence) -> Row | None:
    if e.edges is None:
        return None
    plain = e.of(TEST_ACCURACY, "", e.after)
    edges = e.of(TEST_ACCURACY, "", e.after, rows=e.edges)
    return (
        "removing an irrelevant variation (polarity) improves the accuracy",
        _decide(e, edges, plain, _n(e, TEST_ACCURACY)),
        f"as is and as edges, whole test set: {_pair(plain, edges)}",
        "the same network, training and observations",
        "confirmed (values not known)",
    )


def _h4_prime(e: Evidence) -> Row | None:
    test, train = e.hit(e.last, e.after), e.hit(e.last, e.after, "train")
    untrained = e.hit(e.last, e.before), e.hit(e.last, e.before, "train")
    accuracies = (e.of(ACCURACY, "", e.after, subset) for subset in ("test", "train"))
    return (
        "the training subset separates better than the test subset (over-fitting)",
        _decide(e, train, test),
        f"test to train: {_pair(test, train)}; accuracy on them {_pair(*accuracies)}",
        f"untrained: {_pair(*untrained)}",
        {"svhn": "confirmed: 85.0 to 93.8 % (CNN)"}.get(e.data, "confirmed"),
    )


def _a1(e: Evidence) -> Row | None:
    floor = e.hit(e.last, e.after, column="floor")
    n = _n(e, HIT_2D)
    within = abs(float(floor.mean()) - e.chance) <= 3 * math.sqrt(e.chance * (1 - e.chance) / n)
    return (
        "with shuffled labels the neighbourhood hit is that of chance, within 3 errors",
        MET if within else NOT_MET,
        f"shuffled {_percent(floor)}, expected {100 * e.chance:.1f} %", "", "",
    )  # fmt: skip


def _a2(e: Evidence) -> Row | None:
    if (e.network, e.data) != ("mlp", "mnist"):
        return None
    raw, before, after = (
        e.hit("input", e.before), e.hit(e.last, e.before), e.hit(e.last, e.after)
    )  # fmt: skip
    accuracy = e.of(ACCURACY, "", e.after)
    parts = {
        "raw 89 ± 2": 0.87 <= raw.mean() <= 0.91,
        "untrained in 75 to 88 and below raw": 0.75 <= before.mean() <= min(0.88, raw.mean()),
        "trained at least 97": after.mean() >= 0.97,
        "accuracy at least 98.3": accuracy.mean() >= 0.983,
    }
    return (
        "the paper's values on MNIST", _all(parts),
        f"raw {_percent(raw)}, untrained {_percent(before)}, trained {_percent(after)}, accuracy "
        f"{_percent(accuracy)}{_failed(parts)}",
        "the untrained network", "89.1, 83.8, 98.4, 99.2 %",
    )  # fmt: skip


def _a3(e: Evidence) -> Row | None:
    if e.data != "svhn":
        return None
    before = e.hit(e.last, e.before)
    if e.network == "mlp":
        first, last = e.hit(e.first, e.after), e.hit(e.last, e.after)
        parts = {
            "untrained in 15 to 25": 0.15 <= before.mean() <= 0.25,
            "last above first layer by 8 points": (last - first).mean() >= 0.08,
        }
        numbers = f"untrained {_percent(before)}, layers {_pair(first, last)}"
        published = "20.9; 52.8 to 67.0 %"
    else:
        test, train = e.hit(e.last, e.after), e.hit(e.last, e.after, "train")
        parts = {"training subset above test subset by 5 points": (train - test).mean() >= 0.05}
        numbers, published = f"test to train {_pair(test, train)}", "85.0 to 93.8 %"
    return (
        "the paper's order on SVHN", _all(parts), numbers + _failed(parts),
        f"untrained {_percent(before)}", published,
    )  # fmt: skip


def _a4(e: Evidence) -> Row | None:
    if e.edges is None:
        return None
    name = f"{PIECES} and polarity"
    plain, edges = (e.of(name, e.last, e.after, rows=rows) for rows in (None, e.edges))
    pieces = [e.of(PIECES_SILHOUETTE, e.last, e.after, rows=rows) for rows in (None, e.edges)]
    parts = {
        "|r| above 0.7 as is": plain.mean() > 0.7,
        "|r| below 0.3 as edges": edges.mean() < 0.3,
        "silhouette lower": pieces[1].mean() < pieces[0].mean(),
    }
    floor = e.of(name, e.last, e.after, column="floor")
    near = f"{WITHIN} polarity"
    hits = [e.of(near, e.last, e.after, rows=rows) for rows in (None, e.edges)]
    shuffled = e.of(near, e.last, e.after, column="floor")
    return (
        "each class is in two pieces by polarity, and in one once polarity is gone",
        _all(parts),
        f"|r| of piece and polarity {_number(plain)} to {_number(edges)}; silhouette of two pieces "
        f"{_number(pieces[0])} to {_number(pieces[1])}{_failed(parts)}; neighbours within a class "
        f"that share the polarity {_pair(*hits)}",
        f"pieces shuffled: {_number(floor)}; polarity shuffled: {_percent(shuffled)}",
        "two clusters a digit, then one (by eye)",
    )  # fmt: skip


def _a5(e: Evidence) -> Row | None:
    before, after = (e.of(ROLE_AGREEMENT, e.last, time) for time in (e.before, e.after))
    if not len(before) or not len(after):
        return None
    parts = {
        "trained at least 80": after.mean() >= 0.8,
        "30 points above untrained": (after - before).mean() >= 0.3,
    }
    floor = e.of(ROLE_AGREEMENT, e.last, e.after, column="floor")
    return (
        "after training neurons near each other tell the same class", _all(parts),
        _pair(before, after) + _failed(parts),
        f"untrained {_percent(before)}; shuffled roles {_percent(floor)}",
        "specialised groups (by eye)",
    )  # fmt: skip


def _a6(e: Evidence) -> Row | None:
    layers = e.spreads("layers", e.after, "sequential", SPREAD_2D)
    epochs = e.spreads("epochs", e.last, "joint", SPREAD_2D)
    control = e.spreads("layers", e.before, "sequential", SPREAD_2D)
    if not len(layers) or not len(epochs):
        return None
    parts = {
        f"over {name} it falls, with at most one exception": _falls(values)
        for name, values in (("layers", layers), ("epochs", epochs))
    }
    return (
        "classes draw together and apart from each other, layer by layer and epoch by epoch",
        _all(parts),
        f"spread within over between classes, layers {_series(layers)}; epochs {_series(epochs)}"
        f"{_failed(parts)}",
        f"layers, untrained: {_series(control)}", "trails converge (by eye)",
    )  # fmt: skip


def _a7(e: Evidence) -> Row | None:
    before, after = (e.of(LEAST_AUC, e.last, time) for time in (e.before, e.after))
    if not len(after):
        return None
    return (
        "the strongest neuron of every class tells it from the rest, AUC at least 0.9",
        MET if after.mean() >= 0.9 else NOT_MET,
        f"worst class {_number(after)}, on the subset that did not choose the neuron",
        f"untrained: {_number(before)}; chance 0.50", "Fig. 14 (by eye)",
    )  # fmt: skip


TESTS: tuple[tuple[str, Callable[[Evidence], Row | None]], ...] = (
    ("H1", _h1), ("H2", _h2), ("H3", _h3), ("H4", _h4), ("H4'", _h4_prime), ("A1", _a1),
    ("A2", _a2), ("A3", _a3), ("A4", _a4), ("A5", _a5), ("A6", _a6), ("A7", _a7),
)  # fmt: skip


def _decide(e: Evidence, more: Array, less: Array, n: int | None = None) -> str:
    """Return whether `more` exceeds `less` by two errors of the difference."""
    difference = float((more - less).mean())
    error = e.error(more, less, n or _n(e, HIT_2D))
    if abs(difference) <= 2 * error:
        return OPEN
    return CONFIRMED if difference > 0 else CONTRADICTED


def _n(e: Evidence, score: str) -> int:
    rows = e.rows[(e.rows["score"] == score) & (e.rows["subset"] == "test")]
    return int(rows["n_observations"].max())


def _falls(values: Array) -> bool:
    return bool(values[-1] < values[0] and (np.diff(values) > 0).sum() <= 1)


def _all(parts: dict[str, bool]) -> str:
    return MET if all(parts.values()) else NOT_MET


def _failed(parts: dict[str, bool]) -> str:
    missed = [name for name, passed in parts.items() if not passed]
    return f" (missed: {'; '.join(missed)})" if missed else ""


def _percent(values: Array) -> str:
    around = f" ± {100 * values.std(ddof=1):.1f}" if len(values) > 1 else ""
    return f"{100 * values.mean():.1f}{around} %"


def _pair(a: Array, b: Array) -> str:
    return f"{_percent(a)} to {_percent(b)}"


def _number(values: Array) -> str:
    if not len(values):
        return "not measured"
    around = f" ± {values.std(ddof=1):.2f}" if len(values) > 1 else ""
    return f"{values.mean():.2f}{around}"


def _series(values: Array) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
