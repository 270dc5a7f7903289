"""The maps, largest the one that matters most; layers across, training down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from layerwise import analysis, figures
from layerwise.foundation.shapes import Array
from layerwise.report import findings, inline, reading, wording
from layerwise.report.blocks import Block, Figure, Note, Section, Table
from layerwise.report.predictions import Predictions
from layerwise.report.reading import INPUT
from layerwise.report.scores import Scores
from layerwise.scores import CONTINUITY, HIT_2D, HIT_ND, TRUSTWORTHINESS

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.store import Run


OTHERWISE = {"affine", "class_maps", "feature_maps", "kernels"}
"""Tables of runs that are looked at in other ways, so that maps are not missed."""


class Maps:
    """The projections of one run, looked up by what they show."""

    def __init__(self, run: Run, frame: pd.DataFrame) -> None:
        self.run = run
        self._provenance = frame.attrs.get("provenance", [])
        self._truth, self.names = reading.classes(run)
        self._found = {
            tuple(map(str, key)): reading.first(part)
            for key, part in frame.groupby(
                ["method", "subset", "checkpoint", "layer"], sort=False, dropna=False
            )
        }

    def methods(self) -> list[str]:
        """Return the methods in order of appearance."""
        return list(dict.fromkeys(key[0] for key in self._found))

    def layers(self, method: str, subset: str) -> list[str]:
        """Return the layers that have a map of this subset, in the network's order."""
        there = {key[3] for key in self._found if key[:2] == (method, subset)}
        return [name for name in self.run.layers if name in there]

    def rows(self, method: str, subset: str, checkpoint: str, layer: str) -> pd.DataFrame | None:
        """Return the observations of a map and their places, or None."""
        return self._found.get((method, subset, checkpoint, layer))

    def get(self, method: str, subset: str, checkpoint: str, layer: str) -> figures.Panel | None:
        """Return points, classes and which of them are classified right; the input has one map."""
        part = self.rows(method, subset, checkpoint, layer)
        if part is None:
            return None
        rows = part["observation"].to_numpy(dtype=np.int64)
        return figures.Panel(
            part[["x", "y"]].to_numpy(dtype=float),
            labels=self._truth[rows] if self.names else None,
            correct=None if layer == INPUT else self._correct(subset, checkpoint, rows),
        )

    def how(self, method: str) -> str:
        """Return method, parameters and seed in words."""
        name = wording.method(method)
        spec: dict[str, Any] = next((p for p in self._provenance if p.get("method") == method), {})
        given = [f"{key} {value}" for key, value in (spec.get("parameters") or {}).items()]
        if "random_state" in spec:
            given.append(f"seed {spec['random_state']}")
        return f"{name} ({', '.join(given)})" if given else name

    def _correct(self, subset: str, checkpoint: str, rows: Array) -> Array | None:
        """Return True where the prediction after training is right, else None."""
        if reading.before(self.run) == checkpoint:
            return None  # nearly all are wrong there, and crosses would hide the map
        found = Predictions.of(self.run, checkpoint, subset)
        if found is None:
            return None
        correct = np.ones(self.run.n_observations, dtype=bool)
        correct[found.rows] = found.correct
        result: Array = correct[rows]
        return result


def maps(runs: Sequence[Run]) -> Section | None:
    """Return the section; without projections it says how to make them, if that is all there is."""
    run = runs[0]
    frame = reading.table(run, "projections")
    if frame is None and OTHERWISE & set(run.tables):
        return None
    if frame is None:
        hint = f"No maps yet. Make them with: layerwise project {reading.folder(run)}"
        return Section("maps", "Maps", (Note(hint),))
    found, scores = Maps(run, frame), Scores.of(runs)
    blocks: list[Block] = []
    if whose := reading.first_of(runs, "Maps"):
        blocks.append(Note(whose))
    methods = sorted(found.methods(), key=lambda name: name != scores.method)
    places = [(m, s) for m in methods for s in reading.subsets(run) if found.layers(m, s)]
    for number, (method, subset) in enumerate(places):
        largest = _largest(found, scores, runs, method, subset) if number == 0 else None
        blocks.extend([largest] if largest else [])
        blocks.extend(_grid(found, scores, method, subset))
    return Section("maps", "Maps", tuple(blocks)) if blocks else None


