"""Populations: reference for fans and boxes, readable text, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests import tallied

from layerwise import figures
from layerwise.foundation.checks import UserError


def table(n: int, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(200, n)) * np.arange(1, n + 1)
    names = [f"q{q:02d}" for q in tallied.QUANTILES]
    quantiles = np.quantile(values, np.array(tallied.QUANTILES) / 100, axis=0)
    return pd.DataFrame(dict(zip(names, quantiles, strict=True))).assign(mean=values.mean(axis=0))


def test_reference_a_fan_holds_the_quantiles_of_units_sorted_by_median():
    units = table(7)
    figure = figures.unit_fans([units], columns=["relu1"])
    ax = figure.axes[0]
    order = sorted(range(7), key=lambda u: units["q50"][u])
    expected = [units["q50"][u] for u in order for _ in range(2)]
    np.testing.assert_allclose(ax.lines[0].get_ydata(), expected)
    outer = ax.collections[0].get_paths()[0].vertices
    for place, unit in enumerate(order):
        middle = outer[np.isclose(outer[:, 0], place) | np.isclose(outer[:, 0], place + 1)]
        assert np.isclose(middle[:, 1], units["q01"][unit]).any()
        assert np.isclose(middle[:, 1], units["q99"][unit]).any()


def test_outcome_networks_of_a_layer_share_its_scale():
    figure = figures.unit_fans(
        [table(3), table(5), 100 * table(3), None], columns=["a", "b"], rows=["before", "after"]
    )
    first, other, second, empty = figure.axes
    assert first.get_ylim() == second.get_ylim() != other.get_ylim()
    assert not empty.lines
    assert [ax.get_xlabel() for ax in figure.axes[:3]] == [
        "3 units, by median", "5 units, by median", "3 units, by median",
    ]  # fmt: skip


@pytest.mark.parametrize("n_units", [1, 2, 64, 2048])
@pytest.mark.parametrize("layers", [1, 4])
def test_outcome_fans_readable(n_units, layers, assert_readable):
    names = [f"features.denseblock{k}.conv2" for k in range(layers)]
    panels = [table(n_units, seed) for seed in range(2 * layers)]
    rows = ["before training", "after training"]
    assert_readable(figures.unit_fans(panels, columns=names, rows=rows, title="Units"))


def boxes(n_layers: int, n_units: int = 50) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.concat([
        pd.DataFrame({"layer": f"features.{k}.conv", "checkpoint": name,
                      "active": rng.random(n_units), "eta2": rng.random(n_units)})
        for k in range(n_layers) for name in ("before training", "after training")
    ], ignore_index=True)  # fmt: skip


def test_reference_a_box_reaches_from_quartile_to_quartile():
    frame = boxes(2)
    frame.loc[:4, "active"] = np.nan  # units without the number
    ax = figures.unit_boxes(frame, {"active": "share"}).axes[0]
    groups = [part["active"].dropna() for _, part in frame.groupby("checkpoint", sort=False)]
    assert len(groups) == 2
    keys = [("before training", 0), ("before training", 1), ("after training", 0),
            ("after training", 1)]  # fmt: skip
    for patch, line, (name, k) in zip(ax.patches, ax.lines, keys, strict=True):
        here = (frame["checkpoint"] == name) & (frame["layer"] == f"features.{k}.conv")
        part = frame.loc[here, "active"].dropna()
        low, high = part.quantile(0.25), part.quantile(0.75)
        np.testing.assert_allclose([patch.get_y(), patch.get_height()], [low, high - low])
        np.testing.assert_allclose(line.get_ydata(), part.quantile([0.05, 0.95]))
        assert abs(line.get_xdata()[0] - k) < 0.5


@pytest.mark.parametrize("n_layers", [1, 3, 11, 20, 60])
@pytest.mark.parametrize("values", [1, 2])
def test_outcome_boxes_readable(n_layers, values, assert_readable):
    shown = dict(list({"active": "values above zero", "eta2": "variance between classes"}.items())
                 [:values])  # fmt: skip
    figure = figures.unit_boxes(boxes(n_layers), shown, shares=True, title="Population")
    assert_readable(figure)
    assert len(figure.axes) == values


def test_outcome_a_group_without_numbers_has_no_box():
    frame = boxes(2)
    frame.loc[frame["layer"] == "features.1.conv", "active"] = np.nan
    assert len(figures.unit_boxes(frame, {"active": "share"}).axes[0].patches) == 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: figures.unit_fans([None], columns=["a"]),
         "unit_fans: panels must be 1 rows x 1 columns; got 1 panels, 0 of them given."),
        (lambda: figures.unit_fans([table(2)] * 5, columns=list("abcde")),
         "unit_fans: columns must be an integer in [1, 4]; got 5. Choose some layers."),
        (lambda: figures.unit_boxes(boxes(1), {"mean": "mean"}),
         "no column 'mean' in unit_boxes's table. Columns: layer, checkpoint, active, eta2."),
        (lambda: figures.unit_boxes(boxes(1)[:0], {"active": "share"}),
         "unit_boxes: table must be at least one row, for a value at least; got none."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == sentence
