"""What in an input a network's answer rests on: gradients, projections back to pixels, occlusion."""

__all__: list[str] = []
