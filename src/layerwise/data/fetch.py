"""Find the files of a published data set on disk, or download them once, checked by SHA-256.

Order: the `data_dir` argument, the folder that LAYERWISE_DATA names, the user's cache, the network.
Downloads go through pooch; what is added here is resuming, which pooch lacks: bytes wait in
`NAME.part` and an interrupted download goes on from there. Only a file with the right hash ever
gets its real name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from layerwise.foundation import checks, progress

VARIABLE = "LAYERWISE_DATA"
TIMEOUT = 30.0
"""Seconds without an answer after which the network counts as absent."""


@dataclass(frozen=True)
class Remote:
    """One published file: where it is, what it must be, and its name once unpacked."""

    url: str
    size: int
    sha256: str
    unpacked: str = ""

    @property
    def name(self) -> str:
        """Name of the file, the last part of its address."""
        return self.url.rpartition("/")[2]


def cache_folder() -> Path:
    """Return the folder for downloads, where the operating system wants it."""
    import platformdirs

    return platformdirs.user_cache_path("layerwise")


def locate(
    name: str,
    remotes: Sequence[Remote],
    *,
    layouts: Sequence[str] = (),
    data_dir: str | Path | None = None,
) -> list[Path]:
    """Return a path for each of `remotes`, all in one folder, or the .npz that stands for them.

    Parameters
    ----------
    name : of the data set; also the name of its folder below a data folder
    remotes : the files that are needed
    layouts : other places below a data folder, such as torchvision's
    data_dir : a data folder, or the folder of this set itself

    Raises
    ------
    InvalidValue
        If `data_dir` or LAYERWISE_DATA is not a folder; if the files are nowhere and the download
        fails or brings other bytes.
    """
    cache = cache_folder() / name
    for folder in (*_data_folders(name, layouts, data_dir), cache):
        paths = _files_in(folder, name, remotes)
        if paths:
            return paths
    _download(name, remotes, cache)
    return [cache / remote.name for remote in remotes]


def _data_folders(name: str, layouts: Sequence[str], data_dir: str | Path | None) -> Iterator[Path]:
    for argument, value in (("data_dir", data_dir), (VARIABLE, os.environ.get(VARIABLE))):
        if not value:
            continue
        base = Path(value).expanduser()
        if not base.is_dir():
            raise checks.invalid("load", argument, "a folder that exists", repr(str(value)))
        yield from (base / layout for layout in (name, *layouts))
        # MNIST and Fashion-MNIST name their files alike. The argument speaks of this one set, the
        # variable of all: its folder must not answer for a set that it is not named after.
        if argument == "data_dir" or _names(name, base.name):
            yield base


def _names(name: str, other: str) -> bool:
    """Return whether `other` begins with the set's name; 'cifar100' does not with 'cifar10'."""
    return re.match(rf"{re.escape(name)}(?![0-9])", other, re.IGNORECASE) is not None


def _files_in(folder: Path, name: str, remotes: Sequence[Remote]) -> list[Path]:
    """Return the published files in `folder`, else the first .npz named after the set, else []."""
    found = []
    for remote in remotes:
        spellings = [folder / remote.name, folder / (remote.unpacked or remote.name)]
        found += [path for path in spellings if path.exists()][:1]
    if len(found) == len(remotes):
        return found
    return sorted(path for path in folder.glob("*.npz") if _names(name, path.name))[:1]


def _download(name: str, remotes: Sequence[Remote], folder: Path) -> None:
    """Bring `remotes` into `folder`, going on where an earlier call was interrupted."""
    import pooch

    for remote in remotes:
        downloader = partial(_resume, part=folder / f"{remote.name}.part", size=remote.size)
        digest = f"sha256:{remote.sha256}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            pooch.retrieve(remote.url, digest, remote.name, folder, downloader=downloader)
        except OSError as error:  # what requests raises is an OSError too
            names = " and ".join(remote.name for remote in remotes)
            raise checks.invalid(
                "load", f"{remote.name} of {name}", f"on disk or within reach at {remote.url}",
                error.strerror or type(error).__name__,
                f"Run it again to go on, or put {names} into {folder} or into a folder {name} "
                f"below one that data_dir or {VARIABLE} names.",
            ) from error  # fmt: skip
        except ValueError as error:
            raise checks.invalid(
                "load", remote.url, f"a file with SHA-256 {remote.sha256}",
                "other bytes, now deleted",
                "Run it again; if that does not help, the published file has changed.",
            ) from error  # fmt: skip


def _resume(url: str, output_file: str, _pooch: object, *, part: Path, size: int) -> None:
    """Download to `part`, going on where it ends; move it to `output_file` (pooch's contract)."""
    import requests

    have = part.stat().st_size if part.exists() else 0
    if have < size:
        # identity: a server that calls .gz an encoding would have requests unpack it
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={have}-"}
        with (
            requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as reply,
            progress.bar(f"downloading {part.stem}", size / 1e6, "MB") as advance,
        ):
            reply.raise_for_status()
            resumed = reply.status_code == requests.codes.partial_content
            with part.open("ab" if resumed else "wb") as file:
                advance(have / 1e6 if resumed else 0)
                for chunk in reply.iter_content(2**18):
                    file.write(chunk)
                    advance(len(chunk) / 1e6)
    part.replace(output_file)
