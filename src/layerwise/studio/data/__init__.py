"""The data contract: what a page may ask of some runs, and the bytes that it gets."""

from __future__ import annotations

from layerwise.studio.data.contents import Contents

__all__ = ["Contents"]
