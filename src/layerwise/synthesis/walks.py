"""The walk of an attack through input space, and what is found at its end.

An attack is a rule for the next step; here are the steps' bounds, what the network says at each,
and the loop over batches. Every observation walks by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from layerwise.foundation import progress
from layerwise.foundation.shapes import Array
from layerwise.network.question import batches
from layerwise.network.sites import ModelError
from layerwise.synthesis.balls import along, size
from layerwise.synthesis.victim import Look, Rows, Victim

Found = tuple[Tensor, list[Look]]
"""The twins of a batch, and what the network said on the way to them."""


class NoGradientError(ModelError):
    """No direction to go, for none of the observations."""


@dataclass(frozen=True, eq=False)
class Adversarial:
    """Observations and their adversarial twins.

    Attributes
    ----------
    originals, inputs : (n, ...) float32, the observations and their twins
    before, after : (n,) the class that the network gives the original and the twin
    target : (n,) the class that was to be reached, -1 for any other than `before`
    flipped : (n,) bool, whether it was
    l2, linf : (n,) length of the difference
    relative : (n,) `l2` as a share of the original's own length; infinite if that is 0
    predictions, confidences : (n, n_iterations + 1) the class given and its probability at every
        iteration, the original first
    method, norm : what was done, and in which ball
    """

    originals: Array
    inputs: Array
    before: Array
    after: Array
    target: Array
    flipped: Array
    l2: Array
    linf: Array
    relative: Array
    predictions: Array
    confidences: Array
    method: str
    norm: str

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def iterations(self) -> Array:
        """Iteration (n,) whose prediction first is as wished, 0 for the original; -1 for none."""
        reached = np.where(
            self.target[:, None] < 0, self.predictions != self.before[:, None],
            self.predictions == self.target[:, None],
        )  # fmt: skip
        first: Array = np.where(reached.any(1), reached.argmax(1), -1)
        return first


class Walk:
    """The iterates of a batch, what the network said of each, and the best one.

    Attributes
    ----------
    z : (n, ...) where it is
    best, margin : (n, ...) and (n,) the iterate of the largest margin so far, and that
    looks : what the network said at every iterate
    """

    def __init__(self, one: Victim, x: Tensor, rows: Rows, start: Tensor | None = None) -> None:
        self._one, self._x, self._rows = one, x, rows
        self.z = x if start is None else one.box.clip(x + start, x)
        self.best, self.margin = self.z, torch.full((len(x),), -torch.inf).to(x)
        self.looks: list[Look] = []

    def look(self) -> tuple[Look, Tensor]:
        """Look at the network here, and return that and the way up."""
        look, gradient = self._one.climb(self.z, self._rows)
        self._note(look)
        return look, gradient

    def move(self, step: Callable[[Tensor, Tensor], Tensor]) -> None:
        """Look, and go to the observation plus ``step(difference so far, gradient)``."""
        _, gradient = self.look()
        self.to(step(self.z - self._x, gradient))

    def to(self, difference: Tensor) -> None:
        """Go to the observation plus a difference, cut at the box."""
        self.z = self._one.box.clip(self._x + difference, self._x)

    def end(self) -> Walk:
        """Look a last time, without a gradient."""
        self._note(self._one.look(self.z, self._rows))
        return self

    def or_better(self, other: Walk) -> Walk:
        """Return this walk, of which every row whose best is not as good is the other's."""
        better = other.margin > self.margin
        self.best = torch.where(along(better, self.best), other.best, self.best)
        self.margin = torch.where(better, other.margin, self.margin)
        self.looks = [
            theirs.where(better, ours) for ours, theirs in zip(self.looks, other.looks, strict=True)
        ]
        return self

    def _note(self, look: Look) -> None:
        self.looks.append(look)
        better = look.margin > self.margin
        self.best = torch.where(along(better, self.best), self.z, self.best)
        self.margin = torch.where(better, look.margin, self.margin)


def attacked(
    method: str,
    norm: str,
    one: Victim,
    attack: Callable[[Tensor, Rows], Found],
    batch_size: int,
) -> Adversarial:
    """Attack all observations, batch by batch, and return what came of it.

    Raises
    ------
    NoGradientError
        If no observation had a gradient anywhere on the way.
    """
    parts: list[dict[str, Tensor]] = []
    with progress.bar(method, len(one.x), "observations") as advance:
        for rows in batches(len(one.x), batch_size):
            x = one.x[rows]
            twin, looks = attack(x, rows)
            last, l2 = one.look(twin, rows), size(twin - x, "l2")
            none = torch.full_like(one.before[rows], -1)
            parts.append({
                "originals": x, "inputs": twin,
                "before": one.before[rows], "after": last.predicted,
                "target": none if one.wish is None else one.wish[rows],
                "flipped": last.margin > 0,
                "l2": l2, "linf": size(twin - x, "linf"),
                "relative": torch.where(l2 > 0, l2 / size(x, "l2"), 0),
                "predictions": torch.stack([look.predicted for look in looks], 1),
                "confidences": torch.stack([look.confidence for look in looks], 1),
            })  # fmt: skip
            advance(len(x))
    if not one.has_gradient:
        raise NoGradientError(
            f"{method}: the gradient that reaches the inputs is 0 for all of them, so there is no "
            "direction to go. Rounding, signs and thresholds on the way have none; attack a "
            "network without them."
        )
    columns = {name: _array([part[name] for part in parts]) for name in parts[0]}
    return Adversarial(**columns, method=method, norm=norm)


def _array(parts: list[Tensor]) -> Array:
    """Return batches as one array on the host, floats in single precision."""
    whole = torch.cat(parts).cpu()
    array: Array = (whole.float() if whole.is_floating_point() else whole).numpy()
    return array
