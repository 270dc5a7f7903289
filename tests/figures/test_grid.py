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


def test_contract_observations_by_class_and_units_by_a_number_share_one_scale():
    weak, strong = np.linspace(0, 1, 12), np.linspace(0, 4, 12)
    units = np.vstack([Y[:11], [np.nan, np.nan]])
    figure = figures.small_multiples(
        [panel(), figures.Panel(units, values=weak, values_name="importance for class 8"),
         panel(), figures.Panel(units, values=strong, values_name="importance for class 8")],
        rows=["before training", "after training"], columns=["observations", "neurons"],
        class_names=["a", "b", "c"],
    )  # fmt: skip
    *panels, bar = figure.axes
    assert len(panels) == 4
    assert bar.get_ylabel() == "importance for class 8"
    assert bar.get_ylim() == (0, 4)
    for ax, values in ((panels[1], weak), (panels[3], strong)):
        shown = ax.collections[0].get_facecolors()[:, :3]
        np.testing.assert_allclose(shown, figures.SEQUENTIAL(values[:11] / 4)[:, :3])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["a", "b", "c", "some not placed"]


def test_contract_trails_side_by_side_have_one_key():
    T = np.random.default_rng(1).normal(size=(30, 7, 2))
    figure = figures.small_multiples(
        [figures.Panel(T, np.arange(30) % 3), figures.Panel(T * 2, np.arange(30) % 3)],
        columns=["joint", "dynamic"],
    )
    for ax, scale in zip(figure.axes, (1, 2), strict=True):
        lines, ends = ax.collections
        assert len(lines.get_segments()) == 30 * 6
        np.testing.assert_allclose(ends.get_offsets(), T[:, -1] * scale)
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["0", "1", "2", "early → late"]


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 2), (4, 1), (9, 2)])
def test_outcome_mixed_kinds_readable(across, down, assert_readable):
    kinds = [
        panel(strength=np.linspace(0, 1, 30), correct=np.arange(30) > 2),
        figures.Panel(Y, values=Y[:, 0], values_name="contrast of the selected observations",
                      caption=CAPTION),
    ]  # fmt: skip
    figure = figures.small_multiples(
        [kinds[(k + 1) % 2] for k in range(across * down)], rows=["before", "after"][:down],
        columns=[f"features.block{k}.denselayer.conv" for k in range(across)],
        class_names=[f"Staffordshire bullterrier {k}" for k in range(25)], title="Mixed",
    )  # fmt: skip
    assert_readable(figure)


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
        ([figures.Panel(np.zeros((3, 1, 2))), None],
         "Y must be of shape (n_observations, at least 2 places, 2); got shape (3, 1, 2)."),
        ([figures.Panel(Y, values=Y[:, 0], values_name=name) for name in "ab"],
         "values_name must be the same in all panels; got 'a' and 'b'. "
         "They share one scale; draw one figure for each quantity."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(panels, sentence):
    with pytest.raises(UserError) as error:
        figures.small_multiples(panels, columns=["a", "b"])
    assert str(error.value) == "small_multiples: " + sentence


def test_maps_laid_over_each_other_share_their_frame():
    near, far = np.eye(2), 10 * np.eye(2) + 5
    panels = [figures.Panel(near), figures.Panel(far), None, figures.Panel(near)]
    apart = figures.small_multiples(panels, columns=["a", "b"], rows=["x", "y"])
    together = figures.small_multiples(panels, columns=["a", "b"], rows=["x", "y"], same_frame=True)
    limits = [[ax.get_xlim() for ax in figure.axes] for figure in (apart, together)]
    assert limits[0][0] != limits[0][1]
    assert limits[1][0] == limits[1][1]
    assert limits[1][3] == limits[0][3], "a row by itself"
