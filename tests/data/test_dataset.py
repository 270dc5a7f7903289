"""DataSet: contract, laws of sampling, closed forms of inputs and thumbnails."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerwise.data import DataSet
from layerwise.foundation.checks import UserError


def pictures(n=12, height=6, width=4, channels=3, n_classes=3):
    rng = np.random.default_rng(0)
    return DataSet(
        "made", rng.integers(0, 256, (n, height, width, channels), np.uint8),
        {"class": np.arange(n) % n_classes, "half": (np.arange(n) >= n // 2).astype(np.uint8)},
        {"class": tuple("abcdefgh"[:n_classes]), "half": ("first", "second")},
    )  # fmt: skip


def features(n=5):
    return DataSet("rows", np.arange(n * 3, dtype=np.float32).reshape(n, 3), {}, {})


# closed form


def test_inputs_are_channel_first_from_0_to_1():
    made = pictures()
    x = made.inputs()
    assert x.shape == (12, 3, 6, 4) == (12, *made.input_shape)
    assert x.dtype == np.float32
    assert x.flags.c_contiguous
    for row, channel, i, j in [(0, 0, 0, 0), (3, 2, 5, 1), (11, 1, 2, 3)]:
        assert x[row, channel, i, j] == np.float32(made.observations[row, i, j, channel] / 255)
    white = DataSet("w", np.full((1, 2, 2, 1), 255, np.uint8), {}, {})
    assert (white.inputs() == 1).all()


def test_features_pass_through_uncopied():
    rows = features()
    assert rows.inputs() is rows.observations
    assert rows.input_shape == (3,)
    assert rows.thumbnails() is None


def test_labels_become_int64():
    assert {codes.dtype for codes in pictures().labels.values()} == {np.dtype(np.int64)}


def test_thumbnails_small_enough_are_not_copied():
    made = pictures()
    assert made.thumbnails(6) is made.observations


@pytest.mark.parametrize("channels", [1, 3])
def test_thumbnails_shrink_by_area_average(channels):
    made = pictures(n=3, height=8, width=4, channels=channels)
    small = made.thumbnails(4)
    assert small.shape == (3, 4, 2, channels)
    average = made.observations.reshape(3, 4, 2, 2, 2, channels).mean(axis=(2, 4))
    assert np.abs(small - average).max() <= 1  # Pillow rounds after each of the two axes


def test_thumbnails_of_a_long_strip_keep_one_pixel():
    strip = DataSet("s", np.zeros((1, 1, 900, 1), np.uint8), {}, {})
    assert strip.thumbnails(10).shape == (1, 1, 10, 1)


# contract


@pytest.mark.parametrize(
    "rows",
    [[2, 0, 5], np.array([True, False] * 6), slice(1, 9, 3), np.array([-1, 3])],
    ids=["list", "mask", "slice", "negative"],
)
def test_take_keeps_observations_and_labels_together(rows):
    made = pictures()
    taken = made.take(rows)
    expected = np.arange(12)[rows]
    np.testing.assert_array_equal(taken.observations, made.observations[expected])
    for column in made.labels:
        np.testing.assert_array_equal(taken.labels[column], made.labels[column][expected])
    assert taken.class_names == made.class_names


@pytest.mark.parametrize("rows", [[12], [True, False], [0.5], ["a"]])
def test_take_refuses_rows_that_do_not_exist(rows):
    with pytest.raises(UserError, match="take: rows must be indices below 12"):
        pictures().take(rows)


@pytest.mark.parametrize("n", [0, 13, 2.0, True])
def test_sample_refuses_other_sizes(n):
    with pytest.raises(UserError, match=r"sample: n must be an integer in \[1, 12\]"):
        pictures().sample(n)


def test_stratify_needs_labels():
    with pytest.raises(UserError, match="stratify"):
        features().sample(2, stratify=True)


@pytest.mark.parametrize(
    ("observations", "labels", "names", "message"),
    [
        (np.zeros((2, 4, 4, 2), np.uint8), {}, {}, "observations"),
        (np.zeros((2, 4), np.uint8), {}, {}, "observations"),
        (np.zeros((2, 4)), {}, {}, "observations"),
        (np.zeros(2, np.float32), {}, {}, "observations"),
        (np.zeros((0, 4), np.float32), {}, {}, "n > 0"),
        (np.zeros((2, 4), np.float32), {"c": np.zeros(3, int)}, {"c": ("a",)}, "per observation"),
        (np.zeros((2, 4), np.float32), {"c": np.array([0, 1])}, {"c": ("a",)}, r"\[0, 0\]"),
        (np.zeros((2, 4), np.float32), {"c": np.array([0, -1])}, {"c": ("a",)}, r"\[0, 0\]"),
        (np.zeros((2, 4), np.float32), {"c": np.zeros(2)}, {"c": ("a",)}, "integers"),
        (np.zeros((2, 4), np.float32), {"c": np.zeros(2, int)}, {}, "class_names"),
    ],
)
def test_parts_that_do_not_fit_are_refused(observations, labels, names, message):
    with pytest.raises(UserError, match=message):
        DataSet("x", observations, labels, names)


def test_it_goes_through_pickle():
    made = pictures()
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.observations, made.observations)
    assert repr(again) == repr(made)


# law


@given(st.integers(1, 60), st.integers(0, 99), st.booleans(), st.data())
def test_sample_is_a_seeded_subset(n, seed, stratify, data):
    made = DataSet(
        "rows", np.arange(60, dtype=np.float32)[:, None], {"c": np.arange(60) % 7 % 3},
        {"c": tuple("abc")},
    )  # fmt: skip
    drawn = made.sample(n, random_state=seed, stratify=stratify)
    rows = drawn.observations[:, 0]
    assert len(drawn) == n
    assert (np.diff(rows) > 0).all()  # without replacement, in the stored order
    np.testing.assert_array_equal(drawn.labels["c"], made.labels["c"][rows.astype(int)])
    again = made.sample(n, random_state=seed, stratify=stratify)
    np.testing.assert_array_equal(again.observations, drawn.observations)
    if not stratify:
        smaller = made.sample(data.draw(st.integers(1, n)), random_state=seed)
        assert np.isin(smaller.observations, drawn.observations).all()


def test_another_seed_draws_other_rows():
    made = pictures()
    draws = {made.sample(6, random_state=seed).observations.tobytes() for seed in range(5)}
    assert len(draws) > 1
