"""One recording at a time in a run: the file ``lock`` names the process that holds it.

A lock whose owner has died on this machine is taken over. Of a process on another machine nobody
here can say whether it lives, so that lock stands until somebody deletes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from layerwise.store.durable import StoreError, make_folder, sweep, wrapped
from layerwise.store.process import Process


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the run in `folder`; first remove what dead writers left behind.

    Raises
    ------
    StoreError
        If another process holds it; the message names its id and machine.
    """
    path = folder / "lock"
    with wrapped(path, "written"):
        make_folder(folder)
        with _alone(folder):
            _take(path)
    try:
        with wrapped(folder, "written"):
            sweep(folder)
        yield
    finally:
        if _owner(path) == Process.here():  # not the copy of a forked worker
            with suppress(OSError):
                path.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two processes of this machine from both taking over the lock of a dead third."""
    try:
        import fcntl
    except ImportError:  # Windows, where locks are never taken over
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # file systems without flock
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which also gives the flock back, as the death of the process does


def _take(path: Path) -> None:
    """Create the lock, unless a live process holds it."""
    if path.exists():
        owner = _owner(path)
        if owner is not None and owner.alive():
            raise StoreError(
                path, f"process {owner.pid} on {owner.host} is recording into this run. Wait for "
                "it to end; if it has died on another machine, delete this file.",
            )  # fmt: skip
        path.unlink(missing_ok=True)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    except FileExistsError as error:
        raise StoreError(path, "another process has just begun to record into this run.") from error
    try:
        os.write(descriptor, json.dumps(asdict(Process.here())).encode())
        os.fsync(descriptor)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(descriptor)


def _owner(path: Path) -> Process | None:
    """Return who holds the lock; None if nobody, or if its maker died while writing it."""
    try:
        fields = json.loads(path.read_bytes())
        return Process(str(fields["host"]), int(fields["pid"]), int(fields["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
