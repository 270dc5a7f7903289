"""What the network gets wrong: the confusion of classes, and the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import figures
from layerwise.report import findings, inline, pictures, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.predictions import Predictions

if TYPE_CHECKING:
    from layerwise.store import Activations, Run

MOST_CLASSES = 40
"""Classes that are drawn whether they occur or not."""

SOME = " Drawn are the {} classes of {} that occur."


def errors(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None without predictions or labels."""
    run, subset = runs[0], reading.subsets(runs[0])[0]
    found = Predictions.of(run, reading.after(run), subset)
    if found is None:
        return None
    what = f"{subset} subset" if subset else "all observations"
    blocks: list[Block] = [_confusion(runs, found, subset, what)]
    if len(runs) > 1:
        blocks.insert(0, Note(f"Predictions of the first of {len(runs)} runs."))
    thumbnails = run.thumbnails()
    if len(found.wrong):
        mistakes = _mistakes(found)
        blocks.append(mistakes if thumbnails is None else _sheet(found, thumbnails, mistakes, what))
    return Section("errors", "Errors", tuple(blocks))


def _confusion(runs: Sequence[Run], found: Predictions, subset: str, what: str) -> Figure:
    run = runs[0]
    finding = findings.confusions(runs, subset)
    total = np.bincount(np.maximum(found.true, 0), minlength=len(found.names))
    share = {name: n for name, n in zip(found.names, total.tolist(), strict=False)}
    rows = tuple(
        (true, guess, wording.count(times), wording.percent(times / max(share.get(true, 0), 1)))
        for true, guess, times in found.pairs()
    )
    columns = ("true", "predicted", "times", "share of the true class")
    counts = found.matrix()
    n_classes, classes = len(counts), np.arange(len(counts))
    if n_classes > MOST_CLASSES:
        classes = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
        counts = counts[np.ix_(classes, classes)]
    some = SOME.format(len(classes), n_classes) if len(classes) < n_classes else ""
    names = [found.name(number) for number in classes.tolist()]
    return Figure(
        findings.CONFUSION, inline.embedded(figures.confusion(counts, class_names=names)),
        finding.text if finding else f"Confusion of the classes, {what}.",
        f"True {reading.label(run)} against predicted, {what}, "
        f"{reading.when(run, reading.after(run))}. The diagonal is right; elsewhere, how often one "
        f"class is taken for another.{some}",
        Table(columns, rows, "Confusions, most frequent first.") if rows else None,
    )  # fmt: skip


def _mistakes(found: Predictions) -> Table:
    """Return every misclassified observation, the network's surest mistakes first."""
    rows = tuple(
        (str(found.rows[at]), found.name(int(found.true[at])),
         found.name(int(found.predicted[at])), wording.percent(float(found.confidence[at])))
        for at in found.wrong
    )  # fmt: skip
    columns = ("observation", "true", "predicted", "confidence")
    return Table(columns, rows, "Misclassified, the most confident first.")


def _sheet(found: Predictions, thumbnails: Activations, mistakes: Table, what: str) -> Figure:
    wrong = found.wrong[: pictures.MOST]
    captions = [
        f"{found.name(int(found.true[at]))} → {found.name(int(found.predicted[at]))}"
        for at in wrong
    ]
    picture = figures.contact_sheet(pictures.at(thumbnails, found.rows[wrong]), captions)
    shown, every = len(wrong), len(found.wrong)
    part = f"All {shown}" if shown == every else f"The {shown} most confident of {every}"
    return Figure(
        "figure-mistakes", inline.embedded(picture),
        f"Misclassified images, true → predicted: {wording.listing(captions, at_most=12)}.",
        f"{part} misclassified images, {what}: true → predicted, the surest mistake first. Look "
        "for wrong labels and for what the mistaken ones share.",
        mistakes, "All misclassified",
    )  # fmt: skip
