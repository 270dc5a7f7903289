"""Splits: laws of proportion, and golden rows, because a split must never change."""

from __future__ import annotations

import hashlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwise.data.split import join, seeded_split, stratified_rows
from layerwise.foundation.checks import UserError

some_labels = st.lists(st.integers(0, 4), min_size=2, max_size=80).map(np.array)


@given(some_labels, st.data(), st.integers(0, 9))
def test_every_class_has_its_share_to_within_one(labels, data, seed):
    n = data.draw(st.integers(0, len(labels)))
    rows = stratified_rows(labels, n, np.random.default_rng(seed))
    assert len(rows) == n
    assert (np.diff(rows) > 0).all()
    for value in np.unique(labels):
        share = Fraction(int(n * (labels == value).sum()), len(labels))
        assert abs(int((labels[rows] == value).sum()) - share) < 1


@given(some_labels)
def test_train_and_test_are_disjoint_and_complete(labels):
    train, test = (seeded_split(labels, part, Fraction(1, 3)) for part in ("train", "test"))
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(labels)))
    np.testing.assert_array_equal(seeded_split(labels, "all", Fraction(1, 3)), range(len(labels)))


@pytest.mark.parametrize(("n", "split"), [(1, "test"), (0, "train"), (0, "test"), (0, "all")])
def test_a_part_without_observations_is_refused(n, split):
    with pytest.raises(UserError, match=f"the {split} split must be of one observation or more"):
        seeded_split(np.zeros(n, int), split, Fraction(1, 5))


def test_every_row_can_be_drawn():
    labels = np.repeat([0, 1], 5)
    seen = [stratified_rows(labels, 4, np.random.default_rng(seed)) for seed in range(50)]
    assert set(np.concatenate(seen)) == set(range(10))


def test_golden_rows():
    rows = seeded_split(np.arange(1000) % 7, "test", Fraction(1, 5))
    digest = hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()
    assert digest == "0c40a4a07387a1eeb5f964f553af00d34c5f12fe4d8cd44b972c8d74e7fd7489"


def test_one_array_is_not_copied():
    array = np.arange(3)
    assert join([array]) is array
    np.testing.assert_array_equal(join([array, array]), [0, 1, 2, 0, 1, 2])
