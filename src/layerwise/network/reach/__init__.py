"""Which input positions the values of a forward can depend on."""

from layerwise.network.reach.follow import Reach

__all__ = ["Reach"]