def _largest(
    found: Maps, scores: Scores, runs: Sequence[Run], method: str, subset: str
) -> Figure | None:
    run = found.run
    checkpoint = reading.after(run)
    layers = [name for name in found.layers(method, subset) if name in analysis.hidden_layers(run)]
    panel = found.get(method, subset, checkpoint, layers[-1]) if layers else None
    if panel is None:
        return None
    picture = figures.scatter(
        panel.Y, panel.labels, class_names=found.names or None, correct=panel.correct,
    )  # fmt: skip
    about = method == scores.method or not scores.method
    finding = findings.separation(runs, scores, subset) if about else None
    glyph = " Crosses are misclassified." if panel.correct is not None else ""
    color = f", its colour the {reading.label(run)}" if found.names else ""
    alt = f"Map of layer {layers[-1]}."
    return Figure(
        findings.MAP, inline.embedded(picture), f"{alt} {finding.text}" if finding else alt,
        f"Layer {layers[-1]}, {reading.when(run, checkpoint)}. Each dot is "
        f"{reading.one(run, subset)}{color}; near dots have similar activations.{glyph} "
        f"{wording.count(len(panel.Y), 'point')}, {found.how(method)}. "
        f"{reading.after_figure(run, f'map {subset} after last')}".strip(),
        _quality(scores, run, method, subset, [checkpoint], layers[-1:]), "Quality of this map",
    )  # fmt: skip


def _grid(found: Maps, scores: Scores, method: str, subset: str) -> list[Figure]:
    run = found.run
    every = found.layers(method, subset)
    if not every:
        return []
    layers = reading.spaced(every)
    times = [time for time in (reading.before(run), reading.after(run)) if time is not None]
    panels: list[figures.Panel | None] = []
    for time in times:
        for layer in layers:
            panel = found.get(method, subset, time, layer)
            caption = _caption(scores, method, subset, time, layer)
            panels.append(panel and figures.Panel(panel.Y, panel.labels, panel.correct, caption))
    if not any(panels):
        return []
    rows = ["before training", "after training"] if len(times) == 2 else [""]
    picture = figures.small_multiples(
        panels, columns=layers, rows=rows, class_names=found.names or None
    )
    shown = f"{len(layers)} of {len(every)} layers, evenly spaced" if layers != every else "Layers"
    raw = " The raw input does not change with training." if INPUT in layers else ""
    what = f"the {subset} subset" if subset else "all observations"
    k = f" (k = {scores.neighbors(method)})" if scores.neighbors(method) else ""
    under = f" Under each map its neighbourhood hit{k} in 2-D and in the layer itself."
    places = ("before raw", "before last", "after first", "after last")
    main = method == (scores.method or method)
    after = reading.after_figure(run, *(f"map {subset} {place}" for place in places if main))
    hits = under if any(panel and panel.caption for panel in panels) else ""
    return [
        Figure(
            f"figure-maps-{method}-{reading.subsets(run).index(subset)}", inline.embedded(picture),
            f"Maps of {what}: layers {wording.listing(layers)}, {' and '.join(rows).strip()}.",
            f"Maps of {what}. {shown} from left (shallow) to right (deep)"
            f"{', before training above and after training below' if len(times) == 2 else ''}."
            f"{hits}{raw} {found.how(method)}. {after}".strip(),
            _quality(scores, run, method, subset, times, every), "Quality of these maps",
        )
    ]  # fmt: skip


def _caption(scores: Scores, method: str, subset: str, checkpoint: str, layer: str) -> str:
    shown = [
        f"{name} {wording.percent(found.value)}"
        for name, score in (("2-D", HIT_2D), ("n-D", HIT_ND))
        if (found := scores.get(score, subset, checkpoint, layer, method))
    ]
    return "   ".join(shown)


def _quality(
    scores: Scores, run: Run, method: str, subset: str, times: list[str], layers: list[str]
) -> Table | None:
    """Return the numbers of maps: how far each can be trusted."""
    asked = (HIT_2D, HIT_ND, TRUSTWORTHINESS, CONTINUITY)
    rows = []
    for time in times:
        for layer in layers:
            cells = [scores.get(score, subset, time, layer, method) for score in asked]
            if any(cells):
                texts = (str(cell) if cell else wording.MISSING for cell in cells)
                rows.append((layer, reading.when(run, time), *texts))
    if not rows:
        return None
    k = f"Scores of {wording.method(method)}, k = {scores.neighbors(method)}. "
    where = "Coordinates of every point: tables/projections in the run."
    caption = k * bool(scores.neighbors(method)) + where
    return Table(("layer", "checkpoint", *asked), tuple(rows), caption)
