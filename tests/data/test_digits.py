"""The embedded digits: golden split, closed form of the scaling."""

from __future__ import annotations

import hashlib

import numpy as np
from sklearn.datasets import load_digits as bundled

from layerwise.data.digits import load_digits


def test_counts_and_golden_split():
    train, test, everything = (load_digits(split) for split in ("train", "test", "all"))
    assert (len(train), len(test), len(everything)) == (1198, 599, 1797)
    counts = np.bincount(everything.labels["digit"])
    np.testing.assert_allclose(np.bincount(test.labels["digit"]), counts / 3, atol=1)
    digest = hashlib.sha256(test.observations.tobytes()).hexdigest()
    assert digest == "d602c54f4bb82c153243cbaae8130eb6c6a31693714364092165d2b1617f28ad"


def test_values_are_scaled_to_the_nearest():
    values = bundled().images
    inputs = load_digits("all").inputs()[:, 0]
    np.testing.assert_allclose(inputs, values / 16, atol=1 / 510 + 1e-7)
    assert inputs.min() == 0
    assert inputs.max() == 1


def test_no_picture_is_in_both_parts():
    # Pictures repeat nowhere in the set, so bytes identify them.
    train, test = ({p.tobytes() for p in load_digits(s).observations} for s in ("train", "test"))
    assert not train & test
    assert len(train | test) == 1797
