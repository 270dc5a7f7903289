"""Selectivity: each number by its literal formula from the observations; laws; edges; errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import f_oneway

from layerwise.foundation.checks import UserError
from layerwise.units import ClassMoments, Tally, selectivity

seeds = st.integers(0, 2**32 - 1)
NUMBERS = ["selectivity", "sparseness", "eta2", "d_prime"]


def told(X: np.ndarray, codes: np.ndarray, n_classes: int):
    tally = Tally(X.shape[1], n_classes=n_classes)
    tally.update(X, codes)
    return selectivity(tally.by_class())


def literal(values: np.ndarray, codes: np.ndarray, n_classes: int) -> dict[str, float]:
    """Return the four numbers of one unit, from its observations, as the papers have them."""
    classes = [c for c in range(n_classes) if (codes == c).any()]
    rates = [values[codes == c].mean() for c in classes]
    p = rates.index(max(rates))
    # Morcos et al. 2018: (mu_max - mu_-max) / (mu_max + mu_-max)
    rest = np.mean([r for k, r in enumerate(rates) if k != p])
    found = {"class": classes[p], "selectivity": (rates[p] - rest) / (rates[p] + rest)}
    # Vinje and Gallant 2000: [1 - (sum r/n)^2 / sum(r^2/n)] / [1 - 1/n]
    n = len(rates)
    a = sum(r / n for r in rates) ** 2 / sum(r**2 / n for r in rates)
    found["sparseness"] = (1 - a) / (1 - 1 / n)
    # Analysis of variance: sum of squares between over total
    own = values[codes >= 0]
    total = sum((v - own.mean()) ** 2 for v in own)
    between = sum((codes == c).sum() * (r - own.mean()) ** 2
                  for c, r in zip(classes, rates, strict=True))  # fmt: skip
    found["eta2"] = between / total
    inside, outside = values[codes == classes[p]], values[(codes != classes[p]) & (codes >= 0)]
    spread = np.sqrt((inside.var() + outside.var()) / 2)
    found["d_prime"] = (inside.mean() - outside.mean()) / spread
    return found


@given(seed=seeds, n_classes=st.integers(2, 6))
@settings(deadline=None, max_examples=40)
def test_reference_literal_formulas(seed, n_classes):
    rng = np.random.default_rng(seed)
    X = np.maximum(rng.normal(size=(60, 4)) + 0.5, 0).astype(np.float32)
    codes = rng.integers(-1, n_classes, 60)
    codes[: 2 * n_classes] = np.tile(np.arange(n_classes), 2)
    found = told(X, codes, n_classes + 1)  # the last class has no observations
    for unit, row in found.iterrows():
        expected = literal(X[:, unit].astype(float), codes, n_classes + 1)
        for name, value in expected.items():
            assert row[name] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_reference_eta_squared_is_that_of_the_f_test():
    rng = np.random.default_rng(0)
    X, codes = rng.normal(size=(90, 1)).astype(np.float32), np.arange(90) % 3
    X[:, 0] += codes
    F = f_oneway(*(X[codes == c, 0].astype(float) for c in range(3))).statistic
    eta2 = told(X, codes, 3)["eta2"][0]
    assert eta2 == pytest.approx(2 * F / (2 * F + 87))


@given(seed=seeds, exponent=st.integers(-8, 8))
@settings(deadline=None, max_examples=20)
def test_law_the_unit_of_activity_does_not_matter(seed, exponent):
    rng = np.random.default_rng(seed)
    X = rng.random((40, 3)).astype(np.float32)
    codes = np.arange(40) % 4
    one, scaled = told(X, codes, 4), told(X * np.float32(2.0**exponent), codes, 4)
    np.testing.assert_allclose(scaled[NUMBERS], one[NUMBERS], rtol=1e-9)
    shifted = told(X + np.float32(8), codes, 4)  # of single precision
    np.testing.assert_allclose(shifted[["eta2", "d_prime"]], one[["eta2", "d_prime"]], rtol=1e-4)


def test_closed_form_edges():
    codes = np.repeat([0, 1, 2], 4)
    one_class = np.where(codes == 2, 3.0, 0)
    noisy = np.tile([0.0, 1, 2, 3], 3)
    X = np.column_stack([one_class, noisy, 0 * noisy, 0 * noisy + 0.1, noisy - 5])
    found = told(X.astype(np.float32), codes, 3)
    assert found["class"].tolist() == [2, -1, -1, -1, -1]
    np.testing.assert_array_equal(found["selectivity"], [1, 0, np.nan, 0, np.nan])
    np.testing.assert_allclose(found["sparseness"], [1, 0, np.nan, 0, np.nan], atol=1e-12)
    np.testing.assert_array_equal(found["eta2"], [1, 0, np.nan, np.nan, 0])
    np.testing.assert_array_equal(found["d_prime"][1:], [0, np.nan, np.nan, 0])
    # The other two classes differ among themselves by nothing: no deviation to measure by.
    assert np.isnan(found["d_prime"][0])


def test_closed_form_one_class_tells_nothing():
    found = told(np.arange(8.0)[:, None], np.full(8, 1), 3)
    assert found["class"].tolist() == [-1]
    assert found["eta2"].tolist() == [0]
    assert found[["selectivity", "sparseness", "d_prime"]].isna().all().all()


def test_contract_wants_classes():
    tally = Tally(2, n_classes=3)
    tally.update(np.ones((4, 2)))
    with pytest.raises(UserError, match="of a class with observations at least; got none"):
        selectivity(tally.by_class())
    bad = ClassMoments(np.ones(2), np.ones((3, 2)), np.ones((3, 2)), np.ones((3, 2)))
    with pytest.raises(UserError, match=r"selectivity: moments must be n \(n_classes,\)"):
        selectivity(bad)
