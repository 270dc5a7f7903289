"""The child process of one job: one call of the analysis room, told step by step.

``python -m layerwise.studio.host.work`` reads one JSON object from its standard input, ``{"kind",
"run": path, "arguments"}``, and writes JSON objects, one a line: ``{"step", "done"}`` while it
works, and at its end ``{"state": "done", "done": 1}`` or ``{"state": "failed", "message"}``. What
it computes lies in the run's tables. Left out: `multiprocessing`, whose children run the caller's
own script once more (with its ``import torch``, and with its ``serve()``).
"""

from __future__ import annotations

import json
import os
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any, TextIO

from layerwise import analysis
from layerwise.foundation.checks import UserError
from layerwise.foundation.progress import reporting
from layerwise.store import Run

PAUSE = 0.1
"""Seconds between two messages about progress, at least."""


def neurons(run: Run, label: str | None, **place: Any) -> None:
    """Map the neurons of a layer and, where there are classes, rank them the quick way."""
    analysis.neurons(run, **place)
    if label is not None:
        analysis.discriminate(run, **place, label=label, ranking="gini")


def evolve(run: Run, label: str | None, **how: Any) -> None:
    """Map the observations over layers or epochs and, class by class, bundle their paths."""
    evolution = analysis.evolve(run, **how)
    if label is not None:
        analysis.trails(run, evolution)  # of the run's own label, as everywhere


WORK: dict[str, Callable[..., object]] = {
    "project": analysis.project,
    "neurons": neurons,
    "evolve": evolve,
}


def main() -> None:
    """Do the one job that standard input names."""
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints must not spoil the messages
    job = json.loads(os.fdopen(os.dup(0), encoding="utf-8").readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _send(messages, **_outcome(job, _throttled(messages)))


def _outcome(job: dict[str, Any], tell: Callable[[str, float, float], None]) -> dict[str, Any]:
    try:
        with reporting(tell):
            WORK[job["kind"]](Run.open(job["run"]), **job["arguments"])
    except UserError as error:
        return {"state": "failed", "message": str(error)}
    except Exception as error:
        traceback.print_exc()
        message = f"{type(error).__name__}: {error}. `layerwise --debug view` shows where."
        return {"state": "failed", "message": message}
    return {"state": "done", "done": 1.0}


def _throttled(messages: TextIO) -> Callable[[str, float, float], None]:
    """Return a listener for bars that sends what is new, but not too often."""
    last = ("", -PAUSE)

    def tell(step: str, done: float, total: float) -> None:
        nonlocal last
        now = time.monotonic()
        if step != last[0] or now - last[1] >= PAUSE:
            last = (step, now)
            _send(messages, step=step, done=min(done / total, 1.0) if total else None)

    return tell


def _send(messages: TextIO, **message: object) -> None:
    print(json.dumps(message), file=messages, flush=True)


def _end_with_parent() -> None:
    """Wait until the other end of standard input is gone, and the parent with it."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
