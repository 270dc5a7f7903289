"""The bomb rule: closed form at its two limits."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from layerwise.data.sizes import HARMLESS, MAX_RATIO, refuse_bomb
from layerwise.foundation.checks import UserError


@pytest.mark.parametrize(
    ("unpacked", "stored", "refused"),
    [
        (HARMLESS, 1, False),
        (HARMLESS + 1, 1, True),
        (10**9, 10**9 // MAX_RATIO, False),
        (10**9 + 1, 10**9 // MAX_RATIO, True),
        (10**9, 0, True),
    ],
)
def test_limits(unpacked, stored, refused):
    expected = pytest.raises(UserError, match=r"x in y\.npz must be at most 100 times")
    with expected if refused else nullcontext():
        refuse_bomb("x in y.npz", unpacked, stored)
