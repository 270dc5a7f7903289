"""Confusion matrices: closed form of shares and counts, readable text, errors."""

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
