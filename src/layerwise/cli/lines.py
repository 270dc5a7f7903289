"""`layerwise lines`: hidden units as lines in the plane of two inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import load_model, whole_numbers
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import invalid


def lines(
    data: Annotated[
        str,
        typer.Option(
            "--data",
            help="blobs, circles, moons or spiral; or two features of another set by name, of an "
            ".npz or of a folder of pictures.",
        ),
    ] = "moons",
    data_dir: options.DataDir = None,
    hidden: Annotated[
        str | None,
        typer.Option(help="Units of each hidden layer, such as 20 or 20,20.", show_default="20"),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(
            help="Two columns of the data, such as 3,7, or pca for the first two principal "
            "components. Default: the two that there are, or else pca.",
            show_default=False,
        ),
    ] = None,
    iterations: Annotated[
        str | None,
        typer.Option(
            help="Updates after which to look. Default: 1,4,7,10,16,34,77,100,272,556,703,1407,"
            "2222,2789,4999,9999.",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Stop at iteration 1,407.")] = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="MODULE:FUNCTION or FILE.py:FUNCTION that returns a network of two inputs, of "
            "Linear layers and ReLU; instead of training one here.",
            show_default=False,
        ),
    ] = None,
    weights: options.ModelWeights = None,
    n: Annotated[int, typer.Option("-n", help="Observations of each part, at most.")] = 2000,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the run and its report. Default: runs/lines-DATA.", show_default=False
        ),
    ] = None,
    figure: options.Figure = None,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Show where each hidden unit turns on in the plane, while a small network learns.

    Trains 2 -> hidden -> classes on two features of the data (or takes a network of yours), keeps
    it at successive iterations, counts the cells into which its units divide the plane, and writes
    a run and a report. Run again, it reads what is there.

    Example: layerwise lines --data spiral --hidden 20 --quick --figure lines.png
    """
    from layerwise import figures
    from layerwise.report.lines import still
    from layerwise.studies import lines as trained
    from layerwise.studies.lines import ITERATIONS, QUICK, lines_of

    columns = features if features in (None, "pca") else whole_numbers(features, "--features")
    settings: dict[str, Any] = {
        "features": columns,
        "n": n, "data_dir": data_dir, "to": to, "seed": seed, "command": command_line(),
    }  # fmt: skip
    if model is not None:
        for option, value in (("--hidden", hidden), ("--iterations", iterations)):
            if value is not None:
                raise invalid("lines", option, "left out with --model, which is not trained", value)
        found = lines_of(
            load_model(model), data, weights=weights or [], network=model, **settings
        )  # fmt: skip
    else:
        if weights:
            raise invalid("lines", "--weights", "given with --model", ", ".join(map(str, weights)))
        wanted = ITERATIONS if iterations is None else whole_numbers(iterations, "--iterations")
        if quick:
            wanted = [k for k in wanted if k <= QUICK]
        sizes = whole_numbers("20" if hidden is None else hidden, "--hidden")
        found = trained(data, hidden=sizes, iterations=wanted, **settings)
    if figure is not None:
        figures.save(still(found.run), figure)
    if json:
        print_json(rows=found.table.to_dict("records"), run=found.run.path, report=found.report,
                   figure=figure)  # fmt: skip
        return
    print_table(
        ("checkpoint", "iteration", "train", "test", "lines", "cells", "with data",
         "never active"),
        [
            (
                row["checkpoint"], "" if row["iteration"] < 0 else f"{row['iteration']:,}",
                percent(row["train_accuracy"]), percent(row["test_accuracy"]),
                f"{row['lines']} of {row['units']}", row["cells"], row["reached"], row["dead"],
            )
            for row in found.table.to_dict("records")
        ],
        "Hidden units as lines, {network} on {data}".format(**found.run.provenance),
    )  # fmt: skip
    print(f"run: {found.run.path}")
    print(f"report: {found.report}")
    if figure is not None:
        print(f"figure: {figure}")
