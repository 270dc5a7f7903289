"""`layerwise record`: the user's own network and data, to a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from layerwise.cli import options
from layerwise.cli.inputs import load_data, load_model
from layerwise.cli.output import print_json, print_table
from layerwise.cli.study import command_line
from layerwise.foundation.checks import InvalidValue


def record(
    model: options.Model,
    to: Annotated[Path, typer.Option(help="Folder of the run.", show_default=False)],
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            help="Checkpoint: .safetensors, .pt or .npz; can be repeated, each becomes a "
            "checkpoint of the run named like its file.",
        ),
    ] = None,
    data: options.Data = "digits",
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    n: options.Count = None,
    layer: options.Layers = None,
    pooling: Annotated[
        list[str] | None,
        typer.Option(
            help="flatten, mean, max, cls, last or masked_mean for all layers, or GLOB=HOW; "
            "can be repeated.",
        ),
    ] = None,
    dtype: Annotated[
        str, typer.Option(help="float32, float16 or bfloat16, as stored.")
    ] = "float32",
    clip: Annotated[bool, typer.Option(help="Clip what float16 cannot hold.")] = False,
    batch_size: Annotated[int, typer.Option(help="Observations a forward.")] = 256,
    max_bytes: Annotated[
        int | None, typer.Option(help="Refuse a larger recording.", show_default=False)
    ] = None,
    keep_memory: Annotated[
        bool, typer.Option(help="Keep freed memory in the process: faster for convolutions.")
    ] = False,
    trust_pickle: options.TrustPickle = None,
    seed: options.Seed = 0,
    json: options.Json = False,
) -> None:
    """Record what the layers of a network compute.

    Run again after a kill, it resumes and ends with the same bytes.

    Example: layerwise record mymodel.py:Net --weights net.pt --data mnist --to runs/mine
    """
    from layerwise.network.allocator import keep_freed_memory
    from layerwise.network.weights import apply_weights, load_weights
    from layerwise.recording import plan
    from layerwise.recording import record as record_run
    from layerwise.recording.budget import readable

    if keep_memory:
        keep_freed_memory()
    network = load_model(model)
    observations = load_data(data, split, data_dir, n, seed)
    settings: dict[str, Any] = {
        "layers": layer, "pooling": _pooling(pooling), "dtype": dtype, "batch_size": batch_size,
    }  # fmt: skip
    planned = plan(network, observations, **settings)
    if not json:
        print_table(
            ("layer", "stored", "dtype", "per observation", "in all"),
            [
                (
                    stored.name, " x ".join(map(str, stored.shape)), stored.dtype,
                    readable(stored.bytes_per_observation),
                    readable(stored.bytes_per_observation * planned.n_observations),
                )
                for stored in planned.layers
            ],
            f"{planned.n_observations:,} observations, {readable(planned.n_bytes)} a checkpoint",
        )  # fmt: skip
    provenance = {"command": command_line(), "seed": seed, "network": model, "data": data}
    paths: list[Path | None] = [*weights] if weights else [None]
    for path in paths:
        if path is not None:
            apply_weights(network, load_weights(path, trust_pickle=trust_pickle))
        run = record_run(
            network, observations, to=to, checkpoint=path.stem if path else "final", clip=clip,
            max_bytes=max_bytes, provenance=provenance, **settings,
        )  # fmt: skip
    if json:
        print_json(run=run.path, layers=run.layers, checkpoints=run.checkpoints,
                   n_observations=run.n_observations)  # fmt: skip
        return
    print(f"run: {run.path}")
    print(f"next: layerwise project {run.path} && layerwise score {run.path} && "
          f"layerwise report {run.path}")  # fmt: skip


def _pooling(rules: list[str] | None) -> str | dict[str, str]:
    if not rules:
        return "flatten"
    if len(rules) == 1 and "=" not in rules[0]:
        return rules[0]
    if not all("=" in rule for rule in rules):
        raise InvalidValue(f"--pooling must be one word or GLOB=HOW; got {' '.join(rules)!r}.")
    return {glob: how for glob, _, how in (rule.rpartition("=") for rule in rules)}
