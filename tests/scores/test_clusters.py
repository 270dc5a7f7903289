"""sub_clusters: reference (best of all cuts), outcome, laws, contract."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from layerwise import scores
from layerwise.foundation.checks import UserError
from layerwise.scores import clusters


def two_islands(n_large, n_small, seed=0, apart=10.0):
    rng = np.random.default_rng(seed)
    island = np.repeat([0, 1], [n_large, n_small])
    order = rng.permutation(len(island))
    return (rng.normal(size=(len(island), 2)) + apart * island[:, None])[order], island[order]


def scatter_within(Y, pieces):
    return sum(
        ((Y[pieces == p] - Y[pieces == p].mean(axis=0)) ** 2).sum() for p in np.unique(pieces)
    )


@pytest.mark.parametrize("seed", range(5))
def test_reference_is_the_cut_with_the_least_scatter(seed):
    Y = np.random.default_rng(seed).normal(size=(9, 2))
    cuts = [np.array((0, *cut)) for cut in product((0, 1), repeat=8) if any(cut)]
    best = min(cuts, key=lambda cut: scatter_within(Y, cut))
    found = scores.sub_clusters(Y, np.zeros(9, int), random_state=0)
    assert scatter_within(Y, found.clusters) == pytest.approx(scatter_within(Y, best))
    assert found.silhouettes[0] == pytest.approx(silhouette_score(Y, best))


def test_outcome_two_islands_are_found_and_one_blob_is_told_apart():
    first, island = two_islands(60, 30)
    second = np.random.default_rng(1).normal(size=(90, 2))
    Y, labels = np.vstack([first, second]), np.repeat(["split", "blob"], 90)
    found, silhouettes = scores.sub_clusters(Y, labels, random_state=0)
    np.testing.assert_array_equal(found[:90], island)  # 0 is the larger one
    assert silhouettes[1] > 0.8  # classes are sorted: blob, split
    assert 0.2 < silhouettes[0] < 0.5


def test_outcome_pieces_are_numbered_by_size():
    sizes = [40, 20, 10, 5]
    piece = np.repeat(range(4), sizes)
    corners = 20 * np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    Y = np.random.default_rng(0).normal(size=(75, 2)) + corners[piece]
    found, _ = scores.sub_clusters(Y[::-1], np.ones(75), n_clusters=4, random_state=0)
    np.testing.assert_array_equal(found, piece[::-1])
    assert clusters._largest_first(np.array([0, 1, 1, 1, 2, 2])).tolist() == [2, 0, 0, 0, 1, 1]


@settings(deadline=None, max_examples=30)  # two runs of k-means each
@given(seed=st.integers(0, 2**31 - 1), scale=st.floats(-3, 3))
def test_law_shift_and_scale_and_other_classes_do_not_matter(seed, scale):
    Y, _ = two_islands(20, 10, seed)
    other = np.random.default_rng(seed).normal(size=(15, 2))
    alone = scores.sub_clusters(Y, np.ones(30), random_state=0)
    both = scores.sub_clusters(
        10**scale * (np.vstack([other, Y]) + 3), np.repeat([0, 1], [15, 30]), random_state=0
    )
    np.testing.assert_array_equal(both.clusters[15:], alone.clusters)
    assert both.silhouettes[1] == pytest.approx(alone.silhouettes[0])


@pytest.mark.parametrize("n_clusters", [2, 3])
def test_contract_classes_too_small_or_in_one_place_are_not_cut(n_clusters):
    rng = np.random.default_rng(0)
    Y = np.vstack([rng.normal(size=(n_clusters, 2)), np.ones((9, 2)), rng.normal(size=(9, 2))])
    labels = np.repeat(["few", "one place", "usual"], [n_clusters, 9, 9])
    found, silhouettes = scores.sub_clusters(Y, labels, n_clusters=n_clusters, random_state=0)
    assert np.isnan(silhouettes).tolist() == [True, True, False]
    assert not found[:-9].any()
    assert set(found[-9:]) == set(range(n_clusters))


def test_contract_two_places_are_two_perfect_pieces():
    Y = np.repeat([[0.0, 0], [1, 1]], [3, 2], axis=0)
    found, silhouettes = scores.sub_clusters(Y, [5] * 5, random_state=0)
    assert found.tolist() == [0, 0, 0, 1, 1]
    assert silhouettes[0] == 1


def test_contract_same_seed_same_pieces_and_the_input_is_left_alone():
    Y, labels = np.random.default_rng(0).normal(size=(200, 2)), np.arange(200) % 3
    kept = Y.copy()
    for start in (3, np.random.RandomState(3)):
        first = scores.sub_clusters(Y, labels, n_clusters=4, random_state=start)
        assert first.clusters.shape == (200,)
        assert first.silhouettes.shape == (3,)
    first, again = (scores.sub_clusters(Y, labels, n_clusters=4, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first.clusters, again.clusters)
    np.testing.assert_array_equal(first.silhouettes, again.silhouettes)
    np.testing.assert_array_equal(Y, kept)


def test_contract_bad_input_is_one_sentence():
    with pytest.raises(UserError) as error:
        scores.sub_clusters(np.zeros((5, 2)), [0] * 5, n_clusters=1)
    assert str(error.value) == "sub_clusters: n_clusters must be an integer >= 2; got 1."
