"""What a network made of pictures with a square over each of their places.

Read from the tables "occlusion" and "images".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import figures
from layerwise.analysis.asking.occlusion import (
    OCCLUSION,
    PROJECTIONS,
    OcclusionMaps,
    occlusion_of,
)
from layerwise.figures.asking.occlusion import MOST_ROWS
from layerwise.foundation.shapes import Array
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure, Note, Section, Table
from layerwise.store.media import Pictures

if TYPE_CHECKING:
    from layerwise.store import Run

SOURCE = "Zeiler and Fergus 2014, Fig. 7"

CAUTION = (
    "A covered picture is one that the network has never seen the like of, so a fall may come from "
    "the square itself as well as from what it hides; and what two parts do together, one square "
    "does not show."
)


def occlusion(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no picture was covered."""
    run = runs[0]
    table = reading.table(run, OCCLUSION)
    if table is None:
        return None
    kept = reading.asked_at(run, table)
    if not kept:
        return None
    rows = table[(table["checkpoint"] == kept[-1]) & (table["observation"] < MOST_ROWS)]
    maps = occlusion_of(rows)
    names = rows.drop_duplicates("observation").sort_values("observation")["name"].tolist()
    classes = reading.classes(run)[1]
    n_classes = int(max(maps.predicted.max(), maps.classes.max(), maps.whole_predicted.max())) + 1
    labels = classes if len(classes) >= n_classes else [str(k) for k in range(n_classes)]
    drawn = figures.occlusion_maps(
        maps, pictures=_pictures(run, OCCLUSION, names), names=names, class_names=labels,
        projections=_pictures(run, PROJECTIONS, names),
    )  # fmt: skip
    when = reading.when(run, kept[-1])
    square = " × ".join(map(str, maps.window))
    picture = Figure(
        "occlusion-maps", inline.embedded(drawn),
        f"Maps of {wording.count(len(maps), 'picture')} over the place of a square.",
        f"A plain square of {square} pixels over every place of a picture, {when}. A map has the "
        "value at the middle of the square: the sum of the feature map that is followed "
        f"({maps.layer}; each on its own scale), the probability of the class in the table, and "
        "the class that is most probable. After " + SOURCE + ", where the map is the strongest "
        "one, the class the correct one and the square grey; the size and the step of the square "
        "are ours.",
    )  # fmt: skip
    whose = reading.first_of(runs, "Covered pictures")
    note = Note(" ".join(filter(None, [CAUTION, whose])))
    return Section("occlusion", "What an answer rests on: covering parts",
                   (note, picture, _numbers(maps, names, labels)))  # fmt: skip


def _pictures(run: Run, kind: str, names: Sequence[str]) -> Array | None:
    """Return the kept pictures if they are these observations."""
    images = reading.table(run, "images")
    if images is None:
        return None
    for one in Pictures.sets(images[images["kind"] == kind]):
        if list(one.names[: len(names)]) == list(names):
            return one.pixels[: len(names)]
    return None


def _numbers(maps: OcclusionMaps, names: Sequence[str], labels: Sequence[str]) -> Table:
    rows = []
    for k, name in enumerate(names):
        least = np.unravel_index(maps.probability[k].argmin(), maps.probability[k].shape)
        at = ", ".join(
            f"{middles[place]:g}" for middles, place in zip(maps.middles, least, strict=True)
        )
        others = np.mean(maps.predicted[k] != maps.whole_predicted[k])
        rows.append((
            name, labels[int(maps.classes[k])], wording.percent(float(maps.whole_probability[k])),
            wording.percent(float(maps.probability[k].min())), at, wording.percent(float(others)),
            f"{maps.layer}:{int(maps.channels[k])}",
        ))  # fmt: skip
    columns = ("picture", "class", "P, whole", "least P", "square at (row, column)",
               "places with another answer", "feature map")  # fmt: skip
    return Table(
        columns, tuple(rows),
        "P: probability of the class. Another answer: than for the whole picture.",
    )  # fmt: skip
