"""What networks without some of their layers get wrong: a line a variant.

Source: Zeiler and Fergus 2014, Table 3, as a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from layerwise.analysis.asking import ablation as names
from layerwise.analysis.asking.ablation import ablation_summary
from layerwise.figures.color import class_colors
from layerwise.figures.legend import NICE, below
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, new_figure, plain, shorten
from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 40


def ablation(table: pd.DataFrame, *, title: str = "") -> Figure:
    """Draw the errors of every variant, on test and training data, one mark a seed.

    Parameters
    ----------
    table : DataFrame
        Of :func:`layerwise.studies.ablation`; the variant at position 0 is the whole network, whose
        test error is a dotted line.
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotFound
        If the table lacks a column.
    InvalidValue
        If it has no test error.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame([("whole", 0, 0, "test error", 0.02, 100),
    ...                       ("without layer 5", 1, 0, "test error", 0.05, 100)],
    ...                      columns=["variant", "position", "seed", "measure", "value",
    ...                               "n_observations"])
    >>> (ax,) = ablation(table).axes
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['whole', 'without layer 5']
    """
    for column in names.COLUMNS:
        if column not in table:
            raise checks.not_found("column", column, "ablation's table", map(str, table.columns))
    if not (table["measure"] == names.TEST_ERROR).any():
        raise checks.invalid("ablation", "table", f"rows of {names.TEST_ERROR}", "none")
    found = ablation_summary(table)
    figure = new_figure(WIDTH * 0.8, 1.4 + 0.36 * len(found), title)
    ax = figure.add_subplot()
    plain(ax)
    inks = dict(zip((names.TEST_ERROR, names.TRAIN_ERROR), class_colors(2), strict=True))
    shifts = {names.TEST_ERROR: -0.14, names.TRAIN_ERROR: 0.14}
    place = {variant: row for row, variant in enumerate(found["variant"])}
    entries = []
    for measure, ink in inks.items():
        rows = table[table["measure"] == measure]
        if not len(rows):
            continue
        at = rows["variant"].map(place) + shifts[measure]
        ax.plot(rows["value"], at, "o", color=ink, markersize=4, alpha=0.55, markeredgewidth=0)
        means = found["variant"].map(place) + shifts[measure]
        ax.plot(found[measure], means, "|", color=ink, markersize=13, markeredgewidth=2.4)
        entries.append(Line2D([], [], color=ink, marker="o", linestyle="", label=measure))
    whole = float(found[names.TEST_ERROR].iloc[0])
    ax.axvline(whole, color=INK, linewidth=1.1, linestyle=":")
    entries += [
        Line2D([], [], color=INK, marker="|", markersize=12, markeredgewidth=2.4, linestyle="",
               label="mean over seeds"),
        Line2D([], [], color=INK, linewidth=1.1, linestyle=":",
               label=f"{names.TEST_ERROR}, {shorten(found['variant'].iloc[0], 20)}"),
    ]  # fmt: skip
    ax.set_yticks(range(len(found)), [shorten(one, LONGEST) for one in found["variant"]])
    ax.set_ylim(len(found) - 0.5, -0.5)
    ax.set_xlim(0, None)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=NICE))
    ax.xaxis.set_major_formatter(PercentFormatter(1, symbol="\N{NO-BREAK SPACE}%"))
    ax.set_xlabel("error", fontsize=TEXT, color=INK)
    ax.tick_params(axis="y", labelsize=SMALL)
    below(figure, entries)
    return figure
