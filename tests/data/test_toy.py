"""Drawings in the plane: golden split, closed form of their shapes."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.data import load
from layerwise.data.toy import CLASSES, load_toy
from layerwise.foundation.checks import UserError


@pytest.mark.parametrize("name", CLASSES)
def test_the_same_name_gives_the_same_points_in_three_splits(name):
    train, test, everything = (load(name, split=split) for split in ("train", "test", "all"))
    assert (len(train), len(test), len(everything)) == (400, 200, 600)
    assert everything.observations.dtype == np.float32
    assert everything.input_shape == (2,)
    np.testing.assert_array_equal(load(name, split="all").observations, everything.observations)
    points = [{point.tobytes() for point in part.observations} for part in (train, test)]
    assert not points[0] & points[1]
    assert points[0] | points[1] == {point.tobytes() for point in everything.observations}
    counts = np.bincount(everything.labels["class"])
    assert len(counts) == len(everything.class_names["class"])
    assert np.ptp(counts) == 0
    np.testing.assert_allclose(np.bincount(test.labels["class"]), counts / 3, atol=1)


@pytest.mark.parametrize("name", CLASSES)
def test_the_seed_is_fixed(name):
    first = {"blobs": (0.1233, 0.5488), "circles": (-0.5163, 0.1364),
             "moons": (0.7717, -0.5288), "spiral": (0.4496, 1.4744)}  # fmt: skip
    np.testing.assert_allclose(load_toy(name, "all").observations[0], first[name], atol=1e-3)


def test_circles_are_round_and_one_lies_in_the_other():
    found = load_toy("circles", "all")
    radius = np.linalg.norm(found.observations, axis=1)
    means = [radius[found.labels["class"] == code].mean() for code in (0, 1)]
    np.testing.assert_allclose(means, [1, 0.5], atol=0.05)


def test_the_arms_of_the_spiral_are_each_other_turned_by_half_a_circle():
    found = load_toy("spiral", "all")
    x, y = found.observations.T.astype(float)
    # Without noise, half the radius tells the angle: 1.5 turns, half a turn more for the second.
    angle = np.arctan2(y, x) - 2 * np.pi * 1.5 * np.hypot(x, y) / 2
    outer = np.hypot(x, y) > 1
    turned = (angle - np.pi * found.labels["class"] + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(turned[outer]).mean() < 0.4  # half a turn off would be 3.14


def test_no_line_separates_any_but_the_blobs():
    from sklearn.linear_model import LogisticRegression

    share = {}
    for name in CLASSES:
        found = load_toy(name, "all")
        X, y = found.observations, found.labels["class"]
        share[name] = LogisticRegression().fit(X, y).score(X, y)
    assert share.pop("blobs") > 0.97
    assert max(share.values()) < 0.9


def test_another_name_is_refused():
    with pytest.raises(UserError, match="one of blobs, circles, moons, spiral"):
        load_toy("rings", "all")
