"""The joint descent: reference (the double loop), gradient, and the bound of the learning rate."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import check_grad

from layerwise.projection.affinity import joint_probabilities
from layerwise.projection.descent import kl_divergence
from layerwise.projection.dynamic_descent import Phase, descend_together, largest_rate
from layerwise.projection.exact_repulsion import exact_repulsion
from layerwise.projection.neighbours import neighbours

T, N = 3, 12


@pytest.fixture(scope="module")
def affinities() -> list[sp.csr_array]:
    """All pairs of 12 observations at three times."""
    rng = np.random.default_rng(0)
    activations = [rng.normal(size=(N, 4)).astype(np.float32) for _ in range(T)]
    return [joint_probabilities(*neighbours(X, N - 1), 3.0) for X in activations]


def _maps() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(T, 2, N))


def _step(affinities, Y, rate, momentum=0.0, n_iter=1, penalty=0.7):
    phases = [Phase(n_iter, rate, momentum)]
    return descend_together(
        affinities, Y, [exact_repulsion] * len(Y), phases, movement_penalty=penalty
    )


def _objective(Y: np.ndarray, dense: list[np.ndarray], penalty: float) -> float:
    """The formula with its loops, literally."""
    total = 0.0
    for t in range(T):
        q = np.zeros((N, N))
        for i in range(N):
            for j in range(N):
                if i != j:
                    q[i, j] = 1 / (1 + ((Y[t, :, i] - Y[t, :, j]) ** 2).sum())
        Q = q / q.sum()
        for i in range(N):
            for j in range(N):
                if i != j:
                    total += dense[t][i, j] * np.log(dense[t][i, j] / Q[i, j])
    for t in range(T - 1):
        for i in range(N):
            total += penalty / (2 * N) * ((Y[t, :, i] - Y[t + 1, :, i]) ** 2).sum()
    return total


@pytest.mark.parametrize("penalty", [0.0, 0.7, 30.0])
def test_a_step_without_momentum_is_the_gradient(affinities, penalty):
    dense = [P.toarray().astype(float) for P in affinities]

    def gradient(flat):
        Y = flat.reshape(T, 2, N)
        return ((Y - _step(affinities, Y, 1.0, penalty=penalty)) / 1.0).ravel()

    start = _maps().astype(np.float32).astype(float).ravel()
    away = check_grad(lambda y: _objective(y.reshape(T, 2, N), dense, penalty), gradient, start)
    assert away < 2e-4 * np.linalg.norm(gradient(start))


def test_the_objective_is_what_the_divergences_and_the_movement_add_up_to(affinities):
    Y = _maps().astype(np.float32)
    dense = [P.toarray().astype(float) for P in affinities]
    parts = [kl_divergence(P, y, exact_repulsion(y)[1]) for P, y in zip(affinities, Y, strict=True)]
    movement = np.square(np.diff(Y, axis=0)).sum() / (2 * N)
    assert sum(parts) + 0.7 * movement == pytest.approx(_objective(Y, dense, 0.7), rel=1e-4)


def test_momentum_keeps_its_share_of_the_last_step(affinities):
    Y = _maps().astype(np.float32)
    first = _step(affinities, Y, 0.5)
    plain = _step(affinities, first, 0.5)
    np.testing.assert_allclose(
        _step(affinities, Y, 0.5, momentum=0.8, n_iter=2), plain + 0.8 * (first - Y), atol=1e-5
    )


def test_it_goes_down_and_leaves_the_start_alone(affinities):
    Y = _maps().astype(np.float32)
    before = Y.copy()
    dense = [P.toarray().astype(float) for P in affinities]
    ends = [_step(affinities, Y, 0.5, n_iter=n) for n in (0, 20, 200)]
    np.testing.assert_array_equal(Y, before)
    values = [_objective(end, dense, 0.7) for end in ends]
    assert values[0] > values[1] > values[2]


@pytest.mark.parametrize(("momentum", "penalty"), [(0.0, 1.0), (0.5, 0.1), (0.8, 10.0)])
def test_the_bound_of_the_learning_rate_is_where_the_movement_term_starts_to_grow(
    momentum, penalty
):
    # Without affinities, and far apart, only the pull between the times is left
    times, n = 40, 4
    nothing = [sp.csr_array((n, n), dtype=np.float32)] * times
    start = 1e5 * np.random.default_rng(0).normal(size=(times, 2, n))

    def growth(share):
        phases = [Phase(80, share * largest_rate(n, penalty, momentum), momentum)]
        Y = descend_together(
            nothing, start, [exact_repulsion] * times, phases, movement_penalty=penalty
        )
        return np.abs(np.diff(Y, axis=0)).max() / np.abs(np.diff(start, axis=0)).max()

    assert growth(1.05) > 100
    assert growth(0.97) < 0.5


def test_no_price_no_bound():
    assert largest_rate(100, 0.0, 0.5) == np.inf


def test_it_ends_where_places_are_no_longer_finite(affinities):
    counted = []
    Y = descend_together(
        affinities, _maps(), [exact_repulsion] * T, [Phase(500, 1e3, 0.8)],
        movement_penalty=1.0, advance=counted.append,
    )  # fmt: skip
    assert not np.isfinite(Y).all()
    assert len(counted) < 500
