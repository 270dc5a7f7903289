"""The exact cells of a rectified network with two inputs: on each it is one affine map.

Going down the layers, every cell is split by the units that change sign in it. In a cell each unit
of the next layer is affine, so its zero set is a straight piece there, and bends where it enters
the next cell. Leaves out more than two inputs and other activation functions, whose boundaries are
no straight pieces.

Source: Montúfar, Pascanu, Cho and Bengio, "On the number of linear regions of deep neural
networks", NIPS 2014; splitting cells layer by layer: Hanin and Rolnick, "Complexity of linear
regions in deep networks", ICML 2019.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units.weights.lines import EPS, Window, checked_layers, frame

if TYPE_CHECKING:
    import pandas as pd

MOST_CELLS = 100_000
"""More take long and are not seen apart on any screen."""


@dataclass(frozen=True, eq=False)
class Partition:
    """The cells of a window, and the lines between them.

    Attributes
    ----------
    cells : one convex polygon a cell, (n_corners, 2), counter-clockwise
    patterns : (n_cells, n_hidden) of bool, which hidden units are active, layer after layer
    slopes, offsets : (n_cells, n_outputs, 2) and (n_cells, n_outputs)
        In cell i the outputs at x are ``slopes[i] @ x + offsets[i]``.
    boundaries : one row a straight piece of where a unit is zero
        layer (0 is the first hidden one), unit, x0, y0, x1, y1; the unit is active on the left.
    """

    cells: list[Array]
    patterns: Array
    slopes: Array
    offsets: Array
    boundaries: pd.DataFrame

    @property
    def areas(self) -> Array:
        """Area of each cell, (n_cells,); together that of the window."""
        return np.array([_area(cell) for cell in self.cells])

    def decisions(self) -> list[tuple[Array, int]]:
        """Return polygons that fill the window, each with the output that is largest there.

        Of equal outputs the first counts, as for ``argmax``.

        Examples
        --------
        >>> W, b = [np.eye(2), np.eye(2)], [np.zeros(2), np.zeros(2)]
        >>> found = partition(W, b, ((0, 1), (0, 1))).decisions()
        >>> [(corners.tolist(), output) for corners, output in found]
        [([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]], 0), ([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0]], 1)]
        """
        found = []
        for cell, slope, offset in zip(self.cells, self.slopes, self.offsets, strict=True):
            parts = [(cell, 0)]
            for output in range(1, len(offset)):
                parts = [
                    part for polygon, best in parts
                    for part in _larger(polygon, slope, offset, best, output)
                ]  # fmt: skip
            found += parts
        return found


@dataclass(frozen=True)
class _Cell:
    """A polygon in the frame of the window, where the layer below is ``slope @ u + offset``."""

    polygon: Array
    slope: Array
    offset: Array
    pattern: Array


def partition(weights: Sequence[Array], biases: Sequence[Array], window: Window) -> Partition:
    """Divide a window into the cells on which a rectified network is affine.

    Parameters
    ----------
    weights : of each layer, (n_units, n_inputs); the first has two inputs, and the last, which is
        linear, gives the outputs and divides nothing
    biases : of each layer, (n_units,)
    window : ((x0, x1), (y0, y1))

    Returns
    -------
    Partition
        For one hidden layer it has :func:`~layerwise.units.n_cells` cells.

    Raises
    ------
    UserError
        If shapes do not fit, or there are more than :data:`MOST_CELLS` cells.

    Notes
    -----
    About 20 µs a cell and layer: 0.1 s for 2 -> 20 -> 20 -> 2.

    Examples
    --------
    >>> W = [np.eye(2), np.array([[1.0, 1.0]]), np.ones((1, 1))]
    >>> b = [np.zeros(2), np.array([-0.5]), np.zeros(1)]
    >>> found = partition(W, b, ((-1, 1), (-1, 1)))
    >>> len(found.cells), float(found.areas.sum())
    (7, 4.0)
    >>> found.boundaries.query("layer == 1")[["x0", "y0", "x1", "y1"]].to_numpy().tolist()
    [[...0.0, 0.5, 0.5, 0.0]...]
    """
    import pandas as pd

    layers = checked_layers("partition", weights, biases)
    if layers[0][0].shape[1] != 2:
        raise checks.invalid(
            "partition", "weights", "of a network with two inputs", f"{layers[0][0].shape[1]}"
        )
    middle, half = frame("partition", window)
    square = np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    cells = [_Cell(square, np.diag(half), middle, np.zeros(0, dtype=bool))]
    pieces: list[tuple[float, ...]] = []
    for layer, (W, b) in enumerate(layers[:-1]):
        found: list[_Cell] = []
        for cell in cells:
            slope, offset = W @ cell.slope, W @ cell.offset + b
            for unit, ends in _boundaries(cell.polygon, slope, offset):
                pieces.append((layer, unit, *(middle + half * ends).ravel().tolist()))
            for polygon, active in _split(cell.polygon, slope, offset):
                pattern = np.concatenate([cell.pattern, active])
                found.append(_Cell(polygon, slope * active[:, None], offset * active, pattern))
            if len(found) > MOST_CELLS:
                got = f"more after layer {layer + 1}"
                raise checks.invalid(
                    "partition", "weights", f"of a network with at most {MOST_CELLS:,} cells", got
                )
        cells = found
    W, b = layers[-1]
    slopes = np.stack([W @ cell.slope / half for cell in cells])
    offsets = np.stack([W @ cell.offset + b for cell in cells]) - slopes @ middle
    columns = ["layer", "unit", "x0", "y0", "x1", "y1"]
    boundaries = pd.DataFrame(pieces, columns=columns).astype({"layer": int, "unit": int})
    polygons = [middle + half * cell.polygon for cell in cells]
    patterns = np.stack([cell.pattern for cell in cells])
    return Partition(polygons, patterns, slopes, offsets, boundaries)


def _heights(polygon: Array, slope: Array, offset: Array) -> Array:
    """Return each corner's distance to where each unit is zero, negative where it is not active.

    (n_corners, n_units); of a unit that is the same everywhere, its value.
    """
    length = np.linalg.norm(slope, axis=1)
    length[length == 0] = 1
    heights: Array = (polygon @ slope.T + offset) / length
    return heights


def _cut(heights: Array) -> Array:
    """Return the units that leave corners on both sides."""
    return np.flatnonzero((heights.max(axis=0) > EPS) & (heights.min(axis=0) < -EPS))


def _split(polygon: Array, slope: Array, offset: Array) -> Iterator[tuple[Array, Array]]:
    """Yield the parts of a polygon in which no unit changes sign, and the units active there."""
    parts = [polygon]
    while parts:
        part = parts.pop()
        heights = _heights(part, slope, offset)
        cutting = _cut(heights)
        if len(cutting):
            height = heights[:, cutting[0]]
            parts += [_half(part, height), _half(part, -height)]
        else:
            yield part, heights.mean(axis=0) > 0


def _half(polygon: Array, height: Array) -> Array:
    """Return the part of a convex polygon where the height is not negative."""
    height = np.where(np.abs(height) <= EPS, 0, height)
    corners = []
    for k in range(len(polygon)):
        here, before = height[k], height[k - 1]
        if here * before < 0:
            share = before / (before - here)
            corners.append(polygon[k - 1] + share * (polygon[k] - polygon[k - 1]))
        if here >= 0:
            corners.append(polygon[k])
    return np.array(corners)


def _boundaries(polygon: Array, slope: Array, offset: Array) -> Iterator[tuple[int, Array]]:
    """Yield the units that are zero inside a polygon and the ends (2, 2) of where they are."""
    heights = _heights(polygon, slope, offset)
    for unit in _cut(heights):
        edge = _half(polygon, heights[:, unit])
        # The upper part's corners on the line; the line runs so that the upper part lies left.
        on_line = edge[np.abs(_heights(edge, slope[[unit]], offset[[unit]])[:, 0]) <= 2 * EPS]
        along = on_line @ (slope[unit, ::-1] * (1, -1))
        yield int(unit), on_line[[along.argmin(), along.argmax()]]


def _larger(
    polygon: Array, slope: Array, offset: Array, best: int, output: int
) -> list[tuple[Array, int]]:
    """Return the parts of a polygon in which one or the other of two outputs is larger."""
    lead = polygon @ (slope[output] - slope[best]) + (offset[output] - offset[best])
    if (lead <= 0).all():
        return [(polygon, best)]
    if (lead >= 0).all():
        return [(polygon, output)]
    lead /= np.abs(lead).max()  # a share of the largest: the scale of outputs is free
    return [(_half(polygon, -lead), best), (_half(polygon, lead), output)]


def _area(polygon: Array) -> float:
    """Return the area of a polygon, by the shoelace formula."""
    x, y = polygon.T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
