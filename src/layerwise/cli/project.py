"""`layerwise project`: maps of the observations by their activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import open_run
from layerwise.cli.output import print_json, print_table
from layerwise.foundation.checks import not_found
from layerwise.foundation.globs import matches

if TYPE_CHECKING:
    from layerwise.store import Run


def project(
    run: options.RunFolder,
    layer: options.Layers = None,
    checkpoint: options.Checkpoint = None,
    subset: options.Subset = "",
    method: Annotated[str, typer.Option(help="tsne, pca, mds or umap.")] = "tsne",
    perplexity: options.Perplexity = None,
    n: options.Count = 2000,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Map the observations by their activations.

    The maps are kept in the run.

    Example: layerwise project runs/mine --layer 'relu*' --method tsne
    """
    from layerwise import analysis

    opened = open_run(run)
    parameters: dict[str, Any] = {} if perplexity is None else {"perplexity": perplexity}
    rows = []
    for name, place in chosen(opened, layer, checkpoint):
        frame = analysis.project(
            opened, layer=name, checkpoint=place, subset=subset, method=method, n=n,
            random_state=seed, **parameters,
        )  # fmt: skip
        rows.append({"layer": name, "checkpoint": place, "method": method, "points": len(frame)})
    if json:
        print_json(rows=rows, run=opened.path)
        return
    head = ("layer", "checkpoint", "method", "points")
    print_table(head, [tuple(row.values()) for row in rows])
    print(f"maps: {opened.path / 'tables' / 'projections'}")


def chosen(run: Run, layers: list[str] | None, checkpoint: str | None) -> list[tuple[str, str]]:
    """Return the layers and checkpoints that names and globs ask for; "output" only by name."""
    wanted = [name for name in run.layers if name != "output"]
    if layers:
        wanted = []
        for pattern in layers:
            matched = [name for name in run.layers if matches(name, pattern)]
            if not matched:
                raise not_found("layer", pattern, str(run.path), run.layers)
            wanted += [name for name in matched if name not in wanted]
    checkpoints = list(run.checkpoints) if checkpoint is None else [run.checkpoint(checkpoint).name]
    return [
        (name, place)
        for place in checkpoints
        for name in wanted
        if name != "input" or place == checkpoints[0]  # the input does not change with the weights
    ]
