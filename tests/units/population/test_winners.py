"""Winners from counts: reference by loops, classes without observations, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import UserError
from layerwise.units.population.winners import SILENT, winners


@given(seed=st.integers(0, 2**32 - 1), n_units=st.integers(1, 5))
@settings(deadline=None, max_examples=50)
def test_reference_the_most_frequent_by_loops(seed, n_units):
    wins = np.random.default_rng(seed).integers(0, 3, (2, 3, 4, n_units + 1))
    found = winners(wins)
    for place in np.ndindex(2, 3, 4):
        times = wins[place].tolist()
        total = sum(times)
        best = times.index(max(times))  # a unit before silence, a lower one before a higher
        assert found.n[place] == total
        if total:
            assert found.index[place] == (SILENT if best == n_units else best)
            assert found.share[place] == max(times) / total
        else:
            assert found.index[place] == SILENT
            assert np.isnan(found.share[place])
    assert not found.ties.any()


@pytest.mark.parametrize("wins", [np.zeros(3, int), np.zeros((2, 1), int), np.zeros((2, 3))])
def test_contract_wants_counts(wins):
    with pytest.raises(UserError, match="winners: wins must be"):
        winners(wins)
