"""Colours: outcome (distances under simulated colour blindness), contract of class numbers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb, to_rgba

from layerwise import figures
from layerwise.figures.color import classes_of, fade, point_colors, ramp
from layerwise.foundation.checks import UserError

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
          [-0.003882, -0.048116, 1.051998]]  # fmt: skip
DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
          [-0.011820, 0.042940, 0.968881]]  # fmt: skip
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def lab(color, vision=None):
    rgb = np.array(to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(np.eye(3) if vision is None else vision) @ linear, 0, 1)
    t = np.array(TO_XYZ) @ seen / [0.9505, 1, 1.089]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", [None, PROTAN, DEUTAN], ids=["all", "protan", "deutan"])
def test_outcome_ten_classes_are_told_apart(vision):
    seen = [lab(color, vision) for color in figures.DISTINCT]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_outcome_the_ramp_only_darkens():
    lightness = [lab(figures.SEQUENTIAL(x)[:3])[0] for x in np.linspace(0, 1, 30)]
    assert (np.diff(lightness) < 0).all()


@pytest.mark.parametrize("vision", [None, PROTAN, DEUTAN], ids=["all", "protan", "deutan"])
def test_outcome_the_diverging_ramp_darkens_to_both_sides_and_signs_are_told_apart(vision):
    shown = [lab(figures.DIVERGING(x)[:3], vision) for x in np.linspace(0, 1, 41)]
    lightness = np.array([color[0] for color in shown])
    assert lightness.argmax() == 20
    assert lightness[20] > 85
    assert (np.diff(lightness[:21]) > 0).all()
    assert (np.diff(lightness[20:]) < 0).all()
    apart = [np.linalg.norm(shown[20 - k] - shown[20 + k]) for k in range(4, 17)]
    assert min(apart) > 25


def test_contract_numbers_of_both_signs_diverge_from_zero():
    signed, counts = ramp(np.array([-1.0, np.nan, 3])), ramp(np.array([0.0, 2]))
    assert (signed.get_clim(), counts.get_clim()) == ((-3, 3), (0, 2))
    assert signed.to_rgba(0.0) == pytest.approx(to_rgba(figures.color.PALE), abs=0.02)
    assert counts.to_rgba(2.0) == pytest.approx(figures.SEQUENTIAL(1.0))
    assert ramp(np.array([-2.0, -1])).get_clim() == (-2, -1)
    assert ramp(np.zeros(3)).get_clim() == (0, 0)


def test_law_fading_is_linear_and_ends_in_one_grey():
    colors = point_colors(np.arange(10), 10)
    np.testing.assert_allclose(fade(colors, np.ones(10)), colors)
    pale = fade(colors, np.zeros(10))
    np.testing.assert_allclose(pale, np.tile(to_rgb(figures.color.PALE), (10, 1)))
    np.testing.assert_allclose(fade(colors, np.full(10, 0.3)), 0.7 * pale + 0.3 * colors)


@pytest.mark.parametrize("color", figures.DISTINCT)
def test_outcome_every_class_color_reads_as_weak_half_and_strong_on_paper(color):
    shades = fade(np.tile(to_rgb(color), (3, 1)), np.array([0, 0.5, 1]))
    steps = np.diff([lab(shade) for shade in shades], axis=0)
    assert np.linalg.norm(steps, axis=1).min() > 12
    assert np.linalg.norm(lab(shades[0]) - lab("white")) > 10


def test_contract_a_class_keeps_its_color_and_no_two_share_one():
    for n in (0, 1, 10, 20, 100):
        colors = figures.class_colors(n)
        assert len(set(colors)) == n
        assert colors == figures.class_colors(120)[:n]


def test_contract_class_numbers():
    codes, names = classes_of("f", ["b", None, "a"], 3, None)
    assert (codes.tolist(), names) == ([1, -1, 0], ["a", "b"])
    codes, names = classes_of("f", [3.0, np.nan, 1.0], 3, None)
    assert (codes.tolist(), names) == ([1, -1, 0], ["1", "3"])
    assert classes_of("f", [2, 0], 2, ["x", "y", "z"])[0].tolist() == [2, 0]
    assert classes_of("f", [2.0, np.nan], 2, ["x", "y", "z"])[0].tolist() == [2, -1]
    assert classes_of("f", [2, -1], 2, ["x", "y", "z"])[0].tolist() == [2, -1]
    assert classes_of("f", [1, -1], 2, None)[1] == ["-1", "1"]
    assert classes_of("f", ["z", "x", None], 3, ["x", "y", "z"])[0].tolist() == [2, 0, -1]
    assert classes_of("f", [True, False], 2, None)[1] == ["False", "True"]


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        ([0, 3], "f: labels must be in [0, 1] for 2 class names; got 0 to 3."),
        ([0, -2], "f: labels must be in [0, 1] for 2 class names; got -2 to 0."),
        (["x", "w"], "no class 'w' in f's class_names."),
        ([[0], [1]], "f: labels must be 1-D with one entry per observation (2); got shape (2, 1)."),
    ],
)
def test_contract_bad_labels_are_one_sentence(labels, sentence):
    with pytest.raises(UserError) as error:
        classes_of("f", labels, 2, ["x", "y"])
    assert str(error.value).startswith(sentence)
