"""Pictures of the observations, laid on their points in a projection.

What lies in a cluster is seen, not guessed: Rauber et al. 2017 found two clusters per digit this
way, light on dark and dark on light. As many as fit without overlap; leaves out any zooming.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from layerwise.foundation.shapes import Array

SIDE = 1 / 18
"""Width of a thumbnail, as a share of the longer side of the map."""


def draw_thumbnails(ax: Axes, Y: Array, images: Array, colors: Array, *, first: Array) -> int:
    """Lay pictures on points, those marked `first` first, and return how many found room.

    Each has a frame in the colour of its point. Among the rest, row order decides.
    """
    side = float(np.ptp(Y, axis=0).max()) * SIDE or 1.0
    placed: list[int] = []
    for row in np.argsort(~first, kind="stable"):
        if all(np.abs(Y[row] - Y[other]).max() > side for other in placed):
            placed.append(int(row))
            _draw(ax, Y[row] - side / 2, side, images[row], colors[row])
    return len(placed)


def _draw(ax: Axes, corner: Array, side: float, image: Array, color: object) -> None:
    x, y = corner
    ax.imshow(
        image.squeeze(), cmap="gray", vmin=0, vmax=255, extent=(x, x + side, y, y + side),
        aspect=ax.get_aspect(), zorder=4, interpolation="nearest",
    )  # fmt: skip
    ax.add_patch(
        Rectangle((x, y), side, side, fill=False, edgecolor=color, linewidth=1.2, zorder=5)
    )
    ax.autoscale_view()
