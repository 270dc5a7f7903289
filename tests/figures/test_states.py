"""States of units: closed form of shares, readable text, errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layerwise import figures
from layerwise.foundation.checks import UserError


def counts(n_layers: int) -> pd.DataFrame:
    rows = np.random.default_rng(0).multinomial(64, [0.4, 0.2, 0.2, 0.1, 0.1], 2 * n_layers)
    names = [f"features.denseblock{k // 2}.conv2" for k in range(2 * n_layers)]
    times = ["before training", "after training"] * n_layers
    frame = pd.DataFrame(rows, columns=list(figures.STATES))
    return frame.assign(layer=names, checkpoint=times)


def test_closed_form_bars_are_shares_one_after_the_other():
    table = pd.DataFrame({"layer": ["a", "a"], "checkpoint": ["x", "y"], "live": [3, 1],
                          "dead": [1, 0]})  # fmt: skip
    figure = figures.unit_states(table)
    ax = figure.axes[0]
    found = sorted((bar.get_y() > 0.3, bar.get_x(), bar.get_width()) for bar in ax.patches)
    assert found == [(False, 0.0, 0.75), (False, 0.75, 0.25), (True, 0.0, 1.0)]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a  x", "y"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["live", "dead"]


@pytest.mark.parametrize("n_layers", [1, 3, 20, 24])
def test_outcome_readable(n_layers, assert_readable):
    figure = figures.unit_states(counts(n_layers), title="States")
    assert_readable(figure)
    ends = [bar.get_x() + bar.get_width() for bar in figure.axes[0].patches]
    assert max(ends) == pytest.approx(1)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (counts(25),
         "unit_states: bars must be an integer in [1, 48]; got 50. Choose some layers."),
        (counts(1)[["layer", "checkpoint"]],
         "unit_states: counts must be of one unit at least in every row; got none."),
        (counts(1).drop(columns="layer"),
         "no column 'layer' in unit_states's table. Columns: live, near-copy, "
         "saturated, constant, dead, checkpoint."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(table, sentence):
    with pytest.raises(UserError) as error:
        figures.unit_states(table)
    assert str(error.value) == sentence
