"""`layerwise units`: what the neurons of a layer do, and how far that can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import open_run
from layerwise.cli.output import print_json, print_scores, print_table
from layerwise.foundation.checks import InvalidValue, choice, integer, not_found

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from layerwise.store import Run

MOST_GROUPS = 10
"""Groups of near-copies that are listed."""


def units(
    run: options.RunFolder,
    layer: Annotated[str, typer.Option("--layer", "-l", help="Name of the layer.")],
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", "-c", help="Default: the latest.", show_default=False),
    ] = None,
    subset: options.Subset = "",
    label: options.Label = None,
    ranking: Annotated[
        str, typer.Option(help="forest (extremely randomised trees, two seeds) or gini (quick).")
    ] = "forest",
    trees: Annotated[
        int, typer.Option(help="Trees of each forest; the mean of two is shown.")
    ] = 250,
    unit: Annotated[
        int | None,
        typer.Option(
            help="Colour the observations by this neuron in the figure.", show_default=False
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            help="COLUMN=VALUE: rank and colour neurons by how much stronger they fire on these "
            "observations than on the rest.",
            show_default=False,
        ),
    ] = None,
    n: options.Count = 2000,
    seed: options.Seed = 0,
    figure: options.Figure = None,
    json: options.Json = False,
) -> None:
    """Map the neurons of a layer and find the class that each tells from the rest.

    Prints dead, constant and near-copied neurons, the strongest neurons of every class, and the
    numbers that say how far the map and the roles can be trusted.

    Example: layerwise units runs/mine --layer relu4 --where digit=3 --figure neurons.png
    """
    import numpy as np

    from layerwise import analysis, figures
    from layerwise.scores import summarize, to_json_rows

    opened = open_run(run)
    choice("units", "--ranking", ranking, analysis.RANKINGS)
    selected = None if where is None else _selected(opened, where)
    place: dict[str, Any] = {
        "layer": layer, "checkpoint": checkpoint, "subset": subset, "n": n, "random_state": seed,
    }  # fmt: skip
    found = analysis.neurons(opened, **place)
    if unit is not None:
        integer("units", "--unit", unit, 0, len(found) - 1)
    told = analysis.discriminate(opened, **place, label=label, ranking=ranking, n_trees=trees)
    scored = analysis.score_neurons(opened, found, told)
    S = analysis.importances(told, ranking)
    codes, names = analysis.class_codes(opened, label)
    present = np.unique(told["class"])
    strongest = {names[code]: np.argsort(-S[:, column], kind="stable")[:5].tolist()
                 for column, code in enumerate(present)}  # fmt: skip
    copies = found[(found["state"] == "live") & (found["unit"] != found["twin"])]
    groups = [[part["twin"].iloc[0].item(), *part["unit"].tolist()]
              for _, part in copies.groupby("twin")]  # fmt: skip
    fired = None
    if selected is not None:
        fired = analysis.contrast(
            opened, selected, layer=layer, checkpoint=checkpoint, subset=subset
        )
    if figure is not None:
        picture = _figure(opened, found, S, present, codes, names, place, unit, fired, where)
        figures.save(picture, figure)
    states = found["state"].value_counts()
    if json:
        print_json(
            rows=to_json_rows(summarize(scored)), run=opened.path, figure=figure, ranking=ranking,
            states=dict(states), copies=groups, strongest=strongest,
            contrast=None if fired is None else fired.to_dict("records"),
        )  # fmt: skip
        return
    counted = ", ".join(f"{states.get(s, 0):,} {s}" for s in ("live", "constant", "dead"))
    print(f"{layer}: {len(found):,} neurons: {counted}; groups of near-copies: {len(groups)}")
    for group in groups[:MOST_GROUPS]:
        print(f"  near-copies: {', '.join(map(str, group))}")
    if len(groups) > MOST_GROUPS:
        print(f"  and {len(groups) - MOST_GROUPS} groups more (--json lists all)")
    title = f"Strongest neurons of every class, {ranking}"
    print_table(
        ("class", "neurons"),
        [(name, ", ".join(map(str, who))) for name, who in strongest.items()], title,
    )  # fmt: skip
    if fired is not None:
        rows = [(int(u), f"{v:+.2f}") for u, v in fired.head(10).itertuples(index=False)]
        print_table(("neuron", "contrast"), rows, f"Fire most where {where}, in their deviations")
    print_scores(summarize(scored), "How far to trust it (shuffled: what chance would give)")
    if figure is not None:
        print(f"figure: {figure}")


def _selected(run: Run, where: str) -> np.ndarray[Any, Any]:
    """Return the rows of the observations that COLUMN=VALUE means; a class by its name or code."""
    import numpy as np

    column, equals, value = where.partition("=")
    if not equals:
        raise InvalidValue(f"--where must be COLUMN=VALUE; got {where!r}. Example: digit=3.")
    if column not in run.labels:
        raise not_found("label column", column, str(run.path), run.labels)
    values, names = run.labels[column].astype(str), run.class_names(column)
    wanted = str(names.index(value)) if names is not None and value in names else value
    rows = np.flatnonzero(values == wanted)
    if not len(rows):
        raise not_found("value", value, f"column {column!r}", names or np.unique(values).tolist())
    return rows


def _figure(
    run: Run, neurons: pd.DataFrame, S: np.ndarray[Any, Any], present: np.ndarray[Any, Any],
    codes: np.ndarray[Any, Any], names: list[str], place: dict[str, Any], unit: int | None,
    fired: pd.DataFrame | None, where: str | None,
) -> Figure:  # fmt: skip
    """Return the picture asked for: one neuron, a contrast, or the roles of all."""
    import numpy as np

    from layerwise import analysis, figures, units

    layer = place["layer"]
    if unit is not None:
        found = analysis.project(run, **place)
        rows, Y = found["observation"].to_numpy(), found[["x", "y"]].to_numpy()
        values = np.asarray(run.activations(layer, place["checkpoint"])[rows, unit], dtype=float)
        return figures.small_multiples(
            [figures.Panel(Y, codes[rows]), figures.Panel(Y, values=values)],
            columns=["by class", f"by neuron {unit} of {layer}"], class_names=names,
        )  # fmt: skip
    live = neurons["state"].to_numpy() == "live"
    Y = neurons[["x", "y"]].to_numpy()[live]
    if fired is not None:
        values = fired.sort_values("unit")["contrast"].to_numpy()[live]
        return figures.scatter(Y, values=values, values_name="contrast",
                               title=f"Neurons of {layer}: firing where {where}")  # fmt: skip
    roles = units.roles(S[live])
    classes = np.where(roles < 0, -1, present[roles])
    return figures.scatter(Y, classes, strength=units.power(S[live]), class_names=names,
                           title=f"Neurons of {layer} by the class each tells best")  # fmt: skip
