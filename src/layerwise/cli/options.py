"""Options that several commands share, worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="MODULE:FUNCTION or FILE.py:FUNCTION that returns the network (a class will do).",
        show_default=False,
    ),
]
Weights = Annotated[
    list[Path] | None,
    typer.Option(
        help="Checkpoint: .safetensors, .pt or .npz; can be repeated, early to late. Default: "
        "the network as its function returns it.",
    ),
]
ModelWeights = Annotated[
    list[Path] | None,
    typer.Option(
        "--weights",
        help="Trained weights for --model: .safetensors, .pt or .npz; can be repeated.",
        show_default=False,
    ),
]
Data = Annotated[
    str,
    typer.Option(
        "--data",
        help="A data set by name (digits, faces, mnist, fashion-mnist, svhn, cifar10, cifar100; "
        "points in the plane: blobs, circles, moons, spiral), an .npz, "
        "a folder of pictures with one folder a class, or MODULE:FUNCTION for a torch Dataset.",
    ),
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Where the files of the data set are.", show_default=False),
]
Split = Annotated[str, typer.Option("--split", help="train or test.")]
Count = Annotated[
    int | None, typer.Option("-n", help="Take a seeded sample of this many observations.")
]
Seed = Annotated[int, typer.Option("--seed", help="Seed of samples and methods.")]
RunFolder = Annotated[
    Path, typer.Argument(metavar="RUN", help="Folder of a run.", show_default=False)
]
Layers = Annotated[
    list[str] | None,
    typer.Option("--layer", "-l", help="Name or glob, can be repeated; default: all."),
]
Checkpoint = Annotated[
    str | None, typer.Option("--checkpoint", "-c", help="Default: every checkpoint.")
]
Subset = Annotated[
    str, typer.Option("--subset", help='Value of the label column "subset"; default: all.')
]
Observation = Annotated[
    str, typer.Option("--observation", help="Row numbers, for example 7 or 0-3,7.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Label = Annotated[str | None, typer.Option("--label", help="Label column; default: the first.")]


def _writable(path: Path | None) -> Path | None:
    """Refuse a figure that could not be written, before the work that it would show."""
    if path is None:
        return None
    from layerwise.figures.render import writable

    return writable(path)


Figure = Annotated[
    Path | None,
    typer.Option(
        "--figure", help="Also draw it: a .png, .svg or .pdf.", callback=_writable,
        show_default=False,
    ),
]  # fmt: skip
To = Annotated[
    Path | None,
    typer.Option(
        "--to",
        help="Keep tables and pictures in this run, at the checkpoints that are named like the "
        "files of the weights, for its report and its studio.",
        show_default=False,
    ),
]
TrustPickle = Annotated[
    str | None,
    typer.Option(help="SHA-256 of a pickled checkpoint that you trust to run code."),
]
Perplexity = Annotated[
    float | None, typer.Option(help="Of t-SNE; default: 30.", show_default=False)
]
