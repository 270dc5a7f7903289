"""Number formats. Kind: reference (numpy's own isnan, isinf) over all bit patterns."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.store.values import STORED, count, decode, returned


def patterns(dtype):
    if STORED[dtype].itemsize == 2:
        return np.arange(65536, dtype=np.uint16).view(STORED[dtype])
    rng = np.random.default_rng(0)
    special = [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf, 1.0, np.finfo(dtype).tiny / 4]
    noise = rng.integers(0, 256, 80_000, dtype=np.uint8).view(dtype)
    return np.concatenate([np.array(special * 100, dtype), noise])


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_counts_are_those_of_numpy(dtype):
    stored = patterns(dtype)
    numbers = decode(stored, dtype)
    expected = [np.isnan(numbers).sum(), np.isinf(numbers).sum(), (numbers == 0).sum()]
    assert count(stored, dtype) == tuple(expected)
    assert count(stored[:0], dtype) == (0, 0, 0)
    assert min(expected) > 0


@pytest.mark.parametrize("dtype", ["uint8", "int64"])
def test_integers_count_zeros_only(dtype):
    assert count(np.array([0, 1, -1, 0]).astype(dtype), dtype) == (0, 0, 2)


def test_bfloat16_is_the_upper_half_of_float32():
    stored = np.arange(65536, dtype=np.uint16)
    numbers = decode(stored, "bfloat16")
    assert numbers.dtype == returned("bfloat16") == np.float32
    bits = numbers.view(np.uint32)
    assert (bits >> 16 == stored).all()
    assert (bits & 0xFFFF == 0).all()
    assert decode(np.array([0x3F80, 0xC000], np.uint16), "bfloat16").tolist() == [1.0, -2.0]
