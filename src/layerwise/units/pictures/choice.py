"""Which of many filters, inputs or channels are drawn, and the words for that choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, PerUnit


@dataclass(frozen=True, eq=False)
class Choice:
    """Which of many filters, inputs or channels are drawn.

    Attributes
    ----------
    numbers : (n,) int, in the order in which they are drawn
    words : for a caption: "the first 20 of 64 filters"
    """

    numbers: Array
    words: str


def choose(
    norms: PerUnit,
    asked: Sequence[int] | int | None,
    most: int,
    noun: str,
    *,
    by: str = "norm",
    function: str = "filter_images",
) -> Choice:
    """Return which of many are drawn, and the words for it.

    Parameters
    ----------
    norms : (n,) of all of them, how strong each is
    asked : their numbers; or how many, the strongest first; or None for the first `most`
    most : int
    noun : "filter", "input" or "channel"
    by : what `norms` are, for the words
    function : the name in errors

    Raises
    ------
    UserError
        If a number is out of range or named twice, or none are asked for.

    Examples
    --------
    >>> choose(np.array([1.0, 3, 2]), 2, 9, "filter").words
    'the 2 strongest of 3 filters by norm'
    >>> choose(np.array([1.0, 3, 2]), [2, 0], 9, "input").words
    'inputs 2 and 0 of 3'
    """
    n, argument = len(norms), f"{noun}s"
    if asked is None:
        numbers = np.arange(min(n, most))
        words = f"the first {most} of {n:,} {noun}s" if n > most else f"all {n:,} {noun}s"
    elif isinstance(asked, int | np.integer) or np.ndim(asked) == 0:
        count = checks.integer(function, argument, asked, 1)
        numbers = np.argsort(-norms, kind="stable")[:count]
        words = f"the {count:,} strongest of {n:,} {noun}s by {by}"
        words = words if count < n else f"all {n:,} {noun}s, strongest by {by} first"
    else:
        known = [checks.integer(function, argument, k, 0, n - 1) for k in asked]
        if not known or len(set(known)) < len(known):
            got = ", ".join(map(str, known)) or "none"
            raise checks.invalid(function, argument, "numbers, each once", got)
        numbers, words = np.array(known), _listed(known, n, noun)
    return Choice(numbers, f"the only {noun}" if n == 1 else words)


def _listed(numbers: Sequence[int], n: int, noun: str) -> str:
    """Return chosen numbers in words, many of them counted.

    Examples
    --------
    >>> _listed([3], 8, "filter"), _listed(range(30), 64, "input")
    ('filter 3 of 8', '30 chosen of 64 inputs')
    """
    if len(numbers) == 1:
        return f"{noun} {numbers[0]} of {n:,}"
    if len(numbers) > 12:
        return f"{len(numbers)} chosen of {n:,} {noun}s"
    return f"{noun}s {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} of {n:,}"
