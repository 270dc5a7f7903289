"""t-SNE: outcomes (blobs, digits), parity with openTSNE, seeds and threads, errors."""

from __future__ import annotations

import numpy as np
import pytest
from openTSNE import TSNE as ReferenceTSNE
from sklearn.datasets import load_digits, make_blobs
from sklearn.neighbors import NearestNeighbors

from layerwise.foundation.checks import InvalidValue
from layerwise.projection import TSNE
from layerwise.projection.affinity import joint_probabilities
from layerwise.projection.descent import kl_divergence
from layerwise.projection.exact_repulsion import exact_repulsion
from layerwise.projection.neighbours import neighbours


def _hit(Y: np.ndarray, labels: np.ndarray) -> float:
    """Neighbourhood hit of six, literally."""
    found = NearestNeighbors(n_neighbors=7).fit(Y).kneighbors(Y, return_distance=False)[:, 1:]
    return float((labels[found] == labels[:, None]).mean())


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    X, labels = load_digits(return_X_y=True)
    return X.astype(np.float32), labels


@pytest.mark.parametrize("method", ["exact", "fft"])
def test_blobs_stay_apart_and_shuffled_labels_do_not(method):
    X, labels = make_blobs(400, 20, centers=4, random_state=0)
    Y = TSNE(method=method, random_state=0).fit_transform(X)
    assert _hit(Y, labels) > 0.99
    assert abs(_hit(Y, np.random.default_rng(0).permutation(labels)) - 0.25) < 0.08


def test_divergence_is_no_higher_than_opentsnes(digits):
    X, labels = digits
    peer = ReferenceTSNE(neighbors="exact", random_state=0, n_jobs=1).fit(X)
    P = joint_probabilities(*neighbours(X, 90), 30.0)

    def divergence(Y):
        Y = np.ascontiguousarray(np.asarray(Y).T, np.float32)
        return kl_divergence(P, Y, exact_repulsion(Y)[1])

    for method in ("exact", "fft", "auto"):
        tsne = TSNE(method=method, random_state=0).fit(X)
        assert tsne.kl_divergence_ == pytest.approx(divergence(tsne.embedding_), rel=1e-3)
        assert tsne.kl_divergence_ <= 1.01 * divergence(peer)
        assert _hit(tsne.embedding_, labels) >= _hit(np.asarray(peer), labels) - 0.005


def test_seeds_and_threads(digits):
    X = digits[0][:500]
    short = {"n_iter": 120, "early_exaggeration_iter": 60}
    base = TSNE(random_state=0, n_jobs=1, **short).fit_transform(X)
    np.testing.assert_array_equal(base, TSNE(random_state=0, n_jobs=1, **short).fit_transform(X))
    generator = np.random.default_rng(0)
    np.testing.assert_array_equal(
        base, TSNE(random_state=generator, n_jobs=1, **short).fit_transform(X)
    )
    other = TSNE(random_state=1, init="random", **short).fit_transform(X)
    assert not np.allclose(base, other)
    # Linear algebra may round differently on two threads, and descent amplifies; not the quality
    two = TSNE(random_state=0, n_jobs=2, **short).fit(X)
    one = TSNE(random_state=0, n_jobs=1, **short).fit(X)
    assert two.kl_divergence_ == pytest.approx(one.kl_divergence_, rel=0.02)


def test_new_points_join_their_class(digits):
    X, labels = digits
    tsne = TSNE(random_state=0).fit(X[:1400])
    before = tsne.embedding_.copy()
    placed = tsne.transform(X[1400:])
    np.testing.assert_array_equal(tsne.embedding_, before)
    nearest = NearestNeighbors(n_neighbors=6).fit(before).kneighbors(placed, return_distance=False)
    assert (labels[:1400][nearest] == labels[1400:, None]).mean() > 0.9


def test_new_points_equal_to_old_ones_land_beside_them(digits):
    X = digits[0][:600]
    tsne = TSNE(random_state=0).fit(X)
    away = np.linalg.norm(tsne.transform(X) - tsne.embedding_, axis=1)
    assert np.median(away) < 0.03 * np.ptp(tsne.embedding_)


def test_components_first(digits):
    X, labels = digits
    tsne = TSNE(pca=20, random_state=0).fit(X)
    assert _hit(tsne.embedding_, labels) > 0.95
    assert tsne.transform(X[:3]).shape == (3, 2)


def test_cosine_ignores_the_length_of_rows(digits):
    X = digits[0][:300]
    longer = X * np.random.default_rng(0).uniform(1, 9, size=(300, 1))
    short = {"n_iter": 50, "early_exaggeration_iter": 30, "n_jobs": 1, "random_state": 0}
    a, b = (TSNE(metric="cosine", init=X[:, 2:4], **short).fit(Z) for Z in (X, longer))
    assert a.kl_divergence_ == pytest.approx(b.kl_divergence_, rel=1e-2)
    assert a.kl_divergence_ != pytest.approx(TSNE(**short).fit(X).kl_divergence_, rel=1e-2)


def test_method_is_told():
    X = np.random.default_rng(0).normal(size=(50, 3))
    short = {"perplexity": 5, "n_iter": 4, "early_exaggeration_iter": 2}
    assert TSNE(**short).fit(X).method_ == "exact"
    assert TSNE(method="fft", **short).fit(X).method_ == "fft"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {"perplexity": 17},
            r"TSNE: perplexity must be a number in \[1, 16.3333\]; got 17. A third",
        ),
        ({"perplexity": 0.5}, "TSNE: perplexity must be a number in"),
        ({"n_components": 3}, r"TSNE: n_components must be an integer in \[1, 2\]"),
        ({"n_iter": 100}, "TSNE: early_exaggeration_iter must be .* It is a part of n_iter"),
        ({"metric": "jaccard"}, "TSNE: metric must be one of euclidean, cosine"),
        ({"method": "barnes_hut"}, "TSNE: method must be one of auto, exact, fft"),
        ({"init": "spectral"}, "TSNE: init must be one of pca, random"),
        ({"init": np.zeros((3, 2))}, r"TSNE: init must be of shape \(50, 2\)"),
        ({"learning_rate": -1.0}, "TSNE: learning_rate must be"),
        ({"pca": 1}, "TSNE: pca must be an integer >= 2"),
        ({"n_jobs": 0}, "TSNE: n_jobs must be an integer >= 1"),
    ],
)
def test_settings_that_cannot_work(settings, words):
    X = np.random.default_rng(0).normal(size=(50, 3))
    with pytest.raises(InvalidValue, match=words):
        TSNE(**{"perplexity": 5, **settings}).fit(X)


def test_a_line_keeps_groups_together():
    X, labels = make_blobs(150, 10, centers=3, random_state=0)
    tsne = TSNE(1, perplexity=10, random_state=0).fit(X)
    assert tsne.embedding_.shape == (150, 1)
    assert tsne.method_ == "exact"
    assert _hit(tsne.embedding_, labels) > 0.95
    assert tsne.transform(X[:4]).shape == (4, 1)
