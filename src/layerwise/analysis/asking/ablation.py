"""Which layers a network needs: errors of networks that were trained without some of them.

The networks are trained in :mod:`layerwise.studies.ablation`; here their rows, one number each,
become one line a variant, paired by seed with the whole network. Beside them the table of the
source, which no small network reproduces: the question is the same, the numbers are not.

Source: Zeiler and Fergus 2014, section 5.1 and Table 3.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

TEST_ERROR, TRAIN_ERROR = "test error", "training error"
N_LAYERS, N_PARAMETERS = "layers with weights", "parameters"
DEAD, TWINS, LARGEST = "dead filters", "twin filters", "largest filter"
"""Of the first layer: filters that are 0, filters nearly proportional to another one, and the norm
of the largest by the median norm."""

COLUMNS = ("variant", "position", "seed", "measure", "value", "n_observations")


class Published(NamedTuple):
    """One line of Table 3: errors of a network of the paper on ImageNet 2012."""

    network: str
    variant: str
    train_top1: float
    val_top1: float
    val_top5: float


_KRIZHEVSKY, _OURS = "Krizhevsky et al. 2012, retrained", "Zeiler and Fergus"

PUBLISHED = (
    Published(_KRIZHEVSKY, "whole", 0.351, 0.405, 0.181),
    Published(_KRIZHEVSKY, "without layers 3, 4", 0.418, 0.454, 0.221),
    Published(_KRIZHEVSKY, "without layer 7", 0.274, 0.400, 0.184),
    Published(_KRIZHEVSKY, "without layers 6, 7", 0.274, 0.448, 0.224),
    Published(_KRIZHEVSKY, "without layers 3, 4, 6, 7", 0.711, 0.713, 0.501),
    Published(_KRIZHEVSKY, "layers 6, 7: 2048 units", 0.403, 0.417, 0.188),
    Published(_KRIZHEVSKY, "layers 6, 7: 8192 units", 0.268, 0.400, 0.181),
    Published(_OURS, "whole", 0.331, 0.384, 0.165),
    Published(_OURS, "layers 6, 7: 2048 units", 0.382, 0.402, 0.176),
    Published(_OURS, "layers 6, 7: 8192 units", 0.220, 0.388, 0.170),
    Published(_OURS, "layers 3, 4, 5: 512, 1024, 512 maps", 0.188, 0.375, 0.160),
    Published(_OURS, "both of these", 0.100, 0.383, 0.169),
)
"""Zeiler and Fergus 2014, Table 3, fractions."""


def ablation_summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one line a variant: every measure as its mean over seeds, and what was lost.

    Parameters
    ----------
    rows : columns :data:`COLUMNS`; the variant at position 0 is the whole network

    Returns
    -------
    DataFrame, in order of position
        variant, seeds; every measure; ``spread`` (sample standard deviation of the test error over
        seeds; NaN for one); ``lost`` (test error minus that of the whole network of the same seed,
        mean) and ``lost_error`` (its standard error; NaN for one seed); n_observations (that the
        test error is of).

    Examples
    --------
    >>> rows = pd.DataFrame([
    ...     ("whole", 0, 0, TEST_ERROR, 0.02, 100), ("whole", 0, 1, TEST_ERROR, 0.04, 100),
    ...     ("less", 1, 0, TEST_ERROR, 0.05, 100), ("less", 1, 1, TEST_ERROR, 0.09, 100),
    ... ], columns=list(COLUMNS))
    >>> ablation_summary(rows)[["variant", TEST_ERROR, "lost", "lost_error"]].round(3).values
    array([['whole', 0.03, 0.0, 0.0],
           ['less', 0.07, 0.04, 0.01]], dtype=object)
    """
    key = ["position", "variant"]
    wide = rows.pivot(index=[*key, "seed"], columns="measure", values="value").reset_index()
    whole = wide[wide["position"] == wide["position"].min()].set_index("seed")[TEST_ERROR]
    wide["lost"] = wide[TEST_ERROR] - wide["seed"].map(whole)
    groups = wide.groupby(key)
    means = groups[[name for name in wide.columns if name not in (*key, "seed")]].mean()
    n = rows.loc[rows["measure"] == TEST_ERROR].groupby(key)["n_observations"].first()
    found = means.assign(
        seeds=groups.size(), spread=groups[TEST_ERROR].std(), n_observations=n,
        lost_error=groups["lost"].std() / np.sqrt(groups.size()),
    )  # fmt: skip
    found.columns.name = None
    return found.reset_index().drop(columns="position")
