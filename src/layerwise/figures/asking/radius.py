"""Accuracy against the radius of an attack, beside random directions of the same length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from layerwise.figures.legend import NICE, below
from layerwise.figures.lines import LONG, Lines
from layerwise.figures.style import INK, TEXT, WIDTH, new_figure, plain
from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

MEASURES = {
    "accuracy": ("accuracy", "control"),
    "predictions that stay": ("held", "held_control"),
}
"""What is drawn: under the attack and under a random direction."""

ATTACK, RANDOM = "attack", "random direction"

BALLS = {"l2": "L2", "linf": "L∞"}


def radius_curves(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw what is left of a classifier at each radius: solid under attack, dashed under noise.

    Parameters
    ----------
    table : DataFrame
        Rows of :func:`layerwise.synthesis.radius_curve` in one norm, and ``checkpoint`` where there
        are several networks: one colour a network, or an attack if there are several.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Accuracy, where it is known; with several networks also the share of predictions that stay
        as they were, since an untrained network has no accuracy to lose.

    Raises
    ------
    InvalidValue
        If there are no rows, or radii are in several norms.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"method": "pgd", "norm": "l2", "radius": [0.0, 1.0], "n": 100,
    ...     "accuracy": [0.98, 0.4], "control": [0.98, 0.97], "held": 1.0, "held_control": 1.0})
    >>> figure = radius_curves(table)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['pgd', 'attack', 'random direction']
    """
    name = "radius_curves"
    norms = table["norm"].unique().tolist()
    if len(norms) != 1:
        raise checks.invalid(name, "table", "rows in one norm", ", ".join(norms) or "no rows")
    networks, several = table["method"], table["method"].nunique() > 1
    if "checkpoint" in table and table["checkpoint"].nunique() > 1:
        networks = table["checkpoint"] + (", " + table["method"] if several else "")
    table = table.assign(network=networks)
    known = [
        words for words, (column, _) in MEASURES.items()
        if table[column].notna().any() and (column == "accuracy" or networks.nunique() > 1
                                            or table["accuracy"].isna().all())
    ]  # fmt: skip
    figure = new_figure(WIDTH if len(known) > 1 else WIDTH * 0.7, 4.0, title)
    for place, words in enumerate(known):
        ax = figure.add_subplot(1, len(known), place + 1)
        lines = _draw(ax, table, words)
        ax.set_ylabel(words, fontsize=TEXT, color=INK)
        ax.set_xlabel(f"{BALLS.get(norms[0], norms[0])} radius, in units of the input",
                      fontsize=TEXT, color=INK)  # fmt: skip
    below(figure, lines.entries(), handlelength=LONG)
    return figure


def _draw(ax: Axes, table: pd.DataFrame, words: str) -> Lines:
    import pandas as pd

    parts = [
        table[["network", "radius"]].assign(value=table[column], direction=direction)
        for column, direction in zip(MEASURES[words], (ATTACK, RANDOM), strict=True)
    ]
    lines = Lines(
        "radius_curves", pd.concat(parts, ignore_index=True), "radius", "value", "network",
        "direction", "Select one checkpoint of each name first.",
    )  # fmt: skip
    plain(ax)
    radii = sorted(table["radius"].unique())
    lines.draw(ax, {radius: radius for radius in radii})
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE))
    ax.yaxis.set_major_formatter(PercentFormatter(1, 0, symbol="\N{NO-BREAK SPACE}%"))
    ax.set_ylim(-0.03, 1.03)
    room = 0.03 * (radii[-1] - radii[0]) or 0.5
    ax.set_xlim(radii[0] - room, radii[-1] + room)
    return lines
