"""From names to paths: a run folder may come from a stranger, and so may a layer's name.

A layer or checkpoint name never becomes a path, only its `slug` does. A path read from a file of
the run becomes one through `contain` only.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path, PurePosixPath

from layerwise.store.durable import StoreError, wrapped

_READABLE = 40


def slug(name: str) -> str:
    """Return a file name for any `name`: a readable prefix and a hash.

    Names that differ give file names that differ, also where the file system ignores case. At
    most 57 characters of ``a-z0-9-``, so no reserved name, separator or hidden file.

    Examples
    --------
    >>> slug("relu1")
    'relu1-4ce4efb29dcba44c'
    >>> slug("../Größe[0]")
    'groe-0-...'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    readable = re.sub(r"[^a-z0-9]+", "-", plain)[:_READABLE].strip("-") or "x"
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8)
    return f"{readable}-{digest.hexdigest()}"


def contain(base: Path, relative: object) -> Path:
    """Return ``base / relative`` with links resolved, if it lies inside `base`.

    Parameters
    ----------
    base : Path
    relative : str
        A path with ``/`` as separator, as found in a file of the run.

    Raises
    ------
    StoreError
        If it is not text, is empty or absolute, climbs with ``..``, holds a NUL, a backslash or a
        colon (drives and streams of Windows), or a symbolic link in it leads out of `base`.
        The text is judged before the disk is touched.

    Examples
    --------
    >>> contain(Path("/runs/a"), "../b")
    Traceback (most recent call last):
    layerwise.store.durable.StoreError: /runs/a: names the path '../b', which is not inside it.
    """
    refused = StoreError(base, f"names the path {relative!r}, which is not inside it.")
    if not isinstance(relative, str) or set(relative) & set("\0\\:"):
        raise refused
    parts = PurePosixPath(relative).parts
    if not parts or relative.startswith("/") or ".." in parts:
        raise refused
    with wrapped(base, "read"):
        root = base.resolve()
        path = root.joinpath(*parts).resolve()
    if path == root or not path.is_relative_to(root):
        raise refused
    return path
