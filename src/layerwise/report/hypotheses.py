"""What was expected beforehand, and how each expectation fared on these numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise.report import reading, wording
from layerwise.report.blocks import Note, Section, Verdict, Verdicts

if TYPE_CHECKING:
    from layerwise.store import Run


def hypotheses(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no study tested any."""
    frame = reading.table(runs[0], "hypotheses")
    if frame is None:
        return None
    texts = frame.fillna("").astype(str).drop_duplicates("name").to_dict("records")
    items = tuple(
        Verdict(
            row["name"], _sentence(row["claim"]), row["verdict"],
            *(wording.together(row[name]) for name in ("numbers", "control", "published")),
        )
        for row in texts
    )  # fmt: skip
    return Section("hypotheses", "Hypotheses", (Note(_count(runs, items)), Verdicts(items)))


def _count(runs: Sequence[Run], items: Sequence[Verdict]) -> str:
    counts = Counter(item.verdict for item in items)
    fared = wording.listing([f"{times} {verdict}" for verdict, times in counts.items()])
    seeds = wording.count(len(runs), "seed")
    return (
        f"{wording.count(len(items), 'claim')}, tested on {seeds}: {fared}. Each verdict is about "
        "the numbers of this study alone; the published ones come from other networks."
    )


def _sentence(claim: str) -> str:
    return claim[:1].upper() + claim[1:] + ("" if claim.endswith((".", "?")) else ".")
