"""Pictures of arrays: projections, trails, scores by layer, confusion, the observations."""

from layerwise.figures.color import DISTINCT, DIVERGING, MISSING, SEQUENTIAL, class_colors
from layerwise.figures.curves import layer_curves, time_curves, training_curves
from layerwise.figures.grid import small_multiples
from layerwise.figures.matrix import confusion, confusions, top_units
from layerwise.figures.panel import Panel
from layerwise.figures.render import save, to_png, to_svg
from layerwise.figures.scatter import scatter
from layerwise.figures.sheet import contact_sheet
from layerwise.figures.trails import trails

__all__ = [
    "DISTINCT",
    "DIVERGING",
    "MISSING",
    "SEQUENTIAL",
    "Panel",
    "class_colors",
    "confusion",
    "confusions",
    "contact_sheet",
    "layer_curves",
    "save",
    "scatter",
    "small_multiples",
    "time_curves",
    "to_png",
    "to_svg",
    "top_units",
    "trails",
    "training_curves",
]
