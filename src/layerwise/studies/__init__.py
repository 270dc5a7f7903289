"""Published experiments, runnable on the user's data, with the published numbers beside ours."""

from layerwise.studies.hidden_activity import hidden_activity

__all__ = ["hidden_activity"]
