"""MDS: closed form (planar points), reference (the literal Guttman transform), laws, oracle."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import MDS as ReferenceMDS

from layerwise.foundation.checks import InvalidValue
from layerwise.projection import MDS, procrustes
from layerwise.projection.mds import classical
from layerwise.projection.smacof import guttman_step


def _distances(n: int, dimensions: int, seed: int = 0) -> np.ndarray:
    return squareform(pdist(np.random.default_rng(seed).normal(size=(n, dimensions))))


@pytest.mark.parametrize("method", ["metric", "classical"])
@pytest.mark.parametrize("n", [5, 60, 400])
def test_planar_points_come_back(method, n):
    X = np.random.default_rng(n).normal(size=(n, 2))
    mds = MDS(method=method).fit(X)
    assert mds.stress_ < 1e-3
    np.testing.assert_allclose(procrustes(mds.embedding_, X, scaling=False), X, atol=5e-3)


def test_metric_recovers_the_plane_from_a_random_start():
    X = np.random.default_rng(0).normal(size=(30, 2))
    stresses = [
        MDS(init="random", random_state=seed, max_iter=2000, tol=1e-7).fit(X).stress_
        for seed in range(3)
    ]
    assert min(stresses) < 1e-3


@pytest.mark.parametrize("n", [40, 350])
def test_classical_is_the_eigenvector_formula(n):
    D = _distances(n, 6)
    J = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * J @ D**2 @ J)
    Y = vectors[:, :-4:-1] * np.sqrt(values[:-4:-1])
    ours = classical(D, 3)
    np.testing.assert_allclose(np.abs(ours), np.abs(Y), atol=2e-4)


def test_guttman_step_is_the_literal_formula():
    rng = np.random.default_rng(0)
    for n in (2, 7, 61):
        D, Y = _distances(n, 5), rng.normal(size=(n, 2))
        Y -= Y.mean(axis=0)
        moved, stress = np.zeros((n, 2)), 0.0
        for i in range(n):
            for j in range(n):
                if i != j:
                    d = np.sqrt(((Y[i] - Y[j]) ** 2).sum())
                    moved[i] += D[i, j] / d * (Y[i] - Y[j]) / n
                    stress += (D[i, j] - d) ** 2 / 2
        ours, ours_stress = guttman_step(D.astype(np.float32), Y.T.astype(np.float32).copy())
        np.testing.assert_allclose(ours.T, moved, rtol=1e-3, atol=1e-5)
        assert ours_stress == pytest.approx(stress, rel=1e-4)


@pytest.mark.parametrize("relaxation", [1.0, 1.5, 2.0])
def test_no_step_raises_the_stress(relaxation):
    D = _distances(80, 10).astype(np.float32)
    Y = classical(D, 2).T.copy()
    stresses = []
    for _ in range(60):
        Y, stress = guttman_step(D, Y, relaxation=relaxation)
        stresses.append(stress)
    assert (np.diff(stresses) <= 1e-5 * stresses[0]).all()
    assert stresses[-1] < 0.95 * stresses[0]


def test_stress_is_kruskals_of_the_returned_map():
    X = np.random.default_rng(0).normal(size=(50, 8))
    for method in ("metric", "classical"):
        mds = MDS(method=method).fit(X)
        D, d = pdist(X), pdist(mds.embedding_)
        assert mds.raw_stress_ == pytest.approx(((D - d) ** 2).sum(), rel=1e-4)
        assert mds.stress_ == pytest.approx(np.sqrt(((D - d) ** 2).sum() / (D**2).sum()), rel=1e-4)


def test_stress_is_no_higher_than_scikit_learns():
    rng = np.random.default_rng(0)
    activations = np.maximum(rng.normal(size=(200, 5)) @ rng.normal(size=(5, 90)), 0)
    D = 1 - np.abs(np.corrcoef(activations.T))
    D = np.maximum((D + D.T) / 2, 0)
    np.fill_diagonal(D, 0)
    peer = ReferenceMDS(
        2, metric="precomputed", n_init=1, init="classical_mds", normalized_stress=False
    ).fit(D)
    ours = MDS(dissimilarity="precomputed").fit(D)
    assert ours.raw_stress_ <= 1.001 * ((D - squareform(pdist(peer.embedding_))) ** 2).sum() / 2
    assert ours.stress_ < MDS(dissimilarity="precomputed", method="classical").fit(D).stress_


def test_dissimilarities_scale_the_map_and_not_the_stress():
    D = _distances(30, 5)
    one, tiny = (MDS(dissimilarity="precomputed").fit(unit * D) for unit in (1.0, 1e-9))
    np.testing.assert_allclose(tiny.embedding_ * 1e9, one.embedding_, rtol=1e-3, atol=1e-4)
    assert tiny.stress_ == pytest.approx(one.stress_, rel=1e-4)


def test_the_number_of_threads_changes_nothing():
    D = _distances(150, 5)
    one, two = (MDS(dissimilarity="precomputed", n_jobs=n).fit(D).embedding_ for n in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-4)


def test_own_start():
    X = np.random.default_rng(0).normal(size=(20, 2))
    assert MDS(init=X).fit(X).n_iter_ <= 4
    with pytest.raises(InvalidValue, match=r"MDS: init must be of shape \(20, 2\)"):
        MDS(init=X[:5]).fit(X)


@pytest.mark.parametrize(
    ("D", "words"),
    [
        (np.ones((3, 4)), "a square matrix"),
        (np.array([[0.0, -1], [-1, 0]]), "not negative, with a zero diagonal"),
        (np.array([[1.0, 1], [1, 0]]), "not negative, with a zero diagonal"),
        (np.array([[0.0, 1], [2, 0]]), "symmetric"),
    ],
)
def test_what_is_no_dissimilarity_is_refused(D, words):
    with pytest.raises(InvalidValue, match=f"MDS: X must be {words}"):
        MDS(dissimilarity="precomputed").fit(D)


def test_points_on_a_line_come_back_as_a_line():
    X = np.random.default_rng(0).normal(size=(30, 1))
    mds = MDS(1).fit(X)
    assert mds.embedding_.shape == (30, 1)
    assert mds.stress_ < 1e-3


def test_metric_method_is_planar_at_most():
    with pytest.raises(InvalidValue, match='Or use method="classical"'):
        MDS(3).fit(np.eye(5))
    assert MDS(3, method="classical").fit_transform(np.eye(5)).shape == (5, 3)
