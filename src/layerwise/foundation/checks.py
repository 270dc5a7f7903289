"""Every error that a user can cause, worded in one place.

An error is one sentence: what must hold, what came, what to do next. Each class is also the
builtin a programmer would catch, and all share :class:`UserError`, which the command line turns
into exit code 2. Anything else that escapes is a defect of layerwise itself.
"""

from __future__ import annotations

import difflib
import numbers
from collections.abc import Iterable, Sequence

import numpy as np

from layerwise.foundation.shapes import Array


class UserError(Exception):
    """The input is at fault, and the message says which and what to do."""


class InvalidValue(UserError, ValueError):
    """An argument of the right type with a value that cannot work."""


class InvalidType(UserError, TypeError):
    """An argument of a type that cannot work."""


class NotFound(UserError, LookupError):
    """A name that does not exist; the message lists those that do."""


def invalid(
    function: str, argument: str, requirement: str, got: object, hint: str = ""
) -> InvalidValue:
    """Return the error ``{function}: {argument} must be {requirement}; got {got}. {hint}``.

    Examples
    --------
    >>> invalid("TSNE", "perplexity", "below n/3", 50, "Lower it or add observations.")
    InvalidValue('TSNE: perplexity must be below n/3; got 50. Lower it or add observations.')
    """
    return InvalidValue(f"{function}: {argument} must be {requirement}; got {got}. {hint}".rstrip())


def not_found(kind: str, name: object, where: str, known: Iterable[str]) -> NotFound:
    """Return the error for an unknown name, with the nearest known one and the whole list.

    Examples
    --------
    >>> not_found("layer", "relu9", "ConvNet", ["conv1", "relu1"])
    NotFound("no layer 'relu9' in ConvNet. Did you mean 'relu1'? Layers: conv1, relu1.")
    """
    names = list(known)
    near = difflib.get_close_matches(str(name), names, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    shown = ", ".join(names[:40]) + (f", ... ({len(names)} in all)" if len(names) > 40 else "")
    listing = f"{kind.capitalize()}s: {shown}." if names else f"There are no {kind}s."
    return NotFound(f"no {kind} {str(name)!r} in {where}.{guess} {listing}")


def choice(function: str, argument: str, value: str, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of `allowed`."""
    if value not in allowed:
        raise invalid(function, argument, "one of " + ", ".join(allowed), repr(value))
    return value


def integer(
    function: str, argument: str, value: object, low: int, high: int | None = None, hint: str = ""
) -> int:
    """Return `value` as an int in ``[low, high]``."""
    bound = f"an integer >= {low}" if high is None else f"an integer in [{low}, {high}]"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidType(f"{function}: {argument} must be {bound}; got {value!r}. {hint}".rstrip())
    result = int(value)
    if result < low or (high is not None and result > high):
        raise invalid(function, argument, bound, value, hint)
    return result


def number(
    function: str, argument: str, value: object, low: float, high: float = np.inf, hint: str = ""
) -> float:
    """Return `value` as a finite float in ``[low, high]``."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidType(
            f"{function}: {argument} must be a number; got {value!r}. {hint}".rstrip()
        )
    result = float(value)
    if not (low <= result <= high) or not np.isfinite(result):
        raise invalid(function, argument, f"a number in [{low:g}, {high:g}]", value, hint)
    return result


def matrix(function: str, argument: str, value: object, *, min_rows: int = 1) -> Array:
    """Return `value` as a finite 2-D float array; float32 and float64 are not copied.

    Half precision and integers become float32, so a recorded layer of any dtype can be scored.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise InvalidType(f"{function}: {argument} must be numeric; got dtype {array.dtype}.")
    if array.ndim != 2 or array.shape[1] == 0:
        raise invalid(
            function, argument, "2-D (n_observations, n_units)", f"shape {array.shape}",
            "Reshape to one row per observation.",
        )  # fmt: skip
    if len(array) < min_rows:
        raise invalid(function, argument, f"at least {min_rows} rows", f"{len(array)}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise not_finite(function, argument, np.flatnonzero(~np.isfinite(array).all(axis=1)))
    return array


def not_finite(function: str, argument: str, rows: Array) -> InvalidValue:
    """Return the error for NaN or infinity in `rows` (their numbers, at least one)."""
    return invalid(
        function, argument, "finite", f"NaN or infinity in {len(rows)} rows, first {rows[0]}",
        "Drop these observations, or find the layer where the values blow up.",
    )  # fmt: skip


def labels(function: str, value: object, n_observations: int, argument: str = "labels") -> Array:
    """Return `value` as a 1-D array with one entry per observation."""
    array = np.asarray(value)
    if array.ndim != 1 or len(array) != n_observations:
        raise invalid(
            function, argument, f"1-D with one entry per observation ({n_observations})",
            f"shape {array.shape}",
        )  # fmt: skip
    return array
