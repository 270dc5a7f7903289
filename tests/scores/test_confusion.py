"""neighborhood_confusion: reference (triple loop), laws, outcome, contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise import scores
from layerwise.foundation.checks import UserError

seeds = st.integers(0, 2**32 - 1)


def literal_confusion(Y, labels, k):
    classes = sorted(set(labels))
    matrix = np.zeros((len(classes), len(classes)))
    for i, own in enumerate(labels):
        others = [j for j in range(len(Y)) if j != i]
        others.sort(key=lambda j: float(((Y[i] - Y[j]) ** 2).sum()))
        for j in others[:k]:
            matrix[classes.index(own), classes.index(labels[j])] += 1 / k
    return matrix / [[labels.count(c)] for c in classes]


@pytest.mark.parametrize("width", [2, 5])
@pytest.mark.parametrize("k", [1, 6])
def test_reference(width, k):
    rng = np.random.default_rng(width)
    Y, labels = rng.normal(size=(50, width)), rng.choice(["b", "a", "d"], 50, p=[0.6, 0.3, 0.1])
    expected = literal_confusion(Y, labels.tolist(), k)
    np.testing.assert_allclose(scores.neighborhood_confusion(Y, labels, n_neighbors=k), expected)


@settings(deadline=None, max_examples=50)
@given(seed=seeds, n_classes=st.integers(1, 6), k=st.integers(1, 9))
def test_law_rows_sum_to_one_and_the_weighted_diagonal_is_the_hit(seed, n_classes, k):
    rng = np.random.default_rng(seed)
    Y, labels = rng.normal(size=(30, 2)), rng.integers(0, n_classes, 30) * 10
    matrix = scores.neighborhood_confusion(Y, labels, n_neighbors=k)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    _, sizes = np.unique(labels, return_counts=True)
    hit = scores.neighborhood_hit(Y, labels, n_neighbors=k)
    assert np.diag(matrix) @ sizes / 30 == pytest.approx(hit)
    by_class = scores.neighborhood_hit_by_class(Y, labels, n_neighbors=k)
    np.testing.assert_allclose(np.diag(matrix), list(by_class.values()))
    moved = scores.neighborhood_confusion(7 * Y[::-1] - 3, labels[::-1], n_neighbors=k)
    np.testing.assert_allclose(moved, matrix)


def test_outcome_the_pair_that_lies_together_is_found():
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    Y = rng.normal(size=(300, 2)) + 20 * (labels == 2)[:, None]  # 0 and 1 share a place
    matrix = scores.neighborhood_confusion(Y, labels)
    np.testing.assert_allclose(matrix[2], [0, 0, 1])
    np.testing.assert_allclose(matrix[:2, :2], 0.5, atol=0.1)


def test_contract_takes_the_neighbors_of_an_earlier_search():
    rng = np.random.default_rng(0)
    Y, labels = rng.normal(size=(30, 2)), np.arange(30) % 4
    found = scores.nearest_neighbors(Y, 6)
    np.testing.assert_array_equal(
        scores.neighborhood_confusion(np.zeros((30, 1)), labels, neighbors=found),
        scores.neighborhood_confusion(Y, labels),
    )


def test_contract_bad_input_is_one_sentence():
    with pytest.raises(UserError) as error:
        scores.neighborhood_confusion(np.zeros((5, 2)), [0] * 5)
    assert str(error.value) == (
        "neighborhood_confusion: n_neighbors must be an integer in [1, 4]; got 6. "
        "There are 5 observations."
    )
