"""How the observations move from layer to layer and from epoch to epoch, and how far to trust it.

The main method is that of the paper: maps one after the other over layers, one joint map over
epochs. The control of a movement over layers is the same one in the untrained network; over epochs
the first map is the untrained network.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import analysis, figures
from layerwise.analysis.evolution import OVER
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Block, Figure, Finding, Note, Section, Table
from layerwise.report.motion import Course, Motion, control, converge_over, courses
from layerwise.scores.names import (
    HIT_2D,
    KENDALL,
    MOTION_STRESS,
    PEARSON,
    SPEARMAN,
    SPREAD_2D,
    SPREAD_ND,
    TRAIL_LENGTH,
)

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run

SPREADS = {SPREAD_2D: "2-D map", SPREAD_ND: "n-D layer"}
STABILITY = (TRAIL_LENGTH, PEARSON, SPEARMAN, KENDALL, MOTION_STRESS)


def evolution(runs: Sequence[Run]) -> Section | None:
    """Return the section, or None if nothing was followed over layers or epochs."""
    run = runs[0]
    frame = reading.table(run, "evolution")
    if frame is None:
        return None
    motion, whose = Motion(runs), reading.first_of(runs, "Maps and trails")
    blocks: list[Block | None] = [Note(whose) if whose else None]
    for over in OVER:
        if found := courses(run, frame, over):
            shown = [course for course in (control(run, found), found[0]) if course]
            finding = converge_over(run, frame, motion, over)
            blocks += [
                _trails(run, frame, shown, finding), _maps(run, frame, motion, shown),
                _spreads(run, frame, motion, shown, finding), _stability(run, motion, found),
            ]  # fmt: skip
    return Section("evolution", "Evolution", tuple(block for block in blocks if block))


def _trails(
    run: Run, evolution: pd.DataFrame, shown: Sequence[Course], finding: Finding | None
) -> Figure | None:
    frame = reading.table(run, "trails")
    codes, names = reading.classes(run)
    panels, columns = [], []
    for course in shown:
        part = None if frame is None else reading.first(course.of(frame), "place")
        if part is not None and len(part):
            paths, rows = analysis.paths_of(part)
            panels.append(figures.Panel(paths, codes[rows] if names else None))
            columns.append(_network(run, course))
    if not panels:
        return None
    main = shown[-1]
    times = main.times(evolution)
    if len(panels) == 1:
        picture = figures.trails(panels[0].Y, panels[0].labels, class_names=names or None)
    else:
        picture = figures.small_multiples(panels, columns=columns, class_names=names or None)
    many = wording.count(len(panels[-1].Y), f"{main.subset} {reading.noun(run)}".strip())
    where = f" in layer {main.at}" if main.over == "epochs" else f", {' and '.join(columns)}"
    colored = f" of its {reading.label(run)}" if names else ""
    alt = f"Trails from {times[0]} to {times[-1]}{where}."
    return Figure(
        f"figure-trails-{main.over}", inline.embedded(picture),
        f"{alt} {finding.text}" if finding else alt,
        f"The way of {many} from {times[0]} to {times[-1]}{where}. A trail begins pale and ends in "
        f"the full colour{colored} and a dot. Trails of one class are bundled: their ends are "
        f"true, the way between them is drawn towards that of others. {main.how}. "
        f"{reading.after_figure(run, f'evolution over {main.over}')}".strip(),
    )  # fmt: skip


def _maps(run: Run, frame: pd.DataFrame, motion: Motion, shown: Sequence[Course]) -> Figure:
    codes, names = reading.classes(run)
    main = shown[-1]
    every = main.times(frame)
    columns = reading.spaced(every)
    panels = []
    for course in shown:
        maps, rows = analysis.maps_of(reading.first(course.of(frame), "time"))
        for time in map(every.index, columns):
            labels, caption = codes[rows] if names else None, _caption(motion, course, time)
            panels.append(figures.Panel(maps[time], labels, caption=caption))
    picture = figures.small_multiples(
        panels, columns=columns, rows=[_network(run, course) for course in shown],
        class_names=names or None, same_frame=True,
    )  # fmt: skip
    some = f" ({len(columns)} of {len(every)}, evenly spaced)" if columns != every else ""
    where = f" of layer {main.at}" if main.over == "epochs" else ""
    under = " Under each its neighbourhood hit and the spread of its classes."
    return Figure(
        f"figure-evolution-{main.over}", inline.embedded(picture),
        f"Maps{where} at every {main.step}: {wording.listing(columns)}, "
        f"{' and '.join(_network(run, course) for course in shown)}.",
        f"The same {reading.noun(run)}s at every {main.step}{where}{some}."
        f"{under if any(panel.caption for panel in panels) else ''} {main.how}.",
    )  # fmt: skip


def _spreads(
    run: Run, frame: pd.DataFrame, motion: Motion, shown: Sequence[Course],
    finding: Finding | None,
) -> Figure | None:  # fmt: skip
    """Return the spread of the classes by time as curves, with its numbers."""
    import pandas as pd

    main = shown[-1]
    parts, rows, times = [], [], main.times(frame)
    for course in shown:
        for measure, space in SPREADS.items():
            values = motion.series(course, measure)
            if values is not None and len(values) == len(times):
                spread = values.std(axis=1, ddof=1) if values.shape[1] > 1 else np.nan
                parts.append(pd.DataFrame({
                    "time": range(len(times)), "value": values.mean(axis=1), "spread": spread,
                    "network": _network(run, course), "space": space,
                }))  # fmt: skip
                rows.append((_network(run, course), space, *map(wording.decimal, values)))
    if not parts:
        return None
    picture = figures.time_curves(
        pd.concat(parts, ignore_index=True), color="network", dash="space", xlabels=times,
        ylabel="spread within / between classes",
    )  # fmt: skip
    alt = f"Spread of the classes by {main.step}."
    head = "network" if main.over == "layers" else "layer"
    return Figure(
        f"figure-spread-{main.over}", inline.embedded(picture),
        f"{alt} {finding.text}" if finding else alt,
        "Mean distance to the centre of the own class over the mean distance between such "
        f"centres, by {main.step}: lower is further apart. A map exaggerates; the layer itself is "
        f"what counts. {main.how}.",
        Table((head, "space", *times), tuple(rows), "Spread within over between classes."),
    )  # fmt: skip


def _stability(run: Run, motion: Motion, found: Sequence[Course]) -> Table | None:
    """Return how far each method lets the points travel, and whether they move as in n-D."""
    subset = found[0].subset
    measured = {
        course: {name: v for name in STABILITY if (v := motion.whole(course, name)) is not None}
        for course in found if course.subset == subset
    }  # fmt: skip
    known = [name for name in STABILITY if any(name in values for values in measured.values())]
    if not known:
        return None
    rows = tuple(
        (
            course.method, _network(run, course),
            *(wording.decimal(v[name]) if name in v else wording.MISSING for name in known),
        )
        for course, v in measured.items() if v
    )  # fmt: skip
    moved = (
        " The correlations, and the stress, compare the length of every step in the map with that "
        "in the layer: 1, and 0, if the map moves as the layer does."
    )
    over, about = found[0].over, f", {subset} subset" if subset else ""
    return Table(
        ("method", "network" if over == "layers" else "layer", *known), rows,
        f"How stable each method is over {over}{about}. Trail length: mean way of a point, in "
        "standard deviations of the maps; shorter is calmer, not truer."
        f"{moved if len(known) > 1 else ''}",
    )  # fmt: skip


def _caption(motion: Motion, course: Course, time: int) -> str:
    """Return what stands under a map."""
    hit, spread = (motion.series(course, measure) for measure in (HIT_2D, SPREAD_2D))
    shown = [] if hit is None else [f"hit {wording.percent(float(hit[time].mean()))}"]
    shown += [] if spread is None else [f"spread {float(spread[time].mean()):.2f}"]
    return "   ".join(shown)


def _network(run: Run, course: Course) -> str:
    return course.at if course.over == "epochs" else reading.when(run, course.at).split(" (")[0]
