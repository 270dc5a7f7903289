"""Legends: law of their columns, contract of keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from layerwise.figures import legend


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.floats(2, 9))
def test_law_columns_fit_and_no_other_number_of_them_needs_fewer_rows(lengths, width):
    found = legend.n_columns([legend.note("x" * n) for n in lengths], width)

    def fits(n):
        wide = sum(max(column) + 8 for column in np.array_split(lengths, n))
        return n == 1 or wide <= legend.characters(width - 0.5, legend.SMALL)

    rows = {n: -(-len(lengths) // n) for n in range(1, len(lengths) + 1) if fits(n)}
    assert found in rows
    assert rows[found] == min(rows.values())
    assert found == min(n for n in rows if rows[n] == rows[found])


@pytest.mark.parametrize("lines", [True, False])
def test_contract_a_key_is_drawn_from_pale_to_dark(lines):
    figure = Figure()
    legend.below(figure, [legend.key("weak → strong", lines=lines)])
    (drawn,) = figure.legends
    assert [text.get_text() for text in drawn.get_texts()] == ["weak → strong"]
    shades = [
        np.mean(line.get_color() if lines else line.get_markerfacecolor())
        for line in drawn.findobj(Line2D)
    ]
    assert shades == sorted(shades, reverse=True)
    assert len(set(shades)) == 3


def test_contract_nothing_to_say_no_legend():
    figure = Figure()
    legend.below(figure, [])
    legend.beside(figure, [])
    assert figure.legends == []
