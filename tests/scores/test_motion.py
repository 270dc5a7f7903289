"""Scores of motion: reference (loops, formulas), laws, closed forms, contract, outcome."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ortho_group

from layerwise import scores
from layerwise.foundation.checks import UserError

seeds = st.integers(0, 2**32 - 1)


def moving(seed, n_times=4, n=12, width=2):
    return np.random.default_rng(seed).normal(size=(n_times, n, width)).cumsum(axis=0)


def distance(a, b):
    return math.sqrt(sum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True)))


def literal_steps(sequence):
    return [
        distance(a, b) for now, then in pairwise(sequence) for a, b in zip(now, then, strict=True)
    ]


def literal_correlations(c, d):
    """Return Pearson's r, Spearman's rho and Kendall's tau by their definitions, without ties."""

    def pearson(a, b):
        a, b = np.array(a) - np.mean(a), np.array(b) - np.mean(b)
        return (a * b).sum() / math.sqrt((a**2).sum() * (b**2).sum())

    ranks = [[sum(other < value for other in steps) for value in steps] for steps in (c, d)]
    signs = [
        np.sign((c[i] - c[j]) * (d[i] - d[j])) for i in range(len(c)) for j in range(i + 1, len(c))
    ]
    return pearson(c, d), pearson(*ranks), np.mean(signs)


def literal_spread_ratio(Y, labels):
    classes = sorted(set(labels))
    members = {c: [y for y, label in zip(Y, labels, strict=True) if label == c] for c in classes}
    means = {c: np.mean(members[c], axis=0) for c in classes}
    spreads = [
        math.sqrt(np.mean([distance(y, means[c]) ** 2 for y in members[c]])) for c in classes
    ]
    apart = [distance(means[a], means[b]) for a in classes for b in classes if a < b]
    return np.mean(spreads) / np.mean(apart)


def test_reference_trail_length():
    maps = moving(0)
    n_times, n, _ = maps.shape
    centre = maps.reshape(-1, 2).mean(axis=0)
    square = sum(distance(y, centre) ** 2 for Y in maps for y in Y)
    sigma = math.sqrt(square / (2 * n * n_times))
    steps = np.reshape(literal_steps(maps), (n_times - 1, n))
    np.testing.assert_allclose(scores.trail_length(maps), steps.sum(axis=0) / sigma)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reference_motion_correlation(dtype):
    maps = moving(0)
    sequence = [
        np.hstack([Y, noise]).astype(dtype)
        for Y, noise in zip(maps, moving(1, width=3), strict=True)
    ]
    found = scores.motion_correlation(sequence, maps)
    c, d = literal_steps(sequence), literal_steps(maps)
    assert found[:3] == pytest.approx(literal_correlations(c, d), abs=1e-6)
    c, d = ((np.array(steps) - min(steps)) / (max(steps) - min(steps)) for steps in (c, d))
    assert found.stress == pytest.approx(sum((c - d) ** 2) / sum(c**2), rel=1e-5)


@pytest.mark.parametrize("width", [2, 7])
def test_reference_spread_ratio(width):
    rng = np.random.default_rng(width)
    Y, labels = rng.normal(size=(40, width)), rng.choice(["a", "b", "c"], 40)
    expected = literal_spread_ratio(Y, labels.tolist())
    assert scores.spread_ratio(Y, labels) == pytest.approx(expected)
    assert scores.spread_ratio(Y.astype(np.float16), labels) == pytest.approx(expected, rel=1e-2)


@settings(deadline=None, max_examples=50)
@given(seed=seeds)
def test_law_rotation_shift_scale_and_order_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    maps, sequence = moving(seed), moving(seed + 1, width=5)
    scale = 10 ** rng.uniform(-3, 3)
    turned = scale * (maps @ ortho_group.rvs(2, random_state=rng) + rng.normal(size=2))
    order = rng.permutation(maps.shape[1])
    length = scores.trail_length(maps)
    np.testing.assert_allclose(scores.trail_length(turned), length)
    np.testing.assert_allclose(scores.trail_length(maps[:, order]), length[order])
    found = scores.motion_correlation(sequence, maps)
    assert scores.motion_correlation(sequence, turned) == pytest.approx(found)
    assert scores.motion_correlation(sequence[:, order], maps[:, order]) == pytest.approx(found)
    labels = rng.permutation(np.arange(maps.shape[1]) % 3)
    ratio = scores.spread_ratio(maps[0], labels)
    assert scores.spread_ratio(turned[0], labels) == pytest.approx(ratio)
    assert scores.spread_ratio(maps[0][order], labels[order]) == pytest.approx(ratio)


@settings(deadline=None, max_examples=50)
@given(seed=seeds)
def test_law_a_longer_way_is_no_shorter_and_motion_agrees_with_itself(seed):
    maps = moving(seed)
    sigma = np.sqrt(maps.var(axis=(0, 1)).mean())
    straight = np.linalg.norm(maps[-1] - maps[0], axis=1) / sigma
    assert (scores.trail_length(maps) >= straight - 1e-9).all()
    itself = scores.motion_correlation(maps, 3 * maps)
    assert itself == pytest.approx((1, 1, 1, 0), abs=1e-9)


