"""Writing that survives a crash: a file is there whole or not at all.

Temporary file in the same folder, write, fsync, rename over the target, fsync the folder; the
order matters, since a rename that reaches the disk before the bytes do is an empty file after a
power loss. What cannot be read or written is one :class:`StoreError`.
"""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from layerwise.foundation.checks import UserError
from layerwise.store.process import Process

_TEMPORARY = ".tmp~"
_number = itertools.count()


class StoreError(UserError, OSError):
    """A run that cannot be read or written.

    Attributes
    ----------
    path : Path
        The file or folder at fault.
    reason : str
        What is wrong with it and what to do next.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
        self.reason = reason

    def __reduce__(self) -> tuple[type[StoreError], tuple[Path, str]]:
        return type(self), (self.path, self.reason)  # it travels between worker processes


@contextmanager
def wrapped(path: Path, verb: str) -> Iterator[None]:
    """Turn whatever goes wrong inside into a :class:`StoreError` about `path`."""
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        detail = error.strerror or str(error)
        raise StoreError(path, f"cannot be {verb}: {detail}.") from error
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"
        raise StoreError(path, f"cannot be {verb}, it is damaged ({detail}).") from error


def temporary(folder: Path) -> Path:
    """Return a new name in `folder` that says which process owns it.

    The leading dot hides it from Parquet readers of the whole folder.
    """
    owner = Process.here()
    return folder / f"{_TEMPORARY}{owner.host}~{owner.pid}~{owner.started}~{next(_number)}"


def sweep(folder: Path) -> None:
    """Remove the temporary files under `folder` whose process has died on this machine."""
    for place, _, names in os.walk(folder):
        for name in names:
            fields = name.removeprefix(_TEMPORARY).split("~")
            if not name.startswith(_TEMPORARY) or len(fields) != 4:
                continue
            host, pid, started = fields[:3]
            if pid.isdecimal() and started.isdecimal():
                owner = Process(host, int(pid), int(started))
                if not owner.alive():
                    (Path(place) / name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    if os.name == "nt":  # a folder cannot be opened there; NTFS journals its names
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # network file systems that have no such call
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create `folder` and the folders above it, each made durable in its parent."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def publish(source: Path, target: Path) -> None:
    """Give the finished and fsynced file `source` its name, durably."""
    os.replace(source, target)  # noqa: PTH105 - named like the call that POSIX makes atomic
    sync_folder(target.parent)


def discard(*sources: Path) -> None:
    """Remove temporary files; what is gone already or cannot be removed is left to `sweep`."""
    for source in sources:
        with suppress(OSError):
            source.unlink(missing_ok=True)


def write_atomically(target: Path, content: bytes) -> None:
    """Write `content` to `target`: after a crash the old file is there or the new one."""
    with wrapped(target, "written"):
        make_folder(target.parent)
        source = temporary(target.parent)
        try:
            with source.open("xb") as file:  # mode 0666 less the umask, unlike tempfile's 0600
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            publish(source, target)
        except BaseException:
            discard(source)
            raise


def check_finite(path: Path) -> None:
    """Raise a :class:`StoreError` if `path` is a pipe or a device, which may never end."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise StoreError(path, "cannot be read: it is no file.")


def read(path: Path, missing: Callable[[], str]) -> bytes:
    """Return the bytes of `path`; ``missing()`` words the error if there is no such file."""
    with wrapped(path, "read"):
        check_finite(path)
        try:
            return path.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreError(path, missing()) from error
