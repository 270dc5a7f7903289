"""`layerwise attribute`: what in an input an answer rests on, and whether to believe it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.chosen import Chosen
from layerwise.cli.inputs import (
    kept_names,
    load_model,
    open_run,
    whole_numbers,
    with_weights,
)
from layerwise.cli.output import print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue, choice

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from layerwise.attribution import Explanation


def attribute(
    model: options.Model,
    weights: options.Weights = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    observation: options.Observation = "0",
    target: Annotated[
        str | None,
        typer.Option(
            help="logit:3, probability:3, log-odds:3,5, conv2:14, conv2:14@3,5 or conv2; default: "
            "the class that the network (at the last checkpoint) predicts.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            "--method",
            "-m",
            help="gradient, smoothgrad, input_x_gradient, integrated_gradients, "
            "guided_backpropagation, deconvolution, grad_cam or occlusion; can be repeated. "
            "Default: the gradient, smoothed, integrated; grad_cam if there is a --layer.",
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        str | None,
        typer.Option("--layer", "-l", help="Of grad_cam: a layer of maps.", show_default=False),
    ] = None,
    baseline: Annotated[
        float,
        typer.Option(
            help="What counts as nothing: where integrated gradients begin, what takes the place "
            "of deleted positions."
        ),
    ] = 0.0,
    randomize: Annotated[
        bool,
        typer.Option(
            "--randomize",
            help="Also draw the weights anew, layer by layer, and tell how much of each "
            "attribution remains.",
        ),
    ] = False,
    seed: options.Seed = 0,
    to: options.To = None,
    figure: options.Figure = None,
    trust_pickle: options.TrustPickle = None,
    json: options.Json = False,
) -> None:
    """Show what in an input the network's answer rests on, with checks of every method.

    Give the weights before training too, first: what does not differ was not learned.

    Example: layerwise attribute mymodel.py:Net --weights net.pt --data mnist --observation 0,7
    --figure why.png
    """
    from layerwise import analysis, figures
    from layerwise.attribution import METHODS, explain, predicted_classes, unlearn
    from layerwise.attribution.explanation import USUAL

    methods = [name.replace("-", "_") for name in method or []]
    for name in methods:
        choice("attribute", "--method", name, list(METHODS))
    if "grad_cam" in methods and layer is None:
        raise InvalidValue(
            "attribute: --layer must be given for grad_cam; got none. "
            "`layerwise layers MODEL` lists the layers."
        )
    methods = methods or [*USUAL, *(["grad_cam"] if layer else [])]
    run = None if to is None else open_run(to)
    network, files = load_model(model), weights or []
    names = kept_names(files, to, "attributions")
    rows = whole_numbers(observation, "--observation", distinct=True)
    seen = Chosen.of("attribute", data, split, data_dir, rows)
    asked: dict[str, Any] = {
        "target": target, "methods": methods, "options": {"grad_cam": {"layer": layer}},
        "baseline": baseline, "random_state": seed,
    }  # fmt: skip
    found: dict[str, Explanation] = {}
    remains = None
    # The last checkpoint first: its predictions are what all are asked about.
    for name in with_weights(network, files[::-1], names[::-1], trust_pickle, run):
        if target is None and not found:
            asked["classes"] = predicted_classes(network, seen.inputs)
        if randomize and not found:
            remains = unlearn(network, seen.inputs, **asked)
        found[name] = explain(network, seen.inputs, **asked)
    found = {name: found[name] for name in names}
    table = analysis.attribution_table(found, seen.names)
    if figure is not None:
        figures.save(_drawn(found, seen), figure)
    if run is not None:
        analysis.keep_attributions(
            run, found, pictures=seen.pictures, names=seen.names, rows=seen.rows_in(run),
            numbers=rows, remains=remains,
        )  # fmt: skip
    if json:
        print_json(
            rows=table.assign(observation=table["observation"].map(dict(enumerate(rows)))).to_dict(
                "records"
            ),
            randomized=None if remains is None else remains.to_dict("records"), run=to,
            figure=figure, command=command_line(),
        )  # fmt: skip
        return
    _print(table, remains, len(rows), baseline)
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {to}\nnext: layerwise report {to}")


def _drawn(found: Mapping[str, Explanation], seen: Chosen) -> Figure:
    """Return the figure: the last checkpoint first, the earlier ones under it."""
    from layerwise import figures

    captions = [
        [
            f"{name}: what {target} rests on{f', {checkpoint}' if checkpoint else ''}; it is "
            f"{value:.4g}"
            for name, target, value in zip(seen.names, one.targets, one.values, strict=True)
        ]
        for checkpoint, one in found.items()
    ]
    return figures.attributions(
        list(found.values())[::-1], captions[::-1], pictures=seen.pictures, signals=seen.signals
    )


def _print(table: pd.DataFrame, remains: pd.DataFrame | None, n: int, baseline: float) -> None:
    """Print the targets of the observations, then the checks of each method, averaged."""
    last = table["checkpoint"].iloc[-1]
    for row in table[table["checkpoint"] == last].drop_duplicates("observation").to_dict("records"):
        said = f", predicted class {row['predicted']}" if row["predicted"] >= 0 else ""
        print(f"{row['name']}: {row['target']} is {row['value']:.4g}{said}")
    left = {} if remains is None else remains.groupby("method")["absolute"].last().to_dict()
    means = table.groupby(["checkpoint", "method"], sort=False).mean(numeric_only=True)
    shown = [
        (
            row["method"], row["checkpoint"], _number(row["error"]), _number(row["deletion"]),
            _number(row["deletion_random"]), _number(row["insertion"]),
            _number(row["insertion_random"]), _number(row["before"]),
            _number(left.get(row["method"], math.nan)) if row["checkpoint"] == last else "",
        )
        for row in means.reset_index().to_dict("records")
    ]  # fmt: skip
    head = ("method", "checkpoint", "error of sum", "deletion", "random", "insertion", "random",
            "like before", "unlearned")  # fmt: skip
    print_table(head, shown, f"checks, mean over {n} observation{'s' * (n > 1)}")
    print(
        f"error of sum: what integrated gradients add up to, minus the target's difference to "
        f"{baseline:g}; deletion, insertion: mean of the {_measured(table)} while blocks of the "
        "input are replaced, or put back, the most important first (random: in a random order); "
        "deletion should be below random, insertion above"
    )
    if table["checkpoint"].nunique() > 1:
        print(
            "like before: rank correlation of the map with that of the first checkpoint; near 1 "
            "the method shows the architecture and the input, not what was learned"
        )
    if remains is not None:
        print("unlearned: the same with all weights drawn anew")


def _measured(table: pd.DataFrame) -> str:
    kinds = {str(name).partition(":")[0] for name in table["measured"]}
    return "probability" if kinds == {"probability"} else "target"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"
