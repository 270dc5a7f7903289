"""The population, layer by layer: a map of the same observations in every layer, and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from layerwise import analysis
from layerwise.foundation.progress import bar
from layerwise.store import Run


def write_maps(run: Run, hidden: Sequence[str], seed: int) -> dict[str, pd.DataFrame]:
    """Map and score the raw input and every hidden layer, before and after training.

    Each map is turned to the one before, which changes no distance.

    Parameters
    ----------
    run : recorded at "input" and all of `hidden`
    hidden : layers, shallow to deep
    seed : of the maps

    Returns
    -------
    dict
        Subset to the map of its observations in the last layer at the last checkpoint.
    """
    times = list(dict.fromkeys((run.checkpoints[0], run.checkpoints[-1])))

    def one(
        layer: str, checkpoint: str, subset: str, align_to: pd.DataFrame | None
    ) -> pd.DataFrame:
        projection = analysis.project(
            run, layer=layer, checkpoint=checkpoint, subset=subset, random_state=seed,
            align_to=align_to, **parameters[subset],
        )  # fmt: skip
        analysis.score(
            run, layer=layer, checkpoint=checkpoint, subset=subset, random_state=seed,
            projection=projection,
        )  # fmt: skip
        advance(1)
        return projection

    subsets, found = analysis.subsets(run), {}
    parameters = {subset: _parameters(len(analysis.rows_of(run, subset))) for subset in subsets}
    total = len(subsets) * (1 + len(times) * len(hidden))
    with bar(f"maps and scores, seed {seed}", total, "maps") as advance:
        for subset in subsets:
            raw = one("input", times[0], subset, None)
            for checkpoint in times:
                previous = raw
                for layer in hidden:
                    previous = one(layer, checkpoint, subset, previous)
            found[subset] = previous
    return found


def _parameters(n: int) -> dict[str, Any]:
    """Return what t-SNE needs to be told about few observations: its usual perplexity is 30."""
    return {} if n > 90 else {"perplexity": (n - 1) / 3}
