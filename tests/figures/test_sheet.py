"""Contact sheets: contract of order, marks and captions; readable text; errors."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import figures
from layerwise.foundation.checks import UserError

images = np.random.default_rng(0).integers(0, 255, size=(11, 8, 8)).astype(np.uint8)


def test_contract_errors_first_in_stable_order_with_a_mark():
    correct = np.ones(11, dtype=bool)
    correct[[4, 9]] = False
    figure = figures.contact_sheet(images, [f"{k} → x" for k in range(11)], correct=correct)
    order = [4, 9, 0, 1, 2, 3, 5, 6, 7, 8, 10]
    for ax, row in zip(figure.axes, order, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), images[row])
        assert ax.get_xlabel() == ("× " if row in (4, 9) else "") + f"{row} → x"
    widths = [ax.spines["left"].get_linewidth() for ax in figure.axes]
    assert widths[:2] == [2, 2]
    assert set(widths[2:]) == {1}


@pytest.mark.parametrize(
    "shape", [(1, 8, 8), (3, 8, 8, 1), (3, 32, 20, 3), (20, 6, 40), (2, 40, 3)]
)
def test_contract_odd_shapes_render(shape):
    figure = figures.contact_sheet(np.zeros(shape, np.uint8))
    assert len(figure.axes) == shape[0]
    assert figures.to_png(figure, dpi=40).startswith(b"\x89PNG")


@pytest.mark.parametrize("n", [1, 3, 11])
def test_outcome_readable(n, assert_readable):
    long = ["Staffordshire bullterrier → great white shark"] * n
    assert_readable(
        figures.contact_sheet(images[:n], long, correct=np.arange(n) % 2, title="Errors first")
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"images": np.zeros((4, 4))},
         "images must be of shape (n, height, width[, 1 or 3]); got shape (4, 4)."),
        ({"images": np.zeros((0, 4, 4))}, "images must be at least one image; got none."),
        ({"images": images, "captions": ["a"]}, "captions must be one per image (11); "
         "got 1 captions."),
        ({"images": images, "n_columns": 0}, "n_columns must be an integer in [1, 20]; got 0."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(arguments, sentence):
    with pytest.raises(UserError) as error:
        figures.contact_sheet(**arguments)
    assert str(error.value) == "contact_sheet: " + sentence
