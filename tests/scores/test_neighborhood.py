"""Neighbourhood scores: reference (double loops, scikit-learn), laws, closed forms, outcomes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from layerwise import scores
from layerwise.foundation.checks import UserError

seeds = st.integers(0, 2**32 - 1)


def literal_order(X: np.ndarray, i: int) -> list[int]:
    others = [j for j in range(len(X)) if j != i]
    return sorted(others, key=lambda j: float(((X[i] - X[j]) ** 2).sum()))


def literal_hits(Y, labels, k):
    hits = []
    for i in range(len(Y)):
        hit = 0
        for j in literal_order(Y, i)[:k]:
            hit += labels[i] == labels[j]
        hits.append(hit / k)
    return hits


def literal_trustworthiness(X, Y, k):
    n, penalty = len(X), 0
    for i in range(n):
        rank = {j: r for r, j in enumerate(literal_order(X, i), start=1)}
        for j in literal_order(Y, i)[:k]:
            penalty += max(0, rank[j] - k)
    return 1 - 2 * penalty / (n * k * (2 * n - 3 * k - 1))


def literal_agreement(X, Y, k):
    shared = [
        len(set(literal_order(X, i)[:k]) & set(literal_order(Y, i)[:k])) for i in range(len(X))
    ]
    return sum(shared) / (len(X) * k)


@pytest.fixture
def spaces():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 10))
    return X, X[:, :2] + 0.3 * rng.normal(size=(80, 2)), rng.integers(0, 4, 80)


@pytest.mark.parametrize("k", [1, 6, 20])
def test_reference_hit(spaces, k):
    _, Y, labels = spaces
    expected = literal_hits(Y, labels, k)
    np.testing.assert_allclose(scores.neighborhood_hits(Y, labels, n_neighbors=k), expected)
    assert scores.neighborhood_hit(Y, labels, n_neighbors=k) == pytest.approx(np.mean(expected))
    by_class = scores.neighborhood_hit_by_class(Y, labels, n_neighbors=k)
    for c in range(4):
        mine = [hit for hit, label in zip(expected, labels, strict=True) if label == c]
        assert by_class[c] == pytest.approx(np.mean(mine))


@pytest.mark.parametrize("k", [1, 6, 20])
def test_reference_trustworthiness_continuity_agreement(spaces, k):
    X, Y, _ = spaces
    expected = literal_trustworthiness(X, Y, k)
    assert scores.trustworthiness(X, Y, n_neighbors=k) == pytest.approx(expected, abs=1e-12)
    assert sklearn_trustworthiness(X, Y, n_neighbors=k) == pytest.approx(expected, abs=1e-12)
    expected = literal_trustworthiness(Y, X, k)
    assert scores.continuity(X, Y, n_neighbors=k) == pytest.approx(expected, abs=1e-12)
    expected = literal_agreement(X, Y, k)
    assert scores.neighborhood_agreement(X, Y, n_neighbors=k) == pytest.approx(expected)


def test_reference_sampled_trustworthiness_is_near_the_exact_one(spaces):
    rng = np.random.default_rng(1)
    X = rng.normal(size=(1_000, 5))
    Y = X[:, :2]
    exact = scores.trustworthiness(X, Y)
    sampled = [scores.trustworthiness(X, Y, n_samples=200, random_state=s) for s in range(5)]
    assert len(set(sampled)) == 5
    assert sampled[0] == scores.trustworthiness(X, Y, n_samples=200, random_state=0)
    np.testing.assert_allclose(sampled, exact, atol=0.02)
    assert exact == scores.trustworthiness(X, Y, n_samples=1_000)


@given(seed=seeds, width=st.integers(2, 6), k=st.integers(1, 9))
def test_law_rotation_shift_scale_and_order_do_not_matter(seed, width, k):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(30, 4)), rng.normal(size=(30, width))
    labels = rng.integers(0, 3, 30)
    moved = 10 ** rng.uniform(-3, 3) * (Y @ ortho_group.rvs(width, random_state=rng) + rng.normal())
    order = rng.permutation(30)
    hit = scores.neighborhood_hit(Y, labels, n_neighbors=k)
    assert scores.neighborhood_hit(moved, labels, n_neighbors=k) == pytest.approx(hit)
    assert scores.neighborhood_hit(Y[order], labels[order], n_neighbors=k) == pytest.approx(hit)
    names = np.array(["cat", "dog", "eel"])[labels]
    assert scores.neighborhood_hit(Y, names, n_neighbors=k) == hit
    for score in (scores.trustworthiness, scores.continuity, scores.neighborhood_agreement):
        value = score(X, Y, n_neighbors=k)
        assert 0 <= value <= 1
        assert score(X, moved, n_neighbors=k) == pytest.approx(value)
        assert score(X[order], Y[order], n_neighbors=k) == pytest.approx(value)


@given(seed=seeds, width=st.integers(1, 6), copies=st.integers(1, 4), k=st.integers(1, 9))
def test_law_a_space_agrees_with_itself_even_with_duplicates(seed, width, copies, k):
    X = np.repeat(np.random.default_rng(seed).normal(size=(20, width)), copies, axis=0)[:30]
    k = min(k, (len(X) - 1) // 2)
    assert scores.trustworthiness(X, X, n_neighbors=k) == 1
    assert scores.continuity(X, X, n_neighbors=k) == 1
    assert scores.neighborhood_agreement(X, X, n_neighbors=k) == 1


def test_closed_form_duplicates_with_other_labels_are_neighbors_and_the_point_itself_is_not():
    Y = np.zeros((2, 2))
    assert scores.neighborhood_hit(Y, [0, 1], n_neighbors=1) == 0
    assert scores.neighborhood_hit(Y, [1, 1], n_neighbors=1) == 1


def test_closed_form_points_on_a_line():
    Y = np.array([[0.0], [1], [2.5], [4.5]])  # the nearest: 1, 0, 1, 2
    assert scores.neighborhood_hits(Y, list("aaab"), n_neighbors=1).tolist() == [1, 1, 1, 0]
    assert scores.neighborhood_hit_by_class(Y, list("aaab"), n_neighbors=1) == {"a": 1.0, "b": 0.0}


@given(seed=seeds, n_classes=st.integers(1, 6), width=st.integers(1, 8))
def test_outcome_separated_clusters_hit_one(seed, n_classes, width):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), 8)
    Y = rng.uniform(size=(len(labels), width)) + 100 * labels[:, None]
    assert scores.neighborhood_hit(Y, labels, n_neighbors=7) == 1


def test_outcome_random_labels_hit_the_sum_of_squared_frequencies():
    rng = np.random.default_rng(0)
    frequencies = np.array([0.6, 0.3, 0.1])
    labels = rng.choice(3, size=4_000, p=frequencies)
    Y = rng.normal(size=(4_000, 2))
    n = np.bincount(labels)
    expected = (n * (n - 1)).sum() / (4_000 * 3_999)
    mean, sd = scores.shuffled_neighborhood_hit(Y, labels, n_permutations=20)
    assert mean == pytest.approx(expected, abs=3 * sd / np.sqrt(20))
    assert mean == pytest.approx((frequencies**2).sum(), abs=0.02)
    assert scores.neighborhood_hit(Y, labels) == pytest.approx(expected, abs=3 * sd)
    assert 0 < sd < 0.01


def test_contract_one_search_serves_every_score(spaces):
    _, Y, labels = spaces
    found = scores.nearest_neighbors(Y, 6)
    for score in (
        scores.neighborhood_hit,
        scores.neighborhood_hit_by_class,
        scores.shuffled_neighborhood_hit,
    ):
        assert score(Y, labels, neighbors=found) == score(Y, labels)
    first = scores.shuffled_neighborhood_hit(Y, labels, random_state=1)
    assert first == scores.shuffled_neighborhood_hit(Y, labels, random_state=1)
    assert first != scores.shuffled_neighborhood_hit(Y, labels, random_state=2)


Y20 = np.random.default_rng(0).normal(size=(20, 2))
L20 = np.arange(20) % 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: scores.neighborhood_hit(Y20, L20, n_neighbors=20),
            "neighborhood_hit: n_neighbors must be an integer in [1, 19]; got 20. "
            "There are 20 observations.",
        ),
        (
            lambda: scores.neighborhood_hits(Y20, L20[:7]),
            "neighborhood_hits: labels must be 1-D with one entry per observation (20); "
            "got shape (7,).",
        ),
        (
            lambda: scores.neighborhood_hit_by_class(Y20, [None] * 2 + [1] * 18),
            "neighborhood_hit_by_class: labels must be complete; got 2 missing. "
            "Drop these observations, or give them a label of their own.",
        ),
        (
            lambda: scores.neighborhood_hit(Y20, L20, neighbors=np.full((20, 6), 20)),
            "neighborhood_hit: neighbors must be row numbers of shape (20, 6); "
            "got int64 of shape (20, 6). Pass what nearest_neighbors(Y) returned.",
        ),
        (
            lambda: scores.shuffled_neighborhood_hit(Y20, L20, n_permutations=1),
            "shuffled_neighborhood_hit: n_permutations must be an integer >= 2; got 1.",
        ),
        (
            lambda: scores.trustworthiness(Y20, Y20, n_neighbors=10),
            "trustworthiness: n_neighbors must be an integer in [1, 9]; got 10. "
            "There are 20 observations.",
        ),
        (
            lambda: scores.continuity(Y20, Y20[:5]),
            "continuity: Y must be one row per observation of X (20); got 5 rows.",
        ),
        (
            lambda: scores.neighborhood_agreement(Y20, Y20[:, 0]),
            "neighborhood_agreement: Y must be 2-D (n_observations, n_units); got shape (20,). "
            "Reshape to one row per observation.",
        ),
        (
            lambda: scores.trustworthiness(Y20[:2], Y20[:2], n_neighbors=1),
            "trustworthiness: X must be at least 3 rows; got 2.",
        ),
    ],
)
def test_contract_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == sentence
