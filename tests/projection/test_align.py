"""Procrustes alignment and evolutions.

Laws: what was turned comes back, the picture stays the same. Outcomes: each way to map several
times keeps its promise. Errors.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound
from layerwise.projection import EVOLUTIONS, TSNE, DynamicTSNE, evolve, procrustes

seeds = st.integers(0, 2**32 - 1)


def _points(seed: int, n: int = 12) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 2))


def _rotation(angle: float, mirrored: bool) -> np.ndarray:
    R = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return R @ np.diag([1, -1]) if mirrored else R


@settings(deadline=None, max_examples=50)
@given(seeds, st.floats(0, 6.3), st.booleans(), st.floats(0.1, 10), st.floats(-5, 5))
def test_turn_mirror_scale_and_shift_are_undone(seed, angle, mirrored, scale, shift):
    reference = _points(seed)
    moved = scale * reference @ _rotation(angle, mirrored) + shift
    np.testing.assert_allclose(procrustes(moved, reference), reference, atol=1e-9)


@settings(deadline=None, max_examples=50)
@given(seeds, st.booleans(), st.booleans())
def test_all_distances_are_multiplied_by_one_number(seed, scaling, reflection):
    Y = _points(seed)
    aligned = procrustes(Y, _points(seed + 1), scaling=scaling, reflection=reflection)
    ratios = pdist(aligned) / pdist(Y)
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)
    if not scaling:
        np.testing.assert_allclose(ratios, 1, rtol=1e-9)


@settings(deadline=None, max_examples=30)
@given(seeds, st.floats(0, 6.3), st.booleans())
def test_no_other_turn_is_closer(seed, angle, mirrored):
    Y, reference = _points(seed), _points(seed + 1)
    best = np.square(procrustes(Y, reference, scaling=False) - reference).sum()
    other = (Y - Y.mean(0)) @ _rotation(angle, mirrored) + reference.mean(0)
    assert best <= np.square(other - reference).sum() + 1e-9


def test_without_reflection_the_hand_stays():
    reference = _points(0)
    mirrored = reference * [1, -1]
    aligned = procrustes(mirrored, reference, reflection=False)

    def signed_area(P):
        return np.linalg.det(np.stack([P[1] - P[0], P[2] - P[0]]))

    assert np.sign(signed_area(aligned)) == np.sign(signed_area(mirrored))
    np.testing.assert_allclose(procrustes(mirrored, reference), reference, atol=1e-9)


def test_one_place_for_all_points_goes_to_the_centre():
    reference = _points(0)
    aligned = procrustes(np.ones_like(reference), reference)
    np.testing.assert_allclose(aligned, np.broadcast_to(reference.mean(0), (12, 2)))


def test_shapes_must_agree():
    with pytest.raises(InvalidValue, match="of the reference's shape"):
        procrustes(np.zeros((4, 2)), np.zeros((5, 2)))


SHORT = {"perplexity": 5, "n_iter": 120, "random_state": 0, "n_jobs": 1}
TSNE_ONLY = {"early_exaggeration_iter": 60}


def _settings(method: str) -> dict[str, object]:
    return SHORT if method == "dynamic" else SHORT | TSNE_ONLY


def _blobs(n_times: int = 3, n: int = 60) -> tuple[list[np.ndarray], np.ndarray]:
    """Three groups in ten dimensions that part from each other in time."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    centres, noise = rng.normal(size=(3, 10))[labels], rng.normal(size=(n, 10))
    return [(1 + 2 * t) * centres + noise for t in range(n_times)], labels


def _steps(maps: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(maps, axis=0), axis=2).mean() / maps.std())


