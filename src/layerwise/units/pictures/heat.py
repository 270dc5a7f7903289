"""Maps of importance over the positions of an input, as pictures on their own or over the input.

A map may have both signs: blue speaks against, brown for. Leaves out where maps come from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.units.pictures import pixels

CLIPPED = 0.005
"""Share of a map's values that may lie beyond the end of its colours: a gradient has outliers."""

PHOTOGRAPH = 64
"""Pixels: of the shorter side of a picture that is large enough to lie under a map."""

_PAPER = 220.0
"""How light the ramps are at 0, where what lies under a map stays as it is."""

_DARKEST = 110.0
"""How light black becomes under a map, so that dark colours of the map are seen on it."""


@dataclass(frozen=True, eq=False)
class HeatImages:
    """Maps as pictures.

    Attributes
    ----------
    pixels : (n, height, width, 3) uint8
    limits : (n,) the value at which the colours of each map end
    signed : (n,) bool, whether the map has values below 0, and colours are for both signs
    """

    pixels: Array
    limits: Array
    signed: Array

    def name(self, k: int) -> str:
        """Return where the colours of a map end, in words.

        Examples
        --------
        >>> images = heat_images(np.array([[[0.0, 2.0]], [[-0.5, 0.25]]]))
        >>> images.name(0), images.name(1)
        ('0–2', '±0.5')
        """
        limit = f"{self.limits[k]:.2g}"
        if not self.limits[k]:
            return "all 0"
        return f"±{limit}" if self.signed[k] else f"0–{limit}"


def heat_images(maps: Array, *, over: Array | None = None) -> HeatImages:
    """Return maps in colour, each on its own scale, 0 always light grey.

    Parameters
    ----------
    maps : (n, height, width), any unit; NaN has a colour of its own, infinity that of the end
        Colours end at the largest absolute value of a map but for :data:`CLIPPED` of its positions.
    over : (n, height, width, 1 or 3) uint8, optional
        Pictures to lie under the maps, in grey and lightened, where they are photographs (at least
        :data:`PHOTOGRAPH` pixels a side); the maps colour them.

    Returns
    -------
    HeatImages

    Raises
    ------
    UserError
        If maps are no stack of planes, or pictures are of another size.

    Examples
    --------
    >>> heat_images(np.array([[[0.0, 2.0], [-2.0, 0.0]]])).pixels[0, :, 0].tolist()
    [[220, 220, 220], [11, 31, 75]]
    """
    A = np.asarray(maps)
    if A.ndim != 3 or not A.size or A.dtype.kind not in "fiub":
        raise checks.invalid(
            "heat_images", "maps", "(n, height, width)", f"{A.dtype} of shape {A.shape}"
        )
    sizes = np.nan_to_num(np.abs(A.astype(np.float64)), posinf=0).reshape(len(A), -1)
    limits = np.quantile(sizes, 1 - CLIPPED, axis=1, method="higher")
    limits = np.where(limits > 0, limits, sizes.max(axis=1))
    signed = np.array([bool((one < 0).any()) for one in A])
    ends = limits[:, None, None]
    colored = np.where(
        signed[:, None, None, None], pixels.signed(A, ends), pixels.positive(A, ends)
    )
    if over is not None:
        under = np.asarray(over)
        if under.shape[:3] != A.shape or under.dtype != np.uint8:
            raise checks.invalid(
                "heat_images", "over", f"{(*A.shape, 3)} uint8", f"{under.dtype} {under.shape}"
            )
        if min(A.shape[1:]) >= PHOTOGRAPH:
            colored = _tinted(under, colored)
    return HeatImages(colored, limits, signed)


def _tinted(pictures: Array, colors: Array) -> Array:
    """Return grey pictures multiplied by colours that are light where a map is 0."""
    grey = pictures.mean(axis=3, keepdims=True)
    light = _DARKEST + (255 - _DARKEST) * grey / 255
    tinted: Array = np.clip(light * colors / _PAPER, 0, 255).round().astype(np.uint8)
    return tinted
