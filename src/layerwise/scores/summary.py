"""The table of results: one tidy row per score, and from several seeds its mean and spread.

Every figure, report and study reads the same columns (:data:`COLUMNS`), so a number never travels
without its floor, its spread and what was published. Leaves out every statistic but mean and
sample standard deviation.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

KEYS = (
    "network", "data", "subset", "checkpoint", "layer", "score", "method", "n_neighbors",
)  # fmt: skip
"""What a result is about; rows that agree in these differ by their seed only."""

COLUMNS = (
    *KEYS, "value", "spread", "floor", "n_observations", "seeds", "published", "source",
)  # fmt: skip
"""The columns of a table of results, in order.

``network`` (and how it was trained), ``data``, ``subset`` ("test"), ``checkpoint``, ``layer``,
``score`` ("neighborhood hit 2-D"), ``method`` (of the projection, "" without one),
``n_neighbors`` (k of its neighbourhoods, 0 without any); ``value``;
``spread``: sample standard deviation over seeds; ``floor``: the same score under shuffled labels;
``n_observations``; ``seeds``: how many; ``published`` and its ``source``.
"""


_WITHOUT: dict[str, Any] = {"method": "", "n_neighbors": 0}
"""What stands in a score of no projection and of no neighbourhood."""


def select(rows: pd.DataFrame, *, method: str, n_neighbors: int) -> pd.DataFrame:
    """Return the scores of one projection method and one k, each result and seed once.

    Scores without a method (of the layer itself) or without neighbours (accuracy) stay. A run that
    was scored twice may hold a result twice: the one of most observations counts.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`summarize`, repeats allowed.
    method : str
    n_neighbors : int

    Returns
    -------
    DataFrame, a part of `rows` in the same order

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"score": ["2-D", "2-D", "2-D", "accuracy"],
    ...                      "method": ["tsne", "pca", "tsne", ""], "n_neighbors": [6, 6, 3, 0]})
    >>> select(rows, method="tsne", n_neighbors=6).index.tolist()
    [0, 3]
    """
    filled = rows.assign(**{
        name: rows[name].fillna(fill) if name in rows else fill for name, fill in _WITHOUT.items()
    })  # fmt: skip
    wanted = filled["method"].isin(["", method]) & filled["n_neighbors"].isin([0, n_neighbors])
    found = filled[wanted]
    best = [name for name in (*_WITHOUT, "n_observations") if name in found]
    found = found.sort_values(best, ascending=False, kind="stable")
    result = [name for name in (*KEYS, "seed") if name in found and name not in _WITHOUT]
    return rows.loc[found.drop_duplicates(result).sort_index().index]


def summarize(rows: pd.DataFrame) -> pd.DataFrame:
    """Turn rows of single seeds into one row a result: mean, spread, number of seeds.

    Parameters
    ----------
    rows : DataFrame
        Columns :data:`KEYS`, ``seed`` and ``value``; ``method``, ``n_neighbors``, ``floor``,
        ``n_observations``, ``published`` and ``source`` where known. Each combination of keys has
        each seed once; :func:`select` sees to that.

    Returns
    -------
    DataFrame with :data:`COLUMNS`, in order of first appearance
        ``spread`` is NaN for a single seed: one run says nothing about the next.
        ``published``, ``source`` and ``n_observations`` are those of the first row that has them.

    Raises
    ------
    NotFound
        If a column is missing.
    InvalidValue
        If the same seed stands twice under the same keys.

    Examples
    --------
    >>> import pandas as pd
    >>> key = dict(network="mlp", data="digits", subset="test", checkpoint="trained",
    ...            layer="relu4", score="neighborhood_hit")
    >>> table = summarize(pd.DataFrame([key | dict(seed=0, value=0.9),
    ...                                 key | dict(seed=1, value=1.0)]))
    >>> table[["layer", "value", "seeds"]].to_dict("records")
    [{'layer': 'relu4', 'value': 0.95, 'seeds': 2}]
    """
    optional = dict(_WITHOUT) | dict.fromkeys(
        ("floor", "n_observations", "published", "source"), math.nan
    )
    for column in (*KEYS, "seed", "value"):
        if column not in rows and column not in optional:
            raise checks.not_found("column", column, "rows", map(str, rows.columns))
    known = rows.assign(**{name: fill for name, fill in optional.items() if name not in rows})
    keys = list(KEYS)
    twice = known.duplicated([*keys, "seed"])
    if twice.any():
        raise checks.invalid(
            "summarize", "rows", "one per result and seed",
            f"{int(twice.sum())} repeated, first row {int(twice.to_numpy().argmax())}",
            "The same seed twice would count as two.",
        )  # fmt: skip
    groups = known.groupby(keys, sort=False, dropna=False)
    table = groups.agg(
        value=("value", "mean"), spread=("value", "std"), floor=("floor", "mean"),
        n_observations=("n_observations", "first"), seeds=("seed", "size"),
        published=("published", "first"), source=("source", "first"),
    )  # fmt: skip
    return table.reset_index()[list(COLUMNS)]


def to_json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dicts that JSON can hold: missing becomes None, numpy becomes Python.

    Examples
    --------
    >>> import pandas as pd
    >>> to_json_rows(pd.DataFrame({"layer": ["relu1"], "value": [0.5], "spread": [float("nan")]}))
    [{'layer': 'relu1', 'value': 0.5, 'spread': None}]
    """
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    import pandas as pd

    value = value.item() if hasattr(value, "item") else value
    infinite = isinstance(value, float) and not math.isfinite(value)
    return None if infinite or pd.isna(value) else value
