"""What the studies that look at one network run and print."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.cli import study_deconvnet
from layerwise.cli.inputs import load_model
from layerwise.cli.output import percent, print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.studies.asked import Looked

SCORES = ("accuracy", "accuracy, whole test set", "neighborhood hit 2-D", "neighborhood hit n-D")

HEADS = {
    "kernels": "Filters",
    "activity": "Activity of the population, whole test set",
    "preferred": "Preferred inputs beside real ones: layers and classes, by recipe",
    "uniqueness": "Uniqueness of preferred inputs, on a sphere",
    "class_statistics": "Classes and filters, whole test set: mean over classes and filters",
    **study_deconvnet.HEADS,
}


def run(
    name: str, data: str, to: Path | None, settings: Mapping[str, Any], *, model: str | None,
    weights: Sequence[Path], layers: Sequence[str] | None, size: int | None, json: bool,
) -> None:  # fmt: skip
    """Run the study and print what it found."""
    from layerwise import studies

    ask = {
        "parameters": studies.parameters,
        "filter-statistics": studies.filter_statistics,
        "preferred-inputs": studies.preferred_inputs,
        "deconvnet": studies.deconvnet,
    }[name]
    network = load_model(model) if model is not None else None
    done = ask(data, model=network, weights=weights, layers=layers, size=size, to=to, **settings)
    if json:
        print_json(**as_json(done))
    else:
        show(done)


def as_json(done: Looked) -> dict[str, Any]:
    """Return what a study found as one JSON object."""
    from layerwise.scores import to_json_rows

    return {
        "rows": to_json_rows(done.summary),
        **{
            kind: to_json_rows(frame) for kind in HEADS if (frame := _table(done, kind)) is not None
        },
        "report": done.report,
        "runs": [run.path for run in done.runs],
        "scale_down": done.runs[0].provenance.get("scale_down", ""),
    }


def show(done: Looked) -> None:
    """Print what a study found and where it lies."""
    _print_scores(done)
    for kind, summarize in (("kernels", _kernels), ("activity", _activity),
                            ("class_statistics", _classes), ("preferred", _preferred),
                            ("uniqueness", _uniqueness),
                            *study_deconvnet.PRINTED.items()):  # fmt: skip
        if (frame := _table(done, kind)) is not None:
            title = HEADS[kind] if len(done.runs) == 1 else f"{HEADS[kind]}, first seed"
            print_table(*summarize(done, frame), title)
    print(done.runs[0].provenance.get("scale_down", ""))
    print(f"report: {done.report}")
    print(f"look: layerwise view {shlex.join(str(run.path) for run in done.runs)}")


def _table(done: Looked, kind: str) -> pd.DataFrame | None:
    """Return a table of the first run, in the order of its network, or None if it has none.

    Of populations that of the whole test set, of classes and filters what is about layers.
    """
    from layerwise.analysis.class_statistics import BETWEEN

    run = done.runs[0]
    if kind not in run.tables:
        return None
    frame = run.table(kind)
    if kind == "top":
        return frame[frame["checkpoint"] == run.checkpoints[-1]]
    if kind == "preferred":
        return frame.sort_values(["order", "recipe"], kind="stable")
    if kind == "uniqueness":
        late = frame["checkpoint"].isin([run.checkpoints[-1], "trained"])
        frame = frame.assign(late=late).sort_values(["network", "late", "order"], kind="stable")
        return frame.drop(columns="late")
    if kind in study_deconvnet.HEADS:
        return frame
    if kind == "kernels":
        return frame.sort_values("position", kind="stable")
    frame = frame[frame["subset"] == "test"]
    if kind == "activity":
        return frame[frame["class"] < 0].sort_values("order", kind="stable")
    orders = run.table("activity").groupby("layer")["order"].first()
    frame = frame[(frame["measure"] != BETWEEN) | (frame["unit"] < 0)]
    return frame.assign(order=frame["layer"].map(orders)).sort_values("order", kind="stable")


def _ends(done: Looked) -> tuple[str, str]:
    return done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]


def _print_scores(done: Looked) -> None:
    """Print accuracies and the neighbourhood hit by layer, before and after training."""
    before, after = _ends(done)
    order = {layer: i for i, layer in enumerate(["", *done.runs[0].layers])}
    found: dict[tuple[int, str, str, str], dict[str, Any]] = {}
    for row in done.summary.to_dict("records"):
        if row["score"] in SCORES:
            place = order[row["layer"]], row["layer"], row["score"], row["subset"]
            found.setdefault(place, {})[row["checkpoint"]] = row
    lines = []
    for (_, layer, score, subset), at in sorted(found.items()):
        last = at.get(after, {})
        lines.append((
            f"{layer or 'network'}: {score}", subset, _cell(at.get(before)), _cell(at.get(after)),
            percent(last.get("floor", math.nan)), percent(last.get("published", math.nan)),
        ))  # fmt: skip
    seeds = f"{len(done.runs)} seed{'s' if len(done.runs) > 1 else ''}"
    head = ("score", "subset", before, after, "shuffled", "published")
    print_table(head, lines, f"Before and after training, {seeds}")


def _cell(row: Mapping[Any, Any] | None) -> str:
    return "" if row is None else percent(row["value"], row["spread"])


Lines = tuple[Sequence[str], Sequence[Sequence[object]]]


def _kernels(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a layer: shape, and how its weights changed."""
    before, after = _ends(done)
    lines = []
    for layer, part in frame.groupby("layer", sort=False):
        at = {row["checkpoint"]: row for row in part.to_dict("records")}
        first, last = at[before], at[after]
        lines.append((
            layer, f"{last['n_filters']} x {last['n_inputs']}", last["size"],
            _change(first, last, "norm"), _change(first, last, "effective_rank"),
            _change(first, last, "dead"), _change(first, last, "twins"),
        ))  # fmt: skip
    return ("layer", "filters", "size", "norm", "effective rank", "dead", "twins"), lines


