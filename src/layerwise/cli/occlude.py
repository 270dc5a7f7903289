"""`layerwise occlude`: what a network makes of a picture with a square over each of its places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.chosen import Chosen, number_or_word
from layerwise.cli.inputs import kept_names, load_model, open_run, whole_numbers, with_weights
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue, integer

if TYPE_CHECKING:
    from layerwise.analysis import OcclusionMaps

MOST = 8
"""Observations at once: what one figure holds."""


def occlude(
    model: options.Model,
    weights: options.Weights = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    observation: options.Observation = "0",
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer", "-l", help="Whose strongest feature map to follow; default: the last with "
            "maps.", show_default=False,
        ),
    ] = None,
    channel: Annotated[
        int | None,
        typer.Option(help="Follow this feature map instead.", show_default=False),
    ] = None,
    class_: Annotated[
        int | None,
        typer.Option(
            "--class", help="Number of the correct class; default: the label, or what the network "
            "says.", show_default=False,
        ),
    ] = None,
    square: Annotated[
        str | None,
        typer.Option(
            help="Its side, or height,width; default: a fifth of the shorter side of the picture.",
            show_default=False,
        ),
    ] = None,
    stride: Annotated[
        str | None,
        typer.Option(help="Pixels from place to place; default: a 32nd.", show_default=False),
    ] = None,
    baseline: Annotated[
        str,
        typer.Option(help="What covers: grey, mean, or a number in the network's own scale."),
    ] = "grey",
    to: options.To = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Cover pictures part by part and watch a feature map, the correct class and the answer.

    Example: layerwise occlude mymodel.py:Net --weights net.pt --data mnist --observation 7
    --figure occlusion.png
    """
    from layerwise import analysis, figures
    from layerwise.attribution import occlusion_maps, project

    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = kept_names(files, to, "maps")
    rows_asked = whole_numbers(observation, "--observation")
    chosen = Chosen.of("occlude", data, split, data_dir, rows_asked)
    integer("occlude", "observations", len(chosen.rows), 1, MOST)
    if chosen.pictures is None:
        raise InvalidValue("occlude: --data must be pictures; got others. In Python "
                           "layerwise.attribution.occlusion covers any input.")  # fmt: skip
    settings: dict[str, Any] = {
        "layer": layer, "channels": channel, "baseline": number_or_word(baseline),
        "window": None if square is None else whole_numbers(square, "--square"),
        "stride": None if stride is None else whole_numbers(stride, "--stride"),
    }  # fmt: skip
    classes = chosen.classes if class_ is None else class_
    maps, back = {}, None
    for name in with_weights(network, files, names, trust_pickle, run):
        found = occlusion_maps(network, chosen.inputs, classes, **settings)
        maps[name] = found
        back = project(network, found.layer, found.channels, chosen.inputs, "max")
    pixels = None if back is None or back.ndim != 4 else analysis.projection_pixels(back)
    if run is not None:
        analysis.keep_occlusion(
            run, maps, names=chosen.names, pictures=chosen.pictures, projections=pixels
        )
    if figure is not None:
        parts = (found.predicted, found.whole_predicted, found.classes)
        words = chosen.words(max(int(part.max()) for part in parts))
        drawn = figures.occlusion_maps(
            maps[name], pictures=chosen.pictures, names=chosen.names, class_names=words,
            projections=pixels, title=Path(model.rpartition(":")[0]).name + f" {name}".rstrip(),
        )  # fmt: skip
        figures.save(drawn, figure)
    rows = [row for name, found in maps.items() for row in _rows(name, found, chosen)]
    if json:
        print_json(rows=rows, run=to, figure=figure, command=command_line())
        return
    _print(rows, maps[name])
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _rows(checkpoint: str, maps: OcclusionMaps, chosen: Chosen) -> list[dict[str, Any]]:
    """Return one record an observation: what its least place is, and what the network says then."""
    import numpy as np

    rows = []
    for k, name in enumerate(chosen.names):
        least = np.unravel_index(maps.probability[k].argmin(), maps.probability[k].shape)
        changed = maps.predicted[k] != maps.whole_predicted[k]
        rows.append({
            "observation": name, "checkpoint": checkpoint, "class": int(maps.classes[k]),
            "predicted": int(maps.whole_predicted[k]),
            "probability": float(maps.whole_probability[k]),
            "least_probability": float(maps.probability[k].min()),
            "least_at": [float(at[i]) for at, i in zip(maps.middles, least, strict=True)],
            "predicted_there": int(maps.predicted[k][least]), "changed": float(changed.mean()),
            "layer": maps.layer, "channel": int(maps.channels[k]),
            "activity": float(maps.whole_activity[k]),
            "least_activity": float(maps.activity[k].min()),
        })  # fmt: skip
    return rows


def _print(rows: list[dict[str, Any]], maps: OcclusionMaps) -> None:
    one = len({row["checkpoint"] for row in rows}) == 1
    cells = [
        (
            row["observation"], "" if one else row["checkpoint"],
            f"{row['class']}: {100 * row['probability']:.0f} → {percent(row['least_probability'])}",
            ", ".join(f"{at:g}" for at in row["least_at"]), row["predicted_there"],
            percent(row["changed"]), f"{row['layer']}:{row['channel']}",
            f"{row['activity']:.3g} → {row['least_activity']:.3g}",
        )
        for row in rows
    ]  # fmt: skip
    head = ("observation", "checkpoint", "P(class)", "at", "then", "other", "map", "its sum")
    print_table(head, cells)
    square, places = (
        " x ".join(map(str, sides)) for sides in (maps.window, maps.activity.shape[1:])
    )
    print(
        f"a square of {square} at {places} places. P(class): of the whole picture → the least; at: "
        "row and column of the square's middle there; then: the most probable class there; other: "
        "places where it is another than of the whole; map: the feature map followed, and its sum"
    )
