"""How alike covering a part changes the features of different pictures, beside its controls.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
Table 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from layerwise.figures import legend as keys
from layerwise.figures.color import class_colors
from layerwise.figures.lines import MARKERS
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, fit, new_figure, plain, shorten
from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("layer", "occluded", "delta", "spread", "p")
MOST_LAYERS = 6


def correspondence(table: pd.DataFrame, *, title: str = "") -> Figure:
    r"""Draw the mean Hamming distance of every covered part, a panel a layer.

    :math:`\Delta` is the share of units whose change differs in sign, over pairs of pictures.

    Parameters
    ----------
    table : DataFrame
        Of :func:`layerwise.attribution.correspondence`; a column ``checkpoint`` tells networks
        apart, the last filled. At most :data:`MOST_LAYERS` layers.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Bars are standard deviations over pairs of pictures; rows without a test are controls.

    Raises
    ------
    NotFound, InvalidValue
        If the table lacks a column, or has no or too many layers.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"layer": "conv2", "occluded": ["nose", "random"],
    ...                       "delta": [0.1, 0.2], "spread": 0.02, "p": [0.001, None]})
    >>> [tick.get_text() for tick in correspondence(table).axes[0].get_yticklabels()]
    ['nose', 'random']
    """
    name = "correspondence"
    for column in COLUMNS:
        if column not in table:
            raise checks.not_found("column", column, f"{name}'s table", map(str, table.columns))
    table = table if "checkpoint" in table else table.assign(checkpoint="")
    layers, parts = table["layer"].unique(), table["occluded"].unique()
    checks.integer(name, "layers", len(layers), 1, MOST_LAYERS, "Choose some.")
    checkpoints = table["checkpoint"].unique()
    figure = new_figure(WIDTH, 1.5 + 0.34 * len(parts) + 0.3 * bool(title), title)
    inks = class_colors(len(checkpoints))
    place = {str(part): row for row, part in enumerate(parts.tolist())}
    for number, layer in enumerate(layers):
        ax = figure.add_subplot(1, len(layers), number + 1)
        plain(ax)
        ax.grid(axis="y", visible=False)
        for k, checkpoint in enumerate(checkpoints):
            rows = table[(table["layer"] == layer) & (table["checkpoint"] == checkpoint)]
            shift = 0.16 * (k - (len(checkpoints) - 1) / 2)
            at = np.array([place[str(part)] + shift for part in rows["occluded"]])
            ax.errorbar(
                rows["delta"], at, xerr=rows["spread"], fmt=MARKERS[k % len(MARKERS)],
                color=inks[k], markersize=5, capsize=2, linewidth=1,
                markerfacecolor=inks[k] if k == len(checkpoints) - 1 else "white",
            )  # fmt: skip
        ax.set(ylim=(len(parts) - 0.5, -0.5))
        names = [shorten(part, 16) for part in parts] if not number else [""] * len(parts)
        ax.set_yticks(range(len(parts)), names, fontsize=SMALL, color=INK)
        ax.set_title(fit(shorten(layer, 18), 1.6, TEXT), fontsize=TEXT, color=INK)
        ax.xaxis.set_major_locator(MaxNLocator(3, steps=keys.NICE))
        ax.set_xlim(left=0)
        ax.set_xlabel("Δ, share of units", fontsize=SMALL, color=INK)
    if len(checkpoints) > 1:
        keys.below(figure, [
            Line2D([], [], linestyle="", marker=MARKERS[k % len(MARKERS)], color=inks[k],
                   markerfacecolor=inks[k] if k == len(checkpoints) - 1 else "white",
                   label=shorten(checkpoint, 30))
            for k, checkpoint in enumerate(checkpoints)
        ])  # fmt: skip
    return figure
