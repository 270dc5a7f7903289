"""Hidden units as lines in the plane of two inputs, iteration by iteration.

The stills hold everything; the slider shows the same panels large. What is said of the cells is
what was counted, beside the untrained network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure as Drawing

from layerwise import analysis, figures
from layerwise.figures import Plane
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Frames, Note, Section, Table

if TYPE_CHECKING:
    from layerwise.store import Run

MOST_PANELS, MOST_FRAMES = 20, 40
"""Checkpoints in the still figure and on the slider; of more these many, evenly spaced."""

HARDLY = 0.05
"""A count of cells that changes by less than this share is said to hardly change."""


def lines(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if no network with two inputs was kept."""
    run = runs[0]
    if "affine" not in run.tables or reading.label(run) is None:
        return None
    counted = analysis.lines(run).to_dict("records")
    rows = [{str(key): value for key, value in row.items()} for row in counted]
    panels = _panels(run, rows)
    whose = reading.first_of(runs, "Pictures and counts")
    deep = any(len(panel.weights) > 2 for panel in panels.values())
    words = " ".join(filter(None, (_seen(rows, deep=deep), whose)))
    blocks: list[Block] = [Note(words), _figure(run, rows, panels)]
    if len(rows) > 1:
        blocks.append(_frames(run, rows, panels))
    return Section("lines", "Hidden units in the plane", tuple(blocks))


def still(run: Run) -> Drawing:
    """Return the figure of all checkpoints side by side, of many only some."""
    panels = _panels(run, analysis.lines(run).to_dict("records"))
    return _drawn(run, [panels[name] for name in reading.spaced(list(panels), MOST_PANELS)])


def _panels(run: Run, rows: Sequence[Any]) -> dict[str, Plane]:
    """Return the panel of each checkpoint."""
    kept = analysis.affine(run)
    return {
        row["checkpoint"]: Plane(*kept[row["checkpoint"]], _name(row), _caption(row))
        for row in rows
    }


def _drawn(run: Run, panels: Sequence[Plane]) -> Drawing:
    codes, names = reading.classes(run)
    places = analysis.points(run)
    axes = tuple(run.provenance.get("axes") or ("first input", "second input"))
    return figures.plane(panels, places, codes, names, axes=axes)


def _caption(row: Any) -> str:
    cells = f"{row['cells']} cell{'s' * (row['cells'] != 1)}"
    caption = f"train {wording.percent(row['train_accuracy'])}   {cells}"
    missing = row["units"] - row["lines"]
    further = [f"{missing} outside"] * bool(missing)
    further += [f"{row['dead']} never active"] * bool(row["dead"])
    return "   ".join([caption, *further])


def _name(row: Any) -> str:
    """Return what a time is called: its iteration, or the name of the checkpoint."""
    if row["iteration"] < 0:
        return str(row["checkpoint"])
    return f"iteration {wording.count(row['iteration'])}"


def _seen(rows: Sequence[Any], *, deep: bool) -> str:
    """Return what the counts say about how the plane is divided."""
    units = wording.count(rows[-1]["units"], "hidden unit")
    bent = ", bent where it meets those of the layer below" * deep
    rule = (
        f"Each of {units} is zero on a line in the plane of the two inputs{bent}, and active on "
        "the side of the ticks. Between the lines are cells; on each the network is one affine map."
    )
    first, last = rows[0], rows[-1]
    if len(rows) < 2:
        return f"{rule} There are {last['cells']} cells, {last['reached']} of them with data."
    learned = (
        f"Training accuracy went from {wording.percent(first['train_accuracy'])} "
        f"({_name(first)}) to {wording.percent(last['train_accuracy'])} ({_name(last)})."
    )
    least, most = (choose(rows, key=lambda row: row["cells"]) for choose in (min, max))
    counted = (
        f"There were {first['cells']} at {_name(first)}, at least {least['cells']} "
        f"({_name(least)}), at most {most['cells']} ({_name(most)}), and {last['cells']} at the "
        f"end. Of these {first['reached']} held data at first and {last['reached']} at the end."
    )
    course = _course([row["cells"] for row in rows])
    return f"{rule} {learned} The number of cells {course}. {counted}"


def _course(cells: Sequence[int]) -> str:
    """Return in words how a count went, beside its first value: that of the untrained network.

    Examples
    --------
    >>> _course([100, 120, 90]), _course([100, 102, 99]), _course([100, 80, 95])
    ('grew and fell', 'hardly changed', 'did not grow: it fell and rose again')
    """
    first, last, least, most = cells[0], cells[-1], min(cells), max(cells)
    grew, fell = most > (1 + HARDLY) * first, least < (1 - HARDLY) * first
    if grew:
        return "grew and fell" if last < (1 - HARDLY) * most else "grew"
    if fell:
        again = " and rose again" if last > (1 + HARDLY) * least else ""
        return f"did not grow: it fell{again}"
    return "hardly changed"


def _figure(run: Run, rows: Sequence[Any], panels: Mapping[str, Plane]) -> Figure:
    columns = ("", "train", "test", "lines in the window", "cells", "cells with data",
               "never active")  # fmt: skip
    numbers = tuple(
        (
            _name(row), wording.percent(row["train_accuracy"]),
            wording.percent(row["test_accuracy"]), f"{row['lines']}", f"{row['cells']}",
            f"{row['reached']}", f"{row['dead']}",
        )
        for row in rows
    )  # fmt: skip
    ends = f"{_name(rows[0])} to {_name(rows[-1])}" if len(rows) > 1 else _name(rows[0])
    return Figure(
        "figure-lines", inline.embedded(still(run)),
        f"The plane of two inputs with the line of every hidden unit, {ends}. "
        f"{len(rows)} panels; their numbers are in the table below the figure.",
        "Where each hidden unit turns on (lines, ticks on the active side), what the network "
        "decides (tint) and the data (dots), in one window. After F. Fleuret, EE-559, "
        "lecture 8.1.",
        Table(columns, numbers, "Accuracy, and how the hidden units divide the window. A cell "
              "with data holds an observation; a unit that is never active is zero on all."),
    )  # fmt: skip


def _frames(run: Run, rows: Sequence[Any], panels: Mapping[str, Plane]) -> Frames:
    chosen = reading.spaced([row["checkpoint"] for row in rows], MOST_FRAMES)
    shown = [row for row in rows if row["checkpoint"] in chosen]
    alts = [
        f"{_name(row)}: train {wording.percent(row['train_accuracy'])}, {row['lines']} of "
        f"{row['units']} lines in the window, {row['cells']} cells, {row['reached']} with data"
        for row in shown
    ]
    pngs = [inline.embedded(_drawn(run, [panels[row["checkpoint"]]])) for row in shown]
    return Frames(
        "frames-lines", tuple(pngs), tuple(map(_name, shown)), tuple(alts), "Iteration",
        "The same panels, large. Play them, or move the slider; with the keyboard, the arrow keys.",
    )  # fmt: skip
