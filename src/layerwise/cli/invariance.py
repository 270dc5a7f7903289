"""`layerwise invariance`: how far features move when pictures are moved, scaled and turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from layerwise.cli import options
from layerwise.cli.chosen import Chosen, number_or_word
from layerwise.cli.inputs import (
    UNTRAINED,
    drawn_anew,
    kept_names,
    load_model,
    open_run,
    whole_numbers,
    with_weights,
)
from layerwise.cli.output import percent, print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

KINDS = ("translation", "scale", "rotation")
"""Of the paper; drawn if none are named."""

N = 50
"""Observations if none are named: enough for a mean."""


def invariance(
    model: options.Model,
    weights: options.Weights = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    observation: Annotated[
        str | None,
        typer.Option(
            help="Row numbers, for example 0,3,7; up to 8 are drawn one by one.",
            show_default=False,
        ),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option(
            "-n", help=f"A seeded sample of so many; default: {N}.", show_default=False
        ),
    ] = None,
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", "-l", help="Address, can be repeated; default: the first and the last "
            "hidden one.", show_default=False,
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="translation, horizontal translation, scale or rotation; can be repeated; "
            "default: all but the second.", show_default=False,
        ),
    ] = None,
    fill: Annotated[
        str, typer.Option(help="What comes in from outside: edge, grey, mean, or a number.")
    ] = "edge",
    control: Annotated[
        bool,
        typer.Option(
            help="Beside a network with no or one file of weights, the same one with weights drawn "
            "anew.",
        ),
    ] = True,
    seed: options.Seed = 0,
    to: options.To = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:  # fmt: skip
    """Move, scale and turn pictures, and watch features and the true class.

    Example: layerwise invariance mymodel.py:Net --weights net.pt --data mnist -l relu1 -l fc1
    --figure invariance.png
    """
    import pandas as pd

    from layerwise import analysis, figures
    from layerwise.attribution import invariance as curves_of
    from layerwise.network.placing import Placing
    from layerwise.studies.watched import watched

    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = kept_names(files, to, "curves")
    rows = [] if observation is None else whole_numbers(observation, "--observation")
    chosen = Chosen.of(
        "invariance", data, split, data_dir, rows, N if n is None and not rows else n, seed
    )  # fmt: skip
    if chosen.classes is None:
        raise InvalidValue("invariance: --data must have a class for each observation; got none.")
    layers = list(watched(network, Placing(network)(chosen.inputs), layer).layers)
    layers = layers if layer else list(dict.fromkeys([layers[0], layers[-1]]))

    def measured(one_of: nn.Module) -> list[analysis.Invariance]:
        return [
            curves_of(one_of, chosen.inputs, chosen.classes, layers, kind=one,
                      fill=number_or_word(fill))
            for one in kind or KINDS
        ]  # fmt: skip

    found = {
        name or "as it is": measured(network)
        for name in with_weights(network, files, names, trust_pickle, run)
    }
    if run is not None:
        analysis.keep_invariance(run, found, names=chosen.names)
    if control and (other := drawn_anew(network, names, seed)):
        found = {UNTRAINED: measured(other), **found}
    table = pd.concat(
        [
            analysis.invariance_table(one, chosen.names).assign(checkpoint=name)
            for name, several in found.items() for one in several
        ],
        ignore_index=True,
    )  # fmt: skip
    if figure is not None:
        title = f"{len(chosen.rows)} of {data}, seed {seed}" if not rows else ""
        shown = list(dict.fromkeys([layers[0], layers[-1]]))
        drawn = figures.invariance(table, layers=shown, title=title)
        figures.save(drawn, figure)
    curves = analysis.invariance_curves(table)
    if json:
        print_json(rows=curves.to_dict("records"), run=to, figure=figure, command=command_line())
        return
    _print(curves, layers)
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _print(curves: pd.DataFrame, layers: list[str]) -> None:
    """Print relative distances and P(true class) at the quarters of each range of sizes."""
    from layerwise.analysis.asking.invariance import PROBABILITY, RELATIVE
    from layerwise.attribution.moves import KINDS as MOVES

    rows = []
    shown = curves[curves["measure"].isin([RELATIVE, PROBABILITY])]
    for (kind, checkpoint), part in shown.groupby(["transform", "checkpoint"], sort=False):
        sizes = sorted(part["size"].unique())
        unit = part["unit"].iloc[0]
        quarters = [sizes[len(sizes) * k // 4] for k in (1, 2, 3)]
        for size in [one for one in quarters if one != MOVES[str(kind)].identity]:
            at = part[part["size"] == size].set_index("layer")
            rows.append((
                f"{kind}, {size:g} {unit}", checkpoint,
                *(f"{at.loc[layer, 'value']:.2f}" for layer in layers),
                percent(at.loc["", "value"], at.loc["", "spread"]),
            ))  # fmt: skip
    print_table(("change", "checkpoint", *layers, "P(true class)"), rows)
    n = int(curves["n_observations"].max())
    print(
        f"distance of the features of a changed picture from its own, relative to their length; "
        f"mean over {n} observations"
    )
