"""`layerwise report`: one page that carries itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from layerwise.cli.inputs import open_run
from layerwise.cli.output import print_json, print_table
from layerwise.foundation.checks import InvalidValue


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUN...", help="One run, or several seeds.", show_default=False),
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: report.html in the first run.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Pack everything to explore, whatever the size.")
    ] = False,
    still: Annotated[bool, typer.Option("--still", help="Nothing to explore: no script.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the report of a run, one HTML file.

    It opens by double-click, loads nothing, and its maps and neurons can be explored; usually it is
    small enough to be mailed.

    Example: layerwise report runs/mine -o mine.html
    """
    from layerwise import report as reports

    if full and still:
        raise InvalidValue("report: give either --full or --still; got both.")
    opened = [open_run(path) for path in runs]
    target = output or opened[0].path / "report.html"
    page = reports.write(opened, target, full=full, interactive=not still)
    size = page.stat().st_size
    sections = reports.sizes(page.read_text(encoding="utf-8"))
    if json:
        print_json(report=page, bytes=size, sections=sections)
        return
    rows = [(name, f"{part / 1000:,.0f}") for name, part in sections.items()]
    print_table(("section", "kB"), rows)
    print(f"report: {page} ({size / 1e6:.1f} MB)")
