"""A projection drawn: contract of its parts (dots, crosses, legend), readable text, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D

from layerwise import figures
from layerwise.foundation.checks import UserError

rng = np.random.default_rng(0)
Y = rng.normal(size=(60, 2))
labels = np.arange(60) % 3


def dots_and_crosses(figure):
    dots, *crosses = figure.axes[0].collections
    return dots, crosses


def legend_texts(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def test_contract_one_dot_an_observation_in_its_class_color_and_row_order():
    figure = figures.scatter(Y, labels)
    dots, crosses = dots_and_crosses(figure)
    np.testing.assert_array_equal(dots.get_offsets(), Y)
    palette = figures.class_colors(3)
    shown = [to_hex(color[:3]).upper() for color in dots.get_facecolors()]
    assert shown == [palette[label] for label in labels]
    assert dots.get_rasterized()
    assert crosses == []
    ax = figure.axes[0]
    assert ax.get_aspect() == 1
    assert not len(ax.get_xticks())
    assert not len(ax.get_yticks())


def test_contract_misclassified_have_their_own_glyph_on_top_and_a_count_in_the_legend():
    correct = np.ones(60, dtype=bool)
    correct[[3, 40]] = False
    figure = figures.scatter(Y, labels, correct=correct)
    dots, (crosses,) = dots_and_crosses(figure)
    assert len(dots.get_offsets()) == 58
    np.testing.assert_array_equal(crosses.get_offsets(), Y[[3, 40]])
    assert crosses.get_zorder() > dots.get_zorder()
    assert len(crosses.get_paths()[0]) != len(dots.get_paths()[0])
    assert legend_texts(figure) == ["0", "1", "2", "misclassified (2)"]
    assert legend_texts(figures.scatter(Y, labels, correct=[True] * 60)) == ["0", "1", "2"]


def test_contract_a_class_keeps_its_color_where_others_are_absent():
    names = ["cat", "dog", "eel"]
    figure = figures.scatter(Y[labels == 2], labels[labels == 2], class_names=names)
    dots, _ = dots_and_crosses(figure)
    assert to_hex(dots.get_facecolors()[0][:3]).upper() == figures.DISTINCT[2]
    assert legend_texts(figure) == ["eel"]


def test_contract_missing_labels_are_grey_and_named():
    figure = figures.scatter(Y, np.where(labels == 1, np.nan, labels))
    dots, _ = dots_and_crosses(figure)
    assert to_hex(dots.get_edgecolors()[1]).upper() == figures.MISSING
    hollow = dots.get_facecolors()[:, 3] == 0
    np.testing.assert_array_equal(hollow, labels == 1)  # a ring: not only grey
    np.testing.assert_array_equal(np.array(dots.get_linewidths()) > 0, hollow)
    assert legend_texts(figure) == ["0", "2", "no class (20)"]


def test_contract_no_labels_no_legend():
    assert figures.scatter(Y).legends == []
    assert figures.scatter(Y, labels, legend=False).legends == []


def test_contract_values_have_a_scale_and_share_it_with_crosses():
    values = np.linspace(0, 3, 60)
    figure = figures.scatter(Y, values=values, values_name="unit 7", correct=labels > 0)
    dots, (crosses,) = dots_and_crosses(figure)
    expected = figures.SEQUENTIAL(values / 3)[:, :3]
    np.testing.assert_allclose(dots.get_facecolors()[:, :3], expected[labels > 0])
    np.testing.assert_allclose(crosses.get_facecolors()[:, :3], expected[labels == 0])
    assert figure.axes[1].get_ylabel() == "unit 7"
    assert figure.axes[1].get_ylim() == (0, 3)
    assert legend_texts(figure) == ["misclassified (20)"]


def test_contract_values_of_both_signs_are_light_at_zero_and_unknown_ones_rings():
    values = np.concatenate([[-4.0, 0, 2, np.nan], np.zeros(56)])
    figure = figures.scatter(Y, values=values)
    dots, _ = dots_and_crosses(figure)
    expected = figures.DIVERGING(np.array([0, 0.5, 0.75]))[:, :3]
    np.testing.assert_allclose(dots.get_facecolors()[:3, :3], expected)
    np.testing.assert_array_equal(dots.get_facecolors()[:, 3] == 0, np.isnan(values))
    assert figure.axes[1].get_ylim() == (-4, 4)
    assert legend_texts(figure) == ["no value (1)"]


def test_closed_form_strength_fades_the_class_color_and_the_strong_lie_on_top():
    strength = rng.permutation(60) / 59
    figure = figures.scatter(Y, labels, strength=strength, class_names=["a", "b", "c"])
    dots, _ = dots_and_crosses(figure)
    order = np.argsort(strength)
    np.testing.assert_array_equal(dots.get_offsets(), Y[order])
    pale, full = np.array(to_rgb("#DCDCDC")), [to_rgb(c) for c in figures.class_colors(3)]
    expected = [pale * (1 - strength[k]) + np.array(full[labels[k]]) * strength[k] for k in order]
    np.testing.assert_allclose(dots.get_facecolors()[:, :3], expected)
    assert legend_texts(figure) == ["a", "b", "c", "weak → strong"]
    (legend,) = figure.legends
    keyed = [to_hex(line.get_markerfacecolor()) for line in legend.findobj(Line2D)[3:]]
    assert keyed[0] == "#dcdcdc"
    assert len(set(keyed)) == 3


def test_contract_units_without_role_or_place_are_counted():
    roles, power, where = labels.copy(), np.full(60, 0.5), Y.copy()
    roles[:4] = -1
    power[4:6] = np.nan
    where[55:, 0] = np.nan
    figure = figures.scatter(where, roles, strength=power, class_names=["a", "b", "c"])
    dots, _ = dots_and_crosses(figure)
    assert len(dots.get_offsets()) == 55
    assert (dots.get_facecolors()[:, 3] == 0).sum() == 6
    assert legend_texts(figure)[-2:] == ["no class (6)", "not placed (5)"]


def test_contract_pictures_lie_on_the_points_that_have_a_place():
    images = np.arange(60, dtype=np.uint8)[:, None, None] * np.ones((1, 4, 4), np.uint8)
    where = Y.copy()
    where[::2] = np.nan
    figure = figures.scatter(where, images=images)
    shown = {int(picture.get_array()[0, 0]) for picture in figure.axes[0].images}
    assert shown
    assert all(row % 2 for row in shown)
    for picture in figure.axes[0].images:
        left, right, bottom, top = picture.get_extent()
        centre = [(left + right) / 2, (bottom + top) / 2]
        np.testing.assert_allclose(centre, Y[int(picture.get_array()[0, 0])])


def test_contract_thumbnails_do_not_overlap_and_errors_come_first():
    images = rng.integers(0, 255, size=(60, 8, 8)).astype(np.uint8)
    correct = np.arange(60) != 33
    figure = figures.scatter(Y, labels, correct=correct, images=images)
    pictures = figure.axes[0].images
    assert 10 < len(pictures) < 60
    np.testing.assert_array_equal(pictures[0].get_array(), images[33])
    corners = np.array([picture.get_extent() for picture in pictures])[:, [0, 2]]
    side = np.ptp(Y, axis=0).max() / 18
    gaps = np.abs(corners[:, None] - corners[None]).max(axis=2)
    assert gaps[~np.eye(len(gaps), dtype=bool)].min() >= side * 0.999
    assert figure.axes[0].get_xlim()[0] <= Y[:, 0].min()
    assert figure.axes[0].get_aspect() == 1


@pytest.mark.parametrize("spread", [1e-6, 1, 1e6])
def test_outcome_the_map_fills_its_frame_after_layout(spread):
    figure = figures.scatter(Y * [spread, 0.3 * spread], labels)
    for _ in range(2):
        figure.draw_without_rendering()
    ax = figure.axes[0]
    assert np.ptp(ax.get_xlim()) == pytest.approx(np.ptp(ax.get_ylim()))
    assert np.ptp(Y[:, 0]) * spread / np.ptp(ax.get_xlim()) == pytest.approx(1 / 1.08)


@pytest.mark.parametrize("n", [1, 2, 5_000])
@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_contract_odd_shapes_render(n, dtype):
    points = np.zeros((n, 2), dtype=dtype)
    assert figures.to_png(figures.scatter(points, np.zeros(n, int)), dpi=40).startswith(b"\x89PNG")


def test_contract_smaller_dots_for_more_points():
    sizes = [
        dots_and_crosses(figures.scatter(rng.normal(size=(n, 2))))[0].get_sizes()[0]
        for n in (100, 2_000, 50_000)
    ]
    assert sizes[0] > sizes[1] > sizes[2] > 0


@pytest.mark.parametrize(
    "options",
    [
        {"labels": np.arange(60), "title": "sixty classes, " + "a long title " * 12},
        {"labels": labels, "class_names": ["Staffordshire bullterrier " * 3, "a", "tench"]},
        {"values": np.arange(60.0), "correct": labels > 0, "title": "unit 3"},
        {
            "values": np.arange(60.0) - 9,
            "values_name": "contrast of the selected observations " * 4,
        },
        {"values": np.arange(60.0) * 1e-7, "values_name": "importance"},
        {"values": np.zeros(60)},
        {"labels": np.arange(60), "strength": np.arange(60) / 59, "correct": labels > 0},
        {"labels": np.zeros(60), "strength": np.zeros(60)},
    ],
)
def test_outcome_readable(options, assert_readable):
    figure = figures.scatter(Y, **options)
    assert_readable(figure)
    axes = figure.axes[0].get_window_extent()
    assert not any(axes.overlaps(legend.get_window_extent()) for legend in figure.legends)


def test_outcome_a_hundred_classes_are_cut_short_with_a_note():
    texts = legend_texts(figures.scatter(rng.normal(size=(200, 2)), np.arange(200) % 100))
    assert len(texts) == 20
    assert texts[-1] == "… and 81 more"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"Y": np.zeros((4, 3))}, "Y must be of shape (n_observations, 2); got shape (4, 3). "
         "Project the activations to two dimensions first."),
        ({"Y": np.zeros((4, 2)), "labels": [1]}, "labels must be 1-D with one entry per "
         "observation (4); got shape (1,)."),
        ({"Y": np.zeros((2, 2)), "labels": [1, 2], "values": [1, 2]},
         "labels must be left out if values are given; got both."),
        ({"Y": np.zeros((2, 2)), "correct": [True]}, "correct must be 1-D with one entry per "
         "observation (2); got shape (1,)."),
        ({"Y": np.zeros((2, 2)), "images": np.zeros((3, 4, 4))},
         "images must be one per point (2); got 3 images."),
        ({"Y": np.zeros((2, 2)), "values": [np.nan, np.nan]},
         "values must be finite somewhere; got none that is."),
        ({"Y": np.zeros((2, 2)), "values": [np.inf, 1]},
         "values must be finite or NaN; got infinity in 1 rows."),
        ({"Y": np.zeros((2, 2)), "strength": [0, 1]}, "strength must be left out without labels; "
         "got strength alone. Draw it as values instead."),
        ({"Y": np.zeros((2, 2)), "labels": [0, 1], "strength": [0, 2]},
         "strength must be in [0, 1]; got 0 to 2."),
        ({"Y": np.full((2, 2), np.nan)},
         "Y must be a place for at least one point; got NaN in every row."),
        ({"Y": np.array([[np.inf, 0], [0, 0]])}, "Y must be finite; got NaN or infinity in 1 rows, "
         "first 0. Drop these observations, or find the layer where the values blow up."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(arguments, sentence):
    with pytest.raises(UserError) as error:
        figures.scatter(**arguments)
    assert str(error.value) == "scatter: " + sentence
