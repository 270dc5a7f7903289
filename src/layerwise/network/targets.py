"""The one scalar that a question asks of a network, and how to put such scalars together.

Attribution, deconvnet, occlusion, preferred inputs and adversarial samples all ask a
:class:`Target` and differ in what they do with it. A target reads layers, the network's output or
its input, and gives one value per observation. Left out: how a network is run for it
(:mod:`layerwise.network.question`).
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

Classes = int | Sequence[int] | Array | Tensor
"""One class or unit for all observations, or one for each."""

Position = int | str | Sequence[int] | Array | None
"""Where in a layer's map: see :func:`unit`."""

NAMED_POSITIONS = ("middle", "max")

_EPSILON = 1e-12
_SUMS_TO_ONE = 1e-3
"""How far the sum of probabilities may be from 1; in bfloat16 as far as its next number is."""


class Seen(ABC):
    """What a forward pass showed.

    Attributes
    ----------
    rows : (n,) number of the observation that each input was made of
    """

    rows: Tensor

    @abstractmethod
    def layer(self, name: str) -> Tensor:
        """Return the activations of a layer, (n, n_channels, *positions)."""

    @abstractmethod
    def input(self) -> Tensor:
        """Return the input, (n, ...)."""

    @abstractmethod
    def output(self) -> Tensor:
        """Return the network's output, (n, n_classes, *positions)."""


@dataclass(frozen=True, eq=False)
class Target:
    """A scalar of a network, one value per observation; made by the functions of this module.

    Targets add, subtract and multiply, with one another and with numbers.

    Attributes
    ----------
    name : what ``str(target)`` says
    layers : addresses that it reads
    reads_output : whether it reads what the network returns
    n_observations : of how many observations it says what to ask of each; None if it asks the same
        of all

    Examples
    --------
    >>> target = unit("conv2", 14) - 0.1 * logit(3)
    >>> str(target), sorted(target.layers), target.reads_output
    ('conv2:14 - 0.1 * logit:3', ['conv2'], True)
    """

    name: str
    ask: Callable[[Seen], Tensor]
    layers: frozenset[str] = frozenset()
    reads_output: bool = False
    n_observations: int | None = None
    is_sum: bool = False

    def __str__(self) -> str:
        return self.name

    def __add__(self, other: Target | float) -> Target:
        return _combined(self, "+", other, lambda a, b: a + b)

    def __radd__(self, other: float) -> Target:
        return _combined(_constant(other), "+", self, lambda a, b: a + b)

    def __sub__(self, other: Target | float) -> Target:
        return _combined(self, "-", other, lambda a, b: a - b)

    def __rsub__(self, other: float) -> Target:
        return _combined(_constant(other), "-", self, lambda a, b: a - b)

    def __mul__(self, other: Target | float) -> Target:
        return _combined(self, "*", other, lambda a, b: a * b)

    def __rmul__(self, other: float) -> Target:
        return _combined(_constant(other), "*", self, lambda a, b: a * b)

    def __neg__(self) -> Target:
        return replace(-1.0 * self, name=f"-{_factor(self)}", is_sum=True)


def unit(layer: str, unit: Classes, position: Position = None) -> Target:
    """Return the activation of a unit: of a dense layer, or of a channel at a position.

    Parameters
    ----------
    layer : its address
    unit : number of the unit or channel, or one for each observation
    position : None takes the mean of the channel over all positions, "max" its largest value,
        "middle" or indices (row, column), (time,) or a token's number the value there; an array
        (n_observations, n_axes) one position for each observation

    Examples
    --------
    >>> str(unit("conv2", 14)), str(unit("conv2", 14, (3, 5))), str(unit("fc", [1, 2]))
    ('conv2:14', 'conv2:14@3,5', 'fc:one of 2 each')
    """
    which, words = _each("unit", "unit", unit)
    place, where = _position(position)
    many = [len(part) for part in (which, place) if isinstance(part, Tensor)]
    if len(set(many)) > 1:
        raise checks.invalid("unit", "position", f"one for each of {many[0]} units", many[1])

    def ask(seen: Seen) -> Tensor:
        A = _channel(seen, seen.layer(layer), which, f"layer {layer!r}", "channels")
        return _at(seen, A, place, layer)

    return Target(
        f"{layer}:{words}{where}", ask, frozenset({layer}), n_observations=min(many, default=None)
    )


