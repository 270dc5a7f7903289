"""Published experiments, runnable on the user's data, with the published numbers beside ours."""

from layerwise.studies.ablation import Variant, ablation
from layerwise.studies.deconvnet import deconvnet
from layerwise.studies.filter_statistics import filter_statistics
from layerwise.studies.hidden_activity import hidden_activity
from layerwise.studies.lines import Lines, lines, lines_of
from layerwise.studies.parameters import parameters
from layerwise.studies.preferred_inputs import preferred_inputs

__all__ = [
    "Lines", "Variant", "ablation", "deconvnet", "filter_statistics", "hidden_activity", "lines",
    "lines_of", "parameters", "preferred_inputs",
]  # fmt: skip
