"""`layerwise statistics`: what the units of every layer do over all observations and each class."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import (
    checkpoint_names,
    load_data,
    load_model,
    open_run,
    with_weights,
)
from layerwise.cli.output import percent, print_json, print_table
from layerwise.foundation.checks import InvalidValue

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from layerwise.store import Run
    from layerwise.units import Tally

MOST_LAYERS = 4
"""Layers in the figure: of more, the first, the last and between."""

MOST_CLASSES = 20
"""Classes that are listed; --json lists all."""

MOST_SELECTIVE = 3
"""Units that are named for each class."""


def statistics(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Folder of a run, or MODULE:FUNCTION or FILE.py:FUNCTION that returns the "
            "network, to be watched on --data.",
            show_default=False,
        ),
    ],
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            help="Of a network: .safetensors, .pt or .npz; can be repeated, each is a checkpoint "
            "named like its file. Default: the network as its function returns it.",
        ),
    ] = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    n: options.Count = None,
    layer: options.Layers = None,
    checkpoint: Annotated[
        str | None,
        typer.Option("--checkpoint", "-c", help="Of a run; default: all.", show_default=False),
    ] = None,
    subset: Annotated[
        str,
        typer.Option(
            "--subset", help="Of a run: observations with this subset; of a network: their name."
        ),
    ] = "",
    label: options.Label = None,
    to: Annotated[
        Path | None,
        typer.Option(
            help="Keep the tables of a network in this run, for its report and its studio. A "
            "run's own are always kept.",
            show_default=False,
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Observations a forward.")] = 256,
    trust_pickle: options.TrustPickle = None,
    seed: options.Seed = 0,
    figure: options.Figure = None,
    json: options.Json = False,
) -> None:
    """Count what every unit does: how much, how often, for which class.

    One pass in constant memory, whatever the number of observations. Prints dead, constant,
    saturated and near-copied units of every layer, and the units most selective for each class.

    Example: layerwise statistics mymodel.py:Net --weights net.pt --data mnist --layer 'relu*'
    """
    from layerwise import analysis

    run: Run | None
    if Path(source).is_dir():
        if weights or to is not None:
            raise InvalidValue("--weights and --to must be left out for a run, which has its own.")
        own = run = open_run(Path(source))
        about = {"subset": subset, "label": label or ""}
        found = _of_run(own, layer, checkpoint, subset, label, seed)
    elif ":" in source:
        if checkpoint is not None:
            raise InvalidValue("--checkpoint must be left out for a network. Give --weights.")
        run = None if to is None else open_run(to)
        files = weights or []
        names = checkpoint_names(files)
        if run is not None and files:
            for name in names:
                run.checkpoint(name)  # an error now, not after the work
        about = {"subset": subset, "label": label or "", "data": data}
        settings = {"layers": layer, "label": label, "batch_size": batch_size, "random_state": seed}
        observations = load_data(data, split, data_dir, n, seed)
        network = load_model(source)
        found = _of_network(
            network, with_weights(network, files, names, trust_pickle, run), observations, settings
        )
    else:
        raise InvalidValue(
            f"SOURCE must be the folder of a run, or MODULE:FUNCTION; got {source!r}, which is "
            "neither."
        )
    rows: list[dict[str, Any]] = []
    units: dict[tuple[str, str], pd.DataFrame] = {}
    for name, tallies in found:
        if run is not None:
            analysis.keep_tallies(run, tallies, checkpoint=name, **about)
        for one, tally in tallies.items():
            units[name, one] = tally.statistics()
            rows.append(_row(name, one, tally, units[name, one]))
    if run is not None and "class_maps" in run.tables:
        analysis.class_statistics(run)
    if figure is not None:
        _draw(units, figure)
    if json:
        print_json(rows=rows, run=None if run is None else run.path, figure=figure)
        return
    _print(rows)
    if figure is not None:
        print(f"figure: {figure}")
    if run is not None:
        print(f"run: {run.path}\nnext: layerwise report {run.path}")


def _of_run(
    run: Run, layers: list[str] | None, checkpoint: str | None, subset: str, label: str | None,
    seed: int,
) -> Iterator[tuple[str, dict[str, Tally]]]:  # fmt: skip
    """Yield what the layers of a run do at every checkpoint."""
    from layerwise import analysis
    from layerwise.foundation.checks import not_found
    from layerwise.foundation.globs import matches

    chosen = analysis.hidden_layers(run)
    if layers:
        for glob in layers:
            if not any(matches(name, glob) for name in run.layers):
                raise not_found("layer", glob, str(run.path), run.layers)
        chosen = [name for name in run.layers if any(matches(name, glob) for glob in layers)]
    for name in run.checkpoints if checkpoint is None else [checkpoint]:
        yield (
            name,
            {
                one: analysis.tally(
                    run, one, checkpoint=name, subset=subset, label=label, random_state=seed
                )
                for one in chosen
            },
        )


def _of_network(
    network: nn.Module, names: Iterator[str], observations: Any, settings: dict[str, Any]
) -> Iterator[tuple[str, dict[str, Tally]]]:
    """Yield what the layers of a network do with each file of weights."""
    from layerwise.network import keep_freed_memory
    from layerwise.recording import tally

    keep_freed_memory()  # this process does nothing else: convolutions are a third faster
    for name in names:
        yield name, tally(network, observations, **settings)


def _row(checkpoint: str, layer: str, tally: Tally, units: pd.DataFrame) -> dict[str, Any]:
    """Return a layer in numbers: how many units of each kind, how active, which for which class."""
    states = units["state"].value_counts()
    return {
        "layer": layer, "checkpoint": checkpoint, "n_observations": tally.n_observations,
        "units": tally.n_units, "positions": list(tally.positions),
        **{state: int(states.get(state, 0)) for state in ("live", "dead", "constant", "saturated")},
        "near_copies": int((units["twin"] != units["unit"]).sum()),
        "active": units["active"].mean(), "mean": units["mean"].mean(),
        "selective": _selective(tally),
    }  # fmt: skip


def _selective(tally: Tally) -> dict[str, list[dict[Hashable, Any]]]:
    """Return the units of greatest selectivity, of d' where it is not defined, for every class."""
    from layerwise.units import selectivity

    if not tally.class_counts.any():
        return {}
    told = selectivity(tally.by_class())
    by = "selectivity" if told["selectivity"].notna().any() else "d_prime"
    told = told.sort_values(by, ascending=False, kind="stable")
    columns = ["unit", "selectivity", "sparseness", "eta2", "d_prime"]
    return {
        name: told.loc[told["class"] == code, columns].head(MOST_SELECTIVE).to_dict("records")
        for code, name in enumerate(tally.class_names)
        if tally.class_counts[code]
    }


