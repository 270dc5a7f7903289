"""A progress bar for work that outlasts a second: on a terminal, or wherever somebody listens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DELAY = 1.0
"""Seconds of work before a bar appears."""

Listener = Callable[[str, float, float], None]
"""Told (label of the innermost bar, done, total of the outermost bar) at every step."""

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def reporting(listener: Listener) -> Iterator[None]:
    """Tell `listener` of every step inside, and draw no bars.

    Bars within a bar report parts of its next step, so that the whole only ever grows.

    Examples
    --------
    >>> with reporting(print), bar("maps", total=2) as advance:
    ...     with bar("t-SNE", total=4) as step:
    ...         step(3)
    ...     advance(1)
    maps 0.0 2
    t-SNE 0.0 2
    t-SNE 0.75 2
    maps 1.0 2
    """
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


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
    listener = _LISTENER.get()
    if listener is not None:
        with _told(listener, label, total) as tell:
            yield tell
        return
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


@contextmanager
def _told(listener: Listener, label: str, total: float) -> Iterator[Callable[[float], None]]:
    done = 0.0

    def advance(amount: float) -> None:
        nonlocal done
        done += amount
        listener(label, done, total)

    def inner(name: str, part: float, whole: float) -> None:
        listener(name, done + (part / whole if whole else 0.0), total)

    advance(0.0)
    with reporting(inner):
        yield advance
