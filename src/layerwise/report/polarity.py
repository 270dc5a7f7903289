"""One property of the pictures removed: the map of the pictures as is, and of their edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from layerwise import figures
from layerwise.report import inline, pictures, reading, wording
from layerwise.report.blocks import Figure, Table
from layerwise.report.population import class_name

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

TRANSFORMS = ("as is", "edges")
MOST = 4
"""Classes whose pieces are shown."""


def polarity(run: Run) -> list[Figure]:
    """Return both maps, and the mean pictures of the pieces that their classes fall into."""
    frame = reading.table(run, "polarity")
    if frame is None:
        return []
    there = {
        name: reading.first(reading.foremost(run, part))
        for name in TRANSFORMS if len(part := frame[frame["transform"] == name])
    }  # fmt: skip
    if not there:
        return []
    sheet = _sheet(run, there)
    return [_maps(run, there), *([sheet] if sheet else [])]


def _maps(run: Run, there: dict[str, pd.DataFrame]) -> Figure:
    """Return both maps, by class and by polarity, with the polarity of the pieces."""
    names = reading.classes(run)[1]
    panels = [
        figures.Panel(part[["x", "y"]].to_numpy(dtype=float), part["class"].to_numpy())
        for part in there.values()
    ] + [
        figures.Panel(
            part[["x", "y"]].to_numpy(dtype=float), values=part["polarity"].to_numpy(dtype=float),
            values_name="polarity: bright centre above 0",
        )
        for part in there.values()
    ]  # fmt: skip
    picture = figures.small_multiples(
        panels, columns=list(there), rows=["by class", "by polarity"], class_names=names or None
    )
    last = next(reversed(there.values()))
    layer, checkpoint = str(last["layer"].iloc[0]), str(last["checkpoint"].iloc[0])
    apart = ", ".join(f"{name} {_apart(part):.2f}" for name, part in there.items())
    return Figure(
        "figure-polarity", inline.embedded(picture),
        f"Maps of layer {layer} of the pictures {' and of their '.join(there)}. Mean difference of "
        f"polarity between the two pieces of a class: {apart}.",
        f"Layer {layer}, {reading.when(run, checkpoint)}, of one network trained on the pictures "
        "as they are and of one trained on their blurred edges, which are the same for light on "
        "dark and dark on light. Polarity: mean intensity of the centre of the original picture "
        "minus that of its border. Mean difference of polarity between the two pieces of a "
        f"class: {apart}. {reading.after_figure(run, 'polarity')}".strip(),
        _pieces(there, names), "The pieces of every class",
    )  # fmt: skip


def _sheet(run: Run, there: dict[str, pd.DataFrame]) -> Figure | None:
    """Return the mean pictures, of the classes whose pieces differ most in polarity as they are."""
    thumbnails = run.thumbnails()
    if thumbnails is None:
        return None
    names, first = reading.classes(run)[1], next(iter(there.values()))
    means = first.groupby(["class", "cluster"])["polarity"].mean().unstack().dropna()
    order = np.argsort(-np.abs(np.diff(means.to_numpy(), axis=1)[:, 0]), kind="stable")
    groups, captions = [], []
    for code in means.index[order[:MOST]].tolist():
        for name, part in there.items():
            own = part[part["class"] == code]
            for cluster, group in own.groupby("cluster"):
                groups.append(group["observation"].to_numpy(dtype=np.int64))
                captions.append(f"{class_name(names, code)}, {name}  piece {int(str(cluster)) + 1}")
    if not groups:
        return None
    picture = figures.contact_sheet(pictures.means(thumbnails, groups), captions)
    return Figure(
        "figure-polarity-pieces", inline.embedded(picture),
        f"Mean original pictures of the pieces: {wording.listing(captions, at_most=8)}.",
        "Mean of the original pictures in each piece of a class, for the classes whose pieces "
        "differ most in polarity: pieces by polarity are light on dark and dark on light.",
    )  # fmt: skip


def _apart(part: pd.DataFrame) -> float:
    """Return the mean over classes of how far the polarities of their two pieces are apart."""
    means = part.groupby(["class", "cluster"])["polarity"].mean().unstack()
    return float(np.abs(np.diff(means.dropna().to_numpy(), axis=1)).mean())


def _pieces(there: dict[str, pd.DataFrame], names: list[str]) -> Table:
    rows = []
    for name, part in there.items():
        for code, group in part.groupby("class"):
            cells = []
            for cluster in (0, 1):
                own = group.loc[group["cluster"] == cluster, "polarity"]
                cells += [wording.count(len(own)), wording.plain(float(own.mean()))]
            rows.append((name, class_name(names, int(str(code))), *cells))
    columns = ("pictures", "class", "piece 1: n", "polarity", "piece 2: n", "polarity")
    return Table(columns, tuple(rows), "Mean polarity of the two pieces of every class.")
