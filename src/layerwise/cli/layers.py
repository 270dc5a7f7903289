"""`layerwise layers`: what of a network can be recorded, and what it takes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import load_data, load_model, whole_numbers
from layerwise.cli.output import print_json, print_table


def layers(
    model: options.Model,
    data: options.Data = "digits",
    data_dir: options.DataDir = None,
    shape: Annotated[
        str | None,
        typer.Option(help="Shape of one input instead of data, for example 3,224,224."),
    ] = None,
    json: options.Json = False,
) -> None:
    """List what of a network can be recorded.

    A star marks what is recorded by default. Example: layerwise layers mymodel.py:Net
    --shape 1,28,28
    """
    import torch

    from layerwise.network import survey, unwrap
    from layerwise.recording.budget import readable
    from layerwise.recording.source import as_source

    network = unwrap(load_model(model))
    if shape is not None:
        found = survey(network, torch.zeros(2, *whole_numbers(shape, "--shape")))
    else:
        source = as_source(load_data(data, "test", data_dir, None, 0))
        batch, _ = next(source.batches([(0, min(2, len(source)))]))
        found = survey(network, batch)
    rows: list[dict[str, Any]] = [
        {
            "layer": site.name,
            "kind": site.kind,
            "shape": list(site.shape),
            "bytes": 4 * torch.Size(site.shape).numel(),
            "default": site.default,
            "recordable": site.recordable,
        }
        for site in found.sites
    ]
    if json:
        print_json(rows=rows, untraceable=found.untraceable, aliases=dict(found.aliases))
        return
    print_table(
        ("layer", "kind", "shape", "float32 per observation"),
        [
            (
                ("* " if row["default"] else "  ") + row["layer"], row["kind"],
                " x ".join(map(str, row["shape"])) or "1",
                readable(row["bytes"]) if row["recordable"] else "not per observation",
            )
            for row in rows
        ],
    )  # fmt: skip
    if found.silent:
        print(f"never called as modules: {', '.join(found.silent)}")
    if found.untraceable:
        print(found.untraceable)
