"""Questions that a live host answers at once: from the recording, or by asking the network anew.

The former read a layer in blocks of rows, so memory stays bounded whatever its width. What takes
longer than a glance is a job (:mod:`layerwise.studio.host.jobs`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from layerwise import units
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit
from layerwise.store import Run
from layerwise.store.activations import Activations
from layerwise.studio.data import Contents
from layerwise.studio.data.files import stamp
from layerwise.studio.host.asked import Asked
from layerwise.studio.host.network import Ask, Stopped, attribution
from layerwise.units.blocks import blocks

KINDS = ("contrast", "neighbors", "attribution")

MOST_NEIGHBORS = 1000


def ask(
    contents: Contents,
    kind: str,
    body: object,
    network: Ask | None = None,
    stopped: Stopped = lambda: False,
) -> dict[str, Any]:
    """Return the answer to one question of the page.

    ============= ======================================= ====================================
    kind          body                                    answer
    ============= ======================================= ====================================
    "contrast"    run, layer, checkpoint,                 contrast: of every unit, how much
                  selection (observations)                stronger it fires on the selection
                                                          than on the rest, in its deviations
    "neighbors"   run, layer, checkpoint, observation, k  observations: the k nearest by the
                                                          whole layer, nearest first;
                                                          distances: Euclidean, in n-D
    "attribution" run, checkpoint, observation, method;   the map: shape, codes, limit, largest,
                  layer and unit, or unit (a class), or   sum, channels, layer; target, value,
                  neither (the predicted class)           predicted, share, classes
    ============= ======================================= ====================================

    Runs, layers, checkpoints and observations are numbered as in the manifest; all is about the
    observations that the page shows. `network` answers "attribution", until `stopped` says that
    nobody waits any more.

    Raises
    ------
    UserError
        If there is no such question, a field is not what it must be, the recording is damaged or
        incomplete, or an activation is not finite or too large to be squared.
    """
    if kind not in KINDS:
        raise checks.not_found("question", kind, "the studio", KINDS)
    asked = Asked(contents, kind, body)
    if kind == "attribution":
        return attribution(asked, network, stopped)
    with np.errstate(over="ignore", invalid="ignore"):
        answer = _contrast(asked) if kind == "contrast" else _neighbors(asked)
    if not all(np.isfinite(values).all() for values in answer.values()):
        raise checks.invalid(kind, "activations", "small enough to be squared", "an overflow")
    return {name: values.tolist() for name, values in answer.items()}


def _contrast(asked: Asked) -> dict[str, Array]:
    run, rows, selection = asked.run, asked.rows, asked.numbers("selection")
    recording = stamp(sorted(run.fingerprint.items()), run.checkpoint(asked.checkpoint))
    values = _contrasts(
        str(run.path), recording, asked.layer, asked.checkpoint, rows.tobytes(), selection.tobytes()
    )
    return {"contrast": values.round(4)}


@lru_cache(maxsize=1)  # two views of one selection ask the same
def _contrasts(
    path: str, recording: str, layer: str, checkpoint: str, rows: bytes, selection: bytes
) -> PerUnit:
    X: Any = _Rows(Run.open(path).activations(layer, checkpoint), np.frombuffer(rows, np.intp))
    return units.contrast(X, np.frombuffer(selection, np.int64))


def _neighbors(asked: Asked) -> dict[str, Array]:
    X = _Rows(asked.run.activations(asked.layer, asked.checkpoint), asked.rows)
    observation = asked.index("observation", len(X))
    k = asked.count("k", 1, MOST_NEIGHBORS)
    target = np.asarray(X[observation : observation + 1], dtype=np.float64)
    squared = np.empty(len(X))
    for rows, block in blocks("neighbors", X):
        difference = block - target
        squared[rows] = np.einsum("ij,ij->i", difference, difference)
    squared[observation] = np.inf  # left out by its number: exact copies of it are neighbours
    nearest = np.argsort(squared, kind="stable")[: min(k, len(X) - 1)]
    return {"observations": nearest, "distances": np.sqrt(squared[nearest]).round(6)}


class _Rows:
    """The rows of a layer that the page shows, read by slices as `units` reads a layer."""

    ndim = 2

    def __init__(self, X: Activations, rows: Array) -> None:
        self._X, self._rows = X, rows
        self.shape, self.dtype = (len(rows), X.shape[1]), X.dtype

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, wanted: slice) -> Array:
        found: Array = self._X[self._rows[wanted]]
        return found
