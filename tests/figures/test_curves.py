"""Lines by layer and by epoch: contract of what is drawn, readable text, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layerwise import figures
from layerwise.foundation.checks import UserError


def table(n_layers=3, **columns):
    names = ["input"] + [f"features.block{k}.relu" for k in range(1, n_layers + 1)]
    rows = [
        {"checkpoint": checkpoint, "score": score, "layer": layer, "value": 0.5 + 0.01 * k}
        for checkpoint in ("untrained", "trained")
        for score in ("hit 2-D", "hit n-D")
        for k, layer in enumerate(names)
    ]
    return pd.DataFrame(rows).assign(**columns)


def legend_texts(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_contract_color_is_the_checkpoint_and_dashes_the_score():
    figure = figures.layer_curves(table())
    entries = figure.legends[0].get_lines()
    assert legend_texts(figure) == ["untrained", "trained", "hit 2-D", "hit n-D", "input"]
    assert [entry.get_color() for entry in entries[:2]] == list(figures.DISTINCT[:2])
    assert [entry.get_linestyle() for entry in entries[2:4]] == ["-", "--"]
    drawn = figure.axes[0].lines
    assert [line.get_color() for line in drawn[:4]] == [*[figures.DISTINCT[0]] * 2,
                                                        *[figures.DISTINCT[1]] * 2]  # fmt: skip
    assert [line.get_linestyle() for line in drawn[:4]] == ["-", "--", "-", "--"]
    assert [line.get_marker() for line in drawn[:4]] == ["o", "s", "o", "s"]
    np.testing.assert_allclose(drawn[0].get_ydata(), [0.51, 0.52, 0.53])
    np.testing.assert_allclose(drawn[4].get_ydata(), 0.5)  # the raw input: one level
    ticks = figure.axes[0].get_yticklabels()
    assert all(tick.get_text().endswith("%") for tick in ticks)


def test_contract_floor_spread_and_published_are_drawn_where_known():
    full = table(spread=0.02, floor=0.45, published=np.nan)
    full.loc[3, "published"] = 0.9836
    figure = figures.layer_curves(full)
    assert legend_texts(figure)[-2:] == ["shuffled labels", "published"]
    ax = figure.axes[0]
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    assert np.nanmax(diamonds[0].get_ydata()) == 0.9836
    assert diamonds[0].get_markerfacecolor() == "none"
    assert any(np.allclose(line.get_ydata(), 0.45) for line in ax.lines)
    bars = [c for c in ax.collections if hasattr(c, "get_segments")]
    heights = [np.ptp(segment[:, 1]) for c in bars for segment in c.get_segments()]
    np.testing.assert_allclose(heights, 0.04)


def test_contract_unknown_columns_are_simply_not_drawn():
    figure = figures.layer_curves(table(spread=np.nan, floor=np.nan, published=np.nan))
    assert len(legend_texts(figure)) == 5
    assert len(figure.axes[0].lines) == 6


@pytest.mark.parametrize(
    ("base", "floor", "drawn"),
    [(0.95, 0.099, False), (0.2, 0.106, True), (0.5, 0.52, True), (0.0, 0.0, True)],
)
def test_outcome_the_axis_shows_every_score_and_a_far_floor_is_named(base, floor, drawn):
    found = table(4, spread=0.01, floor=floor, published=base + 0.2 * (base < 0.5))
    found["value"] += base - 0.5
    figure = figures.layer_curves(found)
    ax = figure.axes[0]
    figure.draw_without_rendering()
    bottom, top = ax.get_ylim()
    shown = [*(found["value"] - 0.01), *(found["value"] + 0.01), *found["published"]]
    assert bottom < min(shown) < max(shown) < top
    assert (bottom < floor < top) == drawn == ("shuffled labels" in legend_texts(figure))
    assert all(0 <= tick <= 1 for tick in ax.get_yticks())
    assert 3 <= len(ax.get_yticks()) <= 8
    notes = [text for text in ax.texts if text.get_visible()]
    assert bool(notes) != drawn
    for note in notes:
        assert note.get_text().replace("\xa0", " ") == "↓ shuffled labels 9.9 %, below this axis"
        inside = ax.transData.inverted().transform(note.get_window_extent().corners())[:, 1]
        assert bottom <= inside.min() < inside.max() < min(shown)


@pytest.mark.parametrize("n_layers", [1, 4, 12, 60])
def test_outcome_readable(n_layers, assert_readable):
    figure = figures.layer_curves(
        table(n_layers, spread=0.01, floor=0.1), title="A title that is long " * 8
    )
    assert_readable(figure)
    names = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert 1 <= len(names) <= 30


def evolution(methods=("joint", "dynamic"), networks=("trained", "untrained"), n_times=4):
    return pd.DataFrame(
        [(m, net, t, 1 / (1 + t) + 0.1 * i + 0.3 * j) for i, m in enumerate(methods)
         for j, net in enumerate(networks) for t in range(n_times)],
        columns=["method", "network", "time", "value"],
    )  # fmt: skip


def test_contract_time_curves_color_is_the_method_and_dash_the_network():
    table = evolution().sample(frac=1, random_state=0).sort_values("time", kind="stable")
    figure = figures.time_curves(
        table, dash="network", xlabels=["input", "relu1", "relu2", "relu3"], ylabel="spread ratio"
    )
    ax = figure.axes[0]
    by_color = {line.get_color() for line in ax.lines}
    assert by_color == set(figures.DISTINCT[:2])
    assert {line.get_linestyle() for line in ax.lines} == {"-", "--"}
    for line in ax.lines:
        assert line.get_xdata().tolist() == [0, 1, 2, 3]
        assert (np.diff(line.get_ydata()) < 0).all()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == [
        "input",
        "relu1",
        "relu2",
        "relu3",
    ]
    assert sorted(legend_texts(figure)) == ["dynamic", "joint", "trained", "untrained"]


def test_contract_time_curves_without_dash_key_lines_as_they_are_drawn():
    table = evolution(networks=("trained",)).assign(time=lambda t: t["time"] * 20.0, spread=0.1)
    figure = figures.time_curves(table, xlabel="epoch")
    ax = figure.axes[0]
    assert ax.lines[0].get_xdata().tolist() == [0, 20, 40, 60]
    assert ax.get_xlabel() == "epoch"
    keyed = [(e.get_color(), e.get_linestyle(), e.get_marker())
             for e in figure.legends[0].get_lines()]  # fmt: skip
    drawn = [(line.get_color(), line.get_linestyle(), line.get_marker())
             for line in ax.lines if line.get_marker() in "os"]  # fmt: skip
    assert list(dict.fromkeys(drawn)) == keyed
    bars = [c for c in ax.collections if hasattr(c, "get_segments")]
    heights = [np.ptp(segment[:, 1]) for c in bars for segment in c.get_segments()]
    np.testing.assert_allclose(heights, 0.2)


def test_contract_a_missing_number_is_a_gap():
    table = evolution(("joint",), ("trained",))
    table.loc[1, "value"] = np.nan
    drawn = figures.time_curves(table).axes[0].lines[0].get_ydata()
    assert np.isnan(drawn).tolist() == [False, True, False, False]


@pytest.mark.parametrize("n_times", [1, 2, 12, 60])
def test_outcome_time_curves_readable(n_times, assert_readable):
    table = evolution([f"method {k} of a long name" for k in range(4)], n_times=n_times)
    names = [f"features.block{k}.relu" for k in range(n_times)]
    for xlabels in (None, names):
        figure = figures.time_curves(
            table, dash="network", xlabels=xlabels, xlabel="layer", title="A long title " * 12,
            ylabel="spread within the classes / distance between the classes, in the map",
        )  # fmt: skip
        assert_readable(figure)


def test_contract_training_curves():
    history = [
        {"epoch": k, "train_loss": 2.0 / (k + 1), "train_accuracy": 0.5,
         "test_accuracy": 0.4 if k % 2 else None}
        for k in range(6)
    ]  # fmt: skip
    figure = figures.training_curves(history, title="MLP")
    loss, accuracy = figure.axes
    assert (loss.get_ylabel(), accuracy.get_ylabel()) == ("loss", "accuracy")
    np.testing.assert_allclose(loss.lines[0].get_ydata()[:3], [2, 1, 2 / 3])
    assert accuracy.lines[1].get_xdata().tolist() == [1, 3, 5]
    assert legend_texts(figure) == ["train", "test"]


def test_outcome_training_curves_readable(assert_readable):
    assert_readable(figures.training_curves([{"epoch": 0, "test_accuracy": 0.1}]))
    assert_readable(
        figures.training_curves(
            [{"epoch": k, "train_loss": 1.0, "train_accuracy": k / 200} for k in range(200)],
            title="MLP",
        )
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: figures.layer_curves(table().drop(columns="score")),
         "no column 'score' in layer_curves's table. Columns: checkpoint, layer, value."),
        (lambda: figures.layer_curves(table()[:0]),
         "layer_curves: table must be at least one row; got none."),
        (lambda: figures.layer_curves(pd.concat([table(), table()])),
         "layer_curves: table must be one row per layer, checkpoint and score; got 16 more. "
         "Select one network, data set and method first."),
        (lambda: figures.layer_curves(table().astype({"value": "category"})),
         "layer_curves: table must be numbers in column 'value'; got dtype category."),
        (lambda: figures.time_curves(evolution().drop(columns="method")),
         "no column 'method' in time_curves's table. Columns: network, time, value."),
        (lambda: figures.time_curves(evolution()),
         "time_curves: table must be one row per time and method; got 8 more. "
         "Select one subset, layer and measure first."),
        (lambda: figures.time_curves(evolution(networks=("a",)).astype({"time": "category"})),
         "time_curves: table must be numbers in column 'time'; got dtype category."),
        (lambda: figures.time_curves(evolution(networks=("a",)).assign(time=[np.nan, *range(7)])),
         "time_curves: table must be a time in every row of 'time'; got nan."),
        (lambda: figures.time_curves(evolution(networks=("a",)), xlabels=["x"]),
         "time_curves: xlabels must be one per time (4); got 1 names."),
        (lambda: figures.training_curves([{"epoch": 1}]),
         "training_curves: history must be epochs with train_loss, train_accuracy or the like; "
         "got 1 rows without any."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(call, sentence):
    with pytest.raises(UserError) as error:
        call()
    assert str(error.value) == sentence
