"""`layerwise train`: the networks of the studies, with checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from layerwise.cli import options
from layerwise.cli.output import percent, print_json, print_table
from layerwise.foundation.checks import choice


def train(
    data: options.Data = "digits",
    data_dir: options.DataDir = None,
    network: Annotated[str, typer.Option(help="mlp or cnn.")] = "mlp",
    epochs: Annotated[int, typer.Option(help="Passes over the training set.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Observations an update.")] = 64,
    learning_rate: Annotated[float, typer.Option(help="Of SGD with momentum 0.9.")] = 0.05,
    filter_rms: Annotated[
        float | None,
        typer.Option(
            help="Largest root mean square of a convolution filter, to which larger ones are "
            "scaled back after every update; Zeiler and Fergus: 0.1.",
            show_default=False,
        ),
    ] = None,
    n: options.Count = None,
    seed: options.Seed = 0,
    to: Annotated[Path, typer.Option(help="Folder for the checkpoints.")] = Path("runs/training"),
    json: options.Json = False,
) -> None:
    """Train a network, with a checkpoint every epoch.

    Run again after a kill, it resumes.

    Example: layerwise train --data digits --epochs 5 --to runs/digits
    """
    from layerwise import data as datasets
    from layerwise import models

    build = {"mlp": models.mlp, "cnn": models.convnet}[
        choice("train", "--network", network, ("mlp", "cnn"))
    ]
    learn = datasets.load(data, split="train", data_dir=data_dir)
    if n is not None:
        learn = learn.sample(n, random_state=seed, stratify=True)
    test = datasets.load(data, split="test", data_dir=data_dir)
    label = next(iter(learn.labels))
    n_classes = len(learn.class_names[label])
    checkpoints = list(
        models.train(
            build(learn.input_shape, n_classes, random_state=seed),
            learn.inputs(), learn.labels[label], test=(test.inputs(), test.labels[label]),
            to=to, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate,
            filter_rms=filter_rms, random_state=seed,
        )
    )  # fmt: skip
    if json:
        rows = [{**vars(checkpoint)} for checkpoint in checkpoints]
        print_json(rows=rows, folder=to)
        return
    print_table(
        ("checkpoint", "loss", "train accuracy", "test accuracy", "seconds"),
        [
            (c.name, f"{c.train_loss:.4f}", percent(c.train_accuracy), percent(c.test_accuracy),
             f"{c.seconds:.1f}")
            for c in checkpoints
        ],
        f"{network} on {len(learn):,} observations of {learn.name}",
    )  # fmt: skip
    print(f"checkpoints: {to}")
