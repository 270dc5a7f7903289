"""What units see of the input: boxes on its picture, and a unit marked on its map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from layerwise.figures.color import DISTINCT
from layerwise.figures.style import INK, SMALL, TEXT, WIDTH, bare, fit, new_figure, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

Box = tuple[tuple[int, int], tuple[int, int]]
"""First and last row, first and last column, all inside."""

Extent = tuple[float, float, float, float]
"""Left, right, bottom and top of a picture in its axes, as of matplotlib."""

MOST_BOXES = len(DISTINCT)
"""Boxes that are drawn: as many as there are colours to tell apart."""

LONGEST_NAME = 26

LINE = 0.19
"""Inches from one name to the next."""

MARK = "#CC3377"
"""The unit and its box."""


def receptive_field(
    picture: Array,
    box: Box | None,
    feature_map: Array,
    position: Sequence[int],
    *,
    input_size: Sequence[int] | None = None,
    name: str = "",
    title: str = "",
) -> Figure:
    r"""Draw what one unit sees of the input, beside its channel with the unit marked.

    Parameters
    ----------
    picture : (height, width), (height, width, 1) or (height, width, 3) uint8, the input
    box : what the unit sees, in pixels of the input; None if it sees padding alone
    feature_map : (height, width, 3) uint8, the unit's channel
    position : row and column of the unit in it
    input_size : height and width of the input, if the picture is of another size
    name : what stands over the channel, for example "conv2, channel 7"
    title : str

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If a picture is none, or the position is not in the map.

    Examples
    --------
    >>> figure = receptive_field(np.zeros((28, 28), np.uint8), ((3, 9), (0, 6)),
    ...                          np.zeros((12, 12, 3), np.uint8), (3, 1))
    >>> print(figure.axes[0].get_title())
    sees rows 3 to 9, columns 0 to 6
    (of 28 × 28)
    """
    function = "receptive_field"
    shown, channel = _picture(function, picture), _picture(function, feature_map)
    if len(position) != 2:
        raise checks.invalid(function, "position", "a row and a column", tuple(position))
    row, column = (
        checks.integer(function, f"position[{i}]", value, 0, size - 1)
        for i, (value, size) in enumerate(zip(position, channel.shape[:2], strict=True))
    )
    height, width = size = tuple(input_size or shown.shape[:2])
    figure = new_figure(WIDTH * 0.8, WIDTH * 0.42 + 0.3 * bool(title), title)
    left, right = figure.subplots(1, 2)
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    left.imshow(shown, cmap="gray", vmin=0, vmax=255, extent=extent, interpolation="nearest")
    seen = "sees padding alone"
    if box is not None:
        draw_boxes(left, extent, size, {"": box}, colors=[MARK])
        (top, bottom), (first, last) = box
        sees = f"sees rows {top} to {bottom}, columns {first} to {last}"
        seen = f"{sees}\n(of {height} × {width})"
    right.imshow(channel, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    right.add_patch(_frame(column - 0.5, row - 0.5, 1, 1, MARK))
    where = f"row {row}, column {column} (of {channel.shape[0]} × {channel.shape[1]})"
    for ax, text in ((left, seen), (right, f"{name}\n{where}" if name else where)):
        bare(ax)
        ax.set_title(fit(text, WIDTH * 0.38, TEXT), fontsize=TEXT, color=INK)
    return figure


def draw_boxes(
    ax: Axes,
    extent: Extent,
    size: Sequence[int],
    boxes: Mapping[str, Box],
    *,
    colors: Sequence[str] = DISTINCT,
    labels: tuple[float, float] | None = None,
) -> None:
    """Draw boxes on a picture that stands in an axes, the largest first, and name them beside it.

    Parameters
    ----------
    ax : where the picture is
    extent : left, right, bottom and top of the picture in the axes
    size : height and width of the input in pixels
    boxes : by name, in pixels of the input; at most :data:`MOST_BOXES`
    colors : one a box
    labels : where the first name stands and the next ones below it, in units of the axes, which
        must be inches; None for no names
    """
    left, right, bottom, top = extent
    down, across = (bottom - top) / size[0], (right - left) / size[1]
    for (name, box), color, line in zip(boxes.items(), colors, range(MOST_BOXES), strict=False):
        (first_row, last_row), (first, last) = box
        frame = _frame(
            left + first * across, top + first_row * down,
            (last - first + 1) * across, (last_row - first_row + 1) * down, color,
        )  # fmt: skip
        frame.set_zorder(3 - frame.get_width() * frame.get_height() / 1e6)  # small ones on top
        ax.add_patch(frame)
        if labels is not None:
            x, y = labels
            rows, columns = last_row - first_row + 1, last - first + 1
            share = "all of it" if (rows, columns) == tuple(size) else f"{rows} × {columns}"
            ax.add_patch(_frame(x, y + LINE * line + 0.03, 0.1, 0.1, color))
            ax.text(x + 0.18, y + LINE * line + 0.08, f"{shorten(name, LONGEST_NAME)}: {share}",
                    fontsize=SMALL, color=INK, va="center", clip_on=False)  # fmt: skip


def _frame(x: float, y: float, width: float, height: float, color: str) -> Rectangle:
    return Rectangle(
        (x, y), width, height, fill=False, edgecolor=color, linewidth=1.6, clip_on=False, zorder=3
    )


def _picture(function: str, picture: Array) -> Array:
    pixels = np.asarray(picture)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or pixels.shape[2:] == (3,)):
        raise checks.invalid(
            function, "picture", "(height, width[, 1 or 3]) uint8",
            f"{pixels.dtype} of shape {np.shape(picture)}",
        )  # fmt: skip
    return pixels