def _print(rows: list[dict[str, Any]]) -> None:
    print_table(
        ("layer", "checkpoint", "units", "live", "dead", "constant", "saturated", "near-copies",
         "active", "mean"),
        [
            (
                row["layer"], row["checkpoint"],
                *(f"{row[name]:,}" for name in ("units", "live", "dead", "constant", "saturated",
                                                "near_copies")),
                percent(row["active"]), f"{row['mean']:.3g}",
            )
            for row in rows
        ],
        f"{rows[0]['n_observations']:,} observations" if rows else "",
    )  # fmt: skip
    selective = [
        (row["layer"], row["checkpoint"], name, ", ".join(map(_named, units)))
        for row in rows
        for name, units in list(row["selective"].items())[:MOST_CLASSES]
    ]
    if selective:
        print_table(
            ("layer", "checkpoint", "class", "units"), selective,
            "Most selective for each class: selectivity in brackets (Morcos et al. 2018), d' where "
            "means are below 0",
        )  # fmt: skip


def _named(unit: dict[Hashable, Any]) -> str:
    if math.isnan(unit["selectivity"]):
        return f"{unit['unit']:.0f} (d' {unit['d_prime']:.2f})"
    return f"{unit['unit']:.0f} ({unit['selectivity']:.2f})"


def _draw(units: dict[tuple[str, str], pd.DataFrame], path: Path) -> None:
    """Draw the quantiles of every unit: the first and the last checkpoint, at most four layers."""
    from layerwise import figures

    checkpoints = list(dict.fromkeys(name for name, _ in units))
    layers = list(dict.fromkeys(layer for _, layer in units))
    if len(layers) > MOST_LAYERS:
        layers = [layers[round(k * (len(layers) - 1) / (MOST_LAYERS - 1))]
                  for k in range(MOST_LAYERS)]  # fmt: skip
    ends = list(dict.fromkeys([checkpoints[0], checkpoints[-1]]))
    panels = [units.get((name, layer)) for name in ends for layer in layers]
    figures.save(figures.unit_fans(panels, columns=layers, rows=ends), path)
