"""Run a network over data once and write what its layers compute.

An interrupted recording continues where it stopped when it is called again, and ends byte for byte
like one that was not interrupted. Left out: what a layer is (network), how bytes lie (store).
"""

from __future__ import annotations

import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from torch import nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array
from layerwise.foundation.version import VERSION
from layerwise.network.weights import fingerprint
from layerwise.recording.budget import Plan
from layerwise.recording.forward_pass import Compute, Pass
from layerwise.store import Run

TERMINATED = 75
"""Exit code after SIGTERM (EX_TEMPFAIL): the part in hand is committed, run it again."""


def plan(
    model: nn.Module,
    data: Any,
    *,
    layers: Sequence[str] | str | None = None,
    pooling: str | Mapping[str, str] = "flatten",
    dtype: str = "float32",
    batch_size: int = 256,
    num_workers: int = 0,
) -> Plan:
    """Return what :func:`record` would write for the same arguments, after one small batch.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    >>> plan(net, torch.zeros(10, 3)).n_bytes
    160
    """
    return Pass(
        model, data, layers=layers, pooling=pooling, dtype=dtype, clip=False,
        batch_size=batch_size, num_workers=num_workers,
    ).plan  # fmt: skip


def record(
    model: nn.Module,
    data: Any,
    *,
    to: str | Path,
    labels: Mapping[str, Any] | None = None,
    class_names: Mapping[str, Sequence[str]] | None = None,
    layers: Sequence[str] | str | None = None,
    checkpoint: str = "final",
    pooling: str | Mapping[str, str] = "flatten",
    dtype: str = "float32",
    clip: bool = False,
    batch_size: int = 256,
    max_bytes: int | None = None,
    num_workers: int = 0,
    provenance: Mapping[str, Any] | None = None,
) -> Run:
    """Record the hidden activity of a network over data, once, to a run on disk.

    The network is put into eval mode for the pass and restored after. Called again with the same
    arguments it completes what is missing; called with other weights under another `checkpoint`
    it adds them to the same run.

    Parameters
    ----------
    model : any module; on whatever device it is
    data : arrays, tensors, a DataSet, a torch Dataset or DataLoader; see :func:`as_source`.
        Floating inputs are cast to the model's own precision.
    to : folder of the run
    labels : columns of one entry per observation; data that carry labels bring their own
    class_names : names for integer-coded columns
    layers : names or globs; None takes every leaf module that transforms its input. "input" and
        "output" are the network's own.
    checkpoint : name of these weights in the run
    pooling : how positions are reduced, for all layers or by glob; see :mod:`.pooling`. A mapping
        named ``attention_mask`` in the batch masks tokens.
    dtype : "float32", "float16" or "bfloat16", as stored
    clip : store values beyond the range of `dtype` as its largest; otherwise they are an error
    batch_size : observations a forward; part of what makes bytes equal
    max_bytes : refuse a larger recording; 80 % of the free disk is refused anyway
    num_workers : processes that load a torch Dataset
    provenance : what the run should remember: command, seeds, settings. The time and the version
        of layerwise are added; a run that is continued keeps its first.

    Returns
    -------
    Run
        Complete for this checkpoint.

    Raises
    ------
    NotFound, InvalidValue, InvalidType, ModelError, StoreError
        For unknown layers, labels of another length, a model that fails, no room on disk, a
        folder that holds a recording of something else. What was committed before stays.

    Notes
    -----
    Memory is one batch of all layers. A kill costs at most 128 MB of work.

    Examples
    --------
    >>> import tempfile, torch
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = record(net, torch.ones(4, 3), to=folder, labels={"side": [0, 0, 1, 1]})
    ...     run.layers, run.activations("1").shape, run.labels["side"]
    (('0', '1'), (4, 2), array([0, 0, 1, 1]))
    """
    recorder = Pass(
        model, data, layers=layers, pooling=pooling, dtype=dtype, clip=clip,
        batch_size=batch_size, num_workers=num_workers,
    )  # fmt: skip
    n = recorder.plan.n_observations
    columns = {
        name: checks.labels("record", value, n, f"labels[{name!r}]")
        for name, value in {**recorder.source.labels, **(labels or {})}.items()
    }
    recorder.plan.check(Path(to), max_bytes)
    run = Run.create(
        to,
        n_observations=n,
        rows_per_part=recorder.plan.rows_per_part,
        layers=recorder.plan.layers,
        fingerprint=recorder.fingerprint,
        provenance={**recorder.provenance, **_birth(), **(provenance or {})},
    )
    with run.lock(), _sigterm_after_part() as terminated:
        run.add_checkpoint(checkpoint, fingerprint(recorder.model))
        names = {**recorder.source.class_names, **(class_names or {})}
        if columns:
            run.write_table("observations", pd.DataFrame(columns), {"class_names": names})
        missing = run.missing(checkpoint)
        total = sum(min(n - first, run.rows_per_part) for first in missing)
        first_checkpoint = run.checkpoints[0] == checkpoint
        with (
            bar(f"recording {checkpoint}", total, "observations") as advance,
            recorder.parts(missing, with_constants=first_checkpoint) as parts,
        ):
            for first, compute in parts:
                with run.write(checkpoint, first) as append:
                    compute(append, advance)
                if terminated.is_set():
                    sys.exit(TERMINATED)
        if recorder.plan.has_labels and "label" not in columns:
            column = {"label": run.activations("label")[:, 0]}
            run.write_table("observations", pd.DataFrame(column), {"class_names": names})
    return run


