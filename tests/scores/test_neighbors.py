"""nearest_neighbors: reference (double loop), contract (duplicates, dtypes), closed form."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.foundation.checks import UserError
from layerwise.scores import nearest_neighbors, neighbors
from layerwise.scores.distances import BLOCK, centred, pair_distances, squared_distances


def literal_neighbors(X: np.ndarray, k: int) -> list[list[int]]:
    """Sort all others by distance, point by point."""
    result = []
    for i in range(len(X)):
        others = [j for j in range(len(X)) if j != i]
        others.sort(key=lambda j: float(((X[i] - X[j]) ** 2).sum()))
        result.append(others[:k])
    return result


@pytest.mark.parametrize("width", [1, 2, 3, 4, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reference_is_the_sort_of_all_distances(width, dtype):
    X = np.random.default_rng(width).normal(size=(60, width)).astype(dtype)
    for k in (1, 5, 59):
        assert nearest_neighbors(X, k).tolist() == literal_neighbors(X.astype(float), k)


@pytest.mark.parametrize("width", [2, 7])
def test_contract_a_point_is_never_its_own_neighbor_among_duplicates(width):
    X = np.repeat(np.random.default_rng(0).normal(size=(4, width)), 9, axis=0)
    found = nearest_neighbors(X, 6)
    assert not (found == np.arange(len(X))[:, None]).any()
    assert (found // 9 == np.arange(len(X))[:, None] // 9).all()  # all 6 are copies of the point
    assert all(len(set(row)) == 6 for row in found.tolist())


@pytest.mark.parametrize("width", [2, 7])
def test_contract_all_points_the_same(width):
    found = nearest_neighbors(np.ones((30, width)), 5)
    assert not (found == np.arange(30)[:, None]).any()


@pytest.mark.parametrize("width", [2, 7])
@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e37])
def test_contract_any_scale_and_offset_of_single_precision(width, scale):
    X = np.random.default_rng(1).uniform(-1, 1, size=(50, width)).astype(np.float32)
    true = literal_neighbors(X.astype(float), 4)
    assert nearest_neighbors(X * np.float32(scale), 4).tolist() == true
    exact = np.round(X * 256) / 256  # an offset of 1000 costs no digit of these
    assert (nearest_neighbors(exact + 1000, 4) == nearest_neighbors(exact, 4)).all()


def test_contract_takes_lists_integers_and_half_precision_and_leaves_the_input_alone():
    X = np.random.default_rng(2).integers(0, 99, size=(30, 5))
    kept = X.copy()
    expected = nearest_neighbors(X.astype(np.float64), 3)
    for same in (X, X.tolist(), X.astype(np.float16)):
        assert (nearest_neighbors(same, 3) == expected).all()
    half = np.random.default_rng(2).normal(size=(30, 2))
    before = half.copy()
    nearest_neighbors(half, 3)
    np.testing.assert_array_equal(X, kept)
    np.testing.assert_array_equal(half, before)


def test_reference_the_graph_finds_what_exact_search_finds(monkeypatch):
    rng = np.random.default_rng(3)
    X = np.maximum(rng.normal(size=(2_000, 8)) @ rng.normal(size=(8, 40)), 0).astype(np.float32)
    exact = nearest_neighbors(X, 6)
    monkeypatch.setattr(neighbors, "EXACT_UP_TO", 100)
    graph = nearest_neighbors(X, 6)
    assert not (graph == np.arange(2_000)[:, None]).any()
    assert neighbors.recall(graph, exact) > 0.99
    assert (graph == nearest_neighbors(X, 6)).all()  # same call, same bytes


def test_outcome_a_graph_with_poor_recall_is_replaced_by_exact_search(monkeypatch):
    X = np.random.default_rng(4).normal(size=(500, 30)).astype(np.float32)
    exact = nearest_neighbors(X, 6)
    monkeypatch.setattr(neighbors, "EXACT_UP_TO", 100)
    monkeypatch.setattr(neighbors, "_by_graph", lambda X, k: np.zeros((len(X), k), int))
    assert (nearest_neighbors(X, 6) == exact).all()


def test_reference_distances_in_one_block_or_many(monkeypatch):
    X = np.random.default_rng(5).normal(size=(40, 6))
    literal = [np.linalg.norm(X[i] - X[j]) for i in range(40) for j in range(i + 1, 40)]
    np.testing.assert_allclose(pair_distances(X), literal, rtol=1e-9)
    monkeypatch.setattr("layerwise.scores.distances.BLOCK", 100)
    np.testing.assert_allclose(pair_distances(X), literal, rtol=1e-9)
    blocks = [len(rows) for rows, _ in squared_distances(centred(X)[0], np.arange(40))]
    assert sum(blocks) == 40
    assert max(blocks) * 40 <= 100 < BLOCK


@pytest.mark.parametrize(
    ("X", "k", "sentence"),
    [
        (np.zeros((5, 2)), 5, "n_neighbors must be an integer in [1, 4]; got 5. There are 5 obs"),
        (np.zeros((5, 2)), 0, "n_neighbors must be an integer in [1, 4]; got 0."),
        (np.zeros((5, 2)), 2.0, "n_neighbors must be an integer in [1, 4]; got 2.0."),
        (np.zeros(5), 1, "X must be 2-D (n_observations, n_units); got shape (5,)."),
        (np.zeros((1, 2)), 1, "X must be at least 2 rows; got 1."),
        ([[1.0, np.nan], [0, 0]], 1, "X must be finite; got NaN or infinity in 1 rows, first 0."),
        ([["a", "b"]], 1, "X must be numeric; got dtype <U1."),
    ],
)
def test_contract_bad_input_is_one_sentence(X, k, sentence):
    with pytest.raises(UserError) as error:
        nearest_neighbors(X, k)
    assert str(error.value).startswith("nearest_neighbors: " + sentence)
