"""Class maps read back: round trip in any order of rows, missing classes and positions, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests import tallied

from layerwise import analysis
from layerwise.foundation.checks import InvalidValue


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    return tallied.layers()["after"]["conv2"], tallied.digits()[1][:400]


def maps_of(frame: pd.DataFrame) -> list[analysis.ClassMaps]:
    return list(analysis.class_maps_of(frame))


def test_round_trip_whatever_the_order_of_the_rows(digits):
    A, y = digits
    frame = tallied.tables(A, y, "conv2", "epoch-009")["class_maps"]
    again = pd.concat([frame, frame]).sample(frac=1, random_state=0)  # written twice, any order
    for found in (*maps_of(frame), *maps_of(again)):
        assert (found.layer, found.checkpoint, found.subset) == ("conv2", "epoch-009", "")
        assert found.classes.tolist() == list(range(10))
        assert found.units.tolist() == list(range(16))
        for c in range(10):
            np.testing.assert_allclose(found.means[c], A[y == c].mean(axis=0), rtol=1e-5)
            assert found.counts[c] == (y == c).sum()
        mode, share = tallied.winners(found.means, A, y)
        np.testing.assert_array_equal(found.winners, mode)
        np.testing.assert_allclose(found.shares, share, rtol=1e-6)


def test_reference_profile_and_differences(digits):
    A, y = digits
    (found,) = maps_of(tallied.tables(A, y, "conv2", "x", n_classes=12)["class_maps"])
    assert found.seen.tolist() == [True] * 10 + [False] * 2
    assert np.isnan(found.profile[10:]).all()
    grand = np.mean([A[y == c].mean(axis=0) for c in range(10)], axis=0)
    for c in range(10):
        mean = A[y == c].mean(axis=0)
        np.testing.assert_allclose(found.differences[c], mean - grand, atol=1e-5)
        np.testing.assert_allclose(found.profile[c], mean.mean(axis=(1, 2)), rtol=1e-5)


def test_a_position_that_no_observation_has_is_left_out_of_means(digits):
    A, y = digits
    (found,) = maps_of(tallied.tables(A, y, "conv2", "x")["class_maps"])
    found.means[:, :, 3, 3] = np.nan  # padding
    rest = found.means[0].reshape(16, -1)[:, :15]
    np.testing.assert_allclose(found.profile[0], rest.mean(axis=1), rtol=1e-5)
    assert np.isfinite(found.differences[:, :, 0, 0]).all()


def test_a_table_without_winners_or_without_means(digits):
    A, y = digits
    frame = tallied.tables(A, y, "conv2", "x")["class_maps"]
    (found,) = maps_of(frame[frame["kind"] == "mean"])
    assert found.winners is None
    assert found.shares is None
    assert not maps_of(frame[frame["kind"] != "mean"])


@pytest.mark.parametrize("change", ["size", "bytes"])
def test_contract_rows_of_another_size_are_one_sentence(digits, change):
    A, y = digits
    frame = tallied.tables(A, y, "conv2", "x")["class_maps"]
    if change == "size":
        frame.loc[7, "width"] = 5
    else:
        frame.at[7, "values"] = b"1234"
    sentence = "class_maps: values must be 4 bytes for each of 4 x 4 positions; got others in conv2"
    with pytest.raises(InvalidValue, match=sentence):
        maps_of(frame)
