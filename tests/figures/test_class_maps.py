"""Class maps: closed form of colours and scales, readable text for odd sizes, errors."""

from __future__ import annotations

import numpy as np
import pytest
from tests import tallied

from layerwise import figures
from layerwise.foundation.checks import UserError
from layerwise.units.pictures import pixels

DIGITS = list("0123456789")


def means(A: np.ndarray, n_classes: int = 10) -> np.ndarray:
    y = tallied.digits()[1][: len(A)]
    return np.stack([A[y == c].mean(axis=0) for c in range(n_classes)])


def cells(ax) -> np.ndarray:
    return np.stack([image.get_array() for image in ax.images])


def test_closed_form_each_filter_or_the_layer_has_the_scale():
    panel = np.array([[[[1.0]], [[10.0]]], [[[2.0]], [[0.0]]]])  # 2 classes, 2 filters, 1 position
    own = figures.class_maps([panel], ["net"], filters=[4, 7], class_names=["a", "b"])
    np.testing.assert_allclose(
        cells(own.axes[0]).reshape(2, 2, 3) * 255,
        pixels.positive([[1 / 2, 1], [1, 0]], 1),
    )
    whole = figures.class_maps(
        [panel, 2 * panel], ["one", "two"], filters=[4, 7], class_names=["a", "b"], scale="layer"
    )
    np.testing.assert_allclose(
        cells(whole.axes[0]).reshape(2, 2, 3) * 255, pixels.positive(panel[..., 0, 0], 20)
    )
    bars = [figure.axes[-1].get_ylabel().replace("\n", " ") for figure in (own, whole)]
    assert bars == ["of each filter's largest value", "activation"]
    assert whole.axes[-1].get_ylim() == (0, 20)


def test_closed_form_both_signs_have_zero_in_the_middle_and_nothing_is_grey():
    panel = np.array([[[[-1.0, 0.0]]], [[[0.5, np.nan]]], [[[np.nan, np.nan]]]])
    figure = figures.class_maps([panel], ["net"], filters=[0], class_names=["a", "b", "c"])
    found = cells(figure.axes[0]).reshape(6, 3) * 255
    expected = pixels.signed([-1.0, 0, 0.5, np.nan, np.nan, np.nan], 1)
    np.testing.assert_allclose(found, expected)
    assert figure.axes[-1].get_ylim() == (-1, 1)
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert names == ["a", "b", "c\n(none)"]


def test_names_of_filters_classes_and_networks_stand_where_they_belong():
    at = tallied.layers()
    panels = [means(at[name]["conv1"])[:, 3:9] for name in ("before", "after")]
    figure = figures.class_maps(
        panels, ["before training", "after training"], filters=range(3, 9), class_names=DIGITS,
        title="Layer conv1: class means",
    )  # fmt: skip
    first, second, _ = figure.axes
    assert [ax.get_title() for ax in (first, second)] == ["before training", "after training"]
    assert [tick.get_text() for tick in first.get_yticklabels()] == DIGITS
    assert [tick.get_text() for tick in second.get_xticklabels()] == [str(k) for k in range(3, 9)]
    assert figure.get_suptitle() == "Layer conv1: class means"


@pytest.mark.parametrize("networks", [1, 2])
@pytest.mark.parametrize(
    ("n_classes", "n_filters", "size"),
    [(2, 1, (5, 5)), (10, 10, (28, 28)), (20, 12, (111, 111)), (10, 10, (1, 100)), (3, 12, (40, 2)),
     (1, 1, (1, 1))],
)  # fmt: skip
def test_outcome_readable(networks, n_classes, n_filters, size, assert_readable):
    panel = np.random.default_rng(0).normal(size=(n_classes, n_filters, *size))
    panel[-1] = panel[-1] if n_classes == 1 else np.nan
    figure = figures.class_maps(
        [panel] * networks, ["before training", "after training (epoch 5)"][:networks],
        filters=range(2000, 2000 + n_filters) if n_filters < 12 else range(n_filters),
        class_names=[f"class {k} of a long name" for k in range(n_classes)],
        title="Layer features.3.expand1x1: class means",
    )  # fmt: skip
    assert_readable(figure)


def test_outcome_a_silent_layer_is_drawn_as_silent():
    figure = figures.class_maps(
        [np.zeros((2, 3, 4, 4))], ["net"], filters=range(3), class_names=["a", "b"]
    )
    assert {tuple(color) for color in (cells(figure.axes[0]).reshape(-1, 3) * 255).tolist()} == {
        tuple(pixels.positive(0.0, 1).tolist())
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"panels": []}, "panels must be (n_classes, n_filters, height, width), alike; got none."),
        ({"panels": [np.zeros((2, 3))]},
         "panels must be (n_classes, n_filters, height, width), alike; got (2, 3)."),
        ({"captions": []}, "captions must be 1, one each; got 0."),
        ({"filters": [1]}, "filters must be 3, one each; got 1."),
        ({"class_names": ["a"]}, "class_names must be 2, one each; got 1."),
        ({"scale": "unit"}, "scale must be one of filter, layer; got 'unit'."),
        ({"panels": [np.full((2, 3, 4, 4), np.nan)]},
         "panels must be of a class with observations at least; got NaN only."),
        ({"panels": [np.zeros((2, 25, 1, 1))], "filters": range(25)},
         "maps across must be an integer in [1, 24]; got 25. Choose some."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(change, sentence):
    good = {"panels": [np.zeros((2, 3, 4, 4))], "captions": ["net"], "filters": range(3),
            "class_names": ["a", "b"]}  # fmt: skip
    given = {**good, **change}
    with pytest.raises(UserError) as error:
        figures.class_maps(given.pop("panels"), given.pop("captions"), **given)
    assert str(error.value) == "class_maps: " + sentence
