"""Where an attack may go: a ball of one norm around each input, inside the box of valid inputs.

Every function works on a batch, each row by itself. Leaves out who walks there (adversarial).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

NORMS = ("l2", "linf")

Bound = float | list[float] | tuple[float, ...] | Array | None
"""One number for all values, one for each channel, or an array of the shape of an input."""

_SLACK = 1e-4
"""How far outside an input may lie, as a share of the box: rounding of a standardisation."""


def size(d: Tensor, norm: str) -> Tensor:
    """Return the length (n,) of each row in "l2" or "linf".

    Examples
    --------
    >>> d = torch.tensor([[3.0, -4.0]])
    >>> size(d, "l2").item(), size(d, "linf").item()
    (5.0, 4.0)
    """
    flat = d.flatten(1)
    return flat.norm(dim=1) if norm == "l2" else flat.abs().amax(1)


def dual_size(gradient: Tensor, norm: str) -> Tensor:
    """Return how much a linear function with this gradient grows along :func:`steepest`."""
    flat = gradient.flatten(1)
    return flat.norm(dim=1) if norm == "l2" else flat.abs().sum(1)


def steepest(gradient: Tensor, norm: str) -> Tensor:
    """Return the step of length 1 along which a linear function grows most; 0 where it is flat.

    Examples
    --------
    >>> g = torch.tensor([[3.0, -4.0], [0.0, 0.0]])
    >>> steepest(g, "l2").tolist(), steepest(g, "linf").tolist()
    ([[0.6000000238418579, -0.800000011920929], [0.0, 0.0]], [[1.0, -1.0], [0.0, 0.0]])
    """
    if norm == "linf":
        return gradient.sign()
    scaled = gradient / along(size(gradient, "linf"), gradient).clamp_min(_TINY)  # no underflow
    return scaled / along(size(scaled, "l2"), scaled).clamp_min(_TINY)


def shrunk(d: Tensor, radius: Tensor, norm: str) -> Tensor:
    """Return each row moved into the ball of its radius (n,), by the shortest way."""
    r = along(radius, d)
    if norm == "linf":
        return torch.maximum(torch.minimum(d, r), -r)
    return d * (r / along(size(d, norm), d).clamp_min(_TINY)).clamp_max(1)


def drawn(shape: torch.Size, norm: str, rng: np.random.Generator, *, inside: bool) -> Tensor:
    """Return random steps: of length 1 (signs in "linf"), or spread evenly over the ball.

    Rows are drawn one after the other, so that those of two batches are those of one.
    """
    if norm == "linf":
        values = rng.uniform(-1, 1, shape)
        return torch.from_numpy(values if inside else np.where(values < 0, -1.0, 1.0))
    # A point of the ball is one of a sphere of two dimensions more, without its last two places
    # (Voelker, Gosmann and Stewart 2017), so that one draw of normals is enough.
    n_values = shape[1:].numel()
    steps = torch.from_numpy(rng.standard_normal((shape[0], n_values + 2 * inside)))
    steps = steps / along(size(steps, "l2"), steps)
    return steps[:, :n_values].reshape(shape)


def along(values: Tensor, like: Tensor) -> Tensor:
    """Return one value per row in a shape that multiplies the rows of `like`."""
    return values.view(-1, *[1] * (like.ndim - 1))


_TINY = torch.finfo(torch.float32).tiny


@dataclass(frozen=True)
class Box:
    """The smallest and the largest value that each part of an input may have."""

    lower: Tensor
    upper: Tensor

    @classmethod
    def of(cls, function: str, lower: Bound, upper: Bound, x: Tensor) -> Box:
        """Return the box of inputs such as `x`, which must lie inside.

        Raises
        ------
        InvalidValue
            If a bound does not fit the shape, lower is above upper, or the inputs are outside.
        """
        low = _bound(function, "lower", lower, x, -np.inf)
        high = _bound(function, "upper", upper, x, np.inf)
        slack = _SLACK * torch.where(torch.isfinite(high - low), high - low, 0)
        if (low > high).any() or (x < low - slack).any() or (x > high + slack).any():
            raise checks.invalid(
                function, "lower and upper", f"around the inputs, which span {float(x.min()):.4g} "
                f"to {float(x.max()):.4g}", f"{_words(lower)} and {_words(upper)}",
                "Give the valid values as the network takes them, one per channel if inputs are "
                "standardised by channel, or None for no bound.",
            )  # fmt: skip
        return cls(low, high)

    def clip(self, z: Tensor, x: Tensor) -> Tensor:
        """Return `z` moved into the box (widened to hold `x`, which may be outside by rounding)."""
        return torch.maximum(
            torch.minimum(z, torch.maximum(self.upper, x)), torch.minimum(self.lower, x)
        )


def _bound(function: str, argument: str, value: Bound, x: Tensor, default: float) -> Tensor:
    try:
        array = np.asarray(default if value is None else value, dtype=np.float64)
    except (TypeError, ValueError):
        raise checks.InvalidType(
            f"{function}: {argument} must be a number, one per channel, or None; got {value!r}."
        ) from None
    shape = tuple(x.shape[1:])
    if array.ndim == 1 and len(shape) > 1 and len(array) == shape[0]:
        array = array.reshape(-1, *[1] * (len(shape) - 1))
    try:
        np.broadcast_to(array, shape)
    except ValueError:
        raise checks.invalid(
            function, argument, f"a number, {shape[0]} numbers (one per channel) or of shape "
            f"{shape}", f"shape {array.shape}",
        ) from None  # fmt: skip
    if np.isnan(array).any():
        raise checks.invalid(function, argument, "numbers", "NaN")
    return torch.from_numpy(array).to(x)


def _words(bound: Bound) -> str:
    if bound is None or isinstance(bound, float | int):
        return f"{bound}"
    return ", ".join(f"{value:.4g}" for value in np.ravel(np.asarray(bound))[:3])
