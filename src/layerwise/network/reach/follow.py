"""Which input positions every value of a forward can depend on, followed operation by operation.

A running forward is watched below its functions, where PyTorch has one convolution and one matrix
product whatever the code calls them: nothing is traced, and any Python may stand between. Each
tensor carries, for every axis of the input, the first and the last position that each of its
elements can depend on.

"Can" is by architecture: a weight that happens to be 0 counts, a mask on attention is not read.
Left out: operations without a rule (:mod:`.rules` has them). What is computed from their
results has no known reach, and the name of the operation is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from layerwise.network.reach.bound import NOTHING, Bound, Call, NoRule
from layerwise.network.reach.rules import CONSTANT, rule_of

PARTLY = "writing into a part of a tensor"


class _Memory:
    """What a tensor and its views share, and how often it was written into."""

    writes = 0


@dataclass(frozen=True)
class _Note:
    """The bounds of a tensor, or why there are none, or None for a constant; and since when."""

    found: list[Tensor] | str | None
    memory: _Memory
    writes: int


class Reach(TorchDispatchMode):
    """Follow, while it is entered, what the values of a forward can depend on.

    Parameters
    ----------
    source : the input
    dims : its dimensions that count positions

    Examples
    --------
    >>> x = torch.zeros(1, 1, 7)
    >>> with Reach(x, [2]) as reach:
    ...     y = torch.nn.functional.conv1d(x, torch.ones(1, 1, 3), stride=2, padding=1)
    >>> [bound[0, 0].tolist() for bound in reach.bounds(y)[:2]]
    [[-0.0, -1.0, -3.0, -5.0], [1.0, 3.0, 5.0, 6.0]]
    >>> [bound[0, 0].tolist() for bound in reach.bounds(y)[2:]]
    [[1.0, -1.0, -3.0, -5.0], [1.0, 3.0, 5.0, 7.0]]
    """

    def __init__(self, source: Tensor, dims: Sequence[int]) -> None:
        super().__init__()
        signed = []
        for dim in dims:
            shape = [-1 if d == dim else 1 for d in range(source.ndim)]
            place = torch.arange(source.shape[dim], dtype=torch.float32, device=source.device)
            signed += [(sign * place).view(shape).expand(source.shape) for sign in (-1, 1)]
        self._notes = WeakTensorKeyDictionary()
        self._notes[source] = _Note(2 * signed, _Memory(), 0)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Say that no compiler needs to be kept out (watching is eager): loading it takes 2 s."""
        return False

    def bounds(self, value: Tensor) -> list[Tensor] | str | None:
        """Return the bounds of a value's elements.

        Returns
        -------
        list, str or None
            For each axis the negated first and the last position, cut at the borders; then the
            same for an input that has no borders. -inf: depends on nothing. A string is the name
            of the operation that has no rule; None: the value does not depend on the input.
        """
        note = self._note(value)
        return note.found if note.writes == note.memory.writes else PARTLY

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run one operation, and note what its results can depend on."""
        kwargs = kwargs or {}
        inputs = [x for x in tree_leaves((args, kwargs)) if isinstance(x, Tensor)]
        before = [self.bounds(x) for x in inputs]
        out = func(*args, **kwargs)
        results = [x for x in tree_leaves(out) if isinstance(x, Tensor)]
        found = self._found(func, args, kwargs, results, [b for b in before if b is not None])
        memory = self._note(inputs[0]).memory if inputs else _Memory()
        if func._schema.is_mutable and any(b is not None for b in before[1:]):
            memory.writes += 1
        shares = func.is_view or func._schema.is_mutable
        for result, bounds in zip(results, found, strict=True):
            here = memory if shares else _Memory()
            # Constants are noted too: they may become part of something by being written into.
            self._notes[result] = _Note(bounds, here, here.writes)
        return out

    def _note(self, value: Tensor) -> _Note:
        if value not in self._notes:
            self._notes[value] = _Note(None, _Memory(), 0)
        note: _Note = self._notes[value]
        return note

    def _found(
        self, func: Any, args: Any, kwargs: Any, results: list[Tensor], known: list[Any]
    ) -> list[Any]:
        """Return the bounds of every result of an operation, or the name of what has no rule."""
        problems = [bounds for bounds in known if isinstance(bounds, str)]
        name = func._schema.name.split("::")[1]
        name = name.rstrip("_") if func._schema.is_mutable else name
        if problems:
            return [problems[0]] * len(results)
        if not known or name in CONSTANT:
            return [None] * len(results)
        rule, call = rule_of(func, name), Call(func, name, _given(func, args, kwargs), results)
        made: list[Any] = []
        try:
            for k in range(len(known[0])):
                bound = rule(Bound(partial(self._bound, k), 2 * k >= len(known[0])), call)
                made.append(bound if isinstance(bound, list | tuple) else [bound] * len(results))
        except NoRule:
            return [name] * len(results)
        # A further result of another shape is a statistic; of that nothing is known.
        return [
            list(bounds) if bounds[0].shape == result.shape else name
            for result, bounds in zip(results, zip(*made, strict=True), strict=True)
        ]

    def _bound(self, k: int, x: Tensor) -> Tensor:
        """Return the k-th bound of a tensor's elements; a constant depends on nothing."""
        found = self._note(x).found
        if isinstance(found, list):
            return found[k]
        return torch.tensor(NOTHING, device=x.device).expand(x.shape)


def _given(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of an operation by name, defaults among them."""
    expected = func._schema.arguments
    given = {a.name: a.default_value for a in expected}
    return {**given, **dict(zip(given, args, strict=False)), **kwargs}
