"""`layerwise maximize`: the inputs that units or classes prefer, beside real ones."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import (
    kept_names,
    load_data,
    load_model,
    open_run,
    whole_numbers,
    with_weights,
)
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.portrayed import FIRST, Climbs, Real
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue, integer

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from layerwise.figures import Tiles
    from layerwise.synthesis import Portrait

ROW = 10
"""Classes that stand in one row of the figure."""


def maximize(
    model: options.Model,
    weights: options.Weights = None,
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", "-l", help="Address; can be repeated.", show_default=False),
    ] = None,
    units: Annotated[
        str | None,
        typer.Option(
            help="Units or channels of every --layer, or classes if there is none, for example "
            f"0-15 or 3,7; default: the first {FIRST}, all classes.",
            show_default=False,
        ),
    ] = None,
    classes: Annotated[
        bool, typer.Option("--classes", help="Maximise the network's classes too.")
    ] = False,
    recipe: Annotated[
        list[str] | None,
        typer.Option(
            help="erhan, lecture, keras-vis, ink or modern; can be repeated; default: ink for grey "
            "pictures, modern for RGB, else erhan.",
            show_default=False,
        ),
    ] = None,
    starts: Annotated[int, typer.Option(help="Random starts of each image.")] = 1,
    steps: Annotated[
        int | None, typer.Option(help="Other than the recipe's.", show_default=False)
    ] = None,
    position: Annotated[
        str,
        typer.Option(
            help="Where in a channel's map: mean, max, middle, or indices, for example 3,4."
        ),
    ] = "mean",
    value_range: Annotated[
        str | None,
        typer.Option(
            "--range",
            help="LOWEST,HIGHEST of the inputs, for example -1,1; default: of the data.",
            show_default=False,
        ),
    ] = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    n: options.Count = None,
    seed: options.Seed = 0,
    to: options.To = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:
    """Make the inputs that units or classes prefer, and find the real ones nearest to them.

    Example: layerwise maximize mymodel.py:Net --weights net.pt --layer conv2 --units 0-15
    --data mnist --figure preferred.png
    """
    from layerwise import analysis, figures

    layers = [*(layer or []), *(["classes"] if classes else [])]
    if not layers:
        raise InvalidValue(
            "maximize: --layer or --classes must be given; got neither. "
            "`layerwise layers MODEL` lists the layers."
        )
    integer("maximize", "--starts", starts, 1)
    asked = Climbs(
        layers, None if units is None else whole_numbers(units, "--units", distinct=True),
        recipe or [None], starts, steps, _position(position), seed,
    )  # fmt: skip
    ends = None if value_range is None else _range(value_range)
    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = kept_names(files, to, "preferred inputs")
    real = Real.of(load_data(data, split, data_dir, n, seed), data, split, ends)
    found = {
        name: asked.of(network, real)
        for name in with_weights(network, files, names, trust_pickle, run)
    }
    tables, groups, cards = [], list["Tiles"](), list["Figure"]()
    for name, portraits in found.items():
        inputs = real.beside(portraits)
        about: dict[str, Any] = {"labels": real.labels, "class_names": real.class_names}
        table = analysis.preferred_table(portraits, **about).assign(checkpoint=name)
        tables.append(table)
        if run is not None:
            analysis.keep_preferred(
                run, portraits, inputs, checkpoint=name, data=real.name,
                value_range=real.value_range, **about,
            )  # fmt: skip
        if figure is not None:
            for one in portraits:
                drawn = analysis.preferred_images(
                    one, inputs, value_range=real.value_range, class_names=real.class_names
                )
                groups.append(_tiles(drawn, name))
                cards.append(_card(one, drawn, table, name))
    if figure is not None:
        alone = len(cards) == 1 and len(tables[0]) == 1
        figures.save(cards[0] if alone else figures.preferred_sheet(groups), figure)
    rows = [row for table in tables for row in table.to_dict("records")]
    if json:
        print_json(
            rows=rows, data=real.name, run=to, figure=figure, command=command_line(),
        )  # fmt: skip
        return
    _print(rows, real.name, len(files) > 1)
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _tiles(drawn: Any, checkpoint: str) -> Tiles:
    from layerwise import figures

    when = f", {checkpoint}" if checkpoint else ""
    n = len(drawn.names)
    return figures.preferred_tiles(
        drawn.best.pixels, drawn.names, drawn.caption + when, ramp=drawn.best.ramp,
        columns=n if n <= ROW else None,
    )  # fmt: skip


def _card(one: Portrait, drawn: Any, table: pd.DataFrame, checkpoint: str) -> Figure:
    """Return the card of the first unit."""
    from layerwise import figures
    from layerwise.analysis.asking.preferred import climbs, sentence

    recipe, unit = one.preferred.recipe.name, one.units[0]
    place = (table["layer"] == one.layer) & (table["recipe"] == recipe) & (table["unit"] == unit)
    row = table[place].iloc[0].to_dict()
    known = climbs(one)
    when = f", {checkpoint}" if checkpoint else ""
    return figures.unit_card(
        drawn.starts[0], known[known["unit"] == unit], values=one.preferred.start_values[0],
        beside=drawn.beside[0], best_real=float(one.among.largest[0]), note=sentence(row),
        title=f"{'class' if one.layer == 'classes' else f'{one.layer}, unit'} {row['name']}"
        f"{when}: preferred input ({recipe})",
    )  # fmt: skip


def _position(text: str) -> Any:
    if text == "mean":
        return None
    if text in ("max", "middle"):
        return text
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise InvalidValue(
            f"--position must be mean, max, middle or indices such as 3,4; got {text!r}."
        ) from None


def _range(text: str) -> tuple[float, float]:
    try:
        low, high = (float(number) for number in text.split(","))
    except ValueError:
        raise InvalidValue(f"--range must be two numbers such as 0,1; got {text!r}.") from None
    return low, high


def _print(rows: Sequence[Mapping[Any, Any]], data: str, several: bool) -> None:
    lines = [
        (
            f"{row['layer']} {row['name']}", row["checkpoint"] if several else None, row["recipe"],
            f"{row['value']:.4g}", f"{row['best_real']:.4g}", percent(row["percentile"]),
            row["predicted"], percent(row["confidence"]), _number(row["agreement"]),
            _counted(row["nearest_classes"]),
        )
        for row in rows
    ]  # fmt: skip
    head = (
        "unit", "checkpoint", "recipe", "activation", "largest real", "above", "taken for", "with",
        "starts agree", "nearest",
    )  # fmt: skip
    print_table(head, lines, f"Preferred inputs beside {data}")
    print(
        "above: share of real inputs with a smaller activation; taken for, with: the class that "
        "the network sees in the image, and its probability; starts agree: mean cosine of the "
        "images of two starts without their means; nearest: classes of the nearest real inputs"
    )
    print("A preferred input is sufficient to excite its unit; nothing in it is shown necessary.")


def _counted(classes: str) -> str:
    r"""Return the classes of the nearest inputs, the most frequent first.

    Examples
    --------
    >>> _counted("3\n3\n8\n3\n5")
    '3 x3, 8, 5'
    """
    found = Counter(filter(None, classes.split("\n")))
    return ", ".join(f"{name} x{n}" if n > 1 else name for name, n in found.most_common(3))


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"
