"""Linked views of recorded runs: the data that a page reads, the page, and who serves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerwise.studio.data import Contents

if TYPE_CHECKING:
    from layerwise.studio.bundle.embed import Embedded, embed
    from layerwise.studio.host.server import serve
    from layerwise.studio.widget import Studio

__all__ = ["Contents", "Embedded", "Studio", "embed", "serve"]

_HOMES = {
    "Embedded": "bundle.embed",
    "Studio": "widget",
    "embed": "bundle.embed",
    "serve": "host.server",
}


def __getattr__(name: str) -> Any:
    """Import a host when it is asked for: a page needs no server, a server no notebook."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'layerwise.studio' has no attribute {name!r}")
    return getattr(importlib.import_module(f"layerwise.studio.{_HOMES[name]}"), name)
