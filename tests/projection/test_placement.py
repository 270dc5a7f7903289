"""Placement: closed form by symmetry, downhill on each point's divergence, one by one."""

from __future__ import annotations

import numpy as np

from layerwise.projection.placement import place

MAP = np.random.default_rng(0).normal(scale=8, size=(300, 2)).astype(np.float32)


def _neighbours(m: int, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=6, size=(m, 2))
    found = np.argsort(((centres[:, None] - MAP) ** 2).sum(-1), axis=1)[:, :k]
    weights = rng.random((m, k))
    return found, (weights / weights.sum(1, keepdims=True)).astype(np.float32)


def _divergence(found, weights, place_):
    q = 1 / (1 + ((place_ - MAP) ** 2).sum(1))
    return -(weights * np.log(q[found] / q.sum())).sum()


def test_one_neighbour_far_from_all_others():
    lonely = np.array([[0, 0], [1000, 0], [1001, 1]], np.float32)
    placed = place(np.array([[0]]), np.ones((1, 1), np.float32), lonely)
    np.testing.assert_allclose(placed, [[0, 0]], atol=1e-2)


def test_lower_divergence_than_the_weighted_mean_and_than_steps_aside():
    found, weights = _neighbours(10, 12, 1)
    placed = place(found, weights, MAP)
    for i in range(10):
        here = _divergence(found[i], weights[i], placed[i])
        assert here <= _divergence(found[i], weights[i], weights[i] @ MAP[found[i]]) + 1e-5
        for step in ([0.05, 0], [-0.05, 0], [0, 0.05], [0, -0.05]):
            assert here <= _divergence(found[i], weights[i], placed[i] + step) + 1e-4


def test_the_others_do_not_matter():
    found, weights = _neighbours(10, 12, 2)
    together = place(found, weights, MAP)
    alone = np.concatenate([place(found[i : i + 1], weights[i : i + 1], MAP) for i in range(10)])
    np.testing.assert_array_equal(together, alone)
