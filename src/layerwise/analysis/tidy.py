"""Results as rows: one score each, beside its floor and the value that was published."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from layerwise.store import Run

ROWS = (
    "network", "data", "subset", "checkpoint", "layer", "score", "method", "n_neighbors", "value",
    "spread", "floor", "n_observations", "seed", "published", "source",
)  # fmt: skip
"""Columns of a table of scores: values are fractions, `floor` is the value under shuffled labels
(NaN where labels do not enter), `spread` the standard deviation over seeds, `method` "" and
`n_neighbors` 0 where there is no projection or no neighbourhood."""


def tidy(
    run: Run,
    table: Sequence[tuple[str, float, float, str]],
    n_observations: int,
    n_neighbors: int = 0,
    /,
    **where: str,
) -> pd.DataFrame:
    """Return scores as rows of :data:`ROWS`; `where` is their checkpoint, layer and subset.

    Network, data and seed come from the provenance of the run, and so do published values: a
    study keeps there which value of a paper each row stands beside. A published value that names
    its method or k stands beside rows of these only.
    """
    frame = pd.DataFrame(table, columns=["score", "value", "floor", "method"])
    about = {name: str(run.provenance.get(name, "")) for name in ("network", "data")}
    frame = frame.assign(
        **about,
        **where,
        n_neighbors=n_neighbors,
        spread=np.nan,
        n_observations=n_observations,
        seed=int(run.provenance.get("seed", 0)),
        published=np.nan,
        source="",
    )
    for known in run.provenance.get("published", ()):
        place = (frame["score"] == known["score"]) & all(
            known[key] == value for key, value in where.items()
        )
        for key in {"method", "n_neighbors"} & known.keys():
            place &= frame[key] == known[key]
        frame.loc[place, ["published", "source"]] = [known["value"], known["source"]]
    return frame[list(ROWS)]
