"""Globs over names of layers: ``*`` and ``?``; brackets are addresses, no character classes."""

from __future__ import annotations

from fnmatch import fnmatchcase


def matches(name: str, glob: str) -> bool:
    """Return whether a glob means a name.

    Examples
    --------
    >>> matches("relu1", "relu*"), matches("lstm[0]", "lstm[0]"), matches("lstm0", "lstm[0]")
    (True, True, False)
    """
    return fnmatchcase(name, glob.replace("[", "[[]"))
