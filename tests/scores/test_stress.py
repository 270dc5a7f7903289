"""Stress, Shepard correlation, silhouette: reference (loops, SciPy), laws, closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group, spearmanr

from layerwise import scores
from layerwise.foundation.checks import UserError

seeds = st.integers(0, 2**32 - 1)


def literal_stress(X, Y):
    above = below = 0.0
    for i in range(len(X)):
        for j in range(i + 1, len(X)):
            d = np.linalg.norm(Y[i] - Y[j])
            above += (np.linalg.norm(X[i] - X[j]) - d) ** 2
            below += d**2
    return np.sqrt(above / below)


@pytest.fixture
def spaces():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 6))
    return X, X[:, :2] + 0.1 * rng.normal(size=(40, 2))


def test_reference_stress_with_and_without_scaling(spaces):
    X, Y = spaces
    unscaled = scores.kruskal_stress(X, Y, scale=False)
    assert unscaled == pytest.approx(literal_stress(X, Y), rel=1e-9)
    best = minimize_scalar(lambda b: literal_stress(X, b * Y), bracket=(1, 2))
    assert scores.kruskal_stress(X, Y) == pytest.approx(best.fun, rel=1e-6)
    assert scores.kruskal_stress(X, Y) < unscaled


def test_reference_precomputed_dissimilarities(spaces):
    X, Y = spaces
    D = squareform(pdist(X))
    value = scores.kruskal_stress(D, Y, metric="precomputed")
    assert value == pytest.approx(scores.kruskal_stress(X, Y), rel=1e-9)


def test_reference_shepard_and_silhouette(spaces):
    from sklearn.metrics import silhouette_score

    X, Y = spaces
    expected = spearmanr(pdist(X), pdist(Y)).statistic
    assert scores.shepard_correlation(X, Y) == pytest.approx(expected, abs=1e-9)
    labels = np.arange(40) % 3
    assert scores.silhouette(Y, labels) == pytest.approx(silhouette_score(Y, labels))


@given(seed=seeds, width=st.integers(2, 6))
def test_law_rotation_shift_scale_and_order_do_not_matter(seed, width):
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(25, 4)), rng.normal(size=(25, width))
    turned = Y @ ortho_group.rvs(width, random_state=rng) + rng.normal()
    order = rng.permutation(25)
    for score in (scores.kruskal_stress, scores.shepard_correlation):
        value = score(X, Y)
        assert -1 <= value <= 1
        assert score(X, turned * 10 ** rng.uniform(-3, 3)) == pytest.approx(value)
        assert score(X[order], Y[order]) == pytest.approx(value)
    unscaled = scores.kruskal_stress(X, Y, scale=False)
    assert scores.kruskal_stress(X, turned, scale=False) == pytest.approx(unscaled)
    labels = rng.permutation(np.arange(25) % 3)
    value = scores.silhouette(Y, labels)
    assert -1 <= value <= 1
    assert scores.silhouette(turned * 7, labels) == pytest.approx(value, abs=1e-6)


@given(seed=seeds, width=st.integers(1, 6))
def test_law_the_same_space_has_no_stress_and_full_correlation(seed, width):
    X = np.random.default_rng(seed).normal(size=(25, width))
    assert scores.kruskal_stress(X, 3 * X) == pytest.approx(0, abs=1e-7)
    assert scores.kruskal_stress(X, X, scale=False) == pytest.approx(0, abs=1e-7)
    assert scores.shepard_correlation(X, 3 * X) == pytest.approx(1)


def test_closed_form_three_points():
    X = np.array([[0.0], [1], [2]])  # distances 1, 2, 1
    Y = np.array([[0.0], [1], [0]])  # distances 1, 0, 1: (1*1 + 1*1)^2 / (6 * 2) = 1/3
    assert scores.kruskal_stress(X, Y) == pytest.approx(np.sqrt(2 / 3))
    assert scores.kruskal_stress(X, Y, scale=False) == pytest.approx(np.sqrt(4 / 2))
    assert scores.shepard_correlation(X, Y) == pytest.approx(-1)


def test_closed_form_silhouette_of_two_pairs():
    value = scores.silhouette([[0.0], [1], [10], [11]], list("aabb"))
    assert value == pytest.approx(np.mean([1 - 1 / 10.5, 1 - 1 / 9.5]))


def test_outcome_sampled_scores_are_near_the_exact_ones_and_repeat():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 5))
    labels = rng.integers(0, 3, 600)
    X[:, 0] += 3 * labels
    Y = X[:, :2]
    for score, arguments in (
        (scores.kruskal_stress, (X, Y)),
        (scores.shepard_correlation, (X, Y)),
        (scores.silhouette, (Y, labels)),
    ):
        sampled = score(*arguments, n_samples=200, random_state=1)
        assert sampled == score(*arguments, n_samples=200, random_state=1)
        assert sampled != score(*arguments)
        assert sampled == pytest.approx(score(*arguments), abs=0.05)


Y6 = np.random.default_rng(0).normal(size=(6, 2))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: scores.kruskal_stress(Y6, Y6, metric="cosine"),
            "kruskal_stress: metric must be one of euclidean, precomputed; got 'cosine'.",
        ),
        (
            lambda: scores.kruskal_stress(Y6, Y6, metric="precomputed"),
            "kruskal_stress: X must be square; got shape (6, 2). Points need metric='euclidean'.",
        ),
        (
            lambda: scores.kruskal_stress(Y6, np.ones((6, 2))),
            "kruskal_stress: Y must be points that differ; got distances that are all 0.",
        ),
        (
            lambda: scores.kruskal_stress(Y6, Y6[:4]),
            "kruskal_stress: Y must be one row per observation of X (6); got 4 rows.",
        ),
        (
            lambda: scores.shepard_correlation(np.ones((6, 3)), Y6),
            "shepard_correlation: X must be points at more than one distance; "
            "got 15 pairs all equally far. An order needs distances that differ.",
        ),
        (
            lambda: scores.silhouette(Y6, [1] * 6),
            "silhouette: labels must be of 2 to 5 classes; got 1. "
            "A silhouette compares the own class with another.",
        ),
        (
            lambda: scores.silhouette(Y6, range(6)),
            "silhouette: labels must be of 2 to 5 classes; got 6. "
            "A silhouette compares the own class with another.",
        ),
        (
            lambda: scores.kruskal_stress(Y6, Y6, n_samples=1),
            "kruskal_stress: n_samples must be an integer >= 2; got 1.",
        ),
    ],
)
def test_contract_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == sentence
