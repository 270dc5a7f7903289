"""Units as lines: closed form of lines and cells, laws, reference of the forward pass, errors."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.networks_of_two import WINDOW, grid, layers

from layerwise.foundation.checks import UserError
from layerwise.units import n_cells, partition, responses, unit_lines, window_around

SQUARE = ((-1.0, 1.0), (-1.0, 1.0))


@pytest.mark.parametrize(
    ("w", "b", "ends"),
    [
        ((0, 2), -1, [[-1, 0.5], [1, 0.5]]),
        ((0, -2), 1, [[1, 0.5], [-1, 0.5]]),
        ((3, 0), 0, [[0, 1], [0, -1]]),
        ((1, 1), -1.5, [[0.5, 1], [1, 0.5]]),
    ],
)
def test_closed_form_a_line_runs_with_its_active_side_left(w, b, ends):
    found = unit_lines(np.array([w]), np.array([b]), SQUARE)
    np.testing.assert_allclose(found[0], ends, atol=1e-12)
    (x0, y0), (x1, y1) = found[0]
    left = found[0].mean(axis=0) + 0.1 * np.array([-(y1 - y0), x1 - x0])
    assert np.dot(w, left) + b > 0


@pytest.mark.parametrize(("w", "b"), [((0, 0), 1), ((1, 0), 5), ((1, 1), -2), ((1, 0), -1)])
def test_a_line_that_misses_the_window_or_only_touches_it_is_none(w, b):
    W, b = np.array([w], dtype=float), np.array([b], dtype=float)
    assert np.isnan(unit_lines(W, b, SQUARE)).all()
    assert n_cells(W, b, SQUARE) == 1


@pytest.mark.parametrize(
    ("lines", "cells"),
    [
        ([(1, 0, 0)], 2),
        ([(1, 0, 0), (1, 0, 0.5)], 3),  # parallel
        ([(1, 0, 0.5), (-2, 0, -1)], 2),  # coincident, turned round
        ([(1, 0, 0), (0, 1, 0)], 4),
        ([(1, 0, 0), (0, 1, 0), (1, 1, 0), (1, -1, 0)], 8),  # concurrent
        ([(1, 0, 0), (0, 1, 0), (1, 1, 0.5)], 7),  # in general position
        ([(1, 0, 0), (0.01, 1, -0.9), (-0.5, 1, 0.8), (1, 0.1, -0.8)], 9),
        ([(1, 1, -1.9), (1, -1, -1.9)], 3),  # they meet outside
    ],
)
def test_closed_form_cells_of_known_arrangements(lines, cells):
    W = np.array([line[:2] for line in lines], dtype=float).reshape(-1, 2)
    assert n_cells(W, np.array([line[2] for line in lines], dtype=float), SQUARE) == cells


def test_closed_form_lines_in_general_position_that_all_meet_inside():
    # Tangents of a circle meet pairwise; a window around all places has 1 + n + n(n-1)/2 cells.
    angles = np.linspace(0, np.pi, 9)[:-1] + 0.1
    W = np.column_stack([np.cos(angles), np.sin(angles)])
    assert n_cells(W, -np.ones(8), ((-99, 99), (-99, 99))) == 1 + 8 + 28


def test_reference_cells_are_the_sign_patterns_on_a_fine_grid():
    for seed, units in itertools.product(range(3), (2, 5, 8)):
        (W, *_), (b, *_) = layers(2, units, 2, seed=seed)
        patterns = (grid(700) @ W.T + b) > 0
        # A sliver may lie between the places of the grid, but no pattern can be there without cell.
        seen, count = np.unique(patterns @ 2 ** np.arange(units), return_counts=True)
        assert n_cells(W, b, WINDOW) - 2 <= len(seen) <= n_cells(W, b, WINDOW)
        if count.min() > 20:
            assert len(seen) == n_cells(W, b, WINDOW)


@given(st.integers(0, 10_000), st.floats(0, 7))
def test_law_rotation_and_scale_of_units_leave_the_cells_alone(seed, angle):
    (W, *_), (b, *_) = layers(2, 7, 2, seed=seed)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    scale = np.random.default_rng(seed).uniform(0.1, 9, 7)
    far = ((-1e4, 1e4), (-1e4, 1e4))
    turned = n_cells(scale[:, None] * (W.astype(float) @ turn), scale * b, far)
    assert turned == n_cells(W, b, far)


@given(st.integers(0, 10_000), st.permutations(range(6)))
def test_law_the_order_of_units_does_not_matter(seed, order):
    (W, *_), (b, *_) = layers(2, 6, 2, seed=seed)
    W[3], b[3] = 2 * W[1], 2 * b[1]
    b[[0, 2, 5]] = 0
    assert n_cells(W[order], b[order], WINDOW) == n_cells(W, b, WINDOW)
    np.testing.assert_allclose(
        unit_lines(W[order], b[order], WINDOW), unit_lines(W, b, WINDOW)[order]
    )


@given(st.integers(0, 10_000))
def test_law_one_hidden_layer_has_the_cells_of_its_lines_and_those_boundaries(seed):
    weights, biases = layers(2, 9, 3, seed=seed)
    weights[0][4] = -weights[0][2]
    biases[0][4] = -biases[0][2]  # coincident
    biases[0][5:8] = 0  # concurrent
    found = partition(weights, biases, WINDOW)
    assert len(found.cells) == n_cells(weights[0], biases[0], WINDOW)
    ends = unit_lines(weights[0], biases[0], WINDOW)
    there = found.boundaries["unit"].to_numpy()
    assert there.tolist() == np.flatnonzero(np.isfinite(ends).all(axis=(1, 2))).tolist()
    drawn = found.boundaries[["x0", "y0", "x1", "y1"]].to_numpy().reshape(-1, 2, 2)
    np.testing.assert_allclose(drawn, ends[there], atol=1e-9)


def test_reference_responses_are_the_plain_loop():
    weights, biases = layers(2, 4, 3, 2)
    X = np.random.default_rng(1).normal(size=(6, 2))
    patterns, outputs = responses(weights, biases, X)
    for row, x in enumerate(X):
        active, values = [], list(x)
        for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
            values = [sum(w * v for w, v in zip(line, values, strict=True)) + shift
                      for line, shift in zip(W, b, strict=True)]  # fmt: skip
            if layer < 2:
                active += [value > 0 for value in values]
                values = [max(value, 0) for value in values]
        assert patterns[row].tolist() == active
        np.testing.assert_allclose(outputs[row], values, rtol=1e-5)


def test_the_window_holds_all_points_and_a_single_one_too():
    X = np.random.default_rng(0).normal(size=(50, 2)) * (3, 1)
    (x0, x1), (y0, y1) = window_around(X)
    assert x0 < X[:, 0].min() < X[:, 0].max() < x1
    assert x1 - x0 == pytest.approx(y1 - y0)
    assert window_around(np.array([[5.0, 6.0]])) == ((4, 6), (5, 7))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: unit_lines(np.ones((2, 3)), np.ones(2), SQUARE), r"W must be of shape \(n_units"),
        (lambda: unit_lines(np.ones((2, 2)), np.ones(3), SQUARE), "biases must be 1-D with one"),
        (lambda: n_cells(np.full((1, 2), np.nan), np.ones(1), SQUARE), "weights must be finite"),
        (lambda: n_cells(np.ones((1, 2)), np.full(1, np.inf), SQUARE), "biases must be finite"),
        (lambda: n_cells(np.ones((1, 2)), np.ones(1), ((1, 1), (0, 1))), "window must be"),
        (lambda: n_cells(np.ones((1, 2)), np.ones(1), "square"), "window must be"),
        (lambda: n_cells(np.ones((1, 2)), np.ones(1), ((0, 1), (0,))), "window must be"),
        (lambda: responses([], [], np.ones((1, 2))), "weights must be one matrix a layer"),
        (lambda: responses([np.eye(2), np.eye(3)], [np.ones(2), np.ones(3)], np.ones((1, 2))),
         "each with a column a unit below"),
        (lambda: responses([np.eye(2)], [np.ones(2)], np.ones((1, 3))), "X must be of 2 columns"),
        (lambda: window_around(np.ones((4, 3))), "points must be of shape"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(wrong, words):
    with pytest.raises(UserError, match=words):
        wrong()
