"""`layerwise top`: the observations that excite each unit most, and what in them does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.chosen import is_named
from layerwise.cli.excited import MOST_LAYERS, class_of_each, excited, records
from layerwise.cli.inputs import (
    kept_names,
    load_data,
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
    from matplotlib.figure import Figure

    from layerwise.attribution import TopPatches

DRAWN = 6
"""Units of a layer in the figure if no number is asked for."""


def top(
    model: options.Model,
    weights: options.Weights = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    n: options.Count = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer",
            "-l",
            help=f"Name or glob, can be repeated; default: {MOST_LAYERS} from first to last.",
            show_default=False,
        ),
    ] = None,
    units: Annotated[
        str | None,
        typer.Option(
            help="Of each layer these, for example 0-15 or 3,7; a layer without any is left out.",
            show_default=False,
        ),
    ] = None,
    strongest: Annotated[
        int | None,
        typer.Option(
            help="Of each layer so many, the largest activation first (at the last checkpoint); "
            f"default: {DRAWN}.",
            show_default=False,
        ),
    ] = None,
    rank: Annotated[int, typer.Option("--top", help="Observations of each unit.")] = 9,
    rule: Annotated[
        str,
        typer.Option(
            "--rule",
            help="What passes back at a rectifier: deconvolution (Zeiler and Fergus), guided "
            "(sharper in deep layers) or gradient.",
        ),
    ] = "deconvolution",
    subset: Annotated[
        str | None,
        typer.Option(
            "--subset",
            help="What to call the observations; default: the split.",
            show_default=False,
        ),
    ] = None,
    label: options.Label = None,
    batch_size: Annotated[int, typer.Option(help="Observations a forward.")] = 128,
    to: options.To = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Find the observations that excite each unit most, and project them back to the input.

    The strongest of all --data, one patch an observation; beside each patch stands the deconvnet
    projection of the activation: what in it excites the unit. With several --weights the figure
    shows how features come about: the strongest observation at each checkpoint.

    Example: layerwise top mymodel.py:Net --weights net.pt --data mnist --layer 'relu*' --figure
    top.png
    """  # fmt: skip
    from layerwise import analysis
    from layerwise.figures import save
    from layerwise.network.rectifiers import RULES

    if units is not None and strongest is not None:
        raise InvalidValue("--units and --strongest must not be given both. Choose one.")
    choice("top", "--rule", rule, RULES)
    integer("top", "--top", rank, 1)
    if strongest is not None:
        integer("top", "--strongest", strongest, 1)
    asked = None if units is None else whole_numbers(units, "--units", distinct=True)
    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = kept_names(files, to, "what excites units")
    for name in names if run is not None else ():
        run.checkpoint(name)  # type: ignore[union-attr]  # an error now, not after the work
    observations = load_data(data, split, data_dir, n, seed)
    many = subset if subset is not None else split if is_named(data) else ""

    def over() -> Iterator[str]:
        return with_weights(network, files, names, trust_pickle, run)

    found = excited(
        network, over, observations, layer, asked, strongest or DRAWN, n=rank, rule=rule,
        batch_size=batch_size,
    )  # fmt: skip
    classes = class_of_each(observations, label)
    last = found[names[-1]]
    tables = {
        name: {one: analysis.top_table(patches.top, classes) for one, patches in layers.items()}
        for name, layers in found.items()
    }
    moved = _moved(tables, names)
    if figure is not None:
        made = (
            _patches_drawn(last, tables[names[-1]], many)
            if moved is None
            else _evolution_drawn(found, moved, many)
        )
        save(made, figure)
    if run is not None:
        analysis.keep_top(
            run, found, classes=classes, subset=many, data=Path(data).name
        )  # fmt: skip
    rows = [
        row for one, patches in last.items() for row in records(patches, tables[names[-1]][one])
    ]  # fmt: skip
    if json:
        print_json(
            rows=rows, evolution=[] if moved is None else moved.to_dict("records"), run=to,
            figure=figure, command=command_line(),
        )  # fmt: skip
        return
    _print(rows, last, many, moved, names)
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _moved(
    tables: Mapping[str, Mapping[str, pd.DataFrame]], names: Sequence[str]
) -> pd.DataFrame | None:
    """Return how the strongest observations of all units changed, or None of one checkpoint."""
    import pandas as pd

    from layerwise import analysis

    if len(names) < 2:
        return None
    frames = [t.assign(checkpoint=name) for name in names for t in tables[name].values()]
    return analysis.feature_evolution(pd.concat(frames, ignore_index=True), names)


def _patches_drawn(
    layers: Mapping[str, TopPatches], tables: Mapping[str, pd.DataFrame], many: str
) -> Figure:
    """Return the figure of one checkpoint."""
    from layerwise import analysis, figures

    return figures.top_patches(
        {one: analysis.top_images(layers[one]) for one in _speaking(layers)},
        classes={one: analysis.top_classes(table) for one, table in tables.items()},
        observations=_words(layers, many),
    )


def _evolution_drawn(
    found: Mapping[str, Mapping[str, TopPatches]], moved: pd.DataFrame, many: str
) -> Figure:
    """Return the figure of features over checkpoints."""
    from layerwise import analysis, figures

    names = list(found)
    last = found[names[-1]]
    cells = {
        one: analysis.evolution_images({name: found[name][one] for name in names})
        for one in _speaking(last)
    }
    marks = {
        one: analysis.jumps_of(moved, one, numbers, len(names))
        for one, (_, numbers) in cells.items()
    }
    return figures.feature_evolution(
        cells, names, marks=marks,
        title=f"The strongest of {_words(last, many)} at each checkpoint; a bar: another than "
        "before",
    )  # fmt: skip


def _speaking(layers: Mapping[str, TopPatches]) -> list[str]:
    """Return the layers of which there is something to draw."""
    found = [one for one, patches in layers.items() if not patches.top.silent[patches.units].all()]
    if not found:
        raise InvalidValue(
            f"top: no unit of {', '.join(layers)} has an activation above 0, so there is nothing "
            "to draw. Ask other units or layers."
        )
    return found


def _words(layers: Mapping[str, TopPatches], many: str) -> str:
    n = next(iter(layers.values())).top.n_observations
    return f"{n:,} {many} observations".replace("  ", " ")


def _print(
    rows: Sequence[Mapping[str, Any]],
    layers: Mapping[str, TopPatches],
    many: str,
    moved: pd.DataFrame | None,
    names: Sequence[str],
) -> None:
    print_table(
        ("layer", "unit", "activation", "at", "most often", "observations"),
        [
            (
                row["layer"], row["unit"],
                "silent" if row["silent"] else f"{row['value']:.4g}",
                "" if row["silent"] else row["position"].replace(",", ", "),
                "" if row["class"] is None else f"{row['agree']} {row['class']}",
                "" if row["silent"] else ", ".join(map(str, row["observations"])),
            )
            for row in rows
        ],
        f"the strongest of {_words(layers, many)}",
    )  # fmt: skip
    for problem in dict.fromkeys(one.top.problem for one in layers.values() if one.top.problem):
        print(problem)
    if moved is not None:
        shares = moved.pivot_table("final", index="layer", columns="time")
        by = moved.groupby("layer")
        jumps = (by["jumped"].sum() / by["unit"].nunique()).to_dict()
        print_table(
            ("layer", "jumps", *names),
            [
                (one, f"{jumps[one]:.2f}", *map(percent, shares.loc[[one]].to_numpy()[0].tolist()))
                for one in layers if one in shares.index
            ],
            "Jumps of a unit to another strongest observation; share of units at their last one",
        )  # fmt: skip
