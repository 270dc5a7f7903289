"""Laws of Procrustes alignment: what was turned comes back, and the picture stays the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist

from layerwise.foundation.checks import InvalidValue
from layerwise.projection import procrustes

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
