"""A live network: its layers by address, watched without being changed."""

from layerwise.network.allocator import keep_freed_memory
from layerwise.network.model import unwrap
from layerwise.network.sites import ModelError, Site, Survey, select
from layerwise.network.trace import survey, watch
from layerwise.network.weights import apply_weights, load_weights

__all__ = [
    "ModelError", "Site", "Survey", "apply_weights", "keep_freed_memory", "load_weights", "select",
    "survey", "unwrap", "watch",
]  # fmt: skip
