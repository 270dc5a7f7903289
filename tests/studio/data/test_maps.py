"""Maps in one frame. Kind: laws (what no pose may change) and outcome (closer than before)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import pdist

from layerwise.projection import procrustes
from layerwise.studio.data.files import FRAME
from layerwise.studio.data.maps import Map, Pose, posed

PLACES = hnp.arrays(float, st.tuples(st.integers(2, 12), st.just(2)),
                    elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 3)))  # fmt: skip


def spiral(n: int) -> np.ndarray:
    t = np.linspace(0, 9, n)
    return np.stack([t * np.cos(t), t * np.sin(t)], axis=1)


@given(PLACES)
def test_a_pose_keeps_the_shape_and_every_point_in_the_frame(Y):
    found = Pose.of(Y).apply(Y)
    assert np.hypot(*found.T).max() <= FRAME * (1 + 1e-6)
    whole = np.ptp(Y, axis=0).max()
    if whole > 1e-3:
        factors = pdist(found)[pdist(Y) > whole * 1e-3] / pdist(Y)[pdist(Y) > whole * 1e-3]
        np.testing.assert_allclose(factors, factors[0], rtol=1e-6)


@given(st.floats(1e-30, 1e30), st.floats(-1e6, 1e6))
def test_size_and_place_of_a_map_do_not_matter(scale, shift):
    np.testing.assert_allclose(
        posed(np.arange(9), (spiral(9) + shift % 7) * scale).Y, posed(np.arange(9), spiral(9)).Y,
        atol=1e-6,
    )  # fmt: skip


def test_radii_are_one_unless_a_point_lies_far_out():
    assert np.mean(posed(np.arange(50), spiral(50)).Y ** 2) * 2 == pytest.approx(1)
    far = np.zeros((400, 2))
    far[0] = 5, 0
    assert np.hypot(*posed(np.arange(400), far).Y.T).max() == pytest.approx(FRAME)


@pytest.mark.parametrize("mirror", [1, -1])
def test_a_turned_and_mirrored_map_is_laid_exactly_over_itself(mirror):
    angle = 2.1
    turn = np.array(
        [[np.cos(angle), -np.sin(angle)], [mirror * np.sin(angle), mirror * np.cos(angle)]]
    )
    reference = posed(np.arange(30), spiral(30))
    own = posed(np.arange(30), spiral(30) @ turn * 17 + 3)
    np.testing.assert_allclose(own.laid_over(reference).Y, reference.Y, atol=1e-9)


def test_reference_it_is_procrustes_of_the_projection_room():
    rng = np.random.default_rng(0)
    one, other = (posed(np.arange(20), rng.normal(size=(20, 2))) for _ in range(2))
    expected = procrustes(one.Y, other.Y, scaling=False)
    np.testing.assert_allclose(one.laid_over(other).Y, expected, atol=1e-9)
    before, after = (np.linalg.norm(Y - other.Y) for Y in (one.Y, one.laid_over(other).Y))
    assert after < before
    np.testing.assert_allclose(pdist(one.laid_over(other).Y), pdist(one.Y))


def test_maps_of_other_points_are_laid_over_by_those_they_share():
    whole = spiral(40) / 2
    own = Map(np.arange(10, 40), whole[10:40] @ [[0, 1.0], [-1, 0]] + [3, -2])
    found = own.laid_over(Map(np.arange(0, 30), whole[0:30]))
    np.testing.assert_allclose(found.Y, whole[10:40], atol=1e-9)
    assert own.laid_over(Map(np.array([99]), np.zeros((1, 2)))) is own


def test_no_point_leaves_the_frame_when_a_map_is_laid_over_another():
    ids = np.arange(40)
    reference = posed(ids[:3], np.array([[0.0, 0], [1, 0], [100, 0]]))
    own = posed(ids, spiral(40) ** 3)
    found = own.laid_over(Map(ids[:3], reference.Y + 5))
    assert np.hypot(*found.Y.T).max() == pytest.approx(FRAME)
    ratio = pdist(found.Y) / pdist(own.Y)
    np.testing.assert_allclose(ratio, ratio[0])


def test_two_places_for_one_point_are_no_map():
    with pytest.raises(ValueError, match="two places for one point"):
        posed(np.array([3, 1, 3]), spiral(3))


def test_points_without_a_place_are_left_out_and_marked():
    Y = np.array([[0.0, 1], [np.nan, 2], [3, np.inf], [4, 5]])
    found = Map.of(np.array([3, 1, 2, 0]), Y)
    assert found.ids.tolist() == [3, 0]
    np.testing.assert_array_equal(found.scattered(4)[[3, 0]], Y[[0, 3]])
    assert np.isnan(found.scattered(4)[1:3]).all()
    assert np.isnan(posed(np.arange(2), np.full((2, 2), np.nan)).scattered(2)).all()
