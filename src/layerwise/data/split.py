"""Which observations are for training and which for testing.

A published split is kept. Where there is none, one fixed draw makes it, the same for everyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Labels

PARTS = {"train": ("train",), "test": ("test",), "all": ("train", "test")}
"""The splits that can be asked for, and the parts each is made of."""

SEED = 0
"""Seed of the split of data that come without one."""


def stratified_rows(labels: Labels, n: int, rng: np.random.Generator) -> Array:
    """Return `n` rows, ascending, each class in proportion: exact shares, largest remainders first.

    Examples
    --------
    >>> stratified_rows(np.array([0, 0, 0, 0, 1, 1]), 3, np.random.default_rng(0)).size
    3
    """
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    quota, remainder = np.divmod(n * counts, len(labels))
    quota[np.argsort(-remainder, kind="stable")[: n - quota.sum()]] += 1
    shuffled = rng.permutation(len(labels))
    by_class = shuffled[np.argsort(codes[shuffled], kind="stable")]
    members = np.split(by_class, np.cumsum(counts)[:-1])
    drawn = [rows[:k] for rows, k in zip(members, quota, strict=True)]
    return np.sort(np.concatenate(drawn))


def seeded_split(labels: Labels, split: str, test_share: Fraction) -> Array:
    """Return the rows of one split of data that have no official one.

    Parameters
    ----------
    labels : (n_observations,), kept in proportion in both parts
    split : "train", "test", or "all", which is every row in its stored order
    test_share : part of the observations that are for testing, rounded to whole ones

    Raises
    ------
    InvalidValue
        If the part is empty, because there are so few observations.

    Examples
    --------
    >>> labels = np.repeat([0, 1], 5)
    >>> len(seeded_split(labels, "test", Fraction(1, 5)))
    2
    """
    n, n_test = len(labels), round(len(labels) * test_share)
    if not {"all": n, "test": n_test, "train": n - n_test}[split]:
        raise checks.invalid(
            "load", f"the {split} split", "of one observation or more", f"a part of {n} in all",
            'Add observations, or load with split="all".',
        )  # fmt: skip
    everything = np.arange(n)
    if split == "all":
        return everything
    test = stratified_rows(labels, n_test, np.random.default_rng(SEED))
    return test if split == "test" else np.setdiff1d(everything, test, assume_unique=True)


def join(arrays: Sequence[Array]) -> Array:
    """Return the arrays end to end; a single one is not copied."""
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
