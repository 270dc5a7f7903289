"""`layerwise study`: a published experiment on the user's data."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from layerwise.cli import options, study_hidden_activity, study_one_network
from layerwise.foundation.checks import choice, invalid

STUDIES = {
    "hidden-activity": ("--network", "--edges"),
    "parameters": ("--model", "--weights", "--layer", "--size"),
    "filter-statistics": ("--model", "--weights", "--layer", "--size"),
    "preferred-inputs": ("--model", "--weights", "--layer", "--size"),
    "deconvnet": ("--model", "--weights", "--layer", "--size", "--other"),
}
"""The literal list of studies, each with the options that not every study takes."""


def study(
    name: Annotated[
        str,
        typer.Argument(
            help="hidden-activity: how layers, epochs and neurons tell classes apart; parameters: "
            "filters, feature maps and the population's activity; filter-statistics: what every "
            "filter answers to each class; preferred-inputs: what classes and units prefer to see; "
            "deconvnet: what excites each unit, and how answers follow covered and moved inputs.",
            show_default=False,
        ),
    ],
    data: options.Data = "digits",
    data_dir: options.DataDir = None,
    network: Annotated[
        str | None,
        typer.Option(help="mlp, cnn or both (default); hidden-activity.", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="MODULE:FUNCTION or FILE.py:FUNCTION that returns a trained network, or one for "
            "--weights; instead of a LeNet trained here.",
            show_default=False,
        ),
    ] = None,
    weights: options.ModelWeights = None,
    layer: options.Layers = None,
    size: Annotated[
        int | None,
        typer.Option(help="Side to which your own pictures are scaled.", show_default=False),
    ] = None,
    other: Annotated[
        str | None,
        typer.Option(
            help="Data to probe the layers with, instead of classes that a network of half the "
            "classes never saw; deconvnet.",
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="quick (minutes on two cores) or paper (all data, more epochs).")
    ] = "quick",
    seeds: Annotated[int, typer.Option(help="Networks to train, each from its own start.")] = 1,
    epochs: Annotated[
        int | None, typer.Option(help="Other than the profile's.", show_default=False)
    ] = None,
    n: Annotated[
        int | None,
        typer.Option("-n", help="Observations of each subset to record.", show_default=False),
    ] = None,
    edges: Annotated[
        bool | None,
        typer.Option(
            "--edges/--no-edges",
            show_default=False,
            help="Also train on edges, which have no polarity; default: cnn on svhn; "
            "hidden-activity.",
        ),
    ] = None,
    to: Annotated[Path | None, typer.Option(help="Folder for runs and reports.")] = None,
    json: options.Json = False,
) -> None:
    """Run a published experiment: train (or bring a network), record, measure, report.

    Example: layerwise study filter-statistics --data mnist --seeds 2
    """
    from layerwise.data.toy import CLASSES

    choice("study", "NAME", name, tuple(STUDIES))
    own: dict[str, Any] = {
        "--network": network, "--edges": edges, "--model": model, "--weights": weights,
        "--layer": layer, "--size": size, "--other": other,
    }  # fmt: skip
    for option, value in own.items():
        if value is not None and option not in STUDIES[name]:
            *most, last = [study for study, takes in STUDIES.items() if option in takes]
            takers = f"{', '.join(most)} and {last}" if most else last
            raise invalid(f"study {name}", option, f"left out (it is for {takers})", _said(value))
    if name == "parameters" and model is None and data in CLASSES:
        _lines(data, profile, seeds, epochs, n, to, json)
        return
    changes = {"epochs": epochs, "n_shown": n}
    settings: dict[str, Any] = {
        "profile": profile, "data_dir": data_dir, "seeds": seeds, "command": command_line(),
        **{field: value for field, value in changes.items() if value is not None},
    }  # fmt: skip
    if name == "hidden-activity":
        study_hidden_activity.run(
            data, to, settings, network=network or "both", edges=edges, json=json
        )
    else:
        if name == "deconvnet":
            settings["other"] = other
        study_one_network.run(
            name, data, to, settings, model=model, weights=weights or [], layers=layer, size=size,
            json=json,
        )  # fmt: skip


def _lines(
    data: str, profile: str, seeds: int, epochs: int | None, n: int | None, to: Path | None,
    json: bool,
) -> None:  # fmt: skip
    """Look at the parameters of a network in the plane: its hidden units are lines."""
    from layerwise.cli.lines import lines

    for option, value, usual in (("--seeds", seeds, 1), ("--epochs", epochs, None)):
        if value != usual:
            raise invalid("study parameters", option, "left out for points in the plane", value,
                          "See layerwise lines --help.")  # fmt: skip
    choice("study", "--profile", profile, ("quick", "paper"))
    lines(data, quick=profile == "quick", n=n or 2000, to=to, json=json)


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def command_line() -> str:
    """Return what the user typed."""
    return shlex.join(["layerwise", *sys.argv[1:]])
