"""A live network: its layers by address, watched without being changed."""

from layerwise.network.allocator import keep_freed_memory
from layerwise.network.from_layer import from_layer
from layerwise.network.layout import channel_axes
from layerwise.network.model import unwrap
from layerwise.network.parameters import Kernel, kernels
from layerwise.network.question import Question, question
from layerwise.network.receptive_field import ReceptiveField, receptive_fields
from layerwise.network.rectifiers import Rectifiers, rectifiers
from layerwise.network.sites import ModelError, Site, Survey, select
from layerwise.network.targets import Target, as_target
from layerwise.network.trace import survey, watch
from layerwise.network.weights import apply_weights, load_weights

__all__ = [
    "Kernel", "ModelError", "Question", "ReceptiveField", "Rectifiers", "Site", "Survey", "Target",
    "apply_weights", "as_target", "channel_axes", "from_layer", "keep_freed_memory", "kernels",
    "load_weights", "question", "receptive_fields", "rectifiers", "select", "survey", "unwrap",
    "watch",
]  # fmt: skip
