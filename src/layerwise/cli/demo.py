"""`layerwise demo`: the main job on the embedded data, in a minute or two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from layerwise.cli import options
from layerwise.cli.output import print_json
from layerwise.cli.study_hidden_activity import as_json, show


def demo(
    to: Annotated[Path, typer.Option(help="Folder for runs and report.")] = Path("runs/demo"),
    seeds: Annotated[int, typer.Option(help="Networks to train.")] = 2,
    json: options.Json = False,
) -> None:
    """Run the main job on embedded real digits, in a minute or two.

    Trains two networks on 1,797 handwritten digits and reports what each layer separates, before
    and after. Needs no download. Example: layerwise demo
    """
    from layerwise.studies import hidden_activity

    # fewer trees than the study's: the report says how far two forests agree
    done = hidden_activity("digits", to=to, seeds=seeds, n_trees=50, command="layerwise demo")
    if json:
        print_json(**as_json(done))
    else:
        show(done)
