"""`layerwise filters`: the learned filters of a network, as numbers and as pictures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import checkpoint_names, load_model, open_run, whole_numbers, with_weights
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.units import FilterImages

MOST_DRAWN = 3
"""Layers in the figure if none are named."""

MOST_INPUTS = 16
"""Inputs of each filter if the strongest are asked for."""


def filters(
    model: options.Model,
    weights: options.Weights = None,
    layer: options.Layers = None,
    scale: Annotated[
        str,
        typer.Option(
            help="Where colours end: filter (each picture its own largest weight) or layer (one "
            "for the layer at all checkpoints).",
        ),
    ] = "filter",
    chosen: Annotated[
        str | None,
        typer.Option(
            "--filters", help="Numbers, for example 0,3,7; default: the first.", show_default=False
        ),
    ] = None,
    strongest: Annotated[
        int | None,
        typer.Option(
            help="Draw so many, the largest norm first (at the last checkpoint).",
            show_default=False,
        ),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            help=f"Numbers, or strongest ({MOST_INPUTS} by norm); default: the first. Three of "
            "three are red, green and blue, so 2,1,0 for a network on BGR.",
            show_default=False,
        ),
    ] = None,
    image_shape: Annotated[
        str | None,
        typer.Option(
            help="C,H,W or H,W of the network's input: the first linear layer with so many inputs "
            "is drawn as pictures.",
            show_default=False,
        ),
    ] = None,
    to: options.To = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:
    """Show the learned filters of a network: their numbers, and how training changes them.

    Example: layerwise filters mymodel.py:Net --weights before.pt --weights after.pt --layer conv1
    --figure filters.png
    """
    from layerwise import analysis, figures
    from layerwise.network import kernels

    if chosen is not None and strongest is not None:
        raise InvalidValue("--filters and --strongest must not be given both. Choose one.")
    settings: dict[str, Any] = {
        "scale": scale,
        "filters": strongest if chosen is None else whole_numbers(chosen, "--filters"),
        "inputs": _inputs(inputs),
        "image_shape": None if image_shape is None else whole_numbers(image_shape, "--image-shape"),
    }
    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = checkpoint_names(files)
    checkpoints = {
        name: kernels(network, layer)
        for name in with_weights(network, files, names, trust_pickle, run)
    }
    if run is None:
        found = analysis.filter_tables(checkpoints, **settings)
    else:
        found = analysis.keep_filters(run, checkpoints, **settings)
    shown = dict(list(found.pictures.items())[: None if layer else MOST_DRAWN])
    if figure is not None:
        figures.save(figures.filter_sheet(shown), figure)
    if json:
        print_json(
            rows=found.kernels.to_dict("records"), drawn=_drawn(found.pictures), run=to,
            figure=figure, command=command_line(),
        )  # fmt: skip
        return
    _print(found.kernels, len(checkpoints) > 1)
    if figure is not None:
        some = f" ({len(shown)} of {len(found.pictures)} layers; --layer names others)"
        print(f"figure: {figure}{some if len(shown) < len(found.pictures) else ''}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _inputs(text: str | None) -> list[int] | int | None:
    if text == "strongest":
        return MOST_INPUTS
    return None if text is None else whole_numbers(text, "--inputs")


def _drawn(pictures: Mapping[str, Mapping[str, FilterImages]]) -> list[dict[str, Any]]:
    """Return what the pictures show, for scripts."""
    return [
        {
            "layer": layer, "checkpoint": checkpoint, "picture": images.kind,
            "caption": images.caption, "filters": images.filters.numbers.tolist(),
            "inputs": images.inputs.numbers.tolist(), "limits": images.limits.tolist(),
        }
        for layer, over in pictures.items() for checkpoint, images in over.items()
    ]  # fmt: skip


def _seen(row: Mapping[Hashable, Any]) -> str:
    """Return how many inputs a filter sees, of how many if they are grouped."""
    whole = f"{row['n_inputs']:,}"
    return whole if row["groups"] == 1 else f"{row['n_inputs'] // row['groups']:,} of {whole}"


def _print(kernels: pd.DataFrame, several: bool) -> None:
    rows = [
        (
            row["layer"], row["checkpoint"] if several else None, row["kind"],
            f"{row['n_filters']:,}", _seen(row), row["size"], f"{row['norm']:.3g}",
            f"{row['effective_rank']:,.1f} of {row['max_rank']:,}", row["dead"], row["twins"],
            percent(row["zeros"]), percent(row["moved"]),
        )
        for row in kernels.to_dict("records")
    ]  # fmt: skip
    head = (
        "layer", "checkpoint", "kind", "filters", "inputs", "size", "norm",
        "eff. rank", "dead", "twins", "zeros", "moved",
    )  # fmt: skip
    print_table(head, rows)
    print("twins: filters nearly proportional to an earlier one (|cosine| above 0.99)")
