"""`layerwise evolve`: how the observations move from layer to layer or from epoch to epoch."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import open_run
from layerwise.cli.output import print_json, print_table


def evolve(
    run: options.RunFolder,
    over: Annotated[str, typer.Option(help="layers or epochs.")] = "layers",
    at: Annotated[
        str | None,
        typer.Option(
            help="The checkpoint whose layers, or the layer whose epochs; default: the last.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="independent, sequential, joint or dynamic; default: sequential over layers, "
            "joint over epochs.",
            show_default=False,
        ),
    ] = None,
    perplexity: options.Perplexity = None,
    movement_penalty: Annotated[
        float | None, typer.Option(help="Of dynamic t-SNE; default: 0.1.", show_default=False)
    ] = None,
    subset: options.Subset = "",
    label: options.Label = None,
    n: options.Count = 2000,
    seed: options.Seed = 0,
    figure: options.Figure = None,
    json: options.Json = False,
) -> None:
    """Follow the observations over layers or epochs: maps, bundled trails, how stable they are.

    Spread is that within classes over that between them; trail length is in standard deviations of
    the maps. The untrained network is the control: --at with its checkpoint.

    Example: layerwise evolve runs/mine --over epochs --method dynamic --figure trails.png
    """
    from layerwise import analysis
    from layerwise.scores import HIT_2D, SPREAD_2D, SPREAD_ND, to_json_rows

    opened = open_run(run)
    given = {"perplexity": perplexity, "movement_penalty": movement_penalty}
    parameters: dict[str, Any] = {k: value for k, value in given.items() if value is not None}
    found = analysis.evolve(
        opened, over=over, at=at, method=method, subset=subset, n=n, random_state=seed, **parameters
    )
    trails = analysis.trails(opened, found, label=label)
    motion = analysis.motion(opened, found, label=label)
    method, at = str(found["method"].iloc[0]), str(found["at"].iloc[0])
    if figure is not None:
        from layerwise import figures

        codes, names = analysis.class_codes(opened, label)
        paths, shown = analysis.paths_of(trails)
        title = f"Over {over} at {at}, {method}"
        picture = figures.trails(paths, codes[shown], class_names=names, title=title)
        figures.save(picture, figure)
    if json:
        print_json(rows=to_json_rows(motion), run=opened.path, figure=figure)
        return
    steps = motion[motion["time"] >= 0]
    wide = steps.pivot(
        index=["time", "layer", "checkpoint"], columns="measure", values="value"
    ).reset_index()
    print_table(
        ("layer", "checkpoint", SPREAD_2D, SPREAD_ND, HIT_2D),
        [
            (
                row["layer"], row["checkpoint"], f"{row[SPREAD_2D]:.3f}",
                f"{row[SPREAD_ND]:.3f}",
                f"{100 * row[HIT_2D]:.1f} %",
            )
            for row in wide.to_dict("records")
        ],
        f"{opened.path}: over {over} at {at}, {method}",
    )  # fmt: skip
    whole = motion[motion["time"] < 0]
    print_table(
        ("of the whole", "value"),
        [(row["measure"], f"{row['value']:.3f}") for row in whole.to_dict("records")],
    )
    print(f"maps and trails: {opened.path / 'tables'}")
    if figure is not None:
        print(f"figure: {figure}")
