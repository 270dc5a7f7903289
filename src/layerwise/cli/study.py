"""`layerwise study`: a published experiment on the user's data."""

from __future__ import annotations

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
    before, after = done.runs[0].checkpoints[0], done.runs[0].checkpoints[-1]
    summary = done.summary.set_index(["score", "subset", "checkpoint", "layer"])

    def cell(score: str, subset: str, checkpoint: str, layer: str, column: str = "value") -> str:
        key = (score, subset, checkpoint, layer)
        if key not in summary.index:
            return ""
        row = summary.loc[key]
        return percent(row[column], row["spread"] if column == "value" else float("nan"))

    hidden = [layer for layer in done.runs[0].layers if layer not in ("input", "output")]
    for subset in ("test", "train"):
        lines = []
        for layer in ["input", *hidden]:
            last = before if layer == "input" else after
            two = ("neighborhood hit 2-D", subset)
            many = ("neighborhood hit n-D", subset)
            lines.append(
                (
                    "raw input" if layer == "input" else layer,
                    cell(*two, before, layer),
                    "" if layer == "input" else cell(*two, after, layer),
                    cell(*many, before, layer),
                    "" if layer == "input" else cell(*many, after, layer),
                    cell(*two, last, layer, "floor"),
                    "  ".join(
                        f"{cell(*two, when, layer, 'published')} {word}"
                        for when, word in ((before, "before"), (after, "after"))
                        if cell(*two, when, layer, "published") and not (
                            layer == "input" and word == "after")
                    ).replace(" before", "" if layer == "input" else " before"),
                )
            )  # fmt: skip
        n = int(done.summary.query("subset == @subset")["n_observations"].iloc[0])
        print_table(
            (
                "layer",
                "2-D before",
                "2-D after",
                "n-D before",
                "n-D after",
                "shuffled",
                "published",
            ),
            lines,
            f"Neighbourhood hit (k = 6), {subset} subset, {n:,} observations, "
            f"seeds: {len(done.runs)}",
        )
    accuracy = [
        (f"{score}, {subset}", cell(score, subset, before, ""), cell(score, subset, after, ""),
         cell(score, subset, after, "", "published"))
        for score, subset in (("accuracy", "test"), ("accuracy", "train"),
                              ("accuracy, whole test set", "test"))
    ]  # fmt: skip
    print_table(("network", "before", "after", "published"), accuracy)
    print(done.runs[0].provenance.get("scale_down", ""))
    print(f"report: {done.report}")


def command_line() -> str:
    """Return what the user typed."""
    return shlex.join(["layerwise", *sys.argv[1:]])
