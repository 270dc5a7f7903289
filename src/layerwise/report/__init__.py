"""One self-contained HTML page about one or several runs."""

from __future__ import annotations

from layerwise.report.inline import script_json
from layerwise.report.page import render, sizes, write

__all__ = ["render", "script_json", "sizes", "write"]
