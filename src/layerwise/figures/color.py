"""Colours: one per class, the same in every figure; ramps for numbers; grey for missing.

Class k has colour k whichever classes a figure happens to show. The first ten are Paul Tol's
*muted* scheme and black: under simulated red-green blindness the nearest two of them are 3 times as
far apart (CIE76 distance 15) as in matplotlib's default cycle (4.6). Ten are as many as anyone
tells apart reliably; the next ten are their tints, and beyond 20 the hues are evenly spaced, which
shows structure but names no class.

Source: Paul Tol, Colour Schemes, technical note SRON/EPS/TN/09-002 (2021).
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_hex, to_rgb, to_rgba_array

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units.pictures.pixels import MISSING as MISSING
from layerwise.units.pictures.pixels import POSITIVE, SIGNED

DISTINCT = (
    "#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE", "#882255", "#44AA99", "#999933",
    "#AA4499", "#000000",
)  # fmt: skip
"""Ten class colours that colour-blind readers tell apart."""

PALE = SIGNED[len(SIGNED) // 2]
"""What fades, fades to this: a weak unit, the beginning of a trail, a silent neuron."""

SEQUENTIAL = LinearSegmentedColormap.from_list("layerwise", POSITIVE)
"""One neuron's activation: light grey is silent, dark brown is strongest; lightness only falls."""

DIVERGING = LinearSegmentedColormap.from_list("layerwise diverging", SIGNED)
"""Numbers of both signs: light grey is zero, above it as :data:`SEQUENTIAL`, below it blues."""

SHARE = LinearSegmentedColormap.from_list("layerwise share", ["#FFFFFF", "#88CCEE", "#332288"])
"""A share from 0 to 1, on paper."""


def class_colors(n_classes: int) -> list[str]:
    """Return the hex colours of classes 0 to n - 1.

    Examples
    --------
    >>> class_colors(2)
    ['#CC6677', '#332288']
    """
    checks.integer("class_colors", "n_classes", n_classes, 0)
    tints = [to_hex(_halfway_to_white(*to_rgb(color))) for color in DISTINCT]
    # Golden-angle steps keep consecutive classes far apart in hue, three levels in lightness.
    spaced = [
        to_hex(colorsys.hls_to_rgb(k * 0.618034 % 1, (0.35, 0.5, 0.65)[k % 3], 0.7))
        for k in range(n_classes - 20)
    ]
    return [*DISTINCT, *tints, *spaced][:n_classes]


def fade(colors: Array, strength: Array) -> Array:
    """Return RGB colours, faded to :data:`PALE` where strength is 0 and unchanged where it is 1.

    Examples
    --------
    >>> fade(np.zeros((2, 3)), np.array([1.0, 0.5])).round(2).tolist()
    [[0.0, 0.0, 0.0], [0.43, 0.43, 0.43]]
    """
    pale = np.array(to_rgb(PALE))
    faded: Array = pale + (colors - pale) * strength[:, None]
    return faded


def point_colors(codes: Array, n_classes: int) -> Array:
    """Return the RGB colour of each class number; of -1, that of missing."""
    palette: Array = to_rgba_array([*class_colors(n_classes), MISSING])[:, :3]
    return palette[codes]


def ramp(numbers: Array) -> ScalarMappable:
    """Return the scale from numbers to colours: symmetric about zero if they have both signs."""
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    if low < 0 < high:
        most = max(-low, high)
        return ScalarMappable(Normalize(-most, most), DIVERGING.with_extremes(bad=MISSING))
    return ScalarMappable(Normalize(low, high), SEQUENTIAL.with_extremes(bad=MISSING))


def classes_of(
    function: str, labels: object, n: int, class_names: Sequence[str] | None
) -> tuple[Array, list[str]]:
    """Return each observation's class number (-1: missing) and the names of all classes.

    With `class_names`, integer labels index them (-1: missing) and other labels must be among
    them; so a class keeps its number, and colour, in a figure where others are absent. Without,
    classes are the sorted labels, and -1 is one like any other.
    """
    import pandas as pd

    values = pd.Series(checks.labels(function, labels, n))
    present = values.notna().to_numpy()
    codes = np.full(n, -1)
    if class_names is None:
        found, known = pd.factorize(values, sort=True)
        return np.asarray(found), [_name(name) for name in known]
    names = [str(name) for name in class_names]
    if values.dtype.kind in "iuf":
        codes[present] = values[present].astype(int)
        if (codes[present] < -1).any() or (codes >= len(names)).any():
            raise checks.invalid(
                function, "labels", f"in [0, {len(names) - 1}] for {len(names)} class names",
                f"{codes[present].min()} to {codes.max()}",
            )  # fmt: skip
        return codes, names
    number = {name: k for k, name in enumerate(names)}
    for row in np.flatnonzero(present):
        name = str(values.iloc[row])
        if name not in number:
            raise checks.not_found("class", name, f"{function}'s class_names", names)
        codes[row] = number[name]
    return codes, names


def _halfway_to_white(red: float, green: float, blue: float) -> tuple[float, float, float]:
    return (1 + red) / 2, (1 + green) / 2, (1 + blue) / 2


def _name(label: object) -> str:
    """Return a label as text; 3.0, an integer beside missing labels, is 3."""
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return str(label)
