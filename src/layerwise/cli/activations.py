"""`layerwise activations`: what every layer makes of one observation, what a unit sees of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.chosen import Chosen
from layerwise.cli.inputs import (
    checkpoint_names,
    load_model,
    open_run,
    whole_numbers,
    with_weights,
)
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue, choice, integer

if TYPE_CHECKING:
    import pandas as pd

    from layerwise.recording import FeatureMaps

MOST_DRAWN = 8
"""Layers in the figure if none are named."""


def activations(
    model: options.Model,
    weights: options.Weights = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    observation: Annotated[int, typer.Option(help="Its row number.")] = 0,
    layer: options.Layers = None,
    channels: Annotated[
        str | None,
        typer.Option(help="Draw these, for example 0,3,7.", show_default=False),
    ] = None,
    strongest: Annotated[
        int | None,
        typer.Option(
            help="Draw so many, the largest activation first (at the last checkpoint); default: "
            "16 of maps.",
            show_default=False,
        ),
    ] = None,
    scale: Annotated[
        str,
        typer.Option(
            help="Where colours end: layer (one for all its channels) or channel (each its own)."
        ),
    ] = "layer",
    position: Annotated[
        str | None,
        typer.Option(
            help="Of one unit of the one --layer, for example 3,4: print and draw what it sees of "
            "the observation.",
            show_default=False,
        ),
    ] = None,
    unit: Annotated[
        int | None,
        typer.Option(help="Channel of that unit; default: the strongest.", show_default=False),
    ] = None,
    to: options.To = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            "-c",
            help="Name in the run if it is not that of the file.",
            show_default=False,
        ),
    ] = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:
    """Show what every layer makes of one observation, and what its units see of it.

    Example: layerwise activations mymodel.py:Net --weights net.pt --data mnist --observation 7
    --figure maps.png
    """
    from layerwise import analysis, figures
    from layerwise.recording import activations as activations_of
    from layerwise.units.pictures.feature_maps import SCALES

    if channels is not None and strongest is not None:
        raise InvalidValue("--channels and --strongest must not be given both. Choose one.")
    choice("activations", "--scale", scale, SCALES)
    if strongest is not None:
        integer("activations", "--strongest", strongest, 1)
    asked = strongest if channels is None else whole_numbers(channels, "--channels")
    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = _names(files, checkpoint, to)
    shown = Chosen.of("activations", data, split, data_dir, [observation])
    (what,) = shown.names
    picture = None if shown.pictures is None else shown.pictures[0]
    batch = shown.inputs if isinstance(shown.inputs, dict | tuple) else (shown.inputs,)
    maps = {
        name: activations_of(network, batch, layer)
        for name in with_weights(network, files, names, trust_pickle, run)
    }
    last = list(maps.values())[-1]
    most = max(len(one.values) for one in last.values())
    for channel in asked if isinstance(asked, list) else ():
        integer("activations", "--channels", channel, 0, most - 1)
    point = _point(last, position, unit)
    table = analysis.feature_map_table(last)
    drawn = list(last) if layer else _spaced(analysis.main_layers(table))
    if figure is not None:
        view: dict[str, Any] = {
            "picture": picture,
            "signal": None if shown.signals is None else shown.signals[0],
            "title": what,
        }
        if point is None:
            some = {name: {at: one[at] for at in drawn} for name, one in maps.items()}
            made = figures.observation(some, channels=asked, scale=scale, **view)
        else:
            (one,) = last.values()
            made = figures.one_unit(one, point["position"], point["channel"], **view)
        figures.save(made, figure)
    if run is not None:
        some_channels = {} if asked is None else {"channels": asked}
        analysis.keep_feature_maps(
            run, maps, picture=picture, name=what, scale=scale, **some_channels
        )
    if json:
        print_json(
            observation=what, rows=table.to_dict("records"), unit=point, run=to,
            figure=figure, command=command_line(),
        )  # fmt: skip
        return
    _print(table, what, last)
    if point is not None:
        print(_sentence(point))
    if figure is not None:
        more = f" ({len(drawn)} of {len(last)} layers; --layer names others)"
        print(f"figure: {figure}{more if len(drawn) < len(last) else ''}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _names(weights: Sequence[Path], checkpoint: str | None, to: Path | None) -> list[str]:
    """Return the name of each checkpoint: of its file, or the one given."""
    if checkpoint is None:
        names = checkpoint_names(weights)
        if to is not None and names == [""]:
            raise InvalidValue(
                "--to must come with --weights or --checkpoint; got neither. A run keeps "
                "activations by checkpoint."
            )
        return names
    if len(weights) > 1:
        raise InvalidValue(
            f"--checkpoint must name one file of --weights; got {len(weights)} files. "
            "Name the files like the checkpoints."
        )
    return [checkpoint]


def _point(
    maps: Mapping[str, FeatureMaps], position: str | None, unit: int | None
) -> dict[str, Any] | None:
    """Return the unit asked for: its layer, channel, position, activation and what it sees."""
    if position is None and unit is None:
        return None
    if len(maps) != 1:
        raise InvalidValue(
            f"--position and --unit must come with one --layer; got {len(maps)} layers."
        )
    (one,) = maps.values()
    if one.field is None:
        raise InvalidValue(
            one.problem or f"layer {one.layer!r} sees an input without positions, so no part of it."
        )
    place = one.field.middle if position is None else tuple(whole_numbers(position, "--position"))
    one.field.interval(place)  # checks the position before it is an index
    index: Any = (slice(None), *place)
    at = one.values[index]
    channel = int(at.argmax()) if unit is None else integer(
        "activations", "--unit", unit, 0, len(one.values) - 1
    )  # fmt: skip
    return {
        "layer": one.layer, "channel": channel, "position": list(place),
        "activation": float(at[channel]), "box": one.field.interval(place, channel),
    }  # fmt: skip


def _sentence(point: Mapping[str, Any]) -> str:
    sees = "sees padding alone"
    if point["box"] is not None:
        ends = [f"{first} to {last}" for first, last in point["box"]]
        what = ("rows", "columns") if len(ends) == 2 else ("steps",)
        sees = "sees " + ", ".join(f"{w} {e}" for w, e in zip(what, ends, strict=False))
    where = ", ".join(map(str, point["position"]))
    return (
        f"{point['layer']}, channel {point['channel']}{f' at ({where})' if where else ''}: "
        f"activation {point['activation']:.4g}, {sees}"
    )


def _print(table: pd.DataFrame, name: str, maps: Mapping[str, FeatureMaps]) -> None:
    rows = [
        (
            row["layer"], row["shape"].replace("x", " x "), f"{row['max']:.3g}",
            percent(row["active"]), row["silent"], _seen(row), _by(row),
            row["strongest"].replace(",", ", "),
        )
        for row in table.to_dict("records")
    ]  # fmt: skip
    head = ("layer", "shape", "max", "active", "silent", "sees", "every", "strongest")
    print_table(head, rows, f"{name}, layer by layer")
    print(
        "active: values above 0; silent: channels that are 0 everywhere; sees: of the input, were "
        "it without borders, every so many steps; strongest: by largest absolute activation"
    )
    for problem in dict.fromkeys(one.problem for one in maps.values() if one.problem):
        print(problem)


def _spaced(layers: list[str]) -> list[str]:
    """Return some of many layers, evenly spaced, the first and the last among them."""
    last, n = len(layers) - 1, min(len(layers), MOST_DRAWN)
    return [layers[round(k * last / max(n - 1, 1))] for k in range(n)]


def _seen(row: Mapping[Any, Any]) -> str:
    sizes = [row["size_y"], row["size_x"]]
    seen = " x ".join(f"{size:g}" for size in sizes if size == size)
    return f"{seen} (all)" if row["whole"] else seen


def _by(row: Mapping[Any, Any]) -> str:
    steps = [row["stride_y"], row["stride_x"]]
    return " x ".join(f"{step:g}" for step in steps if step == step)
