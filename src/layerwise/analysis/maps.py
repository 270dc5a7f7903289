"""Maps of the observations by what one layer makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from layerwise.analysis.answers import answer
from layerwise.analysis.rows import checkpoint_name, rows_of
from layerwise.foundation import checks
from layerwise.projection import METHODS, procrustes
from layerwise.store import Run


def project(
    run: Run,
    *,
    layer: str,
    checkpoint: str | None = None,
    subset: str = "",
    method: str = "tsne",
    n: int | None = None,
    random_state: int = 0,
    align_to: pd.DataFrame | None = None,
    **parameters: Any,
) -> pd.DataFrame:
    """Return a 2-D projection of the observations by their activations in one layer.

    Parameters
    ----------
    run : a recording
    layer, checkpoint : which activations; the latest checkpoint by default
    subset : value of the column "subset"; "" for all observations
    method : "pca", "tsne", "mds" or "umap"
    n : project a seeded sample of this many
    random_state : seed of the sample and the method
    align_to : another projection of the same observations; this one is rotated and reflected
        onto it, which changes no distance
    **parameters : of the method, for example ``perplexity=30``

    Returns
    -------
    DataFrame
        Columns checkpoint, layer, subset, method, observation, x, y; one row per observation.
    """
    checks.choice("project", "method", method, tuple(METHODS))
    checkpoint = checkpoint_name(run, checkpoint)
    activations = run.activations(layer, checkpoint)

    def compute() -> pd.DataFrame:
        rows = rows_of(run, subset, n, random_state)
        estimator = METHODS[method](random_state=random_state, **parameters)
        Y = estimator.fit_transform(np.asarray(activations[rows], dtype=np.float32))
        if align_to is not None:
            Y = procrustes(Y, align_to[["x", "y"]].to_numpy(), scaling=False)
        head = {"checkpoint": checkpoint, "layer": layer, "subset": subset, "method": method}
        return pd.DataFrame({**head, "observation": rows, "x": Y[:, 0], "y": Y[:, 1]})

    spec = {
        "function": "project", "layer": layer, "checkpoint": checkpoint, "subset": subset,
        "method": method, "n": n, "random_state": random_state, "parameters": parameters,
        "aligned": None if align_to is None else str(align_to["layer"].iloc[0]),
    }  # fmt: skip
    return answer(run, "projections", spec, compute)
