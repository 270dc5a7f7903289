"""Pictures of one size side by side in sheets, as browsers decode them fast: WebP of 2,048 pixels.

One request and one decoding for thousands of thumbnails. Pictures so small that a lossy code would
smear them are kept exactly. Leaves out pictures of different sizes.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerwise.foundation.shapes import Array

SIDE = 2048
"""Pixels of a sheet at most, in width and height: phones hold no much larger texture."""

EXACT = 16
"""Pictures with no side as long as this are stored without loss."""

QUALITY = 70
"""Of lossy WebP: about 100 bytes for 28 x 28 pixels."""


@dataclass(frozen=True)
class Layout:
    """How pictures lie in sheets: row by row, sheet by sheet.

    Parameters
    ----------
    width, height : int in [1, SIDE]
        Of each, in pixels.
    count : int
        How many there are.
    """

    width: int
    height: int
    count: int

    @property
    def columns(self) -> int:
        """Pictures in a row of a sheet."""
        return max(1, min(SIDE // self.width, self.count))

    @property
    def per_sheet(self) -> int:
        """Pictures in a sheet; the last has fewer."""
        return self.columns * (SIDE // self.height)

    @property
    def n_sheets(self) -> int:
        """Number of sheets."""
        return math.ceil(self.count / self.per_sheet)

    def part(self, sheet: int) -> slice:
        """Return which pictures lie in a sheet."""
        return slice(sheet * self.per_sheet, min((sheet + 1) * self.per_sheet, self.count))

    def shape(self, sheet: int) -> tuple[int, int]:
        """Return height and width of a sheet in pixels."""
        part = self.part(sheet)
        rows = math.ceil((part.stop - part.start) / self.columns)
        return rows * self.height, self.columns * self.width


SHARP = 2
"""How much longer a sheet may be without loss, where pictures are drawings with hard edges."""


def webp(pictures: Array, columns: int, quality: int = QUALITY, *, sharp: bool = False) -> bytes:
    """Return pictures side by side as one WebP.

    Parameters
    ----------
    pictures : (n, height, width, 1 or 3) uint8
    columns : int
        Pictures in a row; what is left of the last row is black.
    quality : int in [0, 100]
        Of lossy WebP.
    sharp : bool
        Store without loss what then takes at most :data:`SHARP` times the bytes: drawings, not
        photographs.
    """
    from PIL import Image

    n, height, width, n_channels = pictures.shape
    rows = math.ceil(n / columns)
    sheet = np.zeros((rows * columns, height, width, n_channels), np.uint8)
    sheet[:n] = pictures
    grid = sheet.reshape(rows, columns, height, width, n_channels).swapaxes(1, 2)
    pixels = grid.reshape(rows * height, columns * width, n_channels)
    image = Image.fromarray(pixels[:, :, 0] if n_channels == 1 else pixels)
    exact = max(width, height) < EXACT
    found = _coded(image, lossless=exact, quality=quality)
    if exact or not sharp:
        return found
    same = _coded(image, lossless=True, quality=quality)
    return same if len(same) <= SHARP * len(found) else found


def _coded(image: Any, **how: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, "WEBP", method=4, **how)
    return content.getvalue()
