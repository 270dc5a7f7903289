"""Statistics and contrast of units: reference (numpy, unit by unit), closed forms, laws, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import UserError
from layerwise.units import blocks, contrast, statistics

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, rows=st.integers(1, 40))
@settings(deadline=None, max_examples=50)
def test_reference_numpy_unit_by_unit_whatever_the_blocks(seed, rows):
    rng = np.random.default_rng(seed)
    X = 1e4 * rng.normal(size=5) + rng.normal(size=(40, 5)) * 10.0 ** rng.integers(-3, 3, 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", 5 * rows)
        found = statistics(X)
    assert found["unit"].tolist() == list(range(5))
    assert set(found["state"]) == {"live"}
    for unit, row in found.iterrows():
        values = X[:, unit]
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert row["std"] == pytest.approx(values.std(), rel=1e-7)
        assert (row["min"], row["max"]) == (values.min(), values.max())
        assert row["active"] == pytest.approx((values > 0).mean())


def test_closed_form_states():
    n = 1001
    live = np.arange(n) % 2
    rounding = np.where(live, np.float32(0.1), np.nextafter(np.float32(0.1), np.float32(1)))
    units = [0 * live, 0.1 + 0 * live, rounding, live, -1.0 - live, 1e-30 * live, 0 * live]
    X = np.column_stack(units).astype(np.float32)
    X[:, 6] = -0.0
    found = statistics(X)
    assert found["state"].tolist() == ["dead", "constant", "constant", *["live"] * 3, "dead"]
    np.testing.assert_array_equal(found["std"] == 0, found["state"] != "live")
    assert found["active"].tolist() == [0, 1, 1, 500 / 1001, 0, 500 / 1001, 0]


def test_closed_form_one_observation_is_constant():
    assert statistics(np.array([[0.0, 2]]))["state"].tolist() == ["dead", "constant"]


def literal_contrast(X: np.ndarray, selected: np.ndarray) -> list[float]:
    found = []
    for values in X.T:
        gap = values[selected].mean() - values[~selected].mean()
        found.append(gap / values.std() if np.ptp(values) else 0.0)
    return found


@given(seed=seeds, n_selected=st.integers(1, 29))
@settings(deadline=None, max_examples=50)
def test_reference_contrast(seed, n_selected):
    rng = np.random.default_rng(seed)
    X = 100 + rng.normal(size=(30, 4))
    X[:, 1] = 0.1
    selected = rng.permutation(30) < n_selected
    found = contrast(X, selected)
    np.testing.assert_allclose(found, literal_contrast(X, selected), atol=1e-9)
    np.testing.assert_array_equal(contrast(X, np.flatnonzero(selected)), found)
    np.testing.assert_allclose(contrast(X, ~selected), -found, atol=1e-9)
    np.testing.assert_allclose(contrast(7 - 3 * X, selected), -found, atol=1e-9)


def test_outcome_the_unit_of_the_selection_stands_out():
    rng = np.random.default_rng(0)
    X, selected = rng.normal(size=(500, 20)), np.arange(500) < 50
    X[selected, 13] += 3
    found = contrast(X, selected)
    assert found.argmax() == 13
    assert found[13] > 3 * np.abs(np.delete(found, 13)).max()


@pytest.mark.parametrize(
    ("selected", "message"),
    [
        ([], "some observations, not all; got 0 of 4"),
        (np.zeros(4, bool), "some observations, not all; got 0 of 4"),
        (np.ones(4, bool), "got 4 of 4"),
        ([0, 1, 2, 3, 3], "got 4 of 4"),
        ([4], r"rows in \[0, 3\]; got 4 to 4"),
        ([-1], r"rows in \[0, 3\]"),
        (np.ones(3, bool), r"a mask or row numbers; got bool of shape \(3,\)"),
        ([0.5], "a mask or row numbers; got float64"),
        ([[0, 1]], "a mask or row numbers"),
        ("all", "a mask or row numbers"),
    ],
)
def test_contract_contrast_wants_some_observations(selected, message):
    with pytest.raises(UserError, match=f"contrast: selected must be {'.*'}{message}"):
        contrast(np.arange(8.0).reshape(4, 2), selected)
