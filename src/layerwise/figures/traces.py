"""Signals as traces: what each layer makes of a signal, on the time axis of the input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from layerwise.figures.color import DISTINCT
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, fit, new_figure, plain, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

MOST_CHANNELS = 6
"""Traces in one panel; more could not be told apart."""

MOST_LAYERS = 12

PANEL = 1.05
"""Inches: height of a panel."""


@dataclass(frozen=True, eq=False)
class Trace:
    """Some channels of one layer over time.

    Attributes
    ----------
    name : of the layer
    values : (n_channels, length)
    channels : their numbers, or "all" where one line speaks for them
    start, stride : where the first value lies on the axis of the input, and the steps to the next
    span : first and last input step that the marked unit sees, or None
    mark : which position is marked, or None
    """

    name: str
    values: Array
    channels: Sequence[int | str]
    start: float = 0.0
    stride: float = 1.0
    span: tuple[int, int] | None = None
    mark: int | None = None


def traces(layers: Sequence[Trace], *, time: str = "step of the input", title: str = "") -> Figure:
    """Draw layers under each other over one time axis, each panel on its own scale.

    Parameters
    ----------
    layers : sequence of :class:`Trace`
        The input first; at most 12. Of a layer the first 6 channels are drawn, and the panel says
        of how many. A band is what the marked unit sees of the input.
    time : what the axis counts
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If there is no layer, too many, or values do not fit the channels.

    Examples
    --------
    >>> figure = traces([Trace("input", np.zeros((1, 9)), [0]),
    ...                  Trace("conv1", np.ones((2, 4)), [7, 3], start=1, stride=2, span=(2, 4),
    ...                        mark=1)])
    >>> [line.get_xdata().tolist() for line in figure.axes[1].lines[:2]]
    [[1, 3, 5, 7], [1, 3, 5, 7]]
    """
    name = "traces"
    if not 0 < len(layers) <= MOST_LAYERS:
        raise checks.invalid(name, "layers", f"1 to {MOST_LAYERS} layers", f"{len(layers)}")
    for layer in layers:
        if np.ndim(layer.values) != 2 or len(layer.values) != len(layer.channels):
            raise checks.invalid(
                name, "layers", "with values (n_channels, length), a number for each channel",
                f"{layer.name!r} of shape {np.shape(layer.values)}, {len(layer.channels)} numbers",
            )  # fmt: skip
    figure = new_figure(WIDTH, PANEL * len(layers) + 0.5 + 0.3 * bool(title), title)
    panels = np.atleast_1d(figure.subplots(len(layers), 1, sharex=True))
    for ax, layer in zip(panels, layers, strict=True):
        plain(ax)
        steps = layer.start + layer.stride * np.arange(layer.values.shape[1])
        drawn = list(zip(layer.values, layer.channels, DISTINCT, strict=False))[:MOST_CHANNELS]
        few = "." if len(steps) < 40 else ""
        for line, channel, color in drawn:
            ax.plot(steps, line, color=color, linewidth=1.2, label=str(channel), marker=few)
        if layer.span is not None:
            ax.axvspan(layer.span[0] - 0.5, layer.span[1] + 0.5, color=INK, alpha=0.1, linewidth=0)
        if layer.mark is not None:
            ax.axvline(steps[layer.mark], color=INK, linewidth=1, linestyle=":")
        more = len(layer.channels) - len(drawn)
        legend = "channel" + (f" (+ {more} not drawn)" if more else "")
        ax.legend(
            loc="upper left", bbox_to_anchor=(1.005, 1.12), fontsize=SMALL, frameon=False,
            title=legend, title_fontsize=SMALL, labelcolor=INK, ncols=math.ceil(len(drawn) / 3),
            handlelength=1, columnspacing=0.8, alignment="left",
        )  # fmt: skip
        ax.set_ylabel(fit(shorten(layer.name, 20), PANEL, TEXT), fontsize=TEXT, color=INK)
        ax.yaxis.set_major_locator(MaxNLocator(3))
    panels[-1].set_xlabel(time, fontsize=TEXT, color=INK)
    return figure
