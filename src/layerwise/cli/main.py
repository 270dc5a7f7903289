"""The `layerwise` command: the literal list of commands, and what happens to errors.

Bad input ends with one sentence on stderr and exit code 2; a defect of layerwise with exit code 1
and, under ``--debug``, its traceback.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from layerwise import __version__
from layerwise.cli.activations import activations
from layerwise.cli.attack import attack
from layerwise.cli.attribute import attribute
from layerwise.cli.demo import demo
from layerwise.cli.evolve import evolve
from layerwise.cli.filters import filters
from layerwise.cli.invariance import invariance
from layerwise.cli.layers import layers
from layerwise.cli.lines import lines
from layerwise.cli.maximize import maximize
from layerwise.cli.occlude import occlude
from layerwise.cli.project import project
from layerwise.cli.record import record
from layerwise.cli.report import report
from layerwise.cli.score import score
from layerwise.cli.statistics import statistics
from layerwise.cli.study import study
from layerwise.cli.top import top
from layerwise.cli.train import train
from layerwise.cli.units import units
from layerwise.cli.verify import verify
from layerwise.cli.view import view
from layerwise.foundation.checks import UserError

COMMANDS = (
    demo, study, train, layers, record, project, evolve, units, filters, activations, attribute,
    statistics, lines, top, occlude, invariance, maximize, attack,
    score, view, report, verify,
)  # fmt: skip

app = typer.Typer(
    name="layerwise",
    help="See what each layer of a neural network has learned: measured, mapped, shown.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command in COMMANDS:
    app.command()(command)


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,
) -> None:
    """See what each layer of a neural network has learned: measured, mapped, shown."""
    if debug:
        os.environ["LAYERWISE_DEBUG"] = "1"


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Examples
    --------
    >>> main(["version"]) == 0
    0.1.0
    True
    """
    os.environ.pop("LAYERWISE_DEBUG", None)
    try:
        app(args=None if arguments is None else list(arguments), prog_name="layerwise")
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except UserError as error:
        if os.environ.get("LAYERWISE_DEBUG"):
            raise
        return _say(" ".join(str(error).split()), 2)
    except Exception as error:
        if os.environ.get("LAYERWISE_DEBUG"):
            raise
        kind = type(error).__name__
        return _say(
            f"{kind}: {error}. This is a defect of layerwise or of the model's code; "
            "`layerwise --debug ...` shows where.",
            1,
        )
    return 0


def _say(sentence: str, code: int) -> int:
    print(f"layerwise: {sentence}", file=sys.stderr)
    return code
