"""Winner maps: closed form of colours (silence is no filter), readable text, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from layerwise import figures
from layerwise.figures.winners import COLORS, REST
from layerwise.foundation.checks import UserError


def colors_of(ax, row: int, column: int) -> list[list[str]]:
    for image in ax.images:
        left, right, bottom, top = image.get_extent()
        if round((left + right) / 2) == column and round((bottom + top) / 2) == row:
            return [[to_hex(color) for color in line] for line in image.get_array()]
    raise AssertionError((row, column))


def legend(figure) -> list[str]:
    return [text.get_text().replace("\xa0", " ") for text in figure.legends[0].get_texts()]


def test_closed_form_silence_is_grey_and_filter_zero_is_not():
    winners = np.array([[[0, -1], [0, 0]], [[-1, -1], [5, 0]]])
    shares = np.array([[[1, 0.5], [0.5, 0]], [[1, 1], [1, 1]]], dtype=float)
    figure = figures.winner_maps([winners], [shares], ["net"], class_names=["a", "b"])
    ax, bar = figure.axes
    zero, five, silent = COLORS[0].lower(), COLORS[1].lower(), figures.MISSING.lower()
    assert colors_of(ax, 0, 0) == [[zero, silent], [zero, zero]]
    assert colors_of(ax, 0, 1) == [[silent, silent], [five, zero]]
    assert colors_of(ax, 1, 0)[1][1] == "#ffffff"  # nobody wins: a share of 0
    assert legend(figure) == ["filter 0: 80 %", "filter 5: 20 %", "all silent"]
    assert bar.get_ylim() == (0, 1)


def test_closed_form_the_nine_most_frequent_have_colors_in_all_panels_and_the_rest_are_grey():
    first = np.repeat(np.arange(12), 12 - np.arange(12))  # filter 0 wins 12 positions, 11 one
    maps = np.array([first[:39], first[39:]]).reshape(2, 1, 3, 13)
    figure = figures.winner_maps(
        list(maps), [np.ones((1, 3, 13))] * 2, ["before", "after"], class_names=["a"]
    )
    shown = {**dict(enumerate(COLORS)), **{k: REST[k % 3] for k in (9, 10, 11)}}
    for row, one in ((0, maps[0, 0]), (2, maps[1, 0])):
        expected = [[shown[unit].lower() for unit in line] for line in one.tolist()]
        assert colors_of(figure.axes[0], row, 0) == expected
    assert legend(figure)[:2] == ["filter 0: 15 %", "filter 1: 14 %"]
    assert legend(figure)[-1] == "3 other filters: 8 %"
    assert len(legend(figure)) == 10


def test_a_class_without_observations_is_grey_counts_nothing_and_says_so():
    winners, shares = np.zeros((2, 2, 2), dtype=int), np.ones((2, 2, 2))
    shares[1] = np.nan
    winners[1] = 3  # not a winner: nobody was asked
    figure = figures.winner_maps([winners], [shares], ["net"], class_names=["cat", "dog"])
    ax = figure.axes[0]
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["cat", "dog (none)"]
    for row in (0, 1):
        assert colors_of(ax, row, 1) == [[figures.MISSING.lower()] * 2] * 2
    assert legend(figure) == ["filter 0: 100 %"]


@pytest.mark.parametrize(
    ("n_classes", "size", "filters"),
    [(2, (1, 1), 1), (10, (26, 26), 32), (20, (13, 13), 64), (10, (111, 111), 3),
     (3, (1, 50), 2048), (11, (6, 6), 5), (1, (4, 4), 2)],
)  # fmt: skip
@pytest.mark.parametrize("networks", [1, 2])
def test_outcome_readable(n_classes, size, filters, networks, assert_readable):
    rng = np.random.default_rng(0)
    maps = rng.integers(-1, filters, (networks, n_classes, *size))
    figure = figures.winner_maps(
        list(maps), list(rng.random(maps.shape)),
        ["before training (checkpoint-000)", "after training"][:networks],
        class_names=[f"class {k} of a long name" for k in range(n_classes)],
        title="Layer conv2: the filter that wins each position",
    )  # fmt: skip
    assert_readable(figure)


def test_outcome_silence_alone_is_drawn():
    silent = np.full((2, 3, 3), -1)
    figure = figures.winner_maps([silent], [np.ones((2, 3, 3))], ["net"], class_names=["a", "b"])
    assert legend(figure) == ["all silent"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"winners": [], "shares": []},
         "winners and shares must be (n_classes, height, width), alike; got none."),
        ({"shares": [np.zeros((2, 3, 4))]},
         "winners and shares must be (n_classes, height, width), alike; got (2, 3, 3) and "
         "(2, 3, 4)."),
        ({"captions": []}, "captions must be 1, one each; got 0."),
        ({"class_names": ["a"]}, "class_names must be 2, one each; got 1."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(change, sentence):
    good = {"winners": [np.zeros((2, 3, 3), dtype=int)], "shares": [np.zeros((2, 3, 3))],
            "captions": ["net"], "class_names": ["a", "b"]}  # fmt: skip
    given = {**good, **change}
    with pytest.raises(UserError) as error:
        figures.winner_maps(
            given["winners"], given["shares"], given["captions"], class_names=given["class_names"]
        )
    assert str(error.value) == "winner_maps: " + sentence
