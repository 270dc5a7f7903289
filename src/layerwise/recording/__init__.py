"""Recording: run a network over data once and write its hidden activity to a run."""

from layerwise.recording.budget import Plan
from layerwise.recording.one import FeatureMaps, activations
from layerwise.recording.recorder import plan, recompute, record
from layerwise.recording.tally import tally
from layerwise.recording.top import Top, top

__all__ = [
    "FeatureMaps", "Plan", "Top", "activations", "plan", "recompute", "record", "tally", "top",
]  # fmt: skip
