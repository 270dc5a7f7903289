"""Every byte of a run against its records: what the command ``layerwise verify`` says.

It reads everything and believes nothing it has seen before. It does not compute activations
again; that takes the network, and is the recorder's part.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from layerwise.foundation import progress
from layerwise.store.commits import Commit
from layerwise.store.durable import StoreError, wrapped
from layerwise.store.manifest import Manifest
from layerwise.store.tables import Table

if TYPE_CHECKING:
    from layerwise.store.run import Run


def problems(run: Run) -> list[str]:
    """Return one sentence for everything that is wrong with `run`; an empty list if nothing is."""
    found: list[str] = []
    try:
        manifest = Manifest.read(run.path / "run.json")
    except StoreError as error:
        return [str(error)]
    commits = {
        commit.path: commit
        for one in manifest.checkpoints
        for commit in run.commits(one.name)
    }  # fmt: skip
    tables = Table.all(run.path)
    with progress.bar("verifying", total=len(commits) + len(tables)) as advance:
        for commit in commits.values():
            if commit.exists():
                found += _damaged_parts(commit)
            advance(1)
        for table in tables:
            try:
                table.check()
            except StoreError as error:
                found.append(str(error))
            advance(1)
    found += [
        f"{run.path}: checkpoint {one.name!r} is incomplete: {len(missing)} of "
        f"{len(manifest.firsts)} parts are missing. Run the same record command again."
        for one in manifest.checkpoints
        if (missing := run.missing(one.name))
    ]
    return found + _strangers(run.path / "_done", set(commits))


def _damaged_parts(commit: Commit) -> list[str]:
    try:
        parts = commit.parts()
    except StoreError as error:
        return [str(error)]
    found = []
    for part in parts.values():
        try:
            part.open(trust=False)
        except StoreError as error:
            found.append(str(error))
    return found


def _strangers(folder: Path, known: set[Path]) -> list[str]:
    """Return the commit records that belong to no part of the run."""
    with wrapped(folder, "read"):
        records = {path for path in folder.glob("*__*.json") if len(path.stem.split("__")[-1]) == 9}
    return [f"{path}: belongs to no checkpoint of this run." for path in sorted(records - known)]
