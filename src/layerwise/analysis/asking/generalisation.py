"""How far the features of each layer reach: a linear probe on data the network never learned.

The network is frozen and its activations for *other* data, or for classes that it never saw, are
recorded to a run of their own; here one probe a layer reads the labels of these data. Zeiler and
Fergus retrain a classifier on each layer of an ImageNet network for Caltech-101 and -256 and find
that deeper layers serve better. Random layers serve too, so the untrained network stands beside.

Source: Zeiler and Fergus 2014, section 5.2 and Table 7.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from layerwise import scores
from layerwise.analysis.rows import class_codes, class_label
from layerwise.foundation.progress import bar
from layerwise.store import Run

INPUT = "input"

COLUMNS = (
    "layer", "position", "checkpoint", "data", "n_units", "value", "spread", "floor", "n_folds",
    "n_classes", "n_observations",
)  # fmt: skip


class Published(NamedTuple):
    """One line of Table 7: accuracy of a classifier on one layer, and its spread over folds."""

    classifier: str
    layer: int
    caltech_101: float
    caltech_256: float
    spread_101: float
    spread_256: float


PUBLISHED = (
    Published("linear SVM", 1, 0.448, 0.246, 0.007, 0.004),
    Published("linear SVM", 2, 0.662, 0.396, 0.005, 0.003),
    Published("linear SVM", 3, 0.723, 0.460, 0.004, 0.003),
    Published("linear SVM", 4, 0.766, 0.513, 0.004, 0.001),
    Published("linear SVM", 5, 0.862, 0.656, 0.008, 0.003),
    Published("linear SVM", 7, 0.855, 0.717, 0.004, 0.002),
    Published("softmax", 5, 0.829, 0.657, np.nan, np.nan),
    Published("softmax", 7, 0.854, 0.726, np.nan, np.nan),
)
"""Zeiler and Fergus 2014, Table 7, fractions; 30 (Caltech-101) and 60 training images a class."""


def generalisation(
    other: Run, *, label: str | None = None, n_folds: int = 5, random_state: int = 0
) -> pd.DataFrame:
    """Return, and keep in the run, what a linear probe on each layer reads from other data.

    Parameters
    ----------
    other : Run
        Of a network, recorded for data that it was not trained on, at one checkpoint or more; the
        raw input is probed too if it was recorded.
    label : what is read; by default the run's first label column
    n_folds, random_state : as of :func:`layerwise.scores.probe`

    Returns
    -------
    DataFrame, one row a layer and checkpoint
        layer, position (in the network), checkpoint, data, n_units, value (held-out accuracy),
        spread (over folds), floor (shuffled labels), n_folds, n_classes, n_observations. The raw
        input, which no training changes, stands at the first checkpoint alone.

    Raises
    ------
    UserError
        If there are no labels, or too few observations of a class.

    Notes
    -----
    Costs ``n_folds + 1`` probes a layer and checkpoint: seconds each for 1,000 observations.

    Examples
    --------
    >>> import tempfile, torch
    >>> from layerwise.recording import record
    >>> x = torch.rand(40, 6)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(torch.nn.Linear(6, 3), x, to=folder, layers=["input", "output"],
    ...                  labels={"big": (x[:, 0] > 0.5).long()})
    ...     found = generalisation(run)
    >>> found["layer"].tolist(), found["n_units"].tolist(), bool(found["value"][0] > 0.8)
    (['input', 'output'], [6, 3], True)
    """
    label = class_label(other, label)
    codes, _ = class_codes(other, label)
    layers = list(other.layers)
    question = {"function": "generalisation", "label": label, "n_folds": n_folds,
                "random_state": random_state, "checkpoints": list(other.checkpoints)}  # fmt: skip

    def compute() -> pd.DataFrame:
        rows = []
        n_probes = len(layers) * len(other.checkpoints)
        with bar("probes", n_probes, "layers") as advance:
            for number, checkpoint in enumerate(other.checkpoints):
                for position, layer in enumerate(layers):
                    advance(1)
                    if layer == INPUT and number:
                        continue
                    X = np.asarray(other.activations(layer, checkpoint))
                    found = scores.probe(X, codes, n_folds=n_folds, random_state=random_state)
                    rows.append((
                        layer, position, checkpoint, str(other.provenance.get("data", "")),
                        X.shape[1], *found, n_folds, len(np.unique(codes)), len(X),
                    ))  # fmt: skip
        return pd.DataFrame(rows, columns=list(COLUMNS))

    return other.cached("generalisation", question, compute)


def violations(values: list[float]) -> int:
    """Return how often a sequence falls from one value to the next.

    Examples
    --------
    >>> violations([0.1, 0.3, 0.2, 0.4])
    1
    """
    return sum(after < before for before, after in pairwise(values))
