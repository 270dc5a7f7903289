"""What a map reveals: points among strangers, classes that mix, classes in two pieces.

Each reading of a picture stands beside its number, and beside what the network itself says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import figures
from layerwise.report import inline, outliers, pictures, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.outliers import Outliers
from layerwise.report.polarity import polarity
from layerwise.report.population import class_name
from layerwise.report.scores import Score, Scores
from layerwise.scores.names import CONFUSION, PIECES, PIECES_SILHOUETTE

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

MOST_PIECES = 4
"""Classes whose pieces are shown, those that fall apart most."""

LEAST_PIECE = 0.1
"""Part of its class that a piece has at least; a smaller one is some outliers."""

MOST_PAIRS = 12


def reveal(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no map was looked into, or there are no classes."""
    run = runs[0]
    if reading.label(run) is None:
        return None
    found = (_outliers(runs), _confusions(runs), _pieces(runs), *polarity(run))
    blocks: list[Block] = [block for block in found if block is not None]
    if not blocks:
        return None
    whose = reading.first_of(runs, "Maps")
    return Section("reveal", "What the maps reveal", (*([Note(whose)] if whose else []), *blocks))


def _outliers(runs: Sequence[Run]) -> Block | None:
    """Return the outliers as pictures with their table, or the table alone."""
    run, found = runs[0], Outliers.of(runs)
    if found is None:
        return None
    _, names = reading.classes(run)
    rows = tuple(
        (
            str(row), class_name(names, true), class_name(names, near), wording.percent(hit),
            class_name(names, said) if said >= 0 else wording.MISSING,
        )
        for row, true, near, hit, said in zip(
            found.rows.tolist(), found.true.tolist(), found.nearest.tolist(), found.hit.tolist(),
            found.predicted.tolist(), strict=True,
        )
    )  # fmt: skip
    columns = ("observation", "true", "most neighbours", "own class among them", "predicted")
    where = f"the map of layer {found.layer}, {reading.when(run, found.checkpoint)}"
    if found.subset:
        where += f", {found.subset} subset"
    table = Table(columns, rows, f"Outliers of {where}, the most isolated first.", folded=True)
    thumbnails = run.thumbnails()
    if thumbnails is None:
        return table
    captions = [
        f"{class_name(names, true)} → {class_name(names, near)}"
        for true, near in zip(found.true.tolist(), found.nearest.tolist(), strict=True)
    ][: pictures.MOST]
    picture = figures.contact_sheet(
        pictures.at(thumbnails, found.rows[: pictures.MOST]), captions,
        correct=None if found.wrong is None else ~found.wrong[: pictures.MOST],
    )  # fmt: skip
    finding = outliers.strangers(runs)
    part = "All" if len(captions) == len(rows) else f"The {len(captions)} most isolated of"
    errs = found.wrong is not None and bool(found.wrong[: pictures.MOST].any())
    framed = " Framed and crossed, first: the network errs on them too." if errs else ""
    return Figure(
        outliers.ANCHOR, inline.embedded(picture),
        f"{finding.text if finding else ''} True class → class of most neighbours: "
        f"{wording.listing(captions, at_most=12)}.",
        f"{part} {wording.count(len(rows), 'visual outlier')} of {where}: fewer than half of "
        f"their neighbours are of their class. True class → class of most neighbours.{framed}",
        table, "All outliers",
    )  # fmt: skip


def _confusions(runs: Sequence[Run]) -> Figure | None:
    """Return which classes mix in the map beside which ones the network confuses."""
    run, scores = runs[0], Scores.of(runs)
    frame = reading.table(run, "confusions")
    if frame is None:
        return None
    part = reading.foremost(run, frame, scores.method).drop_duplicates(["class", "other"])
    codes = np.unique(part["class"]).tolist()
    names = [class_name(reading.classes(run)[1], code) for code in codes]
    shares = {"neighbours in the map": "neighbors", "predicted by the network": "predicted"}
    matrices = {
        title: part.pivot(index="class", columns="other", values=column).to_numpy(dtype=float)
        for title, column in shares.items() if part[column].notna().all()
    }  # fmt: skip
    picture = figures.confusions(list(matrices.values()), list(matrices), names)
    place = {name: str(part[name].iloc[0]) for name in ("subset", "checkpoint", "layer", "method")}
    score = scores.get(CONFUSION, *place.values())
    agree = _agreement(score) if len(matrices) > 1 else " The network's answers are not known."
    off = part[part["class"] != part["other"]].sort_values("neighbors", ascending=False)
    rows = tuple(
        (
            class_name(reading.classes(run)[1], row["class"]),
            class_name(reading.classes(run)[1], row["other"]),
            wording.percent(row["neighbors"]), wording.percent(row["predicted"]),
        )
        for row in off.head(MOST_PAIRS).to_dict("records")
    )  # fmt: skip
    most = f"Most neighbours of another class: {rows[0][0]} has {rows[0][2]} of {rows[0][1]}."
    return Figure(
        "figure-neighborhoods", inline.embedded(picture),
        f"Confusion of the classes by neighbourhood and by the network. {most}{agree}",
        f"Left, of which class the neighbours of a class are in the map of layer "
        f"{place['layer']}, {reading.when(run, place['checkpoint'])}; right, what the network "
        f"calls it; percent of the row.{agree}" if len(matrices) > 1 else
        f"Of which class the neighbours of a class are in the map of layer {place['layer']}, "
        f"{reading.when(run, place['checkpoint'])}; percent of the row.{agree}",
        Table(("class", "other", "neighbours", "predicted"), rows, "Pairs that mix most."),
    )  # fmt: skip


