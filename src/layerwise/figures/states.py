"""What became of the units of each layer: live, copies of others, or of no use.

Networks stand under each other, since a layer may be born with dead units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from layerwise.figures.color import MISSING
from layerwise.figures.legend import Entry, below, square
from layerwise.figures.style import INK, TEXT, WIDTH, new_figure, plain, shorten
from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

STATES = {"live": "#44AA99", "near-copy": "#DDCC77", "saturated": "#CC6677", "constant": "#882255",
          "dead": MISSING}  # fmt: skip
"""States of units and their colours, from the useful to the useless."""

MOST_BARS = 48
"""Layers times networks; more bars would be thinner than their names."""


def unit_states(
    counts: pd.DataFrame, *, along: str = "layer", beside: str = "checkpoint", title: str = ""
) -> Figure:
    """Draw which part of the units of each layer is live, near-copy, saturated, constant or dead.

    Parameters
    ----------
    counts : DataFrame
        A row a bar, at most 48: `along`, `beside`, and a column of counts for each of
        :data:`STATES` that occurs, every unit in one of them.
    along, beside : str
        Columns that name the bar: layers, and the networks that stand under each other in each.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there are no counts, too many bars, or a bar of no units.

    Examples
    --------
    >>> import pandas as pd
    >>> counts = pd.DataFrame({"layer": ["relu1"], "checkpoint": ["last"], "live": 3, "dead": 1})
    >>> [float(bar.get_width()) for bar in unit_states(counts).axes[0].patches]
    [0.75, 0.25]
    """
    name = "unit_states"
    for column in (along, beside):
        if column not in counts:
            raise checks.not_found("column", column, f"{name}'s table", map(str, counts.columns))
    checks.integer(name, "bars", len(counts), 1, MOST_BARS, "Choose some layers.")
    known = [state for state in STATES if state in counts]
    total = counts[known].sum(axis=1).to_numpy(dtype=float)
    if not known or (total <= 0).any():
        raise checks.invalid(name, "counts", "of one unit at least in every row", "none")
    new = (counts[along] != counts[along].shift()).to_numpy()
    y = np.arange(len(counts)) + 0.4 * (np.cumsum(new) - 1)
    height = 0.21 * (y[-1] + 1)
    figure = new_figure(WIDTH * 0.85, height + 0.9 + 0.35 * bool(title), title)
    ax = figure.add_subplot()
    plain(ax)
    ax.grid(visible=False)
    left = np.zeros(len(counts))
    entries: list[Entry] = []
    for state in known:
        part = counts[state].to_numpy(dtype=float) / total
        if part.any():
            shown = part > 0
            ax.barh(y[shown], part[shown], 0.86, left[shown], color=STATES[state])
            entries.append(square(state, STATES[state]))
        left += part
    names = [
        f"{shorten(layer, 22) if first else ''}  {shorten(words, 18)}".strip()
        for layer, words, first in zip(counts[along], counts[beside], new, strict=True)
    ]
    ax.set_yticks(y, names)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 1), ylim=(y[-1] + 0.6, -0.6))
    ax.xaxis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%"))
    ax.set_xlabel("share of the units", fontsize=TEXT, color=INK)
    below(figure, entries)
    return figure
