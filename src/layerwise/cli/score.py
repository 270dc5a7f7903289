"""`layerwise score`: how well layers separate classes, with the floor under shuffled labels."""

from __future__ import annotations

from typing import Annotated

import typer

from layerwise.cli import options
from layerwise.cli.inputs import open_run
from layerwise.cli.output import print_json, print_scores
from layerwise.cli.project import chosen


def score(
    run: options.RunFolder,
    layer: options.Layers = None,
    checkpoint: options.Checkpoint = None,
    subset: options.Subset = "",
    label: options.Label = None,
    method: Annotated[str, typer.Option(help="Also score the maps by this method.")] = "tsne",
    k: Annotated[int, typer.Option("-k", help="Neighbours.")] = 6,
    n: options.Count = 2000,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Score how well layers separate the classes.

    Neighbourhood hit in n-D and 2-D with its floor, trustworthiness, continuity, accuracy.

    Maps that are not there yet are made. Example: layerwise score runs/mine --layer 'relu*'
    """
    import pandas as pd

    from layerwise import analysis
    from layerwise.scores import summarize, to_json_rows

    opened = open_run(run)
    tables = []
    for name, place in chosen(opened, layer, checkpoint):
        projection = analysis.project(
            opened, layer=name, checkpoint=place, subset=subset, method=method, n=n,
            random_state=seed,
        )  # fmt: skip
        tables.append(
            analysis.score(
                opened, layer=name, checkpoint=place, subset=subset, label=label,
                projection=projection, n_neighbors=k, random_state=seed,
            )
        )  # fmt: skip
    if "output" in opened.layers:
        for place in [checkpoint] if checkpoint else opened.checkpoints:
            found = analysis.accuracy(opened, checkpoint=place, subset=subset, label=label)
            tables.append(found)
    summary = summarize(pd.concat(tables, ignore_index=True))
    if json:
        print_json(rows=to_json_rows(summary), run=opened.path)
    else:
        print_scores(summary, f"{opened.path}, k = {k}")
