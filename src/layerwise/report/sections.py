"""The sections of the report, in order: the literal list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from layerwise.report.activity import activity
from layerwise.report.asking.ablation import ablation
from layerwise.report.asking.adversarial import adversarial
from layerwise.report.asking.attributions import attributions
from layerwise.report.asking.correspondence import correspondence
from layerwise.report.asking.generalisation import generalisation
from layerwise.report.asking.invariance import invariance
from layerwise.report.asking.occlusion import occlusion
from layerwise.report.asking.preferred import preferred
from layerwise.report.asking.top import feature_evolution, top
from layerwise.report.blocks import Block, Figure, Frames, Section
from layerwise.report.class_statistics import class_statistics
from layerwise.report.errors import errors
from layerwise.report.evolution import evolution
from layerwise.report.explore import explore
from layerwise.report.feature_maps import feature_maps
from layerwise.report.filters import filters
from layerwise.report.findings import findings
from layerwise.report.health import health
from layerwise.report.hypotheses import hypotheses
from layerwise.report.layers import layers
from layerwise.report.lines import lines
from layerwise.report.maps import maps
from layerwise.report.method import method
from layerwise.report.neurons import neurons
from layerwise.report.reveal import reveal
from layerwise.report.training import training

if TYPE_CHECKING:
    from layerwise.store import Run

STILL: tuple[Callable[[Sequence[Run]], Section | None], ...] = (
    findings, hypotheses, lines, layers, maps, reveal, evolution, neurons, filters, feature_maps,
    top, feature_evolution, attributions, occlusion, invariance, correspondence, ablation,
    generalisation, preferred, adversarial, activity, class_statistics, errors, training, health,
    method,
)  # fmt: skip

PAGE = 5_000_000
"""Bytes of a page that can be mailed; pictures first, and the studio has what they leave."""

REST = 450_000
"""Bytes of text, styles and scripts, about."""

LEAST = 1_500_000
"""Bytes that the studio needs to be of use."""


def sections(runs: Sequence[Run], *, full: bool = False, interactive: bool = True) -> list[Section]:
    """Return the parts of the page that the runs hold something for, in order.

    What the network shows at first glance, the studio to look for oneself, and then one question
    after the other.

    Parameters
    ----------
    runs : seeds of one network
    full, interactive : as in :func:`layerwise.report.render`
    """
    found = [section for make in STILL if (section := make(runs)) is not None]
    if not interactive:
        return [replace(section, blocks=_still(section)) for section in found]
    budget = max(PAGE - REST - _pictures(found), LEAST)
    studio = explore(runs, full=full, budget=budget)
    place = int(bool(found) and found[0].id == "findings")
    found[place:place] = [] if studio is None else [studio]
    return found


def _pictures(found: Sequence[Section]) -> int:
    """Return the bytes of the pictures in the page, where they are base64."""
    blocks = [block for section in found for block in section.blocks]
    pictures = [block.png for block in blocks if isinstance(block, Figure)]
    pictures += [png for block in blocks if isinstance(block, Frames) for png in block.pngs]
    return sum(len(png) * 4 // 3 for png in pictures)


def _still(section: Section) -> tuple[Block, ...]:
    """Return the blocks that need no script."""
    return tuple(block for block in section.blocks if not isinstance(block, Frames))
