"""The sections of the report, in order: the literal list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from layerwise.report.blocks import Section
from layerwise.report.errors import errors
from layerwise.report.evolution import evolution
from layerwise.report.findings import findings
from layerwise.report.health import health
from layerwise.report.hypotheses import hypotheses
from layerwise.report.layers import layers
from layerwise.report.maps import maps
from layerwise.report.method import method
from layerwise.report.neurons import neurons
from layerwise.report.reveal import reveal
from layerwise.report.training import training

if TYPE_CHECKING:
    from layerwise.store import Run

SECTIONS: tuple[Callable[[Sequence[Run]], Section | None], ...] = (
    findings, hypotheses, layers, maps, reveal, evolution, neurons, errors, training, health,
    method,
)  # fmt: skip
"""Each takes the runs and returns its part of the page, or None if they hold nothing for it."""
