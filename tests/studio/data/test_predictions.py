"""What the network says. Kind: reference (analysis.predictions), contract of odd outputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax
from tests.studio.odd import odd_run
from tests.studio.reading import Page

from layerwise import analysis
from layerwise.store import Layer, Run
from layerwise.studio import Contents
from layerwise.studio.data.predictions import most_probable


def test_they_are_those_of_the_analysis(page, studied):
    for number, entry in enumerate(page.run["checkpoints"]):
        frame = analysis.predictions(studied, studied.checkpoints[number])
        expected = frame["predicted"].to_numpy()[:120]
        np.testing.assert_array_equal(page.read(entry["predicted"]), expected)
        classes, shares = (page.read(entry["probable"][part]) for part in ("classes", "shares"))
        assert classes.shape == shares.shape == (120, 5)
        np.testing.assert_array_equal(classes[:, 0], expected)
        confidence = frame["confidence"].to_numpy()[:120]
        np.testing.assert_allclose(shares[:, 0], confidence, atol=1 / 500)
        assert (np.diff(shares, axis=1) <= 0).all()
        assert all(len(set(row)) == 5 for row in classes)


@given(hnp.arrays(float, (4, 6), elements=st.floats(-50, 50)), st.integers(1, 6))
def test_reference_sorted_softmax(X, k):
    classes, odds = most_probable([X[:1], X[1:]], k)
    for row, found, shares in zip(X, classes, odds, strict=True):
        order = sorted(range(6), key=lambda j: (-row[j], j))[:k]
        assert found.tolist() == order
        np.testing.assert_allclose(shares, softmax(row)[order])


def test_probabilities_stay_as_they_are():
    X = np.array([[0.2, 0.7, 0.1], [1.0, 0.0, 0.0]])
    classes, odds = most_probable([X], 2)
    np.testing.assert_array_equal(classes, [[1, 0], [0, 1]])
    np.testing.assert_array_equal(odds, [[0.7, 0.2], [1, 0]])


def test_one_row_of_logits_makes_logits_of_all_blocks():
    X = np.array([[0.25, 0.75], [3.0, -1.0]])
    _, odds = most_probable([X[:1], X[1:]], 2)
    np.testing.assert_allclose(odds, np.sort(softmax(X, axis=1))[:, ::-1])


def test_probabilities_of_bfloat16_are_probabilities():
    bits = softmax(np.random.default_rng(0).normal(size=(500, 10)) * 2, axis=1).astype(np.float32)
    X = (bits.view(np.uint32) & 0xFFFF0000).view(np.float32)  # as bfloat16 holds them, cut off
    _, odds = most_probable([X], 10)
    np.testing.assert_array_equal(odds, -np.sort(-X.astype(float), axis=1))


def test_an_output_that_is_not_finite_says_nothing():
    classes, odds = most_probable([np.array([[np.nan, 1.0], [2.0, 1.0], [np.inf, 0]])], 1)
    assert classes[:, 0].tolist() == [-1, 0, -1]
    np.testing.assert_array_equal(np.isnan(odds[:, 0]), [True, False, True])


def test_two_classes_have_two_probable_ones(tmp_path):
    page = Page(Contents(odd_run(tmp_path / "run", names=("a", "b"), maps=False)))
    assert page.read("r0/probable/1/classes").shape == (240, 2)
    np.testing.assert_allclose(page.read("r0/probable/1/shares").sum(axis=1), 1, atol=1 / 127)


@pytest.mark.parametrize("n_outputs", [1, 4])
def test_an_output_of_other_columns_than_classes_predicts_nothing(tmp_path, n_outputs):
    import pandas as pd

    run = Run.create(
        tmp_path / "run", n_observations=6, rows_per_part=6, fingerprint={}, provenance={},
        layers=[Layer("output", (n_outputs,), "float32", "Linear")],
    )  # fmt: skip
    with run.lock():
        run.add_checkpoint("last", "w")
        with run.write("last", 0) as append:
            append("output", np.ones((6, n_outputs), np.float32))
    names = {"class_names": {"kind": ("a", "b", "c")}}
    run.write_table("observations", pd.DataFrame({"kind": np.arange(6) % 3}), names)
    (checkpoint,) = Page(Contents(run)).run["checkpoints"]
    assert checkpoint["predicted"] is checkpoint["probable"] is checkpoint["epoch"] is None
