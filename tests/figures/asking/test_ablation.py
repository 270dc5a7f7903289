"""Contract: what stands where in the chart of an ablation; refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layerwise import figures
from layerwise.analysis.asking.ablation import COLUMNS
from layerwise.foundation.checks import UserError


def rows() -> pd.DataFrame:
    found = [
        (name, position, seed, measure, value + 0.01 * seed, 100)
        for position, (name, error) in enumerate((("whole", 0.02), ("without layer 5", 0.06)))
        for seed in range(3)
        for measure, value in (("test error", error), ("training error", error / 2))
    ]  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def test_a_mark_a_seed_and_the_mean_beside_it() -> None:
    (ax,) = figures.ablation(rows()).axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["whole", "without layer 5"]
    marks, means, *_ = ax.lines
    np.testing.assert_allclose(sorted(marks.get_xdata()), [0.02, 0.03, 0.04, 0.06, 0.07, 0.08])
    np.testing.assert_allclose(means.get_xdata(), [0.03, 0.07])
    assert set(np.round(marks.get_ydata(), 2)) == set(np.round(means.get_ydata(), 2))
    assert any(np.allclose(line.get_xdata(), 0.03) for line in ax.lines)  # the whole network
    assert ax.get_xlim()[0] == 0


def test_refusals() -> None:
    with pytest.raises(UserError, match="no column 'seed' in ablation's table"):
        figures.ablation(rows().drop(columns="seed"))
    with pytest.raises(UserError, match="table must be rows of test error; got none"):
        figures.ablation(rows().query("measure == 'training error'"))
