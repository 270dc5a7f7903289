"""Trails: closed form of their shades, contract of places and legend, readable text, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from layerwise import figures
from layerwise.foundation.checks import UserError

rng = np.random.default_rng(0)


def walks(n=30, n_places=13):
    return rng.normal(size=(n, n_places, 2)).cumsum(axis=1)


def parts(figure):
    """Return the pieces (n_steps, n, n_points, 2), their colours, and the dots at the ends."""
    lines, ends = figure.axes[0].collections
    n = len(ends.get_offsets())
    segments = lines.get_segments()
    steps = [segments[k : k + n] for k in range(0, len(segments), n)]
    return steps, lines.get_colors().reshape(len(steps), n, 4)[..., :3], ends


@pytest.mark.parametrize("n_places", [2, 3, 13, 80])
def test_law_the_pieces_of_a_trail_put_together_are_the_trail(n_places):
    T = walks(n_places=n_places)
    steps, _, ends = parts(figures.trails(T))
    assert len(steps) == min(n_places - 1, 12)
    whole = np.concatenate([steps[0][5][:1], *(step[5][1:] for step in steps)])
    np.testing.assert_allclose(whole, T[5])
    np.testing.assert_allclose(ends.get_offsets(), T[:, -1])


def test_closed_form_a_trail_ends_in_the_full_color_of_its_class_and_begins_pale():
    labels = np.arange(30) % 10
    figure = figures.trails(walks(), labels, class_names=[f"digit {k}" for k in range(10)])
    _, colors, ends = parts(figure)
    full = np.array([to_rgb(figures.DISTINCT[k]) for k in labels])
    np.testing.assert_allclose(colors[-1], full)
    np.testing.assert_allclose(ends.get_facecolors()[:, :3], full)
    distance = np.linalg.norm(colors - np.array(to_rgb("#DCDCDC")), axis=2)
    assert (np.diff(distance, axis=0) > 0).all()
    np.testing.assert_allclose(distance[0] / distance[-1], 0.15)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == [*(f"digit {k}" for k in range(10)), "early → late"]


def test_contract_late_parts_and_ends_lie_on_top_and_all_is_one_picture():
    figure = figures.trails(walks(), np.arange(30) % 3)
    lines, ends = figure.axes[0].collections
    assert lines.get_rasterized()
    assert ends.get_rasterized()
    assert ends.get_zorder() > lines.get_zorder()
    assert figures.to_svg(figure).count("<image") == 1


def test_contract_a_trail_without_a_place_somewhere_is_counted_not_drawn():
    T = walks()
    T[[3, 7], 4, 1] = np.nan
    figure = figures.trails(T, np.where(np.arange(30) == 1, np.nan, 0))
    steps, _, ends = parts(figure)
    assert len(steps[0]) == len(ends.get_offsets()) == 28
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["0", "early → late", "no class (1)", "not placed (2)"]


def test_outcome_trails_are_inside_the_frame():
    T = walks(n_places=40)
    ax = figures.trails(T).axes[0]
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert left < T[..., 0].min() < T[..., 0].max() < right
    assert bottom < T[..., 1].min() < T[..., 1].max() < top


def test_round_trip_same_trails_same_bytes():
    T = walks()
    first, second = (figures.to_png(figures.trails(T, np.arange(30) % 4)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("n", "n_classes"), [(1, 1), (5, 5), (300, 100)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_outcome_readable(n, n_classes, dtype, assert_readable):
    names = [f"Staffordshire bullterrier {k}" for k in range(n_classes)]
    figure = figures.trails(
        walks(n).astype(dtype), np.arange(n) % n_classes, class_names=names, title="A title " * 20
    )
    assert_readable(figure)
    assert figures.to_png(figure, dpi=40).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("T", "labels", "sentence"),
    [
        (np.zeros((4, 2)), None, "T must be of shape (n_observations, n_places, 2); got shape "
         "(4, 2). Draw a single map with scatter."),
        (np.zeros((4, 1, 2)), None,
         "T must be of shape (n_observations, at least 2 places, 2); got shape (4, 1, 2)."),
        (np.zeros((4, 5, 3)), None,
         "T must be of shape (n_observations, at least 2 places, 2); got shape (4, 5, 3)."),
        (np.zeros((4, 5, 2)), [1],
         "labels must be 1-D with one entry per observation (4); got shape (1,)."),
        (np.full((4, 5, 2), np.nan), None,
         "T must be a place for at least one point; got NaN in every row."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(T, labels, sentence):
    with pytest.raises(UserError) as error:
        figures.trails(T, labels)
    assert str(error.value) == "trails: " + sentence
