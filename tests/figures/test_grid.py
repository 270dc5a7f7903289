"""Grids of projections: contract of places, names and captions; readable from 1 layer to many."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from layerwise import figures
from layerwise.foundation.checks import UserError

Y = np.random.default_rng(0).normal(size=(30, 2))
CAPTION = "NH 2-D 93.7 %   n-D 95.1 %"


def panel(**options):
    return figures.Panel(Y, labels=np.arange(30) % 3, caption=CAPTION, **options)


def test_contract_rows_columns_captions_and_one_legend():
    correct = np.arange(30) > 3
    figure = figures.small_multiples(
        [panel(), panel(), panel(correct=correct), None],
        rows=["untrained", "trained"], columns=["relu1", "relu4"], class_names=["a", "b", "c"],
    )  # fmt: skip
    assert [ax.get_title() for ax in figure.axes] == ["relu1", "relu4", "", ""]
    assert [ax.get_ylabel() for ax in figure.axes] == ["untrained", "", "trained", ""]
    assert [len(ax.collections) for ax in figure.axes] == [1, 1, 2, 0]
    captions = [" ".join(ax.get_xlabel().split()) for ax in figure.axes]
    assert captions == ["NH 2-D 93.7 % n-D 95.1 %"] * 3 + [""]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["a", "b", "c", "misclassified"]


def test_contract_classes_are_numbered_over_all_panels():
    figure = figures.small_multiples(
        [figures.Panel(Y, ["dog"] * 30), figures.Panel(Y, ["cat"] * 30), figures.Panel(Y)],
        columns=["x", "y", "z"],
    )
    shown = [to_hex(ax.collections[0].get_facecolors()[0][:3]).upper() for ax in figure.axes]
    assert shown == [figures.DISTINCT[1], figures.DISTINCT[0], figures.MISSING]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["cat", "dog"]


@pytest.mark.parametrize(("n_layers", "rows"), [(1, 1), (4, 2), (7, 2), (16, 1)])
def test_outcome_readable_for_one_layer_and_for_many(n_layers, rows, assert_readable):
    columns = [f"features.denseblock3.denselayer{k}.conv2" for k in range(n_layers)]
    figure = figures.small_multiples(
        [panel()] * (n_layers * rows), columns=columns, rows=["untrained", "trained"][:rows],
        class_names=["Staffordshire bullterrier", "great white shark, man-eater", "tench"],
        title="Hidden layers",
    )  # fmt: skip
    assert len(figure.axes) == n_layers * rows
    assert_readable(figure)
    sides = [ax.get_window_extent().width / figure.dpi for ax in figure.axes]
    assert min(sides) > 1.3


def test_contract_no_labels_no_legend():
    assert figures.small_multiples([figures.Panel(Y)], columns=["relu1"]).legends == []


@pytest.mark.parametrize(
    ("panels", "sentence"),
    [
        ([panel()] * 3, "panels must be 1 rows x 2 columns; got 3 panels."),
        ([None, None], "panels must be at least one panel; got none."),
        ([figures.Panel(Y, [1]), None],
         "labels must be 1-D with one entry per observation (30); got shape (1,)."),
        ([figures.Panel(np.zeros((3, 5))), None],
         "Y must be of shape (n_observations, 2); got shape (3, 5). "
         "Project the activations to two dimensions first."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(panels, sentence):
    with pytest.raises(UserError) as error:
        figures.small_multiples(panels, columns=["a", "b"])
    assert str(error.value) == "small_multiples: " + sentence
