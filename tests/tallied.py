"""Tables of a population for the tests of figures and report: a real, tiny network on real digits.

Two convolutions of 3 x 3 and a dense layer on scikit-learn's digits. "Before training" their
weights are random, "after" they are centres of k-means of their inputs: filters that look like
something (Coates & Ng, AISTATS 2011), without an hour of training.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.cluster import KMeans

from layerwise import units
from layerwise.analysis.activity import activity_rows, class_map_rows
from tests.runs import digits

QUANTILES = (1, 5, 25, 50, 75, 95, 99)


def convolved(X: np.ndarray, filters: np.ndarray, bias: float) -> np.ndarray:
    """Return ReLU(X * filters): X (n, c, h, w), filters (n_filters, c, 3, 3)."""
    patches = sliding_window_view(X, (3, 3), axis=(2, 3))
    return np.maximum(np.einsum("nchwij,fcij->nfhw", patches, filters) - bias, 0).astype(np.float32)


@cache
def layers(n_filters: int = 16, n: int = 400) -> dict[str, dict[str, np.ndarray]]:
    """Return {"before" | "after": {layer: activations}}, convolutions (n, filters, h, w)."""
    images, _ = digits()
    found = {}
    for name in ("before", "after"):
        rng = np.random.default_rng(0)
        x, at = images[:n].reshape(n, 1, 8, 8), {}
        for depth in (1, 2):
            patches = sliding_window_view(x, (3, 3), axis=(2, 3)).transpose(0, 2, 3, 1, 4, 5)
            rows = patches.reshape(-1, 9 * x.shape[1])
            centres = rng.normal(size=(n_filters, rows.shape[1]))
            if name == "after":
                some = rows[rng.choice(len(rows), 3000, replace=False)]
                centres = KMeans(n_filters, n_init=1, random_state=0).fit(some).cluster_centers_
            centres = centres - centres.mean(axis=1, keepdims=True)
            centres /= np.linalg.norm(centres, axis=1, keepdims=True) + 1e-6
            x = convolved(x, centres.reshape(n_filters, -1, 3, 3), bias=0.1)
            at[f"conv{depth}"] = x
        flat = x.reshape(n, -1)
        weights = rng.normal(size=(flat.shape[1], 30)) / flat.shape[1] ** 0.5
        if name == "after":
            weights = KMeans(30, n_init=1, random_state=0).fit(flat).cluster_centers_.T
            weights = (weights - weights.mean(axis=1, keepdims=True)) / 10
        at["dense"] = np.maximum(flat @ weights, 0).astype(np.float32)
        found[name] = at
    return found


def tables(
    A: np.ndarray, y: np.ndarray, layer: str, checkpoint: str, *, n_classes: int = 10,
    subset: str = "",
) -> dict[str, pd.DataFrame]:  # fmt: skip
    """Return the tables "activity", "selectivity" and "class_maps" of one layer (n, units, ...)."""
    tally = units.Tally(A.shape[1], A.shape[2:], n_classes=n_classes)
    tally.update(A, y)
    found = {
        "activity": activity_rows(tally),
        "selectivity": units.selectivity(tally.by_class()),
        "class_maps": class_map_rows(tally),
    }
    place = {"layer": layer, "checkpoint": checkpoint, "subset": subset}
    return {kind: frame.assign(**place) for kind, frame in found.items()}


def winners(means: np.ndarray, A: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mode of the strongest filter by class and position, and its share."""
    n_classes, units, height, width = means.shape
    first = np.where(A.max(axis=1) > 0, A.argmax(axis=1), -1)
    mode = np.full((n_classes, height, width), -1)
    share = np.full(mode.shape, np.nan)
    for c in range(n_classes):
        those = first[y == c]
        if len(those):
            counts = np.stack([(those == k).sum(axis=0) for k in range(-1, units)])
            mode[c], share[c] = counts.argmax(axis=0) - 1, counts.max(axis=0) / len(those)
    return mode, share
