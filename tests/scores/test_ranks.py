"""Agreement of orders: equal to scipy's, ties and flat rows included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from layerwise.foundation.checks import UserError
from layerwise.scores import rank_correlation


def test_reference_rank_correlation_equals_scipys():
    rng = np.random.default_rng(0)
    A, B = rng.integers(0, 5, (3, 4, 6)), rng.normal(size=(3, 4, 6))
    expected = [spearmanr(a.ravel(), b.ravel())[0] for a, b in zip(A, B, strict=True)]
    np.testing.assert_allclose(rank_correlation(A, B), expected)
    with pytest.raises(UserError, match="of one shape"):
        rank_correlation(A, B[:, :2])


def test_closed_form_a_flat_row_has_no_order():
    assert rank_correlation(np.ones((1, 3)), np.array([[1.0, 2, 3]])).tolist() == [0]
