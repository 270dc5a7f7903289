"""Recording: run a network over data once and write its hidden activity to a run."""

from layerwise.recording.budget import Plan
from layerwise.recording.recorder import plan, recompute, record

__all__ = ["Plan", "plan", "recompute", "record"]
