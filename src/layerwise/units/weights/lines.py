"""Hidden units of a network with two inputs as lines in the plane: where each turns on.

A unit of the first layer is zero on the line w·x + b = 0, whatever its activation function; on one
side of it the unit is active. Together the lines divide the plane into cells. Leaves out what
deeper layers make of the cells (:mod:`layerwise.units.weights.partition`).

Lengths are compared in units of the window: what lies nearer than :data:`EPS` is the same point or
line, so parallel, coincident and concurrent lines count as a person would count them.

Source: F. Fleuret, EE-559 Deep Learning, lecture 8.1 "Looking at parameters", EPFL 2018; the cells
of an arrangement: G. M. Ziegler, "Lectures on Polytopes", 1995.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

EPS = 1e-9
"""Half-widths of the window that nobody sees: float32 weights are 100 times coarser."""

Window = tuple[tuple[float, float], tuple[float, float]]
"""((x0, x1), (y0, y1)), the part of the plane that is looked at."""


def window_around(points: Array, margin: float = 0.15) -> Window:
    """Return the square window that holds the points and a margin.

    Parameters
    ----------
    points : (n, 2)
    margin : on each side, as a share of the points' larger extent

    Examples
    --------
    >>> window_around(np.array([[0.0, 1.0], [4.0, 2.0]]), margin=0.25)
    ((-1.0, 5.0), (-1.5, 4.5))
    """
    X = checks.matrix("window_around", "points", points)
    if X.shape[1] != 2:
        raise checks.invalid("window_around", "points", "of shape (n, 2)", f"shape {X.shape}")
    low, high = X.min(axis=0).astype(float), X.max(axis=0).astype(float)
    middle, half = (low + high) / 2, (0.5 + margin) * float((high - low).max()) or 1.0
    (x, y) = middle.tolist()
    return (x - half, x + half), (y - half, y + half)


def unit_lines(W: Array, b: Array, window: Window) -> Array:
    """Return the part of each unit's line that lies in the window.

    Parameters
    ----------
    W : (n_units, 2), weights of the first layer
    b : (n_units,), biases
    window : ((x0, x1), (y0, y1))

    Returns
    -------
    (n_units, 2, 2) of float64
        Two end points, each (x, y): seen from the first to the second, the unit is active
        (w·x + b > 0) on the left. NaN for a unit whose line misses the window, or that has no line
        because its weights are zero.

    Raises
    ------
    UserError
        If shapes do not fit or a number is not finite.

    Examples
    --------
    >>> unit_lines(np.array([[0.0, 1.0]]), np.array([-0.5]), ((0, 1), (0, 1))).tolist()
    [[[0.0, 0.5], [1.0, 0.5]]]
    """
    middle, half = frame("unit_lines", window)
    chords = _chords("unit_lines", W, b, window)
    rows = chords.crossing
    ends = np.full((len(rows), 2, 2), np.nan)
    t = np.stack([chords.first, chords.last], axis=1)[rows, :, None]
    ends[rows] = chords.foot[rows, None] + t * chords.along[rows, None]
    placed: Array = middle + half * ends
    return placed


def n_cells(W: Array, b: Array, window: Window) -> int:
    r"""Return into how many cells the units' lines divide the window, exactly.

    .. math:: 1 + \sum_i (1 + k_i)

    over the distinct lines that cross the window, :math:`k_i` being the distinct points inside it
    in which line i meets the lines before it: every line adds as many cells as it has pieces.

    Parameters
    ----------
    W : (n_units, 2), weights of the first layer
    b : (n_units,), biases
    window : ((x0, x1), (y0, y1))

    Returns
    -------
    int in [1, 1 + L + L (L - 1) / 2] for L units with a line; cost grows as L² log L

    Raises
    ------
    UserError
        If shapes do not fit or a number is not finite.

    Examples
    --------
    >>> W = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> square = ((-1, 1), (-1, 1))
    >>> n_cells(W, np.zeros(3), square), n_cells(W, np.array([0, 0, 0.5]), square)
    (6, 7)
    """
    chords = _chords("n_cells", W, b, window)
    rows = np.flatnonzero(chords.crossing)
    normal, offset = chords.normal[rows], chords.offset[rows]
    cells = 1
    for i, row in enumerate(rows):
        sine = normal[:i] @ chords.along[row]
        apart = np.abs(sine) > EPS
        same_side = np.sign(normal[:i] @ normal[i])
        if (~apart & (np.abs(offset[:i] - same_side * offset[i]) <= EPS)).any():
            continue  # drawn before
        meets = -(normal[:i][apart] @ chords.foot[row] + offset[:i][apart]) / sine[apart]
        inside = (meets > chords.first[row] + EPS) & (meets < chords.last[row] - EPS)
        places = np.sort(meets[inside])
        cells += 1 + int((np.diff(places) > EPS).sum()) + bool(len(places))
    return cells


def responses(weights: Sequence[Array], biases: Sequence[Array], X: Array) -> tuple[Array, Array]:
    """Return which hidden units are active for each observation, and the network's outputs.

    The network is fully connected, with rectified linear units in every layer but the last.

    Parameters
    ----------
    weights : of each layer, (n_units, n_inputs)
    biases : of each layer, (n_units,)
    X : (n_observations, n_inputs of the first layer)

    Returns
    -------
    patterns : (n_observations, n_hidden) of bool, the layers one after the other
    outputs : (n_observations, n_outputs) of float64

    Raises
    ------
    UserError
        If shapes do not fit.

    Examples
    --------
    >>> W, b = [np.array([[1.0], [-1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)]
    >>> [found.tolist() for found in responses(W, b, np.array([[3.0], [-2.0]]))]
    [[[True, False], [False, True]], [[3.0], [2.0]]]
    """
    layers = checked_layers("responses", weights, biases)
    values = checks.matrix("responses", "X", X).astype(float)
    if values.shape[1] != layers[0][0].shape[1]:
        raise checks.invalid(
            "responses", "X", f"of {layers[0][0].shape[1]} columns", f"shape {values.shape}"
        )
    patterns = [np.zeros((len(values), 0), dtype=bool)]
    for W, b in layers[:-1]:
        before = values @ W.T + b
        patterns.append(before > 0)
        values = np.maximum(before, 0)
    W, b = layers[-1]
    return np.concatenate(patterns, axis=1), values @ W.T + b


def checked_layers(
    function: str, weights: Sequence[Array], biases: Sequence[Array]
) -> list[tuple[Array, Array]]:
    """Return (W, b) of each layer in float64, checked to fit each other."""
    if not weights or len(weights) != len(biases):
        got = f"{len(weights)} weights and {len(biases)} biases"
        raise checks.invalid(function, "weights", "one matrix a layer, with one bias each", got)
    layers: list[tuple[Array, Array]] = []
    for W, b in zip(weights, biases, strict=True):
        W = checks.matrix(function, "weights", W).astype(float)
        b = checks.labels(function, b, len(W), "biases").astype(float)
        if not np.isfinite(b).all():
            raise checks.invalid(function, "biases", "finite", "NaN or infinity")
        if layers and W.shape[1] != len(layers[-1][0]):
            got = f"{W.shape} after {layers[-1][0].shape}"
            raise checks.invalid(function, "weights", "each with a column a unit below", got)
        layers.append((W, b))
    return layers


@dataclass(frozen=True)
class _Chords:
    """Lines in the frame of the window, a square from -1 to 1, normals of length 1.

    Along line i, ``foot + t * along``, the window lies between t = first and last.
    """

    normal: Array
    offset: Array
    foot: Array
    along: Array
    first: Array
    last: Array
    crossing: Array


def _chords(function: str, W: Array, b: Array, window: Window) -> _Chords:
    ((W, b),) = checked_layers(function, [W], [b])
    if W.shape[1] != 2:
        raise checks.invalid(function, "W", "of shape (n_units, 2)", f"shape {W.shape}")
    middle, half = frame(function, window)
    slope, offset = W * half, b + W @ middle
    length = np.linalg.norm(slope, axis=1)
    has_line = length > 0
    normal = np.divide(slope, length[:, None], out=np.zeros_like(slope), where=has_line[:, None])
    offset = np.divide(offset, length, out=np.zeros_like(offset), where=has_line)
    foot, along = -offset[:, None] * normal, normal[:, ::-1] * (1, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = np.sort(np.stack([-1 - foot, 1 - foot]) / along, axis=0)
    bounds[:, along == 0] = np.array([-np.inf, np.inf])[:, None]
    # A line crosses the square if it leaves corners on both sides.
    crossing = has_line & (np.abs(offset) < np.abs(normal).sum(axis=1) - EPS)
    return _Chords(
        normal, offset, foot, along, bounds[0].max(axis=1), bounds[1].min(axis=1), crossing
    )


def frame(function: str, window: Window) -> tuple[Array, Array]:
    """Return the middle and the half widths of the window."""
    try:
        sides = np.asarray(window, dtype=float)
    except (TypeError, ValueError):
        sides = np.zeros(0)
    if sides.shape != (2, 2) or not np.isfinite(sides).all() or (sides[:, 0] >= sides[:, 1]).any():
        raise checks.invalid(
            function, "window", "((x0, x1), (y0, y1)) with x0 < x1 and y0 < y1", window
        )
    middle: Array = sides.mean(axis=1)
    return middle, sides[:, 1] - middle
