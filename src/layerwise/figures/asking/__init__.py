"""What a live network answered when it was asked about inputs."""

from layerwise.figures.asking.ablation import ablation
from layerwise.figures.asking.adversarial import adversarial_samples
from layerwise.figures.asking.attributions import attributions
from layerwise.figures.asking.correspondence import correspondence
from layerwise.figures.asking.feature_evolution import feature_evolution
from layerwise.figures.asking.invariance import invariance
from layerwise.figures.asking.occlusion import occlusion_maps
from layerwise.figures.asking.preferred import (
    nearest_sheet,
    preferred_sheet,
    preferred_tiles,
    unit_card,
)
from layerwise.figures.asking.radius import radius_curves
from layerwise.figures.asking.top import top_names, top_patches, top_tiles
from layerwise.figures.asking.twins import twin_curves, twin_maps

__all__ = [
    "ablation",
    "adversarial_samples",
    "attributions",
    "correspondence",
    "feature_evolution",
    "invariance",
    "nearest_sheet",
    "occlusion_maps",
    "preferred_sheet",
    "preferred_tiles",
    "radius_curves",
    "top_names",
    "top_patches",
    "top_tiles",
    "twin_curves",
    "twin_maps",
    "unit_card",
]
