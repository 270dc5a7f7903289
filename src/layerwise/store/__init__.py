"""The run on disk: what a network did, written once, checked on every first read."""

from __future__ import annotations

from layerwise.store.activations import Activations
from layerwise.store.commits import Append
from layerwise.store.contain import contain, slug
from layerwise.store.durable import StoreError
from layerwise.store.manifest import Checkpoint, Layer
from layerwise.store.run import Run

__all__ = ["Activations", "Append", "Checkpoint", "Layer", "Run", "StoreError", "contain", "slug"]
