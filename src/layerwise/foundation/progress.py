"""A progress bar for work that outlasts a second, on a terminal only."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

DELAY = 1.0
"""Seconds of work before a bar appears."""


@contextmanager
def bar(label: str, total: float, unit: str = "") -> Iterator[Callable[[float], None]]:
    """Yield ``advance(amount)``; a bar appears on stderr after :data:`DELAY` if it is a terminal.

    Where stderr is a file or a pipe nothing is written, so libraries and logs stay clean.

    Examples
    --------
    >>> with bar("recording", total=3) as advance:
    ...     for _ in range(3):
    ...         advance(1)
    """
    if not sys.stderr.isatty():
        yield lambda amount: None
        return

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip
    task = progress.add_task(label, total=total)
    started = time.monotonic()

    def advance(amount: float) -> None:
        progress.advance(task, amount)
        if not progress.live.is_started and time.monotonic() - started > DELAY:
            progress.start()

    try:
        yield advance
    finally:
        if progress.live.is_started:
            progress.stop()