def recompute(
    run: Run,
    model: nn.Module,
    data: Any,
    *,
    checkpoint: str | None = None,
    n_parts: int = 1,
    random_state: RandomState = None,
    num_workers: int = 0,
) -> list[str]:
    """Compute random parts of a run again and return how they differ from what is stored.

    Parameters
    ----------
    run : a recording
    model, data : those it was made from
    checkpoint : None for the latest
    n_parts : how many parts, drawn by `random_state`

    Returns
    -------
    list of str
        One sentence per layer and part that differs in any bit; empty if all agree.

    Examples
    --------
    >>> import tempfile, torch
    >>> net, x = nn.Sequential(nn.Linear(3, 2), nn.ReLU()), torch.ones(4, 3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recompute(record(net, x, to=folder), net, x, random_state=0)
    []
    """
    checkpoint = checkpoint or run.checkpoints[-1]
    recorder = Pass(model, data, num_workers=num_workers, **run.provenance["recording"])
    weights = {"weights": fingerprint(recorder.model)}
    expected = {**run.fingerprint, "weights": run.checkpoint(checkpoint).fingerprint}
    for what, value in {**recorder.fingerprint, **weights}.items():
        if expected[what] != value:
            raise checks.InvalidValue(
                f"verify: {run.path} at {checkpoint} was recorded from other {what} than those "
                "given. Give the model, weights and data of the recording."
            )
    commits = {commit.first: commit for commit in run.commits(checkpoint)}
    chosen = sorted(generator(random_state).permutation(list(commits))[:n_parts].tolist())
    problems: list[str] = []
    with recorder.parts(chosen, with_constants=run.checkpoints[0] == checkpoint) as parts:
        for first, compute in parts:
            stored = {name: part.open() for name, part in commits[first].parts().items()}
            problems += _differences(compute, stored, f"{checkpoint}, rows from {first}")
    return problems


def _birth() -> dict[str, str]:
    """Return when (UTC) and by which layerwise a run is made, if it is made now."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return {"created": now.isoformat(timespec="seconds") + "Z", "layerwise": VERSION}


def _differences(compute: Compute, stored: Mapping[str, Array], where: str) -> list[str]:
    """Return the layers whose bytes differ when they are computed again."""
    position: Counter[str] = Counter()
    different: dict[str, None] = {}

    def compare(name: str, array: Array, /, **counters: int) -> int:
        rows = slice(position[name], position[name] + len(array))
        position[name] = rows.stop
        if stored[name][rows].tobytes() != array.tobytes():
            different[name] = None
        return 0

    compute(compare, lambda amount: None)
    return [f"layer {name!r} at {where}: computed again it differs" for name in different]


@contextmanager
def _sigterm_after_part() -> Iterator[threading.Event]:
    """Turn SIGTERM (a scheduler's preemption) into an event, to be seen between two parts."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.signal(signal.SIGTERM, lambda *_: asked.set())
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)
