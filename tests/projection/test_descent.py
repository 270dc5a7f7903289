"""Descent: the gradient is that of the divergence (finite differences), and it goes down."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import approx_fprime

from layerwise.projection.affinity import joint_probabilities
from layerwise.projection.descent import Phase, descend, kl_divergence
from layerwise.projection.exact_repulsion import exact_repulsion
from layerwise.projection.neighbours import neighbours


@pytest.fixture
def P() -> sp.csr_array:
    X = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
    return joint_probabilities(*neighbours(X, 9), 3.0)


def _divergence(P: np.ndarray, flat: np.ndarray) -> float:
    """The formula, literally."""
    Y = flat.reshape(2, -1).T
    q = 1 / (1 + ((Y[:, None] - Y[None]) ** 2).sum(-1))
    np.fill_diagonal(q, 0)
    Q = q / q.sum()
    near = P > 0
    return float((P[near] * np.log(P[near] / Q[near])).sum())


def test_divergence_is_the_formula(P):
    Y = np.random.default_rng(1).normal(size=(2, 12)).astype(np.float32)
    ours = kl_divergence(P, Y, exact_repulsion(Y)[1])
    assert ours == pytest.approx(_divergence(P.toarray().astype(float), Y.ravel()), rel=1e-4)


@pytest.mark.parametrize("exaggeration", [1.0, 4.0])
def test_first_step_is_the_negative_gradient(P, exaggeration):
    Y = np.random.default_rng(1).normal(size=(2, 12)).astype(np.float32)
    rate = 0.1
    moved = descend(P, Y, exact_repulsion, (Phase(1, exaggeration, rate),))
    dense = P.toarray().astype(float)

    def exaggerated(flat):  # p log p/q with p times e: its gradient has e at the attraction only
        q = 1 / (1 + ((flat.reshape(2, -1).T[:, None] - flat.reshape(2, -1).T) ** 2).sum(-1))
        np.fill_diagonal(q, 1)
        attraction = -(dense * np.log(q)).sum()
        return exaggeration * attraction + np.log(q.sum() - 12)

    gradient = approx_fprime(Y.ravel().astype(float), exaggerated, 1e-6).reshape(2, 12)
    # The gradient leaves out its factor 4; a gain starts at 1 and falls to 0.81 in the first step
    step = -rate * 0.81 * gradient / 4
    expected = Y + step
    expected -= expected.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(moved, expected, atol=2e-5)


def test_it_goes_down_and_leaves_the_start_alone(P):
    Y = np.random.default_rng(1).normal(size=(2, 12)).astype(np.float32)
    before = Y.copy()
    ends = [descend(P, Y, exact_repulsion, (Phase(n, 1.0, 1.0),)) for n in (0, 20, 200)]
    np.testing.assert_array_equal(Y, before)
    values = [kl_divergence(P, end, exact_repulsion(end)[1]) for end in ends]
    assert values[0] > values[1] > values[2]


def test_progress_counts_every_iteration(P):
    counted = []
    phases = (Phase(3, 12.0, 1.0), Phase(4, 1.0, 1.0))
    descend(P, np.eye(2, 12, dtype=np.float32), exact_repulsion, phases, advance=counted.append)
    assert sum(counted) == 7
