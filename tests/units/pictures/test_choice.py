"""Which of many are drawn: contract of the words and of what they count."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.foundation.checks import UserError
from layerwise.units import choose


@pytest.mark.parametrize(
    ("n", "asked", "numbers", "words"),
    [
        (3, None, [0, 1, 2], "all 3 filters"),
        (6, None, [0, 1, 2, 3], "the first 4 of 6 filters"),
        (2000, None, [0, 1, 2, 3], "the first 4 of 2,000 filters"),
        (5, 2, [4, 3], "the 2 strongest of 5 filters by norm"),
        (3, 9, [2, 1, 0], "all 3 filters, strongest by norm first"),
        (5, [3], [3], "filter 3 of 5"),
        (5, (3, 0, 1), [3, 0, 1], "filters 3, 0 and 1 of 5"),
        (30, range(20), list(range(20)), "20 chosen of 30 filters"),
        (1, None, [0], "the only filter"),
        (1, 3, [0], "the only filter"),
    ],
)
def test_contract_numbers_and_words(n, asked, numbers, words):
    found = choose(np.arange(n), asked, 4, "filter")
    assert (found.numbers.tolist(), found.words) == (numbers, words)


def test_contract_equally_strong_ones_stay_in_order():
    assert choose(np.array([1.0, 2, 2, 1]), 3, 9, "input").numbers.tolist() == [1, 2, 0]


def test_contract_words_say_by_what_and_errors_by_whom():
    found = choose(np.arange(4), 1, 9, "channel", by="largest activation")
    assert found.words == "the 1 strongest of 4 channels by largest activation"
    for asked in (1.5, "strongest", True):
        with pytest.raises(UserError, match="filters must be an integer >= 1; got"):
            choose(np.arange(4), asked, 9, "filter")
    with pytest.raises(UserError, match=r"maps: channels must be an integer in \[0, 3\]; got 7"):
        choose(np.arange(4), [7], 9, "channel", function="maps")
