"""Reading a layer in blocks: contract (what is accepted, what is refused), round trip (a run)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from layerwise import record
from layerwise.foundation.checks import InvalidType, InvalidValue, UserError
from layerwise.units import blocks as module
from layerwise.units import contrast, discrimination, dissimilarity, statistics
from layerwise.units.blocks import blocks, sliceable

LABELS = np.arange(60) % 3
CALLS = {
    "dissimilarity": dissimilarity,
    "statistics": lambda X: statistics(X).drop(columns="state").to_numpy(),
    "contrast": lambda X: contrast(X, np.arange(7)),
    "gini": lambda X: discrimination(X, LABELS, method="gini"),
    "forest": lambda X: discrimination(X, LABELS, n_trees=5, random_state=0),
}
EVERY = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)


def test_contract_blocks_hold_every_row_once_in_double_precision(X, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 4 * 7)
    found = list(blocks("f", X))
    assert [rows.stop - rows.start for rows, _ in found] == [7] * 8 + [4]
    assert {block.dtype for _, block in found} == {np.dtype(np.float64)}
    np.testing.assert_array_equal(np.concatenate([block for _, block in found]), X)


@EVERY
def test_law_the_size_of_the_blocks_does_not_matter(call, X, monkeypatch):
    whole = call(X)
    monkeypatch.setattr(module, "BLOCK", 4 * 7)
    np.testing.assert_allclose(call(X), whole, atol=1e-6)
    monkeypatch.setattr(module, "BLOCK", 1)  # a row a block
    np.testing.assert_allclose(call(X), whole, atol=1e-6)


@EVERY
def test_contract_the_input_is_not_changed(call, X):
    for kept in (X, X.astype(np.float64)):
        before = kept.copy()
        call(kept)
        np.testing.assert_array_equal(kept, before)


@EVERY
def test_contract_half_precision_integers_and_lists_are_read(call, X):
    halves = X.astype(np.float16)
    np.testing.assert_array_equal(call(halves), call(halves.astype(np.float32)))
    counts = (100 * X).astype(np.int32)
    np.testing.assert_array_equal(call(counts), call(counts.astype(np.float32)))
    np.testing.assert_allclose(call(X.tolist()), call(X), atol=1e-6)


@EVERY
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_round_trip_a_recorded_layer_is_read_part_by_part(call, X, dtype, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 4 * 7)
    model = nn.Sequential(nn.Identity(), nn.Linear(4, 2))
    run = record(model, torch.from_numpy(X), to=tmp_path / "run", layers=["0"], dtype=dtype)
    np.testing.assert_array_equal(call(run.activations("0")), call(X.astype(dtype)))


@EVERY
def test_contract_bad_values_are_counted_over_all_blocks(call, X, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 4 * 7)
    X[[11, 12, 50], [0, 3, 1]] = np.nan, np.inf, -np.inf
    with pytest.raises(InvalidValue, match=r"X must be finite; got .* in 3 rows, first 11\."):
        call(X)


@EVERY
@pytest.mark.parametrize(
    "wrong", [np.zeros(6), np.zeros((6, 2, 2)), np.zeros((6, 0)), 3.0], ids=["1-D", "3-D", "0", "-"]
)
def test_contract_only_matrices_are_read(call, wrong):
    with pytest.raises(UserError, match="2-D"):
        call(wrong)


def test_contract_text_is_refused_and_too_few_rows_are():
    with pytest.raises(InvalidType, match="numeric"):
        statistics(np.array([["a", "b"]]))
    with pytest.raises(InvalidType, match="numeric"):
        statistics(np.zeros((3, 2), dtype=np.complex64))
    with pytest.raises(InvalidValue, match="dissimilarity: X must be at least 2 rows; got 1"):
        dissimilarity(np.zeros((1, 3)))
    with pytest.raises(InvalidValue, match="at least 1 rows"):
        statistics(np.zeros((0, 3)))
    assert sliceable("f", np.zeros((2, 3)), min_rows=2).shape == (2, 3)
