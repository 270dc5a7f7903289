"""Pictures of arrays: projections, scores by layer, confusion, the observations themselves."""

from layerwise.figures.color import DISTINCT, MISSING, SEQUENTIAL, class_colors
from layerwise.figures.curves import layer_curves, training_curves
from layerwise.figures.grid import Panel, small_multiples
from layerwise.figures.matrix import confusion
from layerwise.figures.render import save, to_png, to_svg
from layerwise.figures.scatter import scatter
from layerwise.figures.sheet import contact_sheet

__all__ = [
    "DISTINCT",
    "MISSING",
    "SEQUENTIAL",
    "Panel",
    "class_colors",
    "confusion",
    "contact_sheet",
    "layer_curves",
    "save",
    "scatter",
    "small_multiples",
    "to_png",
    "to_svg",
    "training_curves",
]
