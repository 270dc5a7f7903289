"""`layerwise view`: the studio, a page about runs that answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerwise.cli import options
from layerwise.cli.inputs import load_data, load_model, open_run
from layerwise.foundation.checks import InvalidValue

if TYPE_CHECKING:
    from layerwise.attribution import OnDemand
    from layerwise.store import Run


def view(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="One run, or several.", show_default=False),
    ],
    subset: Annotated[
        str | None,
        typer.Option(
            help='Value of the label column "subset"; default: test if there is one, else all.',
            show_default=False,
        ),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            help="Show and map a seeded sample of this many observations; default: show all, map "
            "5,000.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="MODULE:FUNCTION or FILE.py:FUNCTION that returns the network: the page then "
            "shows which parts of an input it looks at.",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            help="Checkpoint of --model: .safetensors, .pt or .npz; can be repeated. Default: "
            "those that the run trained itself (RUN/training), else the network as its function "
            "returns it.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="What was recorded, as `layerwise record --data` takes it, for --model where the "
            "run does not hold its inputs.",
            show_default=False,
        ),
    ] = None,
    split: options.Split = "test",
    data_dir: options.DataDir = None,
    data_n: Annotated[
        int | None,
        typer.Option(help="What -n of `layerwise record` was.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option(help="What --seed of `layerwise record` was.")] = 0,
    trust_pickle: options.TrustPickle = None,
    port: Annotated[int, typer.Option(help="Default: a free one.", show_default=False)] = 0,
    host: Annotated[
        str, typer.Option(help="Interface to listen on; other machines reach any but loopback.")
    ] = "127.0.0.1",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            help="Further name by which browsers may call it, as behind a proxy; can be repeated.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
) -> None:
    """Show runs in the browser: observations, neurons and layers, linked.

    Runs that are still being recorded grow in the page, too. Maps that are missing can be computed
    from it; they are kept in the run. With --model it also asks the network itself, about the
    observation under the pointer.

    Example: layerwise view runs/mine --model mymodel.py:Net --weights net.pt
    """
    from layerwise.studio.host import server

    opened = [open_run(path) for path in runs]
    ask = None
    if model is not None:
        observations = None if data is None else load_data(data, split, data_dir, data_n, seed)
        ask = _network(opened, model, weights or [], observations, trust_pickle)
    elif weights or data is not None:
        raise InvalidValue("--weights and --data must come with --model. Name the network's code.")
    if not server.is_loopback(host):
        print(
            f"layerwise: {host} lets other machines in. Whoever has the address with its token "
            "sees these runs, and the address travels unencrypted.",
            file=sys.stderr,
        )
    server.serve(
        opened, subset=subset, n=n, host=host, port=port, allow_hosts=allow_host or (),
        open_browser=browser, ask=ask, announce=_say,
    )  # fmt: skip
    print("studio: stopped")


def _network(
    runs: list[Run], model: str, weights: list[Path], data: object, trust_pickle: str | None
) -> OnDemand:
    """Return what answers for the network; torch is imported here alone."""
    from layerwise.attribution import OnDemand

    network = load_model(model)
    return OnDemand(runs, network, weights=weights, data=data, trust_pickle=trust_pickle)


def _say(address: str) -> None:
    print(f"studio: {address}  (Ctrl-C stops it)", flush=True)
