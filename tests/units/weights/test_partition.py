"""Cells of deep networks: laws, reference (a fine grid), closed form of a bend, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.networks_of_two import WINDOW, grid, layers

from layerwise.foundation.checks import UserError
from layerwise.units import partition, responses
from layerwise.units import partition as function

AREA = 15.0
SIZES = st.sampled_from([(2, 6, 2), (2, 5, 5, 3), (2, 4, 4, 4, 2), (2, 1, 1)])


def preactivations(weights, biases, X):
    """Return what every hidden unit sums up to, layer after layer, one column a unit."""
    found, values = [], X
    for W, b in zip(weights[:-1], biases[:-1], strict=True):
        found.append(values @ W.T + b)
        values = np.maximum(found[-1], 0)
    return found


@given(SIZES, st.integers(0, 10_000))
@settings(max_examples=40)
def test_law_the_cells_fill_the_window_and_each_is_the_network(sizes, seed):
    weights, biases = layers(*sizes, seed=seed)
    found = partition(weights, biases, WINDOW)
    assert found.areas.sum() == pytest.approx(AREA)
    assert (found.areas > 0).all()
    assert len(np.unique(found.patterns, axis=0)) == len(found.cells)
    inside = np.stack([cell.mean(axis=0) for cell in found.cells])
    patterns, outputs = responses(weights, biases, inside)
    np.testing.assert_array_equal(patterns, found.patterns)
    own = np.einsum("noi,ni->no", found.slopes, inside) + found.offsets
    np.testing.assert_allclose(own, outputs, atol=1e-9)


@given(SIZES, st.integers(0, 10_000))
@settings(max_examples=40)
def test_law_a_unit_is_zero_along_its_boundary_and_active_on_the_left(sizes, seed):
    weights, biases = layers(*sizes, seed=seed)
    boundaries = partition(weights, biases, WINDOW).boundaries
    for layer, part in boundaries.groupby("layer"):
        ends = part[["x0", "y0", "x1", "y1"]].to_numpy().reshape(-1, 2, 2)
        units, rows = part["unit"].to_numpy(), np.arange(len(part))
        for share in (0, 0.5, 1):
            along = ends[:, 0] + share * (ends[:, 1] - ends[:, 0])
            zero = preactivations(weights, biases, along)[layer][rows, units]
            np.testing.assert_allclose(zero, 0, atol=1e-7)
        step = ends[:, 1] - ends[:, 0]
        left = 1e-6 * step[:, ::-1] * (-1, 1)
        middle = ends.mean(axis=1)
        long = np.linalg.norm(step, axis=1) > 1e-3
        for side, sign in ((left, 1), (-left, -1)):
            near = preactivations(weights, biases, middle + side)[layer][rows, units]
            assert (sign * near[long] > 0).all()


@pytest.mark.parametrize("sizes", [(2, 6, 2), (2, 4, 4, 2), (2, 3, 3, 3, 3)])
def test_reference_the_patterns_of_a_fine_grid(sizes):
    for seed in range(3):
        weights, biases = layers(*sizes, seed=seed)
        found = partition(weights, biases, WINDOW)
        places = grid(500)
        patterns, outputs = responses(weights, biases, places)
        seen = {row.tobytes() for row in patterns}
        cells = {row.tobytes(): area for row, area in
                 zip(found.patterns, found.areas, strict=True)}  # fmt: skip
        assert seen <= set(cells)
        # What no place of the grid fell into is a sliver.
        assert all(area < 1e-3 * AREA for pattern, area in cells.items() if pattern not in seen)
        share = np.zeros(outputs.shape[1])
        for polygon, output in found.decisions():
            x, y = polygon.T
            share[output] += (x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2 / AREA
        counted = np.bincount(outputs.argmax(axis=1), minlength=len(share)) / len(places)
        np.testing.assert_allclose(share, counted, atol=5e-3)


def test_closed_form_a_deeper_line_bends_on_the_line_below():
    # relu(x) + y - 1/2: level left of x = 0, falling right of it.
    weights = [np.array([[1.0, 0], [0, 1.0]]), np.array([[1.0, 1.0]]), np.ones((1, 1))]
    biases = [np.zeros(2), np.array([-0.5]), np.zeros(1)]
    found = function(weights, biases, ((-1, 1), (-1, 1)))
    deep = found.boundaries.query("layer == 1")[["x0", "y0", "x1", "y1"]].to_numpy()
    expected = [(-1, 0.5, 0, 0.5), (0, 0.5, 0.5, 0), (0.5, 0, 0.5, -1)]
    np.testing.assert_allclose(sorted(map(tuple, deep)), expected, atol=1e-12)
    assert len(found.cells) == 7


def test_units_without_inputs_divide_nothing():
    weights, biases = layers(2, 3, 4, 2)
    weights[0][:] = 0
    biases[0][:] = -1
    found = partition(weights, biases, WINDOW)
    assert len(found.cells) == 1
    assert found.boundaries.empty
    np.testing.assert_allclose(found.offsets[0], responses(weights, biases, np.zeros((1, 2)))[1][0])


def test_bad_input_is_one_sentence(monkeypatch):
    with pytest.raises(UserError, match="of a network with two inputs"):
        partition([np.eye(3), np.eye(3)], [np.ones(3), np.ones(3)], WINDOW)
    import sys

    monkeypatch.setattr(sys.modules["layerwise.units.weights.partition"], "MOST_CELLS", 10)
    with pytest.raises(UserError, match="at most 10 cells; got more after layer 1"):
        partition(*layers(2, 9, 2), WINDOW)
