"""See what each layer of a neural network has learned: measured, mapped, shown.

>>> import layerwise as lw
>>> run = lw.record(model, images, to="runs/mine")          # doctest: +SKIP
>>> Y = lw.projection.TSNE().fit_transform(run.activations("relu4"))   # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from layerwise.foundation.version import VERSION

if TYPE_CHECKING:
    from layerwise import (
        analysis,
        attribution,
        data,
        figures,
        models,
        network,
        projection,
        recording,
        report,
        scores,
        store,
        studies,
        studio,
        synthesis,
        units,
    )
    from layerwise.network import targets
    from layerwise.recording import record
    from layerwise.store import Run

__version__ = VERSION

_ROOMS = (
    "analysis", "attribution", "data", "figures", "models", "network", "projection", "recording",
    "report", "scores", "store", "studies", "studio", "synthesis", "units",
)  # fmt: skip
__all__ = [
    "Run", "__version__", "analysis", "attribution", "data", "figures", "models", "network",
    "projection", "record", "recording", "report", "scores", "store", "studies", "studio",
    "synthesis", "targets", "units",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a room when it is first used, so that `import layerwise` stays cheap."""
    if name in _ROOMS:
        return importlib.import_module(f"layerwise.{name}")
    if name == "targets":
        return importlib.import_module("layerwise.network.targets")
    if name == "record":
        return importlib.import_module("layerwise.recording").record
    if name == "Run":
        return importlib.import_module("layerwise.store").Run
    raise AttributeError(f"module 'layerwise' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
