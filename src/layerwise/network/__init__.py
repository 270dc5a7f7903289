"""A live network: its layers by address, watched without being changed."""

from layerwise.network.allocator import keep_freed_memory
from layerwise.network.layout import channel_axes
from layerwise.network.model import unwrap
from layerwise.network.parameters import Kernel, kernels
from layerwise.network.receptive_field import ReceptiveField, receptive_fields
from layerwise.network.sites import ModelError, Site, Survey, select
from layerwise.network.trace import survey, watch
from layerwise.network.weights import apply_weights, load_weights

__all__ = [
    "Kernel", "ModelError", "ReceptiveField", "Site", "Survey", "apply_weights", "channel_axes",
    "keep_freed_memory", "kernels", "load_weights", "receptive_fields", "select", "survey",
    "unwrap", "watch",
]  # fmt: skip