@pytest.mark.parametrize("method", EVOLUTIONS)
def test_every_evolution_shows_the_groups_and_knows_its_seed(method):
    sequence, labels = _blobs()
    maps = evolve(sequence, method=method, **_settings(method))
    assert maps.shape == (3, 60, 2)
    assert maps.dtype == np.float32
    last = maps[-1]
    centres = np.stack([last[labels == c].mean(axis=0) for c in range(3)])
    nearest = np.linalg.norm(last[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.95
    assert evolve(sequence, method=method, **_settings(method)).tobytes() == maps.tobytes()


def test_dynamic_is_the_estimator():
    sequence, _ = _blobs()
    np.testing.assert_array_equal(
        evolve(sequence, **SHORT), DynamicTSNE(**SHORT).fit_transform(sequence)
    )


def test_independent_maps_keep_their_distances():
    sequence, _ = _blobs()
    settings = {**_settings("independent"), "random_state": None, "init": sequence[0][:, :2]}
    maps = evolve(sequence, method="independent", **{**settings, "random_state": 0})
    rng = np.random.default_rng(0)
    for X, Y in zip(sequence, maps, strict=True):
        alone = TSNE(**{**settings, "random_state": rng}).fit_transform(X)
        np.testing.assert_allclose(pdist(Y), pdist(alone), rtol=1e-3, atol=1e-3)
    for Y, before in zip(maps[1:], maps[:-1], strict=True):
        np.testing.assert_allclose(procrustes(Y, before, scaling=False), Y, atol=1e-3)


def test_sequential_maps_start_from_the_map_before():
    sequence, _ = _blobs(n_times=2)
    maps = evolve(sequence, method="sequential", **_settings("sequential"))
    rng = np.random.default_rng(0)
    settings = {**_settings("sequential"), "random_state": rng}
    first = TSNE(**settings).fit_transform(sequence[0])
    np.testing.assert_array_equal(maps[0], first)
    second = TSNE(**settings, init=first).fit_transform(sequence[1])
    np.testing.assert_array_equal(maps[1], procrustes(second, first, scaling=False))


def test_memory_and_price_take_chance_out_of_the_steps():
    # Nothing changes but a little noise: where the ten groups come to lie is chance
    rng = np.random.default_rng(0)
    X = 4 * rng.normal(size=(10, 20))[np.arange(100) % 10] + rng.normal(size=(100, 20))
    sequence = [X + 0.1 * rng.normal(size=X.shape) for _ in range(3)]
    steps = {
        method: _steps(evolve(sequence, method=method, **_settings(method), **start))
        for method, start in (
            ("independent", {"init": "random"}),
            ("sequential", {"init": "random"}),
            ("dynamic", {}),
        )
    }
    assert steps["independent"] > 2 * steps["sequential"] > 4 * steps["dynamic"]


def test_joint_puts_equal_activations_in_one_place():
    sequence, _ = _blobs(n_times=2)
    maps = evolve([sequence[0], sequence[1], sequence[0]], method="joint", **_settings("joint"))
    away = np.linalg.norm(maps[0] - maps[2], axis=1)
    assert np.median(away) < 0.1 * np.median(np.linalg.norm(maps[0] - maps[1], axis=1))


def test_joint_needs_one_set_of_units():
    with pytest.raises(InvalidValue, match=r"sequence\[1\] must be of the first's 4 units; got 3"):
        evolve([np.ones((20, 4)), np.ones((20, 3))], method="joint")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"perplexty": 5}, "no parameter 'perplexty' in .*dynamic.*Did you mean 'perplexity'"),
        ({"early_exaggeration": 4}, "no parameter 'early_exaggeration'"),
        ({"method": "joint", "movement_penalty": 1}, "no parameter 'movement_penalty' in .*joint"),
        ({"method": "joint", "n_components": 1}, "no parameter 'n_components'"),
    ],
)
def test_unknown_parameters(parameters, words):
    with pytest.raises(NotFound, match=words):
        evolve(_blobs()[0], **parameters)


def test_sequences_and_methods_that_cannot_work():
    X = np.zeros((20, 3))
    with pytest.raises(InvalidValue, match="evolve: method must be one of independent, sequential"):
        evolve([X], method="umap")
    for method in EVOLUTIONS:
        with pytest.raises(InvalidValue, match="must be of the first's 20 observations; got 19"):
            evolve([X, X[:19]], method=method)
        with pytest.raises(InvalidValue, match="at one time or more"):
            evolve([], method=method)
        with pytest.raises(InvalidType):
            evolve(7, method=method)
