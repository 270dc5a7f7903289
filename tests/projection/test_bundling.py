"""Bundling: laws (ends, turning, order), outcomes (parallel trails meet), reference, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.projection import bundle
from layerwise.projection.bundling import DETOUR, _mean_shift

seeds = st.integers(0, 2**32 - 1)


def _walk(seed: int, n_times: int = 4, n: int = 25) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n_times, n, 2)).cumsum(axis=0)


def _parallel(gap: float, n: int = 2) -> np.ndarray:
    """Trails that run side by side from left to right."""
    heights = gap * np.arange(n)
    return np.stack([np.stack([np.full(n, x), heights], axis=1) for x in (0.0, 5.0, 10.0)])


@settings(deadline=None, max_examples=25)
@given(seeds, st.integers(2, 5), st.integers(1, 9))
def test_ends_stay_and_no_trail_goes_far_aside(seed, n_times, pieces):
    maps = _walk(seed, n_times)
    trails = bundle(maps, pieces=pieces)
    assert trails.shape == (25, pieces * (n_times - 1) + 1, 2)
    np.testing.assert_array_equal(trails[:, 0], maps[0])
    np.testing.assert_array_equal(trails[:, -1], maps[-1])
    aside = np.linalg.norm(trails - bundle(maps, pieces=pieces, n_iter=0), axis=2).max(axis=1)
    lengths = np.linalg.norm(np.diff(maps, axis=0), axis=2).sum(axis=0)
    assert (aside <= DETOUR * lengths * (1 + 1e-9)).all()


@settings(deadline=None, max_examples=10)
@given(seeds, st.integers(1, 9))
def test_without_climbs_trails_run_straight_from_map_to_map(seed, pieces):
    maps = _walk(seed)
    trails = bundle(maps, n_iter=0, pieces=pieces)
    np.testing.assert_allclose(trails[:, ::pieces], maps.transpose(1, 0, 2), atol=1e-12)
    bends = np.diff(trails, n=2, axis=1).reshape(25, -1, 2)
    inside = np.arange(bends.shape[1]) % pieces != pieces - 1
    np.testing.assert_allclose(bends[:, inside], 0, atol=1e-12)


def test_parallel_trails_meet_if_they_are_near():
    def middle(gap):
        lower, upper = bundle(_parallel(gap))[:, 16]
        return upper[1] - lower[1]

    assert middle(0.4) < 0.05
    assert middle(6.0) == pytest.approx(6.0, rel=0.05)


def test_a_bundle_uses_less_ink():
    rng = np.random.default_rng(0)
    maps = np.stack([rng.normal(size=(100, 2)) + np.array([8 * t, 0]) for t in range(3)])

    def cells(trails):
        return len(np.unique((trails.reshape(-1, 2) * 4).astype(int), axis=0))

    assert cells(bundle(maps)) < 0.7 * cells(bundle(maps, n_iter=0))


def test_classes_are_bundled_by_themselves():
    maps = _parallel(0.2, n=6)
    labels = np.array(["a", "b", "a", "b", "a", "b"])
    trails = bundle(maps, labels)
    assert np.ptp(trails[::2, 16, 1]) < 0.05
    assert np.ptp(trails[1::2, 16, 1]) < 0.05
    assert trails[1::2, 16, 1].mean() - trails[::2, 16, 1].mean() == pytest.approx(0.2, rel=0.1)
    # The name of a class does not matter, nor does a missing one do harm
    other = np.array([7, None, 7, None, 7, None], dtype=object)
    np.testing.assert_array_equal(trails, bundle(maps, other))


@settings(deadline=None, max_examples=15)
@given(seeds, st.floats(0, 6.3), st.floats(0.01, 100), st.floats(-50, 50))
def test_turned_scaled_and_shifted_maps_give_such_trails(seed, angle, scale, shift):
    R = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    maps = _walk(seed)
    trails, moved = bundle(maps, n_iter=3), bundle(scale * maps @ R + shift, n_iter=3)
    away = np.linalg.norm(moved - (scale * trails @ R + shift), axis=2)
    assert away.mean() < 0.02 * scale * maps.std()


@settings(deadline=None, max_examples=15)
@given(seeds)
def test_the_order_of_observations_does_not_matter(seed):
    maps = _walk(seed)
    order = np.random.default_rng(seed).permutation(25)
    np.testing.assert_allclose(bundle(maps[:, order]), bundle(maps)[order], atol=1e-6)


def test_same_maps_same_bytes_and_maps_stay():
    maps = _walk(0).astype(np.float32)
    before = maps.copy()
    trails = bundle(maps)
    assert trails.dtype == np.float32
    assert trails.tobytes() == bundle(maps).tobytes()
    np.testing.assert_array_equal(maps, before)


def test_who_does_not_move_stays():
    rng = np.random.default_rng(0)
    still = np.repeat(rng.normal(size=(1, 20, 2)), 3, axis=0)
    there = still.transpose(1, 0, 2)[:, :1] + np.zeros((33, 2))
    np.testing.assert_allclose(bundle(still), there, atol=1e-12)
    # Also beside others that do
    trails = bundle(np.concatenate([still, _walk(0, n_times=3)], axis=1))
    np.testing.assert_allclose(trails[:20], there, atol=1e-12)


@pytest.mark.parametrize(
    "maps",
    [
        np.ones((3, 5, 2)),
        np.zeros((2, 1, 2)),
        np.array([[[0.0, 0]], [[1, 1]]]),
        np.concatenate([_walk(0), np.full((4, 1, 2), 1e9)], axis=1),
        _walk(0) * 1e-20,
        _walk(0).astype(np.float32) * 1e15,
        np.arange(24).reshape(3, 4, 2),
    ],
    ids=["one place", "one still", "one", "outlier", "tiny", "huge", "integers"],
)
def test_odd_maps_stay_finite(maps):
    assert np.isfinite(bundle(maps)).all()


def test_the_shift_is_the_mean_shift():
    # Reference: the weighted mean of all points, literally; the grid is within some per cent
    points = np.random.default_rng(0).normal(size=(300, 2))
    for bandwidth in (0.3, 1.0):
        literal = np.empty_like(points)
        for i, p in enumerate(points):
            weight = np.exp(-((points - p) ** 2).sum(axis=1) / (2 * bandwidth**2))
            literal[i] = weight @ points / weight.sum() - p
        away = np.linalg.norm(_mean_shift(points, bandwidth) - literal, axis=1)
        assert away.mean() < 0.06 * np.linalg.norm(literal, axis=1).mean()


def test_input_that_cannot_work():
    maps = _walk(0)
    with pytest.raises(InvalidValue, match="maps of two times or more; got 1"):
        bundle(maps[:1])
    with pytest.raises(InvalidValue, match=r"bundle: maps must be \(n_times, n_observations, 2\)"):
        bundle(maps[0])
    with pytest.raises(InvalidValue, match="bundle: maps must be finite"):
        bundle(np.full((2, 3, 2), np.nan))
    with pytest.raises(InvalidType, match="bundle: maps must be numeric"):
        bundle(np.full((2, 3, 2), "a"))
    with pytest.raises(InvalidValue, match="bundle: labels must be 1-D with one entry per obs"):
        bundle(maps, np.zeros(3))
    for name in ("bandwidth", "n_iter", "pieces"):
        with pytest.raises(InvalidValue, match=f"bundle: {name} must be"):
            bundle(maps, **{name: -1})
