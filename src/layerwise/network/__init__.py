"""A live network: its layers by address, watched without being changed."""

from layerwise.network.sites import ModelError, Site, Survey, select
from layerwise.network.trace import survey, unwrap, watch

__all__ = ["ModelError", "Site", "Survey", "select", "survey", "unwrap", "watch"]
