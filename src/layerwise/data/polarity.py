"""Light on dark or dark on light: how to measure it on a picture, and how to erase it.

Rauber et al. 2017 found two clusters per digit in their network for SVHN, one for each polarity
(Fig. 6), and one cluster after training on pictures of edges, which both polarities share (Fig. 7).
The edges are Sobel's, with a Gaussian blur; its width, and which comes first, are not known here
and therefore parameters. Nothing is drawn at random. Leaves out learned edge detectors.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Images, OneChannel, PerObservation

ORDERS = ("blur first", "edges first")

LUMA = (0.299, 0.587, 0.114)
"""How light red, green and blue look (ITU-R BT.601): what Pillow takes for grey as well."""

MARGINS = (1 / 8, 1 / 3)
"""What is border above, below, and left, right of the centre, as shares of height and width.

A street number is cut so that the digit fills the height, and its neighbours stand left and right.
Chosen on 106 pictures of SVHN, judged by eye: the sign of 95 % is right (area under the curve
0.996), of all that are beyond 0.03 every one; of a square window of this height 80 %.
"""

GAIN = 4
"""What Sobel's operator makes of a straight step of height 1."""

BLOCK = 1024
"""Pictures in double precision at once: 8 MB for 32x32."""


def edges(
    pictures: Images, *, sigma: float = 1.0, order: str = "blur first", normalize: bool = False
) -> OneChannel:
    r"""Draw edges light on dark, whichever of its two sides is the darker one.

    .. math:: E = \sqrt{(S_x * G_\sigma * I)^2 + (S_y * G_\sigma * I)^2} \quad\text{or}\quad
              E = G_\sigma * \sqrt{(S_x * I)^2 + (S_y * I)^2}

    with I the grey picture, :math:`S_x, S_y` Sobel's two operators and :math:`G_\sigma` a Gaussian.
    A picture and its negative, 255 - I, have the same edges (to rounding): the polarity is gone.

    Parameters
    ----------
    pictures : (n_observations, height, width, 1 or 3) uint8
        Colours become grey as they look (ITU-R BT.601).
    sigma : standard deviation of the blur in pixels, from 0 (none) to the longer side
    order : "blur first" (noise is gone before edges are sought) or "edges first"
    normalize : bool
        False: one scale for all pictures, on which a straight step from black to white has 255;
        what is above, at its corners, is cut. True: the strongest edge of each picture has 255, so
        that contrast is erased as well; edges below 1 grow 255-fold and no more.

    Returns
    -------
    (n_observations, height, width, 1) uint8
        Outside the picture its outermost pixels go on, so its rim is no edge.

    Raises
    ------
    InvalidType, InvalidValue
        If the pictures are not uint8 or not of this shape, or another argument is out of range.

    References
    ----------
    Rauber et al. 2017, Fig. 7; Sobel and Feldman 1968.

    Examples
    --------
    >>> step = np.repeat([0, 0, 255, 255], 4).reshape(1, 4, 4, 1).astype(np.uint8)
    >>> edges(step, sigma=0)[0, :, 0, 0].tolist()
    [0, 255, 255, 0]
    >>> bool((edges(255 - step) == edges(step)).all())
    True
    """
    from scipy.ndimage import correlate1d, gaussian_filter

    shape = _shape("edges", pictures)
    sigma = checks.number("edges", "sigma", sigma, 0, max(shape[1:3]))
    checks.choice("edges", "order", order, ORDERS)

    def blur(grey: Array) -> Array:
        blurred: Array = gaussian_filter(grey, sigma, mode="nearest", axes=(1, 2))
        return blurred

    def slope(grey: Array, along: int, across: int) -> Array:
        # ndimage.sobel would smooth along the stack of pictures too.
        steps = correlate1d(grey, [-1, 0, 1], along, mode="nearest")
        smooth: Array = correlate1d(steps, [1, 2, 1], across, mode="nearest")
        return smooth

    def magnitude(grey: Array) -> Array:
        return np.hypot(slope(grey, 1, 2), slope(grey, 2, 1)) / GAIN

    drawn = np.empty((*shape[:3], 1), np.uint8)
    for rows, grey in _grey(pictures):
        strength = magnitude(blur(grey)) if order == "blur first" else blur(magnitude(grey))
        if normalize:
            strongest = strength.max(axis=(1, 2), keepdims=True)
            strength *= 255 / np.maximum(strongest, 1)
        drawn[rows, :, :, 0] = np.rint(np.minimum(strength, 255))
    return drawn


def polarity(pictures: Images) -> PerObservation:
    """Mean grey of the centre minus that of the border: positive where it is light on dark.

    The centre is the middle third of the width and the middle three quarters of the height
    (:data:`MARGINS`), where the digit of a street number stands; the border is all the rest.

    Parameters
    ----------
    pictures : (n_observations, height, width, 1 or 3) uint8, at least 3 pixels wide

    Returns
    -------
    (n_observations,) of float64 in [-1, 1]
        1: white on black. Within 0.03 of 0 the sign is unsure. The negative of a picture has the
        negative polarity.

    Raises
    ------
    InvalidType, InvalidValue
        If the pictures are not uint8 or not of this shape.

    Examples
    --------
    >>> bar = np.zeros((1, 8, 9, 1), np.uint8)
    >>> bar[:, 1:7, 3:6] = 255
    >>> polarity(bar).tolist(), polarity(255 - bar).tolist()
    ([1.0], [-1.0])
    """
    height, width = _shape("polarity", pictures)[1:3]
    if width < 3:
        raise checks.invalid("polarity", "pictures", "at least 3 pixels wide", f"{width}")
    top, left = round(height * MARGINS[0]), round(width * MARGINS[1])
    centre = np.zeros((height, width), bool)
    centre[top : height - top, left : width - left] = True
    values = np.empty(len(pictures))
    for rows, grey in _grey(pictures):
        values[rows] = grey[:, centre].mean(axis=1) - grey[:, ~centre].mean(axis=1)
    return values / 255


def _shape(function: str, pictures: Images) -> tuple[int, ...]:
    """Return the shape of what must be uint8 pictures."""
    if not isinstance(pictures, np.ndarray) or pictures.dtype != np.uint8:
        got = getattr(pictures, "dtype", type(pictures).__name__)
        raise checks.InvalidType(f"{function}: pictures must be a uint8 array; got {got}.")
    shape = tuple(pictures.shape)
    if len(shape) != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise checks.invalid(
            function, "pictures", "of shape (n_observations, height, width, 1 or 3), not empty",
            f"shape {shape}", "Channels come last, as in DataSet.observations.",
        )  # fmt: skip
    return shape


def _grey(pictures: Images) -> Iterator[tuple[slice, Array]]:
    """Yield ``(rows, their grey values in [0, 255])``."""
    weights = LUMA if pictures.shape[3] == 3 else (1.0,)
    for start in range(0, len(pictures), BLOCK):
        rows = slice(start, start + BLOCK)
        yield rows, pictures[rows] @ np.array(weights)
