"""The sections of the report, in order: the literal list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from layerwise.report.blocks import Section
from layerwise.report.errors import errors
from layerwise.report.evolution import evolution
from layerwise.report.explore import explore
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


def sections(runs: Sequence[Run], *, full: bool = False, interactive: bool = True) -> list[Section]:
    """Return the parts of the page that the runs hold something for, in order.

    Parameters
    ----------
    runs : seeds of one network
    full, interactive : as in :func:`layerwise.report.render`
    """
    makers: tuple[Callable[[Sequence[Run]], Section | None], ...] = (
        findings, hypotheses, *([partial(explore, full=full)] if interactive else []), layers, maps,
        reveal, evolution, neurons, errors, training, health, method,
    )  # fmt: skip
    return [section for make in makers if (section := make(runs)) is not None]
