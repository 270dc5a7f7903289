"""`layerwise verify`: whether a run is whole, and whether the network still gives it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from layerwise.cli import options
from layerwise.cli.inputs import load_data, load_model, open_run
from layerwise.cli.output import print_json
from layerwise.foundation.checks import InvalidValue


def verify(
    run: options.RunFolder,
    recompute: Annotated[
        int, typer.Option(help="Also compute this many random parts again (needs --model).")
    ] = 0,
    model: Annotated[str | None, typer.Option(help="MODULE:FUNCTION of the network.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    checkpoint: options.Checkpoint = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    n: options.Count = None,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Check every byte of a run.

    Exit code 1 if anything differs from its checksum or is missing.

    Example: layerwise verify runs/mine
    """
    opened = open_run(run)
    problems = [str(problem) for problem in opened.verify()]
    if recompute:
        from layerwise.network.weights import apply_weights, load_weights
        from layerwise.recording import recompute as recompute_parts

        if model is None:
            raise InvalidValue("verify: --recompute needs --model MODULE:FUNCTION.")
        network = load_model(model)
        if weights is not None:
            apply_weights(network, load_weights(weights))
        observations = load_data(data, split, data_dir, n, seed)
        problems += recompute_parts(
            opened, network, observations, checkpoint=checkpoint, n_parts=recompute,
            random_state=seed,
        )  # fmt: skip
    if json:
        print_json(run=opened.path, problems=problems)
    else:
        for problem in problems:
            print(problem)
        print(f"{opened.path}: {len(problems) or 'no'} problem{'s' if len(problems) > 1 else ''}")
    if problems:
        raise typer.Exit(1)
