"""What is known of the inputs: by hand, from any form of data, and what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset

from layerwise.data import load
from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.synthesis import space as module
from layerwise.synthesis.space import input_space


def test_reference_of_data() -> None:
    X = np.random.default_rng(0).normal(size=(20, 3, 4, 5)).astype(np.float32)
    X[:, 1] += 7
    for data in (X, torch.from_numpy(X), TensorDataset(torch.from_numpy(X))):
        found = input_space(data)
        assert found.shape == (3, 4, 5)
        np.testing.assert_allclose(found.low.ravel(), X.min(axis=(0, 2, 3)), rtol=1e-6)
        np.testing.assert_allclose(found.high.ravel(), X.max(axis=(0, 2, 3)), rtol=1e-6)
        assert found.norm == pytest.approx(np.mean([np.linalg.norm(x) for x in X]))
        lowest = X.min(axis=(0, 2, 3), keepdims=True)[0]
        assert found.ink == pytest.approx(np.mean([np.linalg.norm(x - lowest) for x in X]))


def test_outcome_of_a_data_set_and_what_is_given_first() -> None:
    data = load("digits")
    found = input_space(data)
    assert (found.shape, float(found.low), float(found.high)) == ((1, 8, 8), 0, 1)
    assert found.norm == found.ink
    given = input_space(data, norm=2.0, value_range=(-1, [5.0]))
    assert (given.norm, given.ink, float(given.low), float(given.high)) == (2, 2, -1, 5)


def test_outcome_a_channel_that_never_varies_takes_the_range_of_all() -> None:
    X = np.random.default_rng(0).random((5, 2, 3))
    X[:, 0] = 0.5
    found = input_space(X)
    assert len(found.low) == 1
    assert float(found.high) == pytest.approx(X.max())


def test_law_many_inputs_are_sampled_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.arange(1.0, 1001)[:, None] * np.ones((1, 2))
    whole = input_space(X).norm
    monkeypatch.setattr(module, "MOST_INPUTS", 101)
    assert input_space(X).norm == pytest.approx(whole, rel=0.02)


@pytest.mark.parametrize(
    ("data", "settings", "error", "match"),
    [
        (np.zeros((3, 4), int), {}, InvalidType, "floats"),
        ((np.zeros((3, 4)), np.zeros((3, 4))), {}, InvalidType, "got several"),
        (np.full((3, 4), np.nan), {}, InvalidValue, "data must be finite; got NaN or infinity in"),
        (np.zeros((3, 2, 4)), {}, InvalidValue, "value_range"),
        ((), {}, InvalidValue, r"shape must be that of one input, as \(1, 28, 28\); got \(\)"),
        ((3, 0), {}, InvalidValue, r"shape must be an integer >= 1"),
        ((3, 8, 8), {"value_range": ([0, 0], [1, 1])}, InvalidValue, "one for each of 3 channels"),
        ((3, 8, 8), {"value_range": (1, 0)}, InvalidValue, "value_range must be"),
        ((3, 8, 8), {"norm": -1.0}, InvalidValue, "norm must be a number in"),
    ],
)
def test_contract_mistakes_are_one_sentence(
    data: Any, settings: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        input_space(data, **settings)
