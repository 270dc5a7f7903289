"""Matrices: closed form of shares and counts, reference for units, readable text, errors."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import figures
from layerwise.foundation.checks import UserError


def test_closed_form_counts_in_cells_and_shares_of_the_true_class_as_color():
    figure = figures.confusion([[3, 1, 0], [0, 0, 0], [0, 0, 1200]], ["a", "b", "c"])
    ax = figure.axes[0]
    expected = [[0.75, 0.25, 0], [0, 0, 0], [0, 0, 1]]  # a class without observations has no share
    np.testing.assert_allclose(ax.images[0].get_array(), expected)
    cells = {text.get_position(): text.get_text() for text in ax.texts}
    assert cells == {(0, 0): "3", (1, 0): "1", (2, 2): "1200"}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


@pytest.mark.parametrize("n", [2, 10, 20, 100])
def test_outcome_readable(n, assert_readable):
    figure = figures.confusion(
        np.eye(n) * 100 + 1, [f"class {k} of a long name" for k in range(n)], title="Confusion"
    )
    assert_readable(figure)
    assert bool(figure.axes[0].texts) == (n <= 20)


@pytest.mark.parametrize(
    ("matrix", "names", "sentence"),
    [
        (np.ones((2, 3)), None, "matrix must be square with counts >= 0; got shape (2, 3), "
         "least 1."),
        ([[1, -1], [0, 1]], None, "matrix must be square with counts >= 0; got shape (2, 2), "
         "least -1."),
        (np.eye(3), ["a"], "class_names must be one per class (3); got 1 names."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(matrix, names, sentence):
    with pytest.raises(UserError) as error:
        figures.confusion(matrix, names)
    assert str(error.value) == "confusion: " + sentence


def test_closed_form_confusions_compare_counts_and_shares_in_percent_on_one_scale():
    counts, shares = np.array([[3, 1], [0, 1200]]), np.array([[0.996, 0.004], [0.125, 0.875]])
    figure = figures.confusions([counts, shares], ["network", "neighbours"], ["a", "b"])
    first, second, bar = figure.axes
    np.testing.assert_allclose(first.images[0].get_array(), [[0.75, 0.25], [0, 1]])
    np.testing.assert_allclose(second.images[0].get_array(), shares)
    assert first.images[0].get_clim() == second.images[0].get_clim() == (0, 1)
    assert [text.get_text() for text in first.texts] == ["75", "25", "100"]
    assert [text.get_text() for text in second.texts] == ["100", "12", "88"]
    assert [ax.get_title() for ax in figure.axes] == ["network", "neighbours", ""]
    assert bar.get_ylabel().replace("\n", " ") == "share of the true class"


@pytest.mark.parametrize("n", [1, 2, 10, 20, 100])
@pytest.mark.parametrize("across", [1, 2, 3])
def test_outcome_confusions_readable(n, across, assert_readable):
    figure = figures.confusions(
        [np.eye(n)] * across, ["predicted by the network in the end"] * across,
        [f"class {k} of a long name" for k in range(n)], title="What is taken for what",
    )  # fmt: skip
    assert_readable(figure)
    for ax in figure.axes[:across]:
        sides = ax.get_window_extent()
        assert min(sides.width, sides.height) / figure.dpi > 0.8


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([], []), "matrices must be 1 to 3 matrices; got 0."),
        (([np.eye(2)], []), "titles must be one per matrix (1); got 0 titles."),
        (([np.eye(2), np.eye(3)], ["a", "b"]),
         "matrices must be about the same classes; got 2 and 3 classes."),
        (([-np.eye(2)], ["a"]), "matrices must be square with counts >= 0; got shape (2, 2), "
         "least -1."),
        (([np.eye(2)], ["a"], ["x"]), "class_names must be one per class (2); got 1 names."),
    ],
)  # fmt: skip
def test_contract_bad_confusions_are_one_sentence(arguments, sentence):
    with pytest.raises(UserError) as error:
        figures.confusions(*arguments)
    assert str(error.value) == "confusions: " + sentence


def test_reference_top_units_are_the_best_of_each_class_and_their_share_of_the_best():
    S = np.random.default_rng(0).random((12, 3))
    S[:, 1] *= 7
    S[2:, 2] = 0  # only two units tell class 2 at all
    figure = figures.top_units(S, ["a", "b", "c"], top=4)
    rows, shares = [], []
    for c in range(3):
        for unit in sorted(range(12), key=lambda unit: -S[unit, c])[:4]:
            if S[unit, c] > 0:
                rows.append(unit)
                shares.append([S[unit, k] / S[:, k].max() for k in range(3)])
    ax = figure.axes[0]
    np.testing.assert_allclose(ax.images[0].get_array(), shares)
    assert len(rows) == 10
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(map(str, rows))
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("n_classes", "top"), [(1, 1), (2, 1), (1, 5), (10, 6), (10, 10), (100, 5)]
)
def test_outcome_top_units_readable(n_classes, top, assert_readable):
    S = np.random.default_rng(0).random((5_000, n_classes))
    figure = figures.top_units(
        S, [f"class {k} of a long name" for k in range(n_classes)], top=top, title="Best units"
    )
    assert_readable(figure)


@pytest.mark.parametrize(
    ("S", "top", "sentence"),
    [
        (np.zeros((3, 2)), 1, "S must be importances >= 0, not all 0; got least 0."),
        (-np.eye(2), 1, "S must be importances >= 0, not all 0; got least -1."),
        (np.eye(2), 3, "top must be an integer in [1, 2]; got 3."),
    ],
)
def test_contract_bad_top_units_are_one_sentence(S, top, sentence):
    with pytest.raises(UserError) as error:
        figures.top_units(S, top=top)
    assert str(error.value) == "top_units: " + sentence
