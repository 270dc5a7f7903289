"""What the network says of the observations, from its recorded output.

Only where the output has one column a class: a regression or a choice of several labels has no
prediction to compare with a class.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.studio.data.files import SHARE, File, class_form, stamp
from layerwise.studio.data.labels import Column
from layerwise.studio.data.shown import Shown

OUTPUT = "output"
"""The name under which the recorder stores what the network returns."""

MOST = 5
"""Classes that stand beside an observation, the most probable first."""

_BLOCK = 1 << 22
"""Values of the output that are read at a time."""

_ROUNDED = 0.01
"""What the sum of probabilities may differ from 1, since they may be stored in bfloat16."""


def answers(shown: Shown, checkpoint: int, column: Column | None) -> dict[str, Any]:
    """Return the entries "predicted" and "probable" of a checkpoint, None where there is none."""
    nothing = {"predicted": None, "probable": None}
    if column is None or not shown.at(OUTPUT, shown.run.checkpoints[checkpoint]):
        return nothing
    n_classes = len(column.names)
    if n_classes < 2 or shown.run.layer(OUTPUT).n_units != n_classes:
        return nothing
    k = min(MOST, n_classes)
    name = shown.run.checkpoints[checkpoint]
    mark = stamp(shown.recording(name), n_classes)
    path, rows = shown.run.path, shown.rows

    def top() -> tuple[Array, Array]:
        return _top(path, name, mark, k, rows.tobytes())

    form = class_form(n_classes)
    files = {
        "predicted": File(form, (shown.n,), mark, lambda: form.bytes(top()[0][:, 0])),
        "classes": File(form, (shown.n, k), mark, lambda: form.bytes(top()[0])),
        "shares": File(SHARE, (shown.n, k), mark, lambda: SHARE.bytes(top()[1])),
    }
    return {
        "predicted": shown.add(f"predicted/{checkpoint}", files["predicted"]),
        "probable": {
            part: shown.add(f"probable/{checkpoint}/{part}", files[part])
            for part in ("classes", "shares")
        },
    }


@lru_cache(2)
def _top(path: Path, checkpoint: str, mark: str, k: int, rows: bytes) -> tuple[Array, Array]:
    """Return the k most probable classes of every observation and their probabilities.

    Classes are -1 and probabilities NaN where the output is not finite.
    """
    output = Run.open(path).activations(OUTPUT, checkpoint)
    wanted = np.frombuffer(rows, np.int64)
    step = max(1, _BLOCK // output.shape[1])
    return most_probable((output[wanted[i : i + step]] for i in range(0, len(wanted), step)), k)


def most_probable(blocks: Iterable[Array], k: int) -> tuple[Array, Array]:
    """Return the k largest outputs of every row, descending, and their probabilities.

    Outputs are taken for logits, unless all rows of all blocks are probabilities already. The first
    is the class of :func:`layerwise.analysis.predictions`, also among equals.

    Examples
    --------
    >>> classes, odds = most_probable([np.array([[0.0, 0.0, np.log(2)]])], 2)
    >>> classes.tolist(), odds.round(2).tolist()
    ([[2, 0]], [[0.5, 0.25]])
    """
    classes, largest, totals, probabilities = [], [], [], True
    for block in blocks:
        X: Array = np.asarray(block, dtype=np.float64)
        known = np.asarray(np.isfinite(X).all(axis=1))
        X = np.where(known[:, None], X, 0.0)
        order = np.argsort(-X, axis=1, kind="stable")[:, :k]
        classes.append(np.where(known[:, None], order, -1))
        top = np.take_along_axis(X, order, axis=1)
        largest.append(np.where(known[:, None], top, np.nan))
        with np.errstate(over="ignore"):  # what is too far below the largest counts nothing
            totals.append(np.exp(X - top[:, :1]).sum(axis=1))
        sums = X[known].sum(axis=1)
        probabilities &= bool((X >= 0).all() and (np.abs(sums - 1) < _ROUNDED).all())
    odds = np.concatenate(largest)
    if not probabilities:
        with np.errstate(over="ignore"):
            odds = np.exp(odds - odds[:, :1]) / np.concatenate(totals)[:, None]
    return np.concatenate(classes), odds
