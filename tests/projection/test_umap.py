"""UMAP: the facade passes what it was given, and says what to install."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.projection import UMAP


class Spy:
    """Stand-in for umap.UMAP that keeps its arguments."""

    def __init__(self, **settings):
        self.settings = settings

    def fit_transform(self, X):
        return np.zeros((len(X), self.settings["n_components"]), np.float32)

    def transform(self, X):
        return np.ones((len(X), self.settings["n_components"]), np.float32)


@pytest.fixture
def spy(monkeypatch):
    package = types.ModuleType("umap")
    package.UMAP = Spy
    monkeypatch.setitem(sys.modules, "umap", package)


@pytest.mark.usefixtures("spy")
def test_a_seed_means_one_thread():
    X = np.random.default_rng(0).normal(size=(40, 3))
    seeded = UMAP(random_state=3, n_neighbors=7).fit(X)
    assert seeded.reducer_.settings["random_state"] == 3
    assert seeded.reducer_.settings["n_jobs"] == 1
    assert seeded.reducer_.settings["n_neighbors"] == 7
    free = UMAP().fit(X)
    assert free.reducer_.settings["random_state"] is None
    assert free.reducer_.settings["n_jobs"] == -1
    assert free.transform(X[:2]).tolist() == [[1, 1], [1, 1]]


@pytest.mark.usefixtures("spy")
def test_more_neighbours_than_points():
    with pytest.raises(InvalidValue, match="UMAP: n_neighbors must be an integer in"):
        UMAP().fit(np.eye(10))


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(NotFound, match=r'pip install "layerwise\[umap\]"'):
        UMAP(n_neighbors=3).fit(np.eye(10))


@pytest.mark.slow
def test_blobs_stay_apart():
    from sklearn.datasets import make_blobs
    from sklearn.neighbors import KNeighborsClassifier

    X, labels = make_blobs(150, 10, centers=3, random_state=0)
    Y = UMAP(random_state=0).fit_transform(X)
    assert KNeighborsClassifier(6).fit(Y, labels).score(Y, labels) > 0.99
    np.testing.assert_array_equal(Y, UMAP(random_state=0).fit_transform(X))
