"""`layerwise view`: the studio, a page about runs that answers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from layerwise.cli.inputs import open_run


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
    from it; they are kept in the run.

    Example: layerwise view runs/mine --subset test
    """
    from layerwise.studio.host import server

    opened = [open_run(path) for path in runs]
    if not server.is_loopback(host):
        print(
            f"layerwise: {host} lets other machines in. Whoever has the address with its token "
            "sees these runs, and the address travels unencrypted.",
            file=sys.stderr,
        )
    server.serve(
        opened, subset=subset, n=n, host=host, port=port, allow_hosts=allow_host or (),
        open_browser=browser, announce=_say,
    )  # fmt: skip
    print("studio: stopped")


def _say(address: str) -> None:
    print(f"studio: {address}  (Ctrl-C stops it)", flush=True)
