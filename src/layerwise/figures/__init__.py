"""Pictures of arrays: projections, trails, scores by layer, confusion, the observations."""

from layerwise.figures.asking import (
    ablation,
    adversarial_samples,
    attributions,
    correspondence,
    feature_evolution,
    invariance,
    nearest_sheet,
    occlusion_maps,
    preferred_sheet,
    preferred_tiles,
    radius_curves,
    top_names,
    top_patches,
    top_tiles,
    twin_curves,
    twin_maps,
    unit_card,
)
from layerwise.figures.class_maps import class_maps
from layerwise.figures.class_matrix import class_matrix
from layerwise.figures.color import DISTINCT, DIVERGING, MISSING, SEQUENTIAL, class_colors
from layerwise.figures.curves import layer_curves, time_curves, training_curves
from layerwise.figures.distributions import unit_boxes, unit_fans
from layerwise.figures.feature_maps import feature_maps, map_tiles
from layerwise.figures.filters import filter_sheet, filter_tiles
from layerwise.figures.grid import small_multiples
from layerwise.figures.matrix import confusion, confusions, top_units
from layerwise.figures.observation import observation, one_unit
from layerwise.figures.panel import Panel
from layerwise.figures.plane import Plane, plane
from layerwise.figures.receptive_field import MOST_BOXES, receptive_field
from layerwise.figures.render import save, to_png, to_svg
from layerwise.figures.scatter import scatter
from layerwise.figures.sheet import contact_sheet
from layerwise.figures.states import STATES, unit_states
from layerwise.figures.tiles import Key, Tiles, tiles
from layerwise.figures.traces import Trace, traces
from layerwise.figures.trails import trails
from layerwise.figures.winners import winner_maps

__all__ = [
    "DISTINCT",
    "DIVERGING",
    "MISSING",
    "MOST_BOXES",
    "SEQUENTIAL",
    "STATES",
    "Key",
    "Panel",
    "Plane",
    "Tiles",
    "Trace",
    "ablation",
    "adversarial_samples",
    "attributions",
    "class_colors",
    "class_maps",
    "class_matrix",
    "confusion",
    "confusions",
    "contact_sheet",
    "correspondence",
    "feature_evolution",
    "feature_maps",
    "filter_sheet",
    "filter_tiles",
    "invariance",
    "layer_curves",
    "map_tiles",
    "nearest_sheet",
    "observation",
    "occlusion_maps",
    "one_unit",
    "plane",
    "preferred_sheet",
    "preferred_tiles",
    "radius_curves",
    "receptive_field",
    "save",
    "scatter",
    "small_multiples",
    "tiles",
    "time_curves",
    "to_png",
    "to_svg",
    "top_names",
    "top_patches",
    "top_tiles",
    "top_units",
    "traces",
    "trails",
    "training_curves",
    "twin_curves",
    "twin_maps",
    "unit_boxes",
    "unit_card",
    "unit_fans",
    "unit_states",
    "winner_maps",
]
