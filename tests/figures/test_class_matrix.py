"""Units by class: reference for the order, readable text, errors."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from layerwise import figures
from layerwise.foundation.checks import UserError


def test_reference_units_stand_by_class_strongest_first_and_silent_ones_last():
    matrix = np.random.default_rng(0).normal(size=(4, 30))
    matrix[:, [3, 8]] = np.nan
    figure = figures.class_matrix([matrix], ["trained"], class_names=list("abcd"))
    order = []
    for code in range(4):
        own = [u for u in range(30) if u not in (3, 8) and matrix[:, u].argmax() == code]
        order += sorted(own, key=lambda u: -matrix[:, u].max())
    shown = figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown, matrix[:, [*order, 3, 8]])
    image = figure.axes[0].images[0]
    assert to_hex(image.cmap.get_bad()) == figures.MISSING.lower()


def test_outcome_networks_have_their_own_order_on_one_scale_around_zero():
    one, two = np.array([[1.0, -2], [0, 3]]), np.array([[0.1, 0.5], [0.2, 0.1]])
    figure = figures.class_matrix([one, two], ["before", "after"], class_names=["a", "b"])
    first, second, _ = figure.axes
    np.testing.assert_array_equal(second.images[0].get_array(), two[:, ::-1])
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-3, 3)
    assert [ax.get_title() for ax in (first, second)] == ["before", "after"]


@pytest.mark.parametrize(("n_classes", "n_units"), [(2, 1), (10, 64), (100, 2048), (1, 5)])
@pytest.mark.parametrize("networks", [1, 2])
def test_outcome_readable(n_classes, n_units, networks, assert_readable):
    panel = np.random.default_rng(0).normal(size=(n_classes, n_units))
    figure = figures.class_matrix(
        [panel] * networks, ["before training", "after training"][:networks],
        class_names=[f"class {k} of a long name" for k in range(n_classes)],
        name="difference from the mean of all classes / standard deviation", title="Layer fc1",
    )  # fmt: skip
    assert_readable(figure)


@pytest.mark.parametrize(
    ("panels", "captions", "sentence"),
    [
        ([], [], "panels must be (2 classes, n_units); got none."),
        ([np.zeros((3, 4))], ["net"], "panels must be (2 classes, n_units); got (3, 4)."),
        ([np.zeros((2, 4))], [], "captions must be one per panel (1); got 0."),
        ([np.full((2, 4), np.nan)], ["net"], "panels must be numbers somewhere; got NaN only."),
    ],
)
def test_contract_bad_input_is_one_sentence(panels, captions, sentence):
    with pytest.raises(UserError) as error:
        figures.class_matrix(panels, captions, class_names=["a", "b"])
    assert str(error.value) == "class_matrix: " + sentence
