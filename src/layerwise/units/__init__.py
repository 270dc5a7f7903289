"""Units of a layer: alive or dead, alike or apart, and which class each tells from the rest."""

from layerwise.units.discrimination import discrimination
from layerwise.units.dissimilarity import dissimilarity, duplicates
from layerwise.units.ranking import Agreement, agreement, power, roles
from layerwise.units.statistics import contrast, statistics

__all__ = [
    "Agreement",
    "agreement",
    "contrast",
    "discrimination",
    "dissimilarity",
    "duplicates",
    "power",
    "roles",
    "statistics",
]
