"""What a forward computes by functions (``F.relu``, ``torch.cat``), shown through `torch.fx`.

A traced copy of the forward runs the user's own modules and, after each wanted node, a tap.
Where a model cannot be traced (branches on data, foreign code), only modules are addressable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from torch import fx, nn

from layerwise.network.sites import ModelError


class _Tracer(fx.Tracer):
    """Trace into everything but torch's own modules and those that are watched."""

    def __init__(self, whole: Collection[nn.Module]) -> None:
        super().__init__()
        self._whole = whole

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return m in self._whole or super().is_leaf_module(m, module_qualified_name)


class _Tap(nn.Module):
    """Hand a value to the watcher; in the traced graph a module of its own."""

    def __init__(self, name: str, take: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._name, self._take = name, take

    def forward(self, value: Any) -> None:
        self._take(self._name, value)


def function_name(node: fx.Node) -> str | None:
    """Return the name of the function that a node calls, or None if it calls none."""
    if node.op not in ("call_function", "call_method"):
        return None
    return str(getattr(node.target, "__name__", node.target))


def tapped(
    model: nn.Module,
    take: Callable[[str, Any], None],
    *,
    nodes: Collection[str] | None = None,
    whole: Collection[nn.Module] = (),
) -> tuple[fx.GraphModule, dict[str, str]]:
    """Return a copy of the forward that calls ``take(node, value)``, and its nodes' functions.

    Parameters
    ----------
    model : shares its modules with the copy, so their hooks fire in it too
    take : the watcher
    nodes : names of the nodes to tap; None taps every call of a function
    whole : modules that must stay one call because they are watched themselves

    Raises
    ------
    ModelError
        If a wanted node lies inside one of `whole`.
    Exception
        Whatever tracing raises: user code meets placeholders there and may do anything.
    """
    graph = _Tracer(whole).trace(model)
    functions = {node.name: name for node in graph.nodes if (name := function_name(node))}
    wanted = set(functions if nodes is None else nodes)
    if hidden := wanted - set(functions):
        raise ModelError(
            f"layers {', '.join(sorted(hidden))} lie inside a module that is recorded too. "
            "Record them in another run, or leave that module out."
        )
    traced = fx.GraphModule(model, graph)
    for node in list(graph.nodes):
        if node.name in wanted:
            tap = f"layerwise_tap_{node.name}"
            traced.add_module(tap, _Tap(node.name, take))
            with graph.inserting_after(node):
                graph.call_module(tap, (node,))
    traced.recompile()
    return traced, functions
