"""Repulsion: reference (the double loop), law (threads change nothing), closeness of the grid."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from layerwise.projection.exact_repulsion import TILE, exact_repulsion
from layerwise.projection.grid_repulsion import GridRepulsion
from layerwise.projection.repulsion import CheapestRepulsion


def _map(n: int, scale: float, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=scale, size=(2, n)).astype(np.float32)


def _double_loop(Y: np.ndarray) -> tuple[np.ndarray, float]:
    points = Y.T.astype(np.float64)
    forces, z = np.zeros_like(points), 0.0
    for i in range(len(points)):
        for j in range(len(points)):
            if i != j:
                q = 1 / (1 + ((points[i] - points[j]) ** 2).sum())
                forces[i] += q**2 * (points[i] - points[j])
                z += q
    return forces.T, z


@pytest.mark.parametrize("n", [1, 2, 3, 17, TILE, TILE + 1])
def test_exact_is_the_double_loop(n):
    Y = _map(n, 3.0)
    forces, z = _double_loop(Y)
    parts, ours = exact_repulsion(Y)
    np.testing.assert_allclose(parts.sum(axis=0), forces, rtol=1e-3, atol=1e-3)
    assert ours == pytest.approx(z, rel=1e-4)


@pytest.mark.parametrize("n", [TILE * 2 + 1, TILE * 5 - 3])
def test_exact_over_many_tiles_is_the_matrix_formula(n):
    Y = _map(n, 5.0)
    difference = Y[:, :, None].astype(np.float64) - Y[:, None]
    q = 1 / (1 + (difference**2).sum(axis=0))
    parts, z = exact_repulsion(Y)
    np.testing.assert_allclose(parts.sum(0), (q**2 * difference).sum(2), rtol=1e-3, atol=2e-3)
    assert z == pytest.approx(q.sum() - n, rel=1e-4)


@pytest.mark.parametrize("repulsion", [exact_repulsion, GridRepulsion()], ids=["exact", "grid"])
def test_same_bytes_whatever_the_threads(repulsion):
    Y = _map(1500, 10.0)
    results = []
    before = numba.get_num_threads()
    try:
        for count in {1, before}:
            numba.set_num_threads(count)
            results += [repulsion(Y), repulsion(Y)]
    finally:
        numba.set_num_threads(before)
    assert len({parts.sum(0).tobytes() for parts, _ in results}) == 1
    assert len({z for _, z in results}) == 1


@pytest.mark.parametrize(("scale", "within"), [(1e-4, 1e-3), (0.1, 1e-3), (3.0, 0.01), (40, 0.01)])
def test_grid_is_close_to_exact(scale, within):
    Y = _map(3000, scale)
    parts, z = exact_repulsion(Y)
    forces = parts.sum(axis=0)
    grid, grid_z = GridRepulsion()(Y)
    assert np.linalg.norm(grid[0] - forces) < within * np.linalg.norm(forces)
    assert grid_z == pytest.approx(z, rel=1e-3)


def test_a_finer_grid_is_closer():
    Y = _map(3000, 20.0)
    forces = exact_repulsion(Y)[0].sum(axis=0)
    errors = [np.linalg.norm(GridRepulsion(h)(Y)[0][0] - forces) for h in (0.8, 0.4, 0.2)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]


def test_a_point_alone_does_not_push_itself():
    corners = np.array([[-40, 40, 3.37], [-40, 40, 1.81]], np.float32)
    forces = exact_repulsion(corners)[0].sum(axis=0)
    np.testing.assert_allclose(GridRepulsion()(corners)[0][0], forces, atol=1e-5)


def test_grid_forces_are_the_gradient_of_its_potential():
    Y = _map(50, 2.0)
    grid, step = GridRepulsion(0.2), 0.02
    forces = grid(Y)[0][0]
    for i in (3, 17):
        for axis in range(2):
            up, down = Y.copy(), Y.copy()
            up[axis, i] += step
            down[axis, i] -= step
            # Z counts each pair twice, and the force is minus half the gradient of one point's q
            slope = (grid(up)[1] - grid(down)[1]) / (2 * step)
            assert forces[axis, i] == pytest.approx(-slope / 4, abs=0.02)


def test_the_cheaper_is_taken():
    chooser = CheapestRepulsion()
    chooser(_map(200, 30.0))
    assert chooser.used == {"exact"}
    chooser(_map(9000, 1.0))
    assert chooser.used == {"exact", "fft"}


def test_a_map_that_flies_apart_keeps_its_memory():
    Y = _map(300, 1.0)
    Y[:, 0] = 1e6
    grid = GridRepulsion()
    assert grid.size(Y) < 5000
