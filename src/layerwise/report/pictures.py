"""The observations as pictures: some of them, or the mean of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    from layerwise.store import Activations

MOST = 40
"""Pictures on one contact sheet."""


def at(thumbnails: Activations, rows: Array) -> Array:
    """Return the pictures of these rows, (n, height, width, channels) uint8."""
    return np.asarray(thumbnails[rows]).reshape(len(rows), *thumbnails.unit_shape)


def means(thumbnails: Activations, groups: Sequence[Array]) -> Array:
    """Return the mean picture of each group of rows, (n_groups, height, width, channels) uint8."""
    pictures = [at(thumbnails, rows).mean(axis=0, dtype=np.float64) for rows in groups]
    return np.stack(pictures).round().astype(np.uint8)
