"""Agreement of starts: closed forms and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwise.foundation.checks import UserError
from layerwise.synthesis import agreement


def test_closed_form_three_starts_at_known_angles() -> None:
    angles = np.deg2rad([0, 60, 90])
    images = np.stack([np.cos(angles), np.sin(angles)], axis=1)[None]
    found = agreement(images, [[1.0, 2.0, 3.0]])
    pairs = [np.cos(np.deg2rad(degrees)) for degrees in (60, 90, 30)]
    assert found.cosine[0] == pytest.approx(np.mean(pairs))
    assert found.least[0] == pytest.approx(0, abs=1e-12)
    assert not found.all_agree[0]
    assert found.spread[0] == pytest.approx(np.std([1, 2, 3]) / 2)


def test_closed_form_all_agree_above_95_percent() -> None:
    def pair(degrees: float) -> list[list[float]]:
        return [[1.0, 0.0], [np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))]]

    found = agreement([pair(18.1), pair(18.3), pair(0)], np.ones((3, 2)))
    assert found.all_agree.tolist() == [True, False, True]  # cos 18.19 degrees is 0.95
    assert found.spread.tolist() == [0, 0, 0]


def test_closed_form_without_means_it_is_the_correlation() -> None:
    images = np.random.default_rng(0).random((2, 2, 3, 4))
    found = agreement(images, np.ones((2, 2)), centered=True)
    expected = [np.corrcoef(pair.reshape(2, -1))[0, 1] for pair in images]
    np.testing.assert_allclose(found.cosine, expected)
    assert (agreement(images, np.ones((2, 2))).cosine > found.cosine).all()


@given(
    seed=st.integers(0, 1000), scales=st.lists(st.floats(0.1, 100), min_size=4, max_size=4),
    order=st.permutations(range(4)),
)  # fmt: skip
def test_law_neither_scale_nor_order_of_starts_counts(
    seed: int, scales: list[float], order: list[int]
) -> None:
    images = np.random.default_rng(seed).normal(size=(3, 4, 5))
    values = np.random.default_rng(seed).random((3, 4)) + 1
    one = agreement(images, values)
    other = agreement((images * np.array(scales)[:, None])[:, order], values[:, order])
    np.testing.assert_allclose(one.cosine, other.cosine, atol=1e-9)
    np.testing.assert_allclose(one.least, other.least, atol=1e-9)
    np.testing.assert_allclose(one.spread, other.spread, atol=1e-9)


def test_contract_one_start_and_values_of_mean_zero() -> None:
    found = agreement(np.ones((2, 1, 3)), np.ones((2, 1)))
    assert np.isnan(found.cosine).all()
    assert not found.all_agree.any()
    assert np.isnan(agreement(np.ones((1, 2, 3)), [[1.0, -1.0]]).spread).all()


@pytest.mark.parametrize("shape", [(2, 3), (2, 4), (2,)])
def test_bad_input_is_one_sentence(shape: tuple[int, ...]) -> None:
    images = np.ones((2, 3)) if shape == (2, 3) else np.ones((2, 3, 5))
    with pytest.raises(UserError, match="agreement: values must be"):
        agreement(images, np.ones(shape))
