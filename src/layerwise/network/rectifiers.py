"""Rectifiers whose backward pass follows another rule than the derivative.

At a rectifier s -> max(s, 0) the gradient g that comes from above passes on as g [s > 0]; the
deconvnet passes g [g > 0], guided backpropagation both. Every call is caught where Python calls it,
as a module, a function or a method, in place or not, so no network has to be rewritten and none is
changed. Left out: smooth activation functions (GELU, SiLU), to which these rules do not apply.

Sources: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2013, section
2.1; Springenberg et al., "Striving for Simplicity", 2014, figure 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from layerwise.foundation.checks import choice

RULES = ("gradient", "deconvolution", "guided")

_INFINITY = float("inf")


class _Slope(NamedTuple):
    """A rectifier: slope 1 between two values of its input, another outside them."""

    low: float
    high: float
    outside: float
    in_place: bool


class Rectifiers(TorchFunctionMode):
    """Catches calls of rectifiers; `count` says how many there were."""

    def __init__(self, rule: str) -> None:
        super().__init__()
        self.rule, self.count = rule, 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run a function; of a rectifier, by the rule."""
        kwargs = kwargs or {}
        if self.rule == "deconvolution" and func is F.local_response_norm:
            x = args[0] if args else kwargs["input"]
            return x + (func(*args, **kwargs) - x).detach()  # contrast is not restored
        read = _SLOPES.get(func)
        slope = None if read is None else read(*args, **kwargs)
        if slope is None:
            return func(*args, **kwargs)
        self.count += 1
        if self.rule == "gradient":
            return func(*args, **kwargs)
        x = args[0] if args else kwargs["input"]
        y = _Rectified.apply(x, slope, self.rule == "guided")
        in_place = slope.in_place or func.__name__.endswith("_")
        return x.copy_(y) if in_place else y


@contextmanager
def rectifiers(rule: str) -> Iterator[Rectifiers]:
    """Let every rectifier that runs inside follow a rule in its backward pass.

    What it computes stays the same. ReLU, ReLU6, hardtanh, leaky ReLU and clamping at 0 are
    rectifiers. Under "deconvolution" a local response norm hands its gradient straight through.

    Parameters
    ----------
    rule : "gradient" (the derivative), "deconvolution" or "guided"

    Yields
    ------
    Rectifiers
        Its `count` says how many calls there were; 0 means that the rule made no difference. What
        TorchScript runs is not seen.

    Examples
    --------
    >>> x = torch.tensor([1.0, 1.0, -1.0], requires_grad=True)
    >>> for rule in RULES:
    ...     with rectifiers(rule):
    ...         y = torch.relu(x)
    ...     print(rule, torch.autograd.grad(y, x, torch.tensor([2.0, -2.0, 2.0]))[0].tolist())
    gradient [2.0, -2.0, 0.0]
    deconvolution [2.0, 0.0, 2.0]
    guided [2.0, 0.0, 0.0]
    """
    with Rectifiers(choice("rectifiers", "rule", rule, RULES)) as mode:
        yield mode


class _Rectified(torch.autograd.Function):
    """A rectifier with the backward pass of the deconvnet, or of guided backpropagation."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: _Slope, guided: bool) -> Tensor:
        ctx.guided, ctx.outside = guided, slope.outside
        if guided:
            ctx.save_for_backward((x > slope.low) & (x < slope.high))
        if slope.outside:
            return torch.where(x > 0, x, slope.outside * x)
        return x.clamp(slope.low, None if slope.high == _INFINITY else slope.high)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        g = gradients[0].clamp_min(0)
        if ctx.guided:
            (passes,) = ctx.saved_tensors
            g = torch.where(passes, g, g * ctx.outside)
        return g, None, None


def _relu(input: Tensor, inplace: bool = False) -> _Slope:
    return _Slope(0.0, _INFINITY, 0.0, inplace)


def _relu6(input: Tensor, inplace: bool = False) -> _Slope:
    return _Slope(0.0, 6.0, 0.0, inplace)


def _hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> _Slope:
    return _Slope(float(min_val), float(max_val), 0.0, inplace)


def _leaky(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> _Slope:
    return _Slope(0.0, _INFINITY, float(negative_slope), inplace)


def _clamp(input: Tensor, min: Any = None, max: Any = None, **other: Any) -> _Slope | None:
    """Clamping at 0 from below rectifies; any other clamping does not."""
    if isinstance(min, int | float) and min == 0 and max is None and not other:
        return _Slope(0.0, _INFINITY, 0.0, False)
    return None


_SLOPES: dict[Any, Callable[..., _Slope | None]] = {
    F.relu: _relu, torch.relu: _relu, torch.relu_: _relu, Tensor.relu: _relu, Tensor.relu_: _relu,
    F.relu6: _relu6, F.hardtanh: _hardtanh, F.hardtanh_: _hardtanh,
    F.leaky_relu: _leaky, F.leaky_relu_: _leaky,
    torch.clamp: _clamp, Tensor.clamp: _clamp, Tensor.clamp_: _clamp, torch.clamp_: _clamp,
    torch.clip: _clamp, Tensor.clip: _clamp, Tensor.clip_: _clamp, torch.clip_: _clamp,
    torch.clamp_min: _clamp, Tensor.clamp_min: _clamp, Tensor.clamp_min_: _clamp,
}  # fmt: skip
