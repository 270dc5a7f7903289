"""The studio in the page: the same maps, neurons and pictures, to look into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from layerwise import analysis
from layerwise.report import reading, wording
from layerwise.report.blocks import Note, Section, Studio
from layerwise.studio.bundle.embed import embed

if TYPE_CHECKING:
    from layerwise.store import Run


def explore(runs: Sequence[Run], *, full: bool = False, budget: int) -> Section | None:
    """Return the section, or None if the runs hold no map to look into.

    Parameters
    ----------
    runs : seeds of one network
    full : hold everything, however large the page becomes
    budget : bytes that the data may have
    """
    embedded = embed(runs, full=full, budget=budget)
    shown = embedded.manifest["runs"]
    if not any(about["series"] or about["neurons"] for about in shown):
        return None
    text = (
        "The maps of this page to look into. Point at an observation to see it, circle some to "
        "select them in every view, click a neuron to colour the observations by what it does. "
        f"{_extent(runs[0], shown[0])}"
    )
    more = [_others(runs, shown), _left_out(embedded.left_out, full)]
    unread = [Note(f"Not shown: {note}", warning=True) for note in embedded.manifest["notes"]]
    introduction = Note(" ".join([text, *filter(None, more)]))
    return Section("explore", "Explore", (introduction, *unread, Studio(embedded)))


def _extent(run: Run, about: dict[str, Any]) -> str:
    """Return which observations are there."""
    n, subset, noun = about["n"], about["subset"], reading.noun(run)
    every, what = len(analysis.rows_of(run, subset)), f"{subset} {noun}".strip()
    words = f"It holds {wording.count(n, what)}"
    if n < every:
        words += f", a sample of {wording.count(every)}"
    inputs = about["inputs"]
    if inputs and inputs["count"] < n:
        words += f", and the pictures of {wording.count(inputs['count'])} of them"
    return f"{words}."


def _others(runs: Sequence[Run], shown: Sequence[object]) -> str:
    """Return which of several runs are there."""
    if len(runs) < 2:
        return ""
    if len(shown) == len(runs):
        every = "Both" if len(runs) == 2 else f"All {len(runs)}"
        return f"{every} runs are there, to be compared."
    return reading.first_of(runs, "These are the data")


def _left_out(purposes: Sequence[str], full: bool) -> str:
    """Return what did not fit."""
    if full or not purposes:
        return ""
    return (
        f"To stay small it leaves out some {wording.listing(list(purposes))}; "
        "layerwise report --full holds all."
    )
