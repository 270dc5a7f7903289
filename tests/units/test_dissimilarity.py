"""1 - |r| and near-copies: reference (double loops), laws, closed forms, contract."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr

from layerwise.foundation.checks import UserError
from layerwise.units import dissimilarity as room_function
from layerwise.units import duplicates
from layerwise.units.dissimilarity import PANEL, dissimilarity

seeds = st.integers(0, 2**32 - 1)


def layer(seed: int, n: int = 40, n_units: int = 7) -> np.ndarray:
    """Correlated rectified units, of which the third is dead."""
    rng = np.random.default_rng(seed)
    X = np.maximum(rng.normal(size=(n, 3)) @ rng.normal(size=(3, n_units)), 0)
    X += 0.3 * rng.normal(size=X.shape)
    X[:, 2] = 0
    return X


def literal_dissimilarity(X: np.ndarray) -> np.ndarray:
    n_units = X.shape[1]
    D = np.empty((n_units, n_units))
    for i in range(n_units):
        for j in range(n_units):
            if i == j:
                D[i, j] = 0
            elif np.ptp(X[:, i]) == 0 or np.ptp(X[:, j]) == 0:
                D[i, j] = 1
            else:
                D[i, j] = 1 - abs(pearsonr(X[:, i], X[:, j]).statistic)
    return D


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_reference_pearson_pair_by_pair(dtype):
    X = layer(0).astype(dtype)
    D = dissimilarity(X)
    assert D.dtype == np.float32
    np.testing.assert_allclose(D, literal_dissimilarity(X.astype(np.float64)), atol=5e-6)


def test_reference_more_units_than_a_panel():
    X = layer(1, n=30, n_units=2 * PANEL + 37)
    D = room_function(X)
    expected = np.abs(np.corrcoef(np.delete(X, 2, axis=1).T))
    live = np.arange(X.shape[1]) != 2
    np.testing.assert_allclose(1 - D[np.ix_(live, live)], expected, atol=5e-6)
    np.testing.assert_array_equal(D, D.T)
    np.testing.assert_array_equal(np.diag(D), 0)
    assert (D[2, live] == 1).all()
    assert D.min() == 0


@given(seed=seeds)
@settings(deadline=None, max_examples=50)
def test_law_scale_offset_and_sign_of_a_unit_do_not_matter(seed):
    X = layer(seed)
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-20, 20, 7) * rng.choice([-1, 1], 7)
    offset = scale * rng.integers(-1000, 1000, 7)
    np.testing.assert_allclose(dissimilarity(X * scale + offset), dissimilarity(X), atol=5e-6)


@given(seed=seeds)
@settings(deadline=None, max_examples=50)
def test_law_orders_of_units_and_observations(seed):
    X, rng = layer(seed), np.random.default_rng(seed)
    D, order = dissimilarity(X), rng.permutation(7)
    np.testing.assert_allclose(dissimilarity(X[:, order]), D[np.ix_(order, order)], atol=5e-6)
    np.testing.assert_allclose(dissimilarity(X[rng.permutation(len(X))]), D, atol=5e-6)
    assert D.min() >= 0
    assert D.max() <= 1


def test_closed_form_means_far_above_the_deviations_and_sorted_observations():
    """A shift by the first rows would lose the digits; here blocks are not even representative."""
    wave = np.repeat([0.0, 1, 2, 3], 1000)
    X = np.column_stack([1e7 + wave, 1e7 - wave, 1e7 + (wave - 1.5) ** 2]).astype(np.float64)
    expected = [[0, 0, 1], [0, 0, 1], [1, 1, 0]]
    np.testing.assert_allclose(dissimilarity(X), expected, atol=5e-6)


def test_closed_form_constant_units_stand_apart_even_from_each_other():
    rng = np.random.default_rng(0)
    live = rng.normal(size=5000).astype(np.float32)
    nearly = np.float32(0.1) + np.float32(1e-9) * live  # 0.1 up to rounding
    tenth = np.full(5000, 0.1, np.float32)  # whose computed deviation need not be 0
    zero = np.zeros(5000, np.float32)
    D = dissimilarity(np.column_stack([live, tenth, tenth, zero, zero, nearly]))
    np.testing.assert_array_equal(D, 1 - np.eye(6))


def test_closed_form_copies_are_never_nearer_than_nothing():
    """Rounding takes some correlations of copies just above 1."""
    unit = np.random.default_rng(1).normal(size=(300, 1))
    D = dissimilarity(unit * np.linspace(-3, 3, 60))
    np.testing.assert_allclose(D, 0, atol=5e-6)
    assert D.min() == 0


def test_closed_form_one_unit():
    np.testing.assert_array_equal(dissimilarity(np.array([[1.0], [2.0]])), [[0]])


def literal_duplicates(D: np.ndarray, below: float) -> list[int]:
    twins: list[int] = []
    for unit in range(len(D)):
        twin = unit
        for before in range(unit):
            if twins[before] == before and D[before, unit] < below:
                twin = before
                break
        twins.append(twin)
    return twins


@given(seed=seeds, below=st.floats(0.01, 1))
@settings(deadline=None, max_examples=100)
def test_reference_and_laws_of_duplicates(seed, below):
    D = dissimilarity(layer(seed, n=8, n_units=12))
    twins = duplicates(D, below=below)
    assert twins.tolist() == literal_duplicates(D, below)
    leaders = np.flatnonzero(twins == np.arange(12))
    assert set(twins) == set(leaders), "a twin stands for itself"
    assert (twins <= np.arange(12)).all()
    assert all(D[unit, twin] < below for unit, twin in enumerate(twins) if unit != twin)
    apart = D[np.ix_(leaders, leaders)] + np.eye(len(leaders))
    assert (apart >= below).all(), "those that stand for themselves are apart"
    assert twins[2] == 2, "a constant unit copies nobody"
    assert (np.delete(twins, 2) != 2).all()


def test_closed_form_a_chain_is_no_group():
    angle = np.linspace(0, np.pi / 2, 60)
    D = 1 - np.abs(np.cos(angle[:, None] - angle))  # neighbours nearly alike, the ends not at all
    twins = duplicates(D, below=0.01)
    assert D[0, -1] == pytest.approx(1)
    assert len(set(twins)) > 5


def test_contract_duplicates_refuses_what_is_no_dissimilarity():
    with pytest.raises(UserError, match="square"):
        duplicates(np.zeros((2, 3)))
    for below in (0, 1.5, float("nan")):
        with pytest.raises(UserError, match="duplicates: below"):
            duplicates(np.zeros((2, 2)), below=below)
