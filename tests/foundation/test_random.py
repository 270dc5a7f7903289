"""Seeds: contract of what counts as one."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.foundation.random import generator, seed


@pytest.mark.parametrize("make", [generator, seed])
@pytest.mark.parametrize("value", [-1, np.int64(-7)])
def test_contract_negative_seeds_are_refused_in_one_sentence(make, value) -> None:
    with pytest.raises(InvalidValue, match=r"random_state must be an integer in \[0, 2\*\*32\)"):
        make(value)


def test_contract_what_libraries_cannot_take_is_refused() -> None:
    assert seed(2**32 - 1) == 2**32 - 1
    with pytest.raises(InvalidValue, match=f"got {2**32}"):
        seed(2**32)
    with pytest.raises(InvalidType, match="must be an int, a Generator or None; got 'x'"):
        generator("x")  # type: ignore[arg-type]
