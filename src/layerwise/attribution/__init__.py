"""What in an input an answer rests on: gradients, projections back to pixels, occlusion."""

from layerwise.attribution.correspondence import correspondence
from layerwise.attribution.deconvnet import project
from layerwise.attribution.explanation import Explanation, explain, predicted_classes, unlearn
from layerwise.attribution.grad_cam import grad_cam
from layerwise.attribution.gradients import (
    deconvolution,
    gradient,
    guided_backpropagation,
    input_x_gradient,
    integrated_gradients,
    smoothgrad,
)
from layerwise.attribution.invariance import invariance
from layerwise.attribution.methods import METHODS, Method, attribute
from layerwise.attribution.moves import transformed
from layerwise.attribution.occlusion import occlusion, occlusion_maps
from layerwise.attribution.on_demand import OnDemand
from layerwise.attribution.patches import TopPatches, patches, top_patches
from layerwise.attribution.sanity import Completeness, Curve, completeness, curve, randomized

__all__ = [
    "METHODS",
    "Completeness",
    "Curve",
    "Explanation",
    "Method",
    "OnDemand",
    "TopPatches",
    "attribute",
    "completeness",
    "correspondence",
    "curve",
    "deconvolution",
    "explain",
    "grad_cam",
    "gradient",
    "guided_backpropagation",
    "input_x_gradient",
    "integrated_gradients",
    "invariance",
    "occlusion",
    "occlusion_maps",
    "patches",
    "predicted_classes",
    "project",
    "randomized",
    "smoothgrad",
    "top_patches",
    "transformed",
    "unlearn",
]
