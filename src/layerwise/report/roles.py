"""Pictures of neurons: by power to tell one class, by role, and observations by one neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layerwise import figures, units
from layerwise.foundation.shapes import Array
from layerwise.report import inline, reading, wording
from layerwise.report.blocks import Figure, Table
from layerwise.report.maps import Maps
from layerwise.report.population import Population, anchor, class_name, shown_class
from layerwise.report.scores import Scores

if TYPE_CHECKING:
    from layerwise.store import Run

TOP = 5
"""Neurons of a class that are named."""


def power(run: Run, shown: Sequence[Population]) -> Figure:
    """Return observations by class beside neurons by how well they tell one class."""
    last, (codes, names) = shown[-1], reading.classes(run)
    code = shown_class(run, last)
    told = class_name(names, code)
    maps = [_map(run, one) for one in shown]
    right = [
        figures.Panel(one.Y, values=one.power(code), values_name=f"importance for {told}")
        for one in shown
    ]
    panels: list[figures.Panel | None] = list(right)
    columns, dots = [f"neurons, by power to tell {told}"], "Each dot is a neuron"
    if any(maps):
        left = [found and figures.Panel(found[0], codes[found[1]]) for found in maps]
        panels = [panel for pair in zip(left, right, strict=True) for panel in pair]
        columns = ["observations, by class", *columns]
        dots = f"Left each dot is {reading.one(run, last.subset)}, right each is a neuron"
    picture = figures.small_multiples(
        panels, columns=columns, rows=[one.when(run) for one in shown], class_names=names or None
    )
    sides = f", {shown[0].when(run)} above and {last.when(run)} below" if len(shown) > 1 else ""
    best = int(last.power(code).argmax())
    return Figure(
        anchor(run, last.layer).replace("roles", "power"), inline.embedded(picture),
        f"Neurons of layer {last.layer} by how well they tell {told} from the rest; the best is "
        f"neuron {best}, {last.when(run)}.",
        f"Layer {last.layer}{sides}. {dots}, near those that fire alike and darker the better it "
        f"tells {reading.label(run)} {told} from the rest; {last.ranking}. "
        f"{reading.after_figure(run, 'neurons')}".strip(),
    )  # fmt: skip


def roles(run: Run, shown: Sequence[Population]) -> Figure:
    """Return the neurons by the class they tell best, full where they are strong."""
    last, (_, names) = shown[-1], reading.classes(run)
    panels = [figures.Panel(one.Y, one.roles, strength=units.power(one.S)) for one in shown]
    columns = [one.when(run) for one in shown]
    picture = figures.small_multiples(panels, columns=columns, class_names=names or None)
    table = _strongest(run, last)
    most = max(table.rows, key=lambda row: int(row[1].replace(",", "")))
    return Figure(
        anchor(run, last.layer), inline.embedded(picture),
        f"Neurons of layer {last.layer} by the class they tell best, {' and '.join(columns)}; "
        f"{last.when(run)} {most[0]} has the most, {most[1]}.",
        f"Discriminative neuron map of layer {last.layer}, {' and '.join(columns)}: each dot is a "
        f"neuron, near those that fire alike; its hue is the {reading.label(run)} that it tells "
        f"best, full where it is strong and pale where it is weak; {last.ranking}. "
        f"{reading.after_figure(run, 'discriminative neuron map')}".strip(),
        table, "The strongest neurons of each class",
    )  # fmt: skip


def activation(run: Run, one: Population) -> Figure | None:
    """Return the observations by what one neuron does, beside the same by class."""
    found, (codes, names) = _map(run, one), reading.classes(run)
    if found is None:
        return None
    Y, rows = found
    code = shown_class(run, one)
    unit, told = int(one.power(code).argmax()), class_name(names, code)
    values = np.asarray(run.activations(one.layer, one.checkpoint)[rows])[:, unit].astype(float)
    if not np.isfinite(values).all():
        return None
    panels = [figures.Panel(Y, codes[rows]), figures.Panel(Y, values=values)]
    columns = ["by class", f"by the activation of neuron {unit}"]
    picture = figures.small_multiples(panels, columns=columns, class_names=names or None)
    own = codes[rows] == code
    means = f"mean {values[own].mean():.2f} on {told}, {values[~own].mean():.2f} on the rest"
    return Figure(
        anchor(run, one.layer).replace("roles", "neuron"), inline.embedded(picture),
        f"Activation of neuron {unit} of layer {one.layer} on every observation: {means}.",
        f"The map of layer {one.layer}, {one.when(run)}: left by class, right by the activation of "
        f"neuron {unit}, the best for {told} ({one.ranking}); {means}. "
        f"{reading.after_figure(run, 'one neuron')}".strip(),
    )  # fmt: skip


def plain(run: Run, shown: Sequence[Population]) -> Figure | None:
    """Return the map of neurons whose roles nobody asked for."""
    placed = [one for one in shown if one.live > 1]
    if not placed:
        return None
    layer, columns = placed[-1].layer, [one.when(run) for one in placed]
    picture = figures.small_multiples([figures.Panel(one.Y) for one in placed], columns=columns)
    return Figure(
        anchor(run, layer), inline.embedded(picture),
        f"Map of the neurons of layer {layer}, {' and '.join(columns)}.",
        f"Neurons of layer {layer}, {' and '.join(columns)}: near ones fire alike. They were not "
        "ranked by the classes they tell.",
    )  # fmt: skip


def _strongest(run: Run, one: Population) -> Table:
    """Return for every class how many neurons tell it best, and which ones."""
    names, roles, rows = reading.classes(run)[1], one.roles, []
    for code in one.codes:
        S = one.power(code)
        best = [unit for unit in np.argsort(-S, kind="stable")[:TOP] if S[unit] > 0]
        listed = ", ".join(f"{unit} ({S[unit]:.3f})" for unit in best)
        count = wording.count(int((roles == code).sum()))
        rows.append((class_name(names, code), count, listed or wording.MISSING))
    return Table(
        (reading.label(run) or "class", "neurons of this role", "strongest (importance)"),
        tuple(rows), f"{one.when(run).capitalize()}; {one.ranking}.",
    )  # fmt: skip


def _map(run: Run, one: Population) -> tuple[Array, Array] | None:
    """Return the main map of the observations in this layer: places and row numbers."""
    frame = reading.table(run, "projections")
    if frame is None:
        return None
    found, main = Maps(run, frame), Scores.of([run]).method
    for method in sorted(found.methods(), key=lambda name: name != main):
        part = found.rows(method, one.subset, one.checkpoint, one.layer)
        if part is not None:
            return part[["x", "y"]].to_numpy(dtype=float), part["observation"].to_numpy()
    return None
