"""Features over checkpoints: units down, checkpoints across, jumps marked."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.figures import feature_evolution
from layerwise.foundation.checks import InvalidValue


def cells(units: int, checkpoints: int) -> tuple[np.ndarray, np.ndarray]:
    shades = np.arange(units * checkpoints, dtype=np.uint8).reshape(units, checkpoints, 1, 1, 1)
    return np.broadcast_to(shades, (units, checkpoints, 62, 30, 3)), 10 + np.arange(units)


@pytest.mark.parametrize("names", [["a", "b", "c"], [f"epoch-{k:03d}" for k in range(10)]])
def test_outcome_units_down_and_checkpoints_across(names, assert_readable) -> None:
    layers = {"conv1": cells(3, len(names)), "features.denseblock3.conv2": cells(8, len(names))}
    figure = feature_evolution(layers, names, title="Features")
    assert_readable(figure)
    first, second = figure.axes
    assert [tick.get_text() for tick in first.get_yticklabels()] == ["10", "11", "12"]
    assert [tick.get_text() for tick in first.get_xticklabels()] == names
    assert len(second.images) == 6 * len(names)
    assert "(the first 6 of 8 units)" in second.get_title(loc="left").replace("\n", " ")


def test_closed_form_a_bar_stands_before_what_jumped() -> None:
    marks = np.array([[False, True, False], [False, False, True]])
    figure = feature_evolution({"fc": cells(2, 3)}, ["a", "b", "c"], marks={"fc": marks})
    bars = [(line.get_xdata()[0], np.mean(line.get_ydata())) for line in figure.axes[0].lines]
    assert bars == [(0.5, 0), (1.5, 1)]


def test_outcome_of_many_checkpoints_some_are_drawn_and_no_jump_is_lost(assert_readable) -> None:
    marks = np.zeros((1, 40), bool)
    marks[0, 20] = True
    names = [str(k) for k in range(40)]
    figure = feature_evolution({"fc": cells(1, 40)}, names, marks={"fc": marks})
    assert_readable(figure)
    drawn = [int(tick.get_text()) for tick in figure.axes[0].get_xticklabels()]
    assert len(drawn) == 12
    assert (drawn[0], drawn[-1]) == (0, 39)
    (bar,) = figure.axes[0].lines
    after = drawn[int(bar.get_xdata()[0] + 0.5)]
    assert after == min(k for k in drawn if k >= 20)


def test_contract_what_does_not_fit_is_one_sentence() -> None:
    with pytest.raises(InvalidValue, match="layers must be at least one"):
        feature_evolution({}, ["a"])
    with pytest.raises(InvalidValue, match=r"pictures \(n_units, 2, height, width, 3\)"):
        feature_evolution({"fc": cells(1, 3)}, ["a", "b"])
