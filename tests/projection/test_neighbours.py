"""Neighbours: reference = sorting all distances; the index = the exact search, nearly."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from layerwise.projection import neighbours as module
from layerwise.projection.neighbours import neighbours


def test_exact_search_is_sorting():
    X = np.random.default_rng(0).normal(size=(70, 5)).astype(np.float32)
    found, squared = neighbours(X, 8)
    D = cdist(X, X, "sqeuclidean")
    np.fill_diagonal(D, np.inf)
    np.testing.assert_array_equal(found, np.argsort(D, axis=1)[:, :8])
    np.testing.assert_allclose(squared, np.sort(D, axis=1)[:, :8], rtol=1e-4)
    new = X[:3] + 0.01
    D = cdist(new, X)
    np.testing.assert_array_equal(neighbours(X, 4, queries=new)[0], np.argsort(D, axis=1)[:, :4])


def test_a_row_is_never_its_own_neighbour():
    X = np.repeat(np.eye(3, dtype=np.float32), 20, axis=0)
    found, squared = neighbours(X, 10)
    assert (found != np.arange(60)[:, None]).all()
    assert squared.max() == 0
    assert all(len(set(row)) == 10 for row in found)


def test_the_index_finds_nearly_all(monkeypatch):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(4000, 3)) @ rng.normal(size=(3, 20))).astype(np.float32)
    exact = neighbours(X, 15)[0]
    monkeypatch.setattr(module, "EXACT_ROWS", 100)
    monkeypatch.setattr(module, "CELLS", 32)
    found = neighbours(X, 15)[0]
    assert np.mean([len(np.intersect1d(a, b)) for a, b in zip(exact, found, strict=True)]) > 14.9


def test_cells_too_small_for_the_request_are_completed(monkeypatch):
    rng = np.random.default_rng(0)
    X = np.concatenate([c + 0.01 * rng.normal(size=(40, 4)) for c in 50 * rng.normal(size=(40, 4))])
    monkeypatch.setattr(module, "EXACT_ROWS", 100)
    monkeypatch.setattr(module, "CELLS", 40)
    monkeypatch.setattr(module, "PROBES", 1)
    found, squared = neighbours(X.astype(np.float32), 60)
    assert found.min() >= 0
    assert np.isfinite(squared).all()
