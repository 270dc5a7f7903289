"""How features follow their pictures: distance by layer, and probability, by size of a change.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
Fig. 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from layerwise.analysis.asking.invariance import (
    PROBABILITY,
    RELATIVE,
    invariance_curves,
)
from layerwise.figures import legend as keys
from layerwise.figures.color import class_colors
from layerwise.figures.lines import DASHES, LONG
from layerwise.figures.style import INK, SMALL, WIDTH, fit, new_figure, plain, shorten
from layerwise.foundation import checks

if TYPE_CHECKING:
    import pandas as pd

MOST_LAYERS = 3
"""Columns of distances."""

MOST_LINES = 8
"""Observations drawn one by one; of more, mean and spread."""

COLUMNS = ("transform", "unit", "layer", "measure", "observation", "size", "value")


def invariance(
    table: pd.DataFrame,
    *,
    layers: Sequence[str] | None = None,
    measure: str = RELATIVE,
    title: str = "",
) -> Figure:
    """Draw how far features move (a column a layer) and the probability of the true class.

    One row a kind of change. The mean over observations is a line with a band of one standard
    deviation; up to :data:`MOST_LINES` observations are drawn instead, one line each, of the last
    checkpoint, with the means of the others.

    Parameters
    ----------
    table : DataFrame
        Of :func:`layerwise.analysis.keep_invariance`; a column ``checkpoint`` tells networks apart,
        the last solid, the one before (the untrained control) dashed.
    layers : at most :data:`MOST_LAYERS` of those in the table; by default the first and the last
    measure : "relative distance" or "distance"
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    NotFound, InvalidValue
        If the table lacks a column, a layer or the measure.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("translation", "pixels down", layer, measure, 0, "seven", t, abs(t) / 4, "trained")
    ...         for layer, measure in (("fc", "relative distance"), ("", "probability"))
    ...         for t in (-1, 0, 1)]
    >>> table = pd.DataFrame(rows, columns=["transform", "unit", "layer", "measure", "observation",
    ...                                     "name", "size", "value", "checkpoint"])
    >>> [ax.get_title() for ax in invariance(table).axes]
    ['fc: relative distance', 'P(true class)']
    """
    name = "invariance"
    for column in COLUMNS:
        if column not in table:
            raise checks.not_found("column", column, f"{name}'s table", map(str, table.columns))
    table = table if "checkpoint" in table else table.assign(checkpoint="")
    rows = table[table["measure"].isin([measure, PROBABILITY])]
    there = [one for one in rows["layer"].unique() if one]
    if not there:
        raise checks.not_found("measure", measure, f"{name}'s table", table["measure"].unique())
    chosen = list(layers or dict.fromkeys([there[0], there[-1]]))
    for layer in chosen:
        if layer not in there:
            raise checks.not_found("layer", layer, f"{name}'s table", there)
    checks.integer(name, "layers", len(chosen), 1, MOST_LAYERS, "Choose some.")

    kinds, checkpoints = rows["transform"].unique(), rows["checkpoint"].unique().tolist()
    everyone = rows["observation"].unique().tolist()
    observations = everyone if len(everyone) <= MOST_LINES else None
    figure = new_figure(WIDTH, 2.5 * len(kinds) + 0.8 + 0.3 * bool(title), title)
    axes = figure.subplots(len(kinds), len(chosen) + 1, squeeze=False)
    for panels, kind in zip(axes, kinds, strict=True):
        places = [*((layer, measure) for layer in chosen), ("", PROBABILITY)]
        for ax, (layer, what) in zip(panels, places, strict=True):
            part = rows[(rows["transform"] == kind) & (rows["layer"] == layer)]
            part = part[part["measure"] == what]
            _curves(ax, part, checkpoints, observations)
            plain(ax)
            head = f"{shorten(layer, 18)}: {what}" if layer else "P(true class)"
            ax.set_title(fit(head, WIDTH / len(places) - 0.6, SMALL), fontsize=SMALL, color=INK)
            ax.set_xlabel(f"{kind} ({part['unit'].iloc[0]})" if len(part) else kind,
                          fontsize=SMALL, color=INK)  # fmt: skip
            ax.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 3, 5, 9, 10]))
            ax.yaxis.set_major_locator(MaxNLocator(4, steps=keys.NICE))
            ax.set_ylim(*((-0.03, 1.03) if what == PROBABILITY else (0, None)))
        _alike(list(panels[:-1]))
    keys.below(figure, _entries(rows, checkpoints, observations),
               handlelength=LONG)  # fmt: skip
    return figure


def _curves(
    ax: Axes, part: pd.DataFrame, checkpoints: Sequence[str], observations: Sequence[int] | None
) -> None:
    """Draw one panel: mean and band of each checkpoint, or single lines of the last."""
    curves = invariance_curves(part) if len(part) else part
    inks = class_colors(len(checkpoints))
    for back, checkpoint in enumerate(reversed(checkpoints)):
        line = curves[curves["checkpoint"] == checkpoint]
        if observations is not None and not back:
            mine = part[part["checkpoint"] == checkpoint]
            for ink, k in zip(class_colors(len(observations)), observations, strict=True):
                own = mine[mine["observation"] == k].sort_values("size")
                ax.plot(own["size"], own["value"], color=ink, linewidth=1.3)
            continue
        ink = INK if observations is not None else inks[len(checkpoints) - 1 - back]
        dash = DASHES[back % len(DASHES)]
        ax.plot(line["size"], line["value"], color=ink, linewidth=1.8, linestyle=dash)
        if observations is None and len(line):
            spread = np.nan_to_num(line["spread"].to_numpy(dtype=float))
            low, high = line["value"] - spread, line["value"] + spread
            ax.fill_between(line["size"], low, high, color=ink, alpha=0.15, linewidth=0)


def _alike(panels: Sequence[Axes]) -> None:
    """Give the distances of all layers one scale, so that layers compare."""
    most = max(ax.dataLim.y1 for ax in panels)
    for ax in panels:
        ax.set_ylim(0, 1.05 * most if most > 0 else 1)


def _entries(
    rows: pd.DataFrame, checkpoints: Sequence[str], observations: Sequence[int] | None
) -> list[keys.Entry]:
    entries: list[keys.Entry] = []
    if observations is not None:
        names = rows.drop_duplicates("observation").set_index("observation")
        for ink, k in zip(class_colors(len(observations)), observations, strict=True):
            own = str(names.loc[k, "name"]) if "name" in names else f"observation {k}"
            entries.append(Line2D([], [], color=ink, linewidth=1.3, label=shorten(own, 30)))
    inks = class_colors(len(checkpoints))
    for back, checkpoint in enumerate(reversed(checkpoints)):
        if observations is not None and not back:
            continue
        words = "mean of all" if observations is not None else "mean and standard deviation"
        label = f"{shorten(checkpoint, 30)}: {words}" if checkpoint else words
        ink = INK if observations is not None else inks[len(checkpoints) - 1 - back]
        entries.append(
            Line2D([], [], color=ink, linewidth=1.8, linestyle=DASHES[back % len(DASHES)],
                   label=label)
        )  # fmt: skip
    return entries
