"""How features come about: of each unit the strongest observation at every checkpoint.

After Zeiler and Fergus 2014, Fig. 4: features down, epochs across, projected down to pixels; here
the patch stands under each projection, so a jump to another observation is seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from layerwise.figures.mosaic import mosaic, side_of, slant
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, fit, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

MOST_UNITS = 6
"""Rows of a layer; of more units the first are drawn, and the caption says so."""

MOST_CHECKPOINTS = 12
"""Columns; of more checkpoints so many, evenly spaced, the first and the last among them."""

LARGEST = 0.62
"""Inches of a projection with its patch, across."""

NAMES, NARROWEST = 0.9, 4.5
"""Inches: for names at the left; of the figure."""


def feature_evolution(
    layers: Mapping[str, tuple[Array, Array]],
    checkpoints: Sequence[str],
    *,
    marks: Mapping[str, Array] | None = None,
    title: str = "",
) -> Figure:
    """Draw the strongest observation of units at every checkpoint, layer under layer.

    Parameters
    ----------
    layers : by layer (pixels, units): (n_units, n_checkpoints, height, width, 3) uint8, each a
        projection over its patch, and (n_units,) int, from
        :func:`layerwise.analysis.evolution_images`
    checkpoints : n_checkpoints names, early to late; of many only some are drawn
    marks : by layer (n_units, n_checkpoints) bool, where another observation than before became the
        strongest: a bar stands before it
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is no layer or shapes do not match.

    Examples
    --------
    >>> cells = np.zeros((2, 3, 20, 9, 3), np.uint8)
    >>> figure = feature_evolution({"conv1": (cells, np.array([4, 7]))}, ["0", "1", "5"])
    >>> [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    ['4', '7']
    """
    name = "feature_evolution"
    if not layers:
        raise checks.invalid(name, "layers", "at least one", "none")
    checks.integer(name, "checkpoints", len(checkpoints), 1)
    for pixels, units in layers.values():
        if pixels.ndim != 5 or pixels.shape[:2] != (len(units), len(checkpoints)):
            raise checks.invalid(
                name, "layers", f"pictures (n_units, {len(checkpoints)}, height, width, 3)",
                f"shape {pixels.shape}",
            )  # fmt: skip
    at = np.linspace(0, len(checkpoints) - 1, min(len(checkpoints), MOST_CHECKPOINTS))
    at = at.round().astype(int)
    n, known = len(at), marks or {}
    room = min(LARGEST * 2, (WIDTH - NAMES) / n)
    sides = {layer: _cell(pixels.shape[2:4], room) for layer, (pixels, _) in layers.items()}
    rows = {layer: min(len(units), MOST_UNITS) for layer, (_, units) in layers.items()}
    width = min(WIDTH, max(n * max(side[0] for side in sides.values()) + NAMES, NARROWEST))
    heads = {
        layer: fit(_caption(layer, len(layers[layer][1])), width - NAMES - 0.3, TEXT)
        for layer in layers
    }
    names = [shorten(checkpoints[k], 14) for k in at]
    slanted = max(map(len, names)) * SMALL * 0.6 / 72
    over = {
        layer: 0.55 + 0.16 * heads[layer].count("\n") + (slanted > side[0]) * slanted
        for layer, side in sides.items()
    }
    heights = [rows[layer] * sides[layer][1] + over[layer] for layer in layers]
    figure = new_figure(width, sum(heights) + 0.35 * bool(title), title)
    spec = figure.add_gridspec(len(layers), 1, height_ratios=heights)
    for place, (layer, (pixels, units)) in enumerate(layers.items()):
        ax = figure.add_subplot(spec[place, 0])
        wide, high = sides[layer]
        shown = rows[layer]
        mosaic(
            ax, pixels[:shown, at] / 255, high / wide, [str(unit) for unit in units[:shown]],
            names,
        )  # fmt: skip
        slant(ax, wide)
        for row, column in np.argwhere(_jumps(known[layer][:shown], at) if layer in known else []):
            ax.plot([column - 0.5] * 2, [row - 0.42, row + 0.42], color=INK, linewidth=2.5)
        ax.set_anchor("W")
        ax.set_title(heads[layer], fontsize=TEXT, color=INK, loc="left")
    return figure


def _jumps(marks: Array, at: Array) -> Array:
    """Return whether there was a jump since the checkpoint drawn before."""
    counts = np.cumsum(marks, axis=1)[:, at]
    return np.diff(counts, axis=1, prepend=counts[:, :1]) > 0


def _cell(size: tuple[int, ...], room: float) -> tuple[float, float]:
    """Return the inches of a picture: a projection over its patch is twice as high as wide."""
    return side_of((size[0], size[1]), min(room * max(1.0, size[0] / size[1]), 2 * LARGEST))


def _caption(layer: str, n_units: int) -> str:
    more = f" (the first {MOST_UNITS} of {n_units} units)" if n_units > MOST_UNITS else ""
    return f"{layer}: projection over patch{more}"