def layer(layer: str) -> Target:
    """Return how active a layer is: the mean of the squares of all its values.

    Examples
    --------
    >>> str(layer("conv3"))
    'conv3'
    """
    return of_layer(layer, lambda A: A.square().flatten(1).mean(1), layer)


def logit(classes: Classes) -> Target:
    """Return the network's output for a class, before any softmax.

    Of a network that ends in a softmax the logarithm is taken, which is the logit up to a constant
    that all classes share; to ask below the softmax, name the layer: ``unit("fc", 3)``. An output
    with positions (segmentation) is averaged over them.

    Parameters
    ----------
    classes : number of the class, or one for each observation

    Examples
    --------
    >>> str(logit(3))
    'logit:3'
    """
    which, words = _each("logit", "classes", classes)
    return _of_output(f"logit:{words}", which, as_logits)


def probability(classes: Classes) -> Target:
    """Return the probability of a class: the softmax of the output, or the output if it is that.

    Parameters
    ----------
    classes : number of the class, or one for each observation

    Examples
    --------
    >>> str(probability(3))
    'probability:3'
    """
    which, words = _each("probability", "classes", classes)
    return _of_output(f"probability:{words}", which, lambda Z: as_logits(Z).softmax(1))


def log_odds(a: Classes, b: Classes) -> Target:
    """Return by how much class `a` is preferred to class `b`: log(p_a / p_b).

    Parameters
    ----------
    a, b : numbers of the classes, or one for each observation

    Examples
    --------
    >>> str(log_odds(3, 5))
    'log-odds:3,5'
    """
    words = [_each("log_odds", name, value)[1] for name, value in (("a", a), ("b", b))]
    return replace(logit(a) - logit(b), name=f"log-odds:{','.join(words)}", is_sum=False)


def direction(layer: str, vector: Array | Tensor | Sequence[float]) -> Target:
    r"""Return the activation of a layer along a direction: a class mean, a probe's weights, a code.

    .. math:: \langle v / \lVert v \rVert, a \rangle

    Parameters
    ----------
    layer : its address
    vector : (n_channels,), against the mean of each channel over positions; or of the shape of one
        observation's activation, channels first

    Raises
    ------
    InvalidValue
        If the vector is 0 or not finite, or (when asked) is of another length.

    Examples
    --------
    >>> str(direction("fc1", [0.0, 2.0]))
    'direction in fc1'
    """
    given = vector.detach().cpu().double().numpy() if isinstance(vector, Tensor) else vector
    array = np.asarray(given)
    if array.dtype.kind not in "fiub":
        raise checks.InvalidType(f"direction: vector must be numbers; got dtype {array.dtype}.")
    v = torch.from_numpy(array.astype(np.float64))
    norm = float(v.norm())
    if not v.numel() or not np.isfinite(norm) or norm == 0:
        raise checks.invalid("direction", "vector", "finite and not all 0", f"norm {norm:g}")
    v = v / norm

    def ask(seen: Seen) -> Tensor:
        A = seen.layer(layer)
        if v.shape not in (A.shape[1:], A.shape[1:2]):
            raise checks.invalid(
                "direction", "vector", f"{tuple(A.shape[1:])} or ({A.shape[1]},) for {layer!r}",
                f"shape {tuple(v.shape)}",
            )  # fmt: skip
        if v.ndim == 1 and A.ndim > 2:
            A = A.flatten(2).mean(2)
        return (A * v.to(A)).flatten(1).sum(1)

    return Target(f"direction in {layer}", ask, frozenset({layer}))


