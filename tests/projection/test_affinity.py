"""Affinities: closed form of the perplexity, and scikit-learn's and openTSNE's numbers."""

from __future__ import annotations

import numpy as np
import pytest
from openTSNE.affinity import PerplexityBasedNN
from scipy.spatial.distance import cdist
from sklearn.manifold._t_sne import _joint_probabilities

from layerwise.projection.affinity import conditional_probabilities, joint_probabilities
from layerwise.projection.neighbours import neighbours

X = np.random.default_rng(0).normal(size=(200, 10)).astype(np.float32)


@pytest.mark.parametrize("perplexity", [1.5, 5.0, 30.0, 60.0])
def test_every_row_has_the_perplexity_asked_for(perplexity):
    for scale in (1e-6, 1.0, 1e6):
        squared = neighbours(X, 180)[1] * scale
        P = conditional_probabilities(squared, perplexity).astype(np.float64)
        np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-5)
        entropy = -(P * np.log(np.maximum(P, 1e-300))).sum(axis=1)
        np.testing.assert_allclose(np.exp(entropy), perplexity, rtol=1e-3)


def test_equal_rows_share_equally():
    P = conditional_probabilities(np.zeros((1, 9), np.float32), 3.0)
    np.testing.assert_allclose(P, 1 / 9)
    many = np.array([[0.0] * 6 + [1.0] * 3], np.float32)
    np.testing.assert_allclose(
        conditional_probabilities(many, 3.0)[0], [1 / 6] * 6 + [0] * 3, atol=1e-3
    )


def test_all_neighbours_give_scikit_learns_matrix():
    found, squared = neighbours(X, len(X) - 1)
    ours = joint_probabilities(found, squared, 20.0).toarray()
    distances = cdist(X, X, "sqeuclidean").astype(np.float32)
    rows, columns = np.triu_indices(len(X), 1)
    theirs = _joint_probabilities(distances, 20.0, False)
    np.testing.assert_allclose(ours[rows, columns], theirs, rtol=2e-3, atol=1e-9)


def test_nearest_neighbours_give_opentsnes_matrix():
    ours = joint_probabilities(*neighbours(X, 60), 20.0)
    theirs = PerplexityBasedNN(X, perplexity=20, method="exact", n_jobs=1).P
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), rtol=2e-3, atol=1e-8)


def test_joint_matrix_is_symmetric_and_sums_to_one():
    P = joint_probabilities(*neighbours(X, 15), 5.0)
    assert abs(P - P.T).max() == 0
    assert P.sum() == pytest.approx(1, abs=1e-5)
    assert P.diagonal().max() == 0
