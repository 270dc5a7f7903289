"""A network of two inputs in a run: round trip of its numbers, closed form of the counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.networks_of_two import layers
from tests.runs import small_run

from layerwise import analysis, units
from layerwise.foundation.checks import UserError
from layerwise.store import Layer, Run

CHECKPOINTS = ("epoch-000", "epoch-009")


@pytest.fixture
def run(tmp_path):
    """Return a run whose eight points lie on a diagonal, from (0, 1) to (14, 15)."""
    run = small_run(tmp_path / "run", checkpoints=CHECKPOINTS)
    run.write_table("observations", pd.DataFrame({"subset": ["test", "train"] * 4}), {})
    return run


def test_round_trip_weights_come_back_as_they_were_in_the_order_of_the_checkpoints(run):
    for seed, checkpoint in reversed([*enumerate(CHECKPOINTS)]):
        analysis.keep_affine(run, checkpoint, *layers(2, 12, 3, 2, seed=seed))
    found = analysis.affine(run)
    assert list(found) == list(CHECKPOINTS)
    for seed, checkpoint in enumerate(CHECKPOINTS):
        for kept, given in zip(found[checkpoint], layers(2, 12, 3, 2, seed=seed), strict=True):
            for one, other in zip(kept, given, strict=True):
                np.testing.assert_array_equal(one, other)


def test_closed_form_counts(run):
    # x = 5, x = 9 and a unit that is off everywhere; right where x > 9.
    W = [np.array([[1.0, 0], [1, 0], [0, 0]]), np.array([[0.0, 0, 0], [0, 1, 0]])]
    b = [np.array([-5.0, -9, -1]), np.array([0.0, 0])]
    analysis.keep_affine(run, "epoch-009", W, b)
    history = {"checkpoint": ["epoch-009"], "epoch": [9], "step": [90]}
    run.write_table("training", pd.DataFrame(history), {"function": "train"})
    (row,) = analysis.lines(run).to_dict("records")
    assert row["checkpoint"] == "epoch-009"
    assert row["iteration"] == 90
    assert (row["units"], row["lines"], row["cells"], row["reached"], row["dead"]) == (
        3,
        2,
        3,
        3,
        1,
    )
    # Classes 0 1 0 1 ...; tests are the zeros, of which those with x <= 9 are right.
    assert row["test_accuracy"] == 3 / 4
    assert row["train_accuracy"] == 2 / 4
    again = analysis.lines(run)
    assert again.to_dict("records") == [row]


def test_without_a_history_the_iteration_is_unknown(run):
    analysis.keep_affine(run, "epoch-000", *layers(2, 5, 2))
    found = analysis.lines(run)
    assert found["iteration"].tolist() == [-1]
    weights, biases = analysis.affine(run)["epoch-000"]
    window = units.window_around(analysis.points(run))
    assert found["cells"].tolist() == [units.n_cells(weights[0], biases[0], window)]


def test_other_inputs_are_refused(run, tmp_path):
    with pytest.raises(UserError, match="of a network with two inputs; got 3"):
        analysis.keep_affine(run, "epoch-000", *layers(3, 5, 2))
    other = Run.create(
        tmp_path / "other", n_observations=1, rows_per_part=1, fingerprint={}, provenance={},
        layers=[Layer("input", (3,), "float32", "input")],
    )  # fmt: skip
    with pytest.raises(UserError, match='recorded with its "input" of two numbers'):
        analysis.keep_affine(other, "epoch-000", *layers(2, 5, 2))
    with pytest.raises(UserError, match="no table 'affine'"):
        analysis.lines(run)
