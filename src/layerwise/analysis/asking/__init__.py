"""What a live network answered when it was asked about inputs."""

from layerwise.analysis.asking.ablation import ablation_summary
from layerwise.analysis.asking.adversarial import (
    Samples,
    keep_attacks,
    keep_twins,
    sample_pictures,
)
from layerwise.analysis.asking.attributions import (
    attribution_images,
    attribution_table,
    keep_attributions,
)
from layerwise.analysis.asking.correspondence import keep_correspondence
from layerwise.analysis.asking.feature_evolution import feature_evolution, jumps_of
from layerwise.analysis.asking.generalisation import generalisation
from layerwise.analysis.asking.invariance import (
    Invariance,
    invariance_curves,
    invariance_table,
    keep_invariance,
)
from layerwise.analysis.asking.occlusion import (
    OcclusionMaps,
    keep_occlusion,
    occlusion_of,
    occlusion_table,
    projection_pixels,
)
from layerwise.analysis.asking.preferred import (
    PreferredImages,
    keep_preferred,
    preferred_images,
    preferred_table,
)
from layerwise.analysis.asking.top import keep_top, strongest_units, top_classes, top_table
from layerwise.analysis.asking.top_images import TopImages, evolution_images, top_images
from layerwise.analysis.asking.twins import twin_summary, twin_table

__all__ = [
    "Invariance",
    "OcclusionMaps",
    "PreferredImages",
    "Samples",
    "TopImages",
    "ablation_summary",
    "attribution_images",
    "attribution_table",
    "evolution_images",
    "feature_evolution",
    "generalisation",
    "invariance_curves",
    "invariance_table",
    "jumps_of",
    "keep_attacks",
    "keep_attributions",
    "keep_correspondence",
    "keep_invariance",
    "keep_occlusion",
    "keep_preferred",
    "keep_top",
    "keep_twins",
    "occlusion_of",
    "occlusion_table",
    "preferred_images",
    "preferred_table",
    "projection_pixels",
    "sample_pictures",
    "strongest_units",
    "top_classes",
    "top_images",
    "top_table",
    "twin_summary",
    "twin_table",
]
