"""What a question is about: which observations, which classes, which checkpoint of a run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layerwise.foundation import checks
from layerwise.foundation.random import generator
from layerwise.foundation.shapes import Array
from layerwise.store import Run

SUBSET = "subset"
"""The label column that splits observations, for example into "train" and "test"."""


def subsets(run: Run) -> list[str]:
    """Return the values of the subset column in order of appearance; [""] if there is none."""
    column = run.labels.get(SUBSET)
    return [""] if column is None else [str(name) for name in pd.unique(pd.Series(column))]


def class_label(run: Run, label: str | None = None) -> str:
    """Return the label column that scores are about: the one asked for, else the first.

    Raises
    ------
    NotFound
        If the run has no such column, or none at all.
    """
    columns = [name for name in run.labels if name != SUBSET]
    wanted = label or run.provenance.get("label") or (columns[0] if columns else "")
    if wanted not in columns:
        raise checks.not_found("label column", wanted, str(run.path), columns)
    return str(wanted)


def rows_of(run: Run, subset: str = "", n: int | None = None, random_state: int = 0) -> Array:
    """Return the row numbers of a subset, or of a seeded sample of `n` of them, ascending.

    Raises
    ------
    NotFound
        If the run has no such subset.
    """
    rows = np.arange(run.n_observations)
    if subset:
        if subset not in subsets(run):
            raise checks.not_found("subset", subset, str(run.path), subsets(run))
        rows = rows[run.labels[SUBSET].astype(str) == subset]
    if n is not None and n < len(rows):
        rows = np.sort(generator(random_state).choice(rows, n, replace=False))
    return rows


def checkpoint_name(run: Run, checkpoint: str | None) -> str:
    """Return the checkpoint that is meant: the one asked for, else the latest."""
    return run.checkpoint(run.checkpoints[-1] if checkpoint is None else checkpoint).name


def hidden_layers(run: Run) -> list[str]:
    """Return the recorded layers between input and output, shallow to deep."""
    return [name for name in run.layers if run.layer(name).hidden]


def class_codes(run: Run, label: str | None = None) -> tuple[Array, list[str]]:
    """Return the class number of every observation and the names of all classes.

    Codes that have names are class numbers already; other values are numbered in sorted order.
    """
    column = class_label(run, label)
    values, names = run.labels[column], run.class_names(column)
    if names is not None and values.dtype.kind in "iub":
        return values.astype(np.int64), list(names)
    distinct, codes = np.unique(values, return_inverse=True)
    return codes, [str(value) for value in distinct]