def _agreement(score: Score | None) -> str:
    if score is None:
        return ""
    return (
        f" Pairs that mix in the map are those that the network confuses to a rank correlation of "
        f"{wording.plain(score.value, score.spread)} (off the diagonal; 0 by chance)."
    )


def _pieces(runs: Sequence[Run]) -> Block | None:
    """Return the two pieces of the classes that fall apart most, as mean pictures."""
    run, scores = runs[0], Scores.of(runs)
    frame = reading.table(run, "subclusters")
    if frame is None:
        return None
    part = reading.first(reading.foremost(run, frame, scores.method))
    known = part.dropna(subset="silhouette")
    if not len(known):
        return None
    _, names = reading.classes(run)
    sizes = known.groupby("class")["cluster"].agg(["size", "sum"])
    small = sizes.index[sizes["sum"] < LEAST_PIECE * sizes["size"]]
    best = known.drop_duplicates("class").sort_values("silhouette", ascending=False, kind="stable")
    best = best.iloc[np.argsort(best["class"].isin(small).to_numpy(), kind="stable")]
    by_class = dict(zip(best["class"].tolist(), best["silhouette"].tolist(), strict=True))
    pieces = {
        (code, cluster): known.loc[
            (known["class"] == code) & (known["cluster"] == cluster), "observation"
        ].to_numpy(dtype=np.int64)
        for code in by_class
        for cluster in (0, 1)
    }
    rows = tuple(
        (
            class_name(names, code), wording.plain(value),
            *(wording.count(len(pieces[code, cluster])) for cluster in (0, 1)),
        )
        for code, value in by_class.items()
    )  # fmt: skip
    place = {name: str(part[name].iloc[0]) for name in ("subset", "checkpoint", "layer", "method")}
    where = f"the map of layer {place['layer']}, {reading.when(run, place['checkpoint'])}"
    measured = _measured(scores, place)
    caption = (
        f"Every class of {where} cut in two. Silhouette of the pieces: near 1 for two islands, "
        f"about 0.35 for one round one.{measured}"
    )
    columns = (reading.label(run) or "class", "silhouette", "piece 1", "piece 2")
    table = Table(columns, rows, caption)
    thumbnails = run.thumbnails()
    if thumbnails is None:
        return table
    shown = [(code, cluster) for code in list(by_class)[:MOST_PIECES] for cluster in (0, 1)]
    images = pictures.means(thumbnails, [pieces[key] for key in shown])
    captions = [
        f"{class_name(names, code)}, piece {cluster + 1}  "
        f"n = {wording.count(len(pieces[code, cluster]))}"
        for code, cluster in shown
    ]  # fmt: skip
    most = next(iter(by_class))
    return Figure(
        "figure-pieces", inline.embedded(figures.contact_sheet(images, captions)),
        f"Mean images of the two pieces of {wording.count(len(shown) // 2, 'class', 'classes')}; "
        f"{class_name(names, most)} falls apart most, silhouette {wording.plain(by_class[most])}.",
        f"Mean image of each of the two pieces that a class of {where} is cut into, for the "
        f"classes that fall apart most into pieces of a tenth or more. A cut finds two pieces in "
        f"any class; the silhouette says whether they are there.{measured}",
        table, "All classes",
    )  # fmt: skip


def _measured(scores: Scores, place: dict[str, str]) -> str:
    """Return the mean silhouette, and how the pieces go with a label column, where measured."""
    mean = scores.get(PIECES_SILHOUETTE, *place.values())
    text = f" Mean over the classes: {wording.plain(mean.value, mean.spread)}." if mean else ""
    for name in _explanations(scores.frame):
        found = scores.get(name, *place.values())
        if found:
            text += (
                f" Piece and {name.removeprefix(PIECES).removeprefix(' and ')} correlate at |r| = "
                f"{wording.plain(found.value, found.spread)} (pieces shuffled: "
                f"{wording.plain(found.floor)})."
            )
    return text


def _explanations(frame: pd.DataFrame) -> list[str]:
    if not len(frame):
        return []
    return [name for name in frame["score"].unique() if name.startswith(f"{PIECES} and ")]