def of_layer(layer: str, function: Callable[[Tensor], Tensor], name: str) -> Target:
    """Return a function of a layer's activations (n, n_channels, *positions) -> (n,) as a target.

    Examples
    --------
    >>> str(of_layer("fc", lambda A: A.abs().sum(1), "activity of fc"))
    'activity of fc'
    """
    return Target(name, lambda seen: function(seen.layer(layer)), frozenset({layer}))


def of_input(function: Callable[[Tensor], Tensor], name: str) -> Target:
    """Return a function of the input (n, ...) -> (n,) as a target, such as a regulariser.

    Examples
    --------
    >>> str(unit("fc", 2) - 0.5 * of_input(lambda x: x.abs().flatten(1).mean(1), "L1"))
    'fc:2 - 0.5 * L1'
    """
    return Target(name, lambda seen: function(seen.input()))


def as_target(value: Target | str) -> Target:
    """Return a target as it is, or the one that a text names.

    Parameters
    ----------
    value : "conv2:14" (a unit or the mean of a channel), "conv2:14@3,5" (at a position),
        "conv2:14@max", "conv2:14@middle", "conv2" (a layer), "logit:3", "probability:3",
        "log-odds:3,5"

    Examples
    --------
    >>> [str(as_target(text)) for text in ("conv2:14@3,5", "log-odds:3,5", "conv2", "logit:3")]
    ['conv2:14@3,5', 'log-odds:3,5', 'conv2', 'logit:3']
    """
    if isinstance(value, Target):
        return value
    if not isinstance(value, str) or not value.strip():
        raise checks.InvalidType(
            "target must be a Target or a text such as 'conv2:14' or 'logit:3'; "
            f"got {value if isinstance(value, str) else type(value).__name__!r}."
        )
    text = value.strip()
    if found := re.fullmatch(r"(logit|probability):(\d+)", text):
        return (logit if found[1] == "logit" else probability)(int(found[2]))
    if found := re.fullmatch(r"log-odds:(\d+),(\d+)", text):
        return log_odds(int(found[1]), int(found[2]))
    found = re.fullmatch(r"(.+):(\d+)(?:@(middle|max|\d+(?:,\d+)*))?", text)
    if text.startswith(("logit:", "probability:", "log-odds:")) or (found is None and "@" in text):
        raise checks.invalid(
            "target", "text", "'conv2:14', 'conv2:14@3,5', 'conv2', 'logit:3', 'probability:3' or "
            "'log-odds:3,5'", repr(text),
        )  # fmt: skip
    if found:
        place = found[3]
        if place is not None and place not in NAMED_POSITIONS:
            return unit(found[1], int(found[2]), [int(part) for part in place.split(",")])
        return unit(found[1], int(found[2]), place)
    return layer(text)


def _constant(value: float) -> Target:
    number = checks.number("target", "factor or summand", value, -np.inf)
    one = torch.tensor(number, dtype=torch.float64)  # of no dimension: it takes on any type, device
    return Target(f"{number:g}", lambda seen: one)


def _factor(target: Target) -> str:
    return f"({target.name})" if target.is_sum else target.name


def _combined(
    a: Target, sign: str, b: Target | float, how: Callable[[Tensor, Tensor], Tensor]
) -> Target:
    b = b if isinstance(b, Target) else _constant(b)
    many = {target.n_observations for target in (a, b)} - {None}
    if len(many) > 1:
        raise checks.invalid("target", "sides", "for as many observations", sorted(map(str, many)))

    def ask(seen: Seen) -> Tensor:
        left, right = a.ask(seen), b.ask(seen)
        return how(left.to(right.device) if right.ndim else left, right)

    is_sum = sign != "*"
    left, right = a.name if is_sum else _factor(a), b.name if sign == "+" else _factor(b)
    return Target(
        f"{left} {sign} {right}",
        ask,
        a.layers | b.layers,
        a.reads_output or b.reads_output,
        next(iter(many), None),
        is_sum,
    )


