"""Data sets: published ones by name, and your own pictures or arrays, all as one `DataSet`."""

from __future__ import annotations

from layerwise.data.catalog import NAMES, load
from layerwise.data.dataset import DataSet
from layerwise.data.faces import face_parts
from layerwise.data.images import read_images
from layerwise.data.listed import read_listed
from layerwise.data.npz import read_npz
from layerwise.data.polarity import edges, polarity

__all__ = [
    "NAMES", "DataSet", "edges", "face_parts", "load", "polarity", "read_images", "read_listed",
    "read_npz",
]  # fmt: skip
