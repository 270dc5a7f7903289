"""`layerwise study`: a published experiment on the user's data."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.output import percent, print_json, print_table
from layerwise.foundation.checks import choice

if TYPE_CHECKING:
    from layerwise.studies.hidden_activity import Study

STUDIES = ("hidden-activity",)


def study(
    name: Annotated[str, typer.Argument(help="hidden-activity", show_default=False)],
    data: options.Data = "digits",
    data_dir: options.DataDir = None,
    network: Annotated[str, typer.Option(help="mlp or cnn.")] = "mlp",
    profile: Annotated[
        str, typer.Option(help="quick (minutes on two cores) or paper (all data, 100 epochs).")
    ] = "quick",
    seeds: Annotated[int, typer.Option(help="Networks to train, each from its own start.")] = 1,
    epochs: Annotated[int | None, typer.Option(help="Other than the profile's.")] = None,
    to: Annotated[Path | None, typer.Option(help="Folder for runs and report.")] = None,
    json: options.Json = False,
) -> None:
    """Run a published experiment: train, record, map, score, report.

    Example: layerwise study hidden-activity --data mnist --profile quick
    """
    from layerwise.studies import hidden_activity

    choice("study", "NAME", name, STUDIES)
    changes: dict[str, Any] = {} if epochs is None else {"epochs": epochs}
    done = hidden_activity(
        data, network=network, profile=profile, data_dir=data_dir, to=to, seeds=seeds,
        command=command_line(), **changes,
    )  # fmt: skip
    show(done, json)


def show(done: Study, json: bool) -> None:
    """Print what a study found and where it lies."""
    from layerwise.scores import to_json_rows

    if json:
        print_json(
            rows=to_json_rows(done.summary),
            report=done.report,
            runs=[run.path for run in done.runs],
            scale_down=done.runs[0].provenance.get("scale_down", ""),
        )
        return
    for subset in ("test", "train"):
        _print_hits(done, subset)
    _print_accuracies(done)
    print(done.runs[0].provenance.get("scale_down", ""))
    print(f"report: {done.report}")


def _print_hits(done: Study, subset: str) -> None:
    """Print the neighbourhood hit by layer, before and after training."""
    from layerwise.scores import HIT_2D as two
    from layerwise.scores import HIT_ND as many

    cell = _Cells(done, subset)
    first, *hidden = (layer for layer in done.runs[0].layers if layer != "output")
    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    raw = (
        "raw input", cell(two, before, first), "", cell(many, before, first), "",
        cell(two, before, first, "floor"), cell(two, before, first, "published"), "",
    )  # fmt: skip
    lines = [
        (
            layer, cell(two, before, layer), cell(two, after, layer),
            cell(many, before, layer), cell(many, after, layer), cell(two, after, layer, "floor"),
            cell(two, before, layer, "published"), cell(two, after, layer, "published"),
        )
        for layer in hidden
    ]  # fmt: skip
    n = int(done.rows.query("subset == @subset and layer != ''")["n_observations"].iloc[0])
    head = ("layer", "2-D before", "2-D after", "n-D before", "n-D after", "shuffled",
            "paper before", "paper after")  # fmt: skip
    title = (
        f"Neighbourhood hit (k = 6) before and after training, {subset} subset: "
        f"{n:,} observations, {len(done.runs)} seed{'s' if len(done.runs) > 1 else ''}"
    )
    print_table(head, [raw, *lines], title)


def _print_accuracies(done: Study) -> None:
    """Print what share the network classifies rightly, before and after training."""
    from layerwise.scores import ACCURACY
    from layerwise.studies.rauber2017 import TEST_ACCURACY

    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    lines = []
    for score, subset in ((ACCURACY, "test"), (ACCURACY, "train"), (TEST_ACCURACY, "test")):
        cell = _Cells(done, subset)
        shown = f"{score}, shown {subset} subset" if score == ACCURACY else score
        found = (cell(score, before), cell(score, after))
        lines.append((shown, *found, cell(score, after, "", "published")))
    print_table(("network", "before", "after", "paper after"), lines)


class _Cells:
    """Cells of the printed tables, by score, checkpoint and layer of one subset."""

    def __init__(self, done: Study, subset: str) -> None:
        rows = done.summary[done.summary["subset"] == subset].to_dict("records")
        self._rows = {(row["score"], row["checkpoint"], row["layer"]): row for row in rows}

    def __call__(self, score: str, checkpoint: str, layer: str = "", column: str = "value") -> str:
        row = self._rows.get((score, checkpoint, layer))
        if row is None:
            return ""
        return percent(row[column], row["spread"] if column == "value" else math.nan)


def command_line() -> str:
    """Return what the user typed."""
    return shlex.join(["layerwise", *sys.argv[1:]])