def _each(function: str, argument: str, value: Classes) -> tuple[int | Tensor, str]:
    """Return one number for all or (n,) int64, and its words."""
    array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim > 1 or not array.size or array.min() < 0:
        raise checks.invalid(
            function, argument, "a number >= 0, or one for each observation", repr(value)[:80]
        )
    if array.ndim == 0:
        return int(array), str(int(array))
    return torch.from_numpy(array.astype(np.int64)), f"one of {len(array)} each"


def _position(value: Position) -> tuple[str | tuple[int, ...] | Tensor | None, str]:
    """Return a position as it is used, and its words."""
    if value is None:
        return None, ""
    if isinstance(value, str):
        return checks.choice("unit", "position", value, NAMED_POSITIONS), f"@{value}"
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim > 2 or not array.size or array.min() < 0:
        raise checks.invalid(
            "unit", "position", "indices >= 0, 'middle', 'max' or None", repr(value)[:80]
        )
    if array.ndim == 2:
        return torch.from_numpy(array.astype(np.int64)), "@one each"
    place = tuple(int(part) for part in np.atleast_1d(array))
    return place, "@" + ",".join(map(str, place))


def _of_output(name: str, which: int | Tensor, see: Callable[[Tensor], Tensor]) -> Target:
    def ask(seen: Seen) -> Tensor:
        chosen = _channel(seen, see(seen.output()), which, "the output", "classes")
        return chosen.flatten(1).mean(1) if chosen.ndim > 1 else chosen

    n = len(which) if isinstance(which, Tensor) else None
    return Target(name, ask, reads_output=True, n_observations=n)


def as_logits(Z: Tensor) -> Tensor:
    """Return an output as logits up to a constant."""
    known, exact = Z.detach(), torch.finfo(Z.dtype)
    off = (known.sum(1, dtype=torch.promote_types(Z.dtype, torch.float32)) - 1).abs()
    if Z.shape[1] > 1 and (known >= 0).all() and (off < max(_SUMS_TO_ONE, exact.eps)).all():
        return Z.clamp_min(max(_EPSILON, exact.tiny)).log()
    return Z


def _channel(seen: Seen, A: Tensor, which: int | Tensor, where: str, what: str) -> Tensor:
    """Return one channel of (n, n_channels, *positions), for each observation its own if asked."""
    largest = int(which.max()) if isinstance(which, Tensor) else which
    if largest >= A.shape[1]:
        raise checks.invalid(
            "target", "number", f"below {A.shape[1]}, the number of {what} of {where}", largest,
        )  # fmt: skip
    if isinstance(which, Tensor):
        rows = torch.arange(len(A), device=A.device)
        return A[rows, which.to(A.device)[seen.rows.to(A.device)]]
    return A[:, which]


def _at(seen: Seen, A: Tensor, place: str | tuple[int, ...] | Tensor | None, layer: str) -> Tensor:
    """Return the value of (n, *positions) at a position."""
    if A.ndim == 1:
        if place is not None and not isinstance(place, str) and np.any(place):
            raise checks.invalid("unit", "position", f"None, since {layer!r} has no positions",
                                 place)  # fmt: skip
        return A
    if place is None:
        return A.flatten(1).mean(1)
    if isinstance(place, str) and place == "max":
        return A.flatten(1).max(1).values  # of equal ones one, which alone gets the gradient
    sizes = A.shape[1:]
    if isinstance(place, Tensor):
        index = place.to(A.device)[seen.rows.to(A.device)]
    else:
        middle = tuple(size // 2 for size in sizes)
        index = torch.tensor([middle if isinstance(place, str) else place], device=A.device)
        index = index.expand(len(A), -1)
    fits = index.shape[1] == len(sizes)
    outside = (index >= torch.tensor(sizes, device=A.device)).any(1) if fits else index[:, 0] >= 0
    if outside.any():
        raise checks.invalid("unit", "position", f"inside the map of {layer!r}, {tuple(sizes)}",
                             tuple(index[outside][0].tolist()))  # fmt: skip
    return A[(torch.arange(len(A), device=A.device), *index.T)]