def test_law_order_alone_makes_ranks_agree_and_proportion_not():
    lengths = np.arange(1.0, 9)
    true = [np.zeros((8, 1)), lengths[:, None]]
    shown = np.stack([np.zeros((8, 2)), np.column_stack([lengths**4, 0 * lengths])])
    found = scores.motion_correlation(true, shown)
    assert found[1:3] == pytest.approx((1, 1))
    assert found.pearson < 0.95
    assert found.stress > 0.1
    backward = np.stack([shown[0], shown[1][::-1]])
    assert scores.motion_correlation(true, backward)[1:3] == pytest.approx((-1, -1))


def test_closed_form_one_step_of_one_standard_deviation():
    start = np.array([[0.0, 0], [0, 0]])
    end = np.array([[3.0, 4], [0, 0]])  # a step of 5; squares around the mean: 25 * 3 / 4
    sigma = math.sqrt(25 * 3 / 4 / (2 * 2 * 2))
    np.testing.assert_allclose(scores.trail_length(np.stack([start, end])), [5 / sigma, 0])


def test_closed_form_stress_of_reversed_steps():
    true = [np.zeros((3, 1)), np.array([[0.0], [1], [2]])]  # scaled 0, 1/2, 1
    shown = np.stack([np.zeros((3, 2)), [[4.0, 0], [2, 0], [0, 0]]])  # scaled 1, 1/2, 0
    found = scores.motion_correlation(true, shown)
    assert found == pytest.approx((-1, -1, -1, 2 / 1.25))


def test_closed_form_spread_of_two_pairs_and_a_single():
    Y = np.array([[0.0, 0], [0, 2], [10, 0], [10, 2], [99, 99]])
    labels = np.array([3, 3, 7, 7, 8])  # 8 has no spread
    assert scores.spread_ratio(Y, labels) == pytest.approx(1 / 10)


def test_outcome_nothing_moves_or_everything_moves_alike():
    maps, still = moving(0), np.zeros((4, 12, 2))
    shifted = moving(0)[0] + np.arange(4)[:, None, None]  # to rounding
    for true, shown in ((maps, still), (still, maps), (maps, shifted), (shifted, maps)):
        assert np.isnan(scores.motion_correlation(list(true), shown)).all()
    assert np.isnan(scores.motion_correlation([Y.astype(np.float32) for Y in shifted], maps)).all()
    np.testing.assert_array_equal(scores.trail_length(np.stack([maps[0]] * 2)), 0)


def test_outcome_classes_in_one_place():
    assert scores.spread_ratio([[1.0], [-1], [1], [-1]], [0, 0, 1, 1]) == np.inf
    assert np.isnan(scores.spread_ratio(np.ones((4, 3)), [0, 0, 1, 1]))


def test_outcome_classes_that_part_have_a_falling_ratio():
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    centres, noise = rng.normal(size=(3, 20)), rng.normal(size=(90, 20))
    ratios = [scores.spread_ratio(noise + far * centres[labels], labels) for far in (0, 1, 2, 4)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] < ratios[0] / 3


def test_contract_the_input_is_left_alone():
    maps, labels = moving(0), np.arange(12) % 2
    kept = maps.copy()
    scores.trail_length(maps)
    scores.motion_correlation(maps, maps)
    scores.spread_ratio(maps[0], labels)
    np.testing.assert_array_equal(maps, kept)


MAPS = moving(0)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: scores.trail_length(MAPS[:1]),
            "trail_length: maps must be of 2 times or more; got 1.",
        ),
        (
            lambda: scores.trail_length(np.ones((3, 5, 2))),
            "trail_length: maps must be points that differ; got points all in one place.",
        ),
        (
            lambda: scores.trail_length(MAPS[0]),
            "trail_length: maps[0] must be 2-D (n_observations, n_units); got shape (2,). "
            "Reshape to one row per observation.",
        ),
        (
            lambda: scores.motion_correlation([np.ones((12, 5)), np.ones((12, 6))], MAPS[:2]),
            "motion_correlation: sequence[1] must be of the shape before it, (12, 5); "
            "got (12, 6). Steps need the same observations and units at every time.",
        ),
        (
            lambda: scores.motion_correlation(list(MAPS), MAPS[:3]),
            "motion_correlation: maps must be 4 times 12 points, as sequence; "
            "got 3 times 12 points.",
        ),
        (
            lambda: scores.motion_correlation([], MAPS),
            "motion_correlation: sequence must be of 2 times or more; got 0.",
        ),
        (
            lambda: scores.motion_correlation(list(MAPS), MAPS * np.nan),
            "motion_correlation: maps[0] must be finite; got NaN or infinity in 12 rows, first 0. "
            "Drop these observations, or find the layer where the values blow up.",
        ),
        (
            lambda: scores.spread_ratio(MAPS[0], [1] * 11 + [2]),
            "spread_ratio: labels must be of 2 classes or more with 2 observations or more each; "
            "got 1. A ratio to the distance between classes needs two.",
        ),
        (
            lambda: scores.spread_ratio(MAPS[0], [None] * 6 + ["a"] * 6),
            "spread_ratio: labels must be complete; got 6 missing. "
            "Drop these observations, or give them a label of their own.",
        ),
    ],
)
def test_contract_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == sentence
