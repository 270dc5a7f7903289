"""Whether covering the same part changes different pictures alike, beside its controls.

Read from the table "correspondence".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from layerwise import figures
from layerwise.analysis.asking.correspondence import CORRESPONDENCE
from layerwise.figures.asking.correspondence import MOST_LAYERS
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure, Note, Section, Table

if TYPE_CHECKING:
    from layerwise.store import Run

CAUTION = (
    "Covering a part changes features of different pictures alike if the network treats the part "
    "alike, but also if the part merely stands at the same place in them. Hence two controls: "
    "another random place in every picture, and one random place in all of them. Only a part that "
    "is below both, and further below them after training than before, speaks for correspondence. "
    "The values of the paper (five photographs of dogs, its layers 5 and 7) are no yardstick for "
    "these pictures."
)

NO_CONTROL = "The network before training was not asked here: what it learned remains open."


def correspondence(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no parts were covered."""
    run = runs[0]
    table = reading.table(run, CORRESPONDENCE)
    if table is None:
        return None
    kept = reading.asked_at(run, table)
    if not kept:
        return None
    ends = list(dict.fromkeys([kept[0], kept[-1]]))
    layers = reading.spaced(list(dict.fromkeys(table["layer"])), MOST_LAYERS)
    rows = table[table["checkpoint"].isin(ends) & table["layer"].isin(layers)]
    rows = rows.sort_values("checkpoint", key=lambda names: names.map(ends.index), kind="stable")
    rows = rows.assign(checkpoint=rows["checkpoint"].map(lambda name: reading.when(run, name)))
    first = rows.iloc[0]
    n, square = int(first["n_observations"]), str(first["window"]).replace("x", " × ")
    of = f" ({first['data']})" if first["data"] else ""
    picture = Figure(
        "correspondence-parts", inline.embedded(figures.correspondence(rows)),
        f"Mean Hamming distance of covered parts in {wording.listing(layers)}.",
        f"A square of {square} pixels over each part of {wording.count(n, 'picture')}{of}: share "
        "of units of a layer whose change differs in sign between two pictures (no change is a "
        "sign of its own), mean and standard deviation over pairs. Less is more alike. After "
        "Zeiler and Fergus 2014, Table 1.",
    )  # fmt: skip
    numbers = Table(
        ("layer", "checkpoint", "covered", "Δ", "p"),
        tuple(
            (
                str(row["layer"]), str(row["checkpoint"]), str(row["occluded"]),
                f"{row['delta']:.3f} ± {row['spread']:.3f}",
                wording.MISSING if row["p"] != row["p"] else f"{row['p']:.3f}",
            )
            for row in rows.to_dict("records")
        ),
        f"p: that a part like the random places would be as low ({int(first['n_permutations'])} "
        f"permutations, {int(first['n_random'])} random places a picture).",
        folded=True,
    )  # fmt: skip
    whose = reading.first_of(runs, "Covered parts")
    alone = "" if kept[0] == reading.before(run) else NO_CONTROL
    note = Note(" ".join(filter(None, [CAUTION, alone, whose])))
    return Section("correspondence", "Parts of different pictures", (note, picture, numbers))