def _change(first: Mapping[Any, Any], last: Mapping[Any, Any], name: str) -> str:
    return f"{first[name]:.3g} → {last[name]:.3g}"


def _activity(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a layer: how active its units are and how many never are."""
    before, after = _ends(done)
    lines = []
    for layer, part in frame.groupby("layer", sort=False):
        at = dict(tuple(part.groupby("checkpoint")))
        first, last = at[before], at[after]
        lines.append((
            layer, len(last),
            f"{percent(first['active'].median())} → {percent(last['active'].median())}",
            *(f"{(first['state'] == state).sum()} → {(last['state'] == state).sum()}"
              for state in ("dead", "saturated")),
        ))  # fmt: skip
    return ("layer", "units", "median share active", "dead", "saturated"), lines


def _classes(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a layer and measure: the mean, untrained and trained, and chance."""
    before, after = _ends(done)
    means = frame.groupby(["layer", "measure", "checkpoint"], sort=False)[["value", "floor"]].mean()
    lines = []
    for layer, measure in dict.fromkeys((layer, measure) for layer, measure, _ in means.index):
        cells = []
        for checkpoint in (before, after):
            place = (layer, measure, checkpoint)
            cells.append(f"{means.loc[place, 'value']:.3g}" if place in means.index else "")
        floor = means["floor"].get((layer, measure, after), math.nan)
        lines.append((layer, measure, *cells, "" if math.isnan(floor) else f"{floor:.3g}"))
    return ("layer", "measure", before, after, "chance"), lines


def _preferred(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a layer and recipe: how many images are above all real inputs."""
    before, after = _ends(done)
    lines = []
    for (layer, recipe), part in frame.groupby(["layer", "recipe"], sort=False):
        cells = []
        for checkpoint in (before, after):
            at = part[part["checkpoint"] == checkpoint]
            cells.append(percent((at["value"] > at["best_real"]).mean()) if len(at) else "")
        last = part[part["checkpoint"] == after]
        lines.append((
            layer, recipe, len(last), *cells, f"{last['agreement'].mean():.2f}",
            percent(last["as_meant"].astype(float).mean()), percent(last["confidence"].median()),
        ))  # fmt: skip
    head = (
        "layer", "recipe", "images", f"above real, {before}", f"above real, {after}",
        "starts agree", "taken for the class", "with",
    )  # fmt: skip
    return head, lines


def _uniqueness(done: Looked, frame: pd.DataFrame) -> Lines:
    """Return one line a network, checkpoint and layer."""
    lines = [
        (
            row["network"], row["checkpoint"], row["layer"], f"{row['cosine']:.3f}",
            percent(row["all_agree"]), f"{row['spread']:.0e}", f"{row['linear']:.2f}",
        )
        for row in frame.to_dict("records")
    ]  # fmt: skip
    head = (
        "network", "checkpoint", "layer", "cosine of starts", "all agree", "spread of maxima",
        "cosine with linear",
    )  # fmt: skip
    return head, lines
