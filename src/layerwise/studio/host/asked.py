"""What the page asks about: its indexes checked, and turned into the names of a run.

The page knows runs, layers and checkpoints by their place in the manifest. Whatever it sends is
taken for hostile: every field is checked before it is used, and none ever becomes a path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.store import Run
from layerwise.studio.data import Contents


class Asked:
    """The fields of one question, about one run.

    Parameters
    ----------
    contents : what the page shows
    function : name of the question, for errors
    body : what the page sent: a mapping with "run" and what the question needs; "data", if it
        tells observations by number, so that the numbers mean the same here

    Raises
    ------
    UserError
        Also from every method, if the field is missing, of another type or out of range.
    """

    def __init__(self, contents: Contents, function: str, body: object) -> None:
        if not isinstance(body, dict):
            got = type(body).__name__
            raise checks.InvalidType(f"{function}: the question must be an object; got {got}.")
        self._contents, self._function, self._body = contents, function, body
        runs = contents.manifest()["runs"]
        self.number = self.index("run", len(runs))
        self.shown: dict[str, Any] = runs[self.number]
        if body.get("data", self.shown["data"]) != self.shown["data"]:
            raise checks.InvalidValue(
                f"{function}: the run shows other observations now than the page. Reload the page."
            )

    def has(self, field: str) -> bool:
        """Say whether the page sent a field."""
        return self._body.get(field) is not None

    def index(self, field: str, n: int) -> int:
        """Return a field that numbers one of `n` things."""
        if n == 0:
            raise checks.invalid(self._function, field, "one of those shown", "there is none")
        return checks.integer(self._function, field, self._body.get(field), 0, n - 1)

    def count(self, field: str, low: int, high: int) -> int:
        """Return a field that counts."""
        return checks.integer(self._function, field, self._body.get(field), low, high)

    def choice(self, field: str, allowed: Sequence[str], default: str | None = None) -> str:
        """Return a field that is one of some words."""
        value = self._body.get(field, default)
        if not isinstance(value, str):
            raise checks.InvalidType(f"{self._function}: {field} must be text; got {value!r}.")
        return checks.choice(self._function, field, value, allowed)

    def numbers(self, field: str) -> Array:
        """Return a field that lists integers that are not negative."""
        values = self._body.get(field)
        if not isinstance(values, list) or not all(
            type(value) is int and 0 <= value < 2**31 for value in values
        ):
            raise checks.InvalidType(f"{self._function}: {field} must be a list of observations.")
        return np.array(values, dtype=np.int64)

    @property
    def layer(self) -> str:
        """Name of the layer asked about."""
        return str(self._named("layer", "layers"))

    @property
    def checkpoint(self) -> str:
        """Name of the checkpoint asked about."""
        return str(self._named("checkpoint", "checkpoints"))

    @property
    def run(self) -> Run:
        """The run, with the checkpoints that it has by now."""
        return Run.open(self._contents.runs[self.number].path)

    @property
    def rows(self) -> Array:
        """Row number in the run of every observation that the page shows."""
        return np.frombuffer(self._contents.bytes(self.shown["rows"]), "<u4").astype(np.intp)

    def _named(self, field: str, where: str) -> Any:
        listed = self.shown[where]
        return listed[self.index(field, len(listed))]["name"]
