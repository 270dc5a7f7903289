"""Roles, power and agreement: closed forms, laws, reference (SciPy's rank correlation)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from layerwise.foundation.checks import UserError
from layerwise.units import Agreement, agreement, power, roles

seeds = st.integers(0, 2**32 - 1)


def importances(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.round(rng.exponential(size=(30, 4)), 1) * (rng.random((30, 4)) < 0.8)


def test_closed_form_roles_and_power():
    S = np.array([[0.2, 0.1, 0], [0, 0, 0], [0.1, 0.4, 0], [0.1, 0.1, 0]])
    assert roles(S).tolist() == [0, -1, 1, 0]
    np.testing.assert_allclose(power(S), [1, 0, 1, 0.5])
    np.testing.assert_array_equal(power(np.zeros((2, 3))), [0, 0])


@given(seed=seeds)
def test_law_power_does_not_know_the_scale_of_a_class(seed):
    S = importances(seed)
    scale = np.random.default_rng(seed).uniform(0.1, 10, 4)
    np.testing.assert_allclose(power(S * scale), power(S))
    assert power(S).max() == 1


def literal_agreement(S: np.ndarray, other: np.ndarray, top: int) -> Agreement:
    spearman, overlap = [], []
    for a, b in zip(S.T, other.T, strict=True):
        spearman.append(spearmanr(a, b).statistic)
        best = [sorted(range(len(x)), key=lambda i, x=x: -x[i])[:top] for x in (a, b)]
        overlap.append(len(set(best[0]) & set(best[1])) / top)
    return Agreement(float(np.mean(spearman)), float(np.mean(overlap)))


@given(seed=seeds, top=st.integers(1, 30))
def test_reference_agreement_class_by_class(seed, top):
    S, other = importances(seed), importances(seed + 1)
    np.testing.assert_allclose(agreement(S, other, top=top), literal_agreement(S, other, top))
    np.testing.assert_allclose(agreement(other, S, top=top), agreement(S, other, top=top))


@given(seed=seeds)
def test_law_a_ranking_agrees_with_itself_and_does_not_know_scales(seed):
    S = importances(seed)
    assert agreement(S, S**3 * [1, 2, 3, 4], top=5) == pytest.approx((1, 1))
    assert agreement(S, S.max() - S, top=1).spearman == pytest.approx(-1)


def test_closed_form_more_top_units_than_units_and_a_ranking_of_nothing():
    S = importances(0)
    assert agreement(S, importances(1)).overlap == 1
    found = agreement(S, np.zeros_like(S), top=3)
    assert np.isnan(found.spearman)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: roles(np.zeros(3)), "roles: S must be 2-D"),
        (lambda: power([[0.1, -0.1]]), "power: S must be not negative; got -0.1"),
        (lambda: agreement([[1.0]], [[1.0, 2]]), r"other must be of the shape of S \(1, 1\)"),
        (lambda: agreement([[1.0]], [[1.0]], top=0), "top must be an integer >= 1"),
        (lambda: agreement([[np.nan]], [[1.0]]), "agreement: S must be finite"),
    ],
)
def test_contract_errors(call, message):
    with pytest.raises(UserError, match=message):
        call()
