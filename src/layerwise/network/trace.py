"""See what every layer of a network computes, and leave the network as it was.

:func:`survey` runs one small batch and lists every value that can be addressed; :func:`watch`
runs batches and hands the chosen values over. Nothing of the model is edited: module outputs come
from forward hooks, values computed by functions from a traced copy of the forward.

Left out: what to do with the values (that is the caller's sink), gradients, and any change to
them: a hook that returned something would silently replace the layer's output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from layerwise.network.functions import tapped
from layerwise.network.model import Stop, as_it_was, check_weights, hooks, module_names, run, unwrap
from layerwise.network.sites import INPUT, OUTPUT, ModelError, Site, Survey
from layerwise.network.values import Batch, first_tensor, forward, pick, tensors

_PASSIVE = (nn.Identity, nn.Flatten, nn.Unflatten, _DropoutNd)
"""Modules that in eval mode hand their input on: no default layers."""

_BORDER = -1
"""The call of the network's own input or output, beside those of a module of that name."""

_SAME = 1e-4
"""Largest relative difference at which a traced forward counts as the same computation."""


def survey(model: nn.Module, batch: Batch, *, functions: bool = True) -> Survey:
    """List every value that can be recorded, by running one small batch.

    Lazy modules take their shapes here. The model is put back into the mode it was in.

    Parameters
    ----------
    model : any module; `DataParallel` and compiled models are unwrapped
    batch : a few observations, on the model's device
    functions : also trace the model for what functions compute; this runs its Python code with
        placeholders

    Raises
    ------
    ModelError
        If the model has no weights yet (the meta device) or fails on the batch.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    >>> for site in survey(net, torch.zeros(2, 3)).sites:
    ...     print(site.name, site.kind, site.shape)
    input input (3,)
    0 Linear (2,)
    1 ReLU (2,)
    output output (2,)
    """
    model = unwrap(model)
    check_weights(model)
    names, aliases = module_names(model)
    n = len(first_tensor(batch))
    with as_it_was(model):
        plain = run(model, batch)
        firings: list[tuple[nn.Module, Any]] = []
        with hooks(names, lambda module, value: firings.append((module, value))):
            output = run(model, batch)
        calls = Counter(names[module] for module, _ in firings)
        seen: Counter[str] = Counter()
        sites = []
        if INPUT not in calls:
            sites = [replace(site, path=()) for site in _sites(INPUT, INPUT, batch, n)[:1]]
        for module, value in firings:
            name = names[module]
            found = _sites(name, type(module).__name__, value, n, seen[name], calls[name])
            is_leaf = not any(other.startswith(f"{name}.") for other in calls)
            if found and is_leaf and not isinstance(module, _PASSIVE):
                found[0] = replace(found[0], default=True)
            seen[name] += 1
            sites += found
        if OUTPUT not in calls:
            sites += _sites(OUTPUT, OUTPUT, output, n)
        untraceable = None
        if functions:
            sites, untraceable = _with_functions(model, batch, names, sites, plain)
    return Survey(
        model_name=type(model).__name__,
        sites=tuple(sites),
        aliases=aliases,
        silent=tuple(name for name in names.values() if name not in calls),
        untraceable=untraceable,
        hook_difference=_difference(plain, output),
    )


@contextmanager
def watch(
    model: nn.Module, sites: Sequence[Site], sink: Callable[[int, Tensor], None]
) -> Iterator[Callable[[Batch], None]]:
    """Yield ``run_batch(batch)``, which calls ``sink(i, tensor)`` for every site as it is computed.

    The tensor is the network's own: the sink must copy what it keeps before it returns, since a
    following in-place module may overwrite it. A forward stops after the last wanted value.

    Parameters
    ----------
    model : the surveyed module
    sites : from :func:`select`; `i` counts them
    sink : called without gradients

    Raises
    ------
    ModelError
        If the model fails, or a site is not computed exactly as often as in the survey.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    >>> sites = [site for site in survey(net, torch.zeros(2, 3)).sites if site.name == "1"]
    >>> with watch(net, sites, lambda i, tensor: print(i, tuple(tensor.shape))) as run_batch:
    ...     run_batch(torch.zeros(5, 3))
    0 (5, 2)
    """
    model = unwrap(model)
    names, _ = module_names(model)
    wanted: dict[tuple[str, int], list[int]] = {}
    for i, site in enumerate(sites):
        wanted.setdefault((site.source, _BORDER if site.is_border else site.call), []).append(i)
    expected = {site.source: site.calls for site in sites if not site.is_border}
    borders = {site.source for site in sites if site.is_border}
    needs_input, needs_output = INPUT in borders, OUTPUT in borders
    may_stop = not needs_output and set(expected.values()) <= {1}
    calls: Counter[str] = Counter()

    def take(source: str, value: Any, call: int | None = None) -> None:
        for i in wanted.get((source, calls[source] if call is None else call), ()):
            tensor = pick(value, sites[i].path)
            if not isinstance(tensor, Tensor):
                raise ModelError(
                    f"layer {sites[i].name!r} gave a tensor in the first forward and "
                    f"{type(tensor).__name__} in this one. Record another layer."
                )
            sink(i, tensor)
        calls[source] += 1
        if may_stop and calls == expected:
            raise Stop

    def run_batch(batch: Batch) -> None:
        calls.clear()
        if needs_input:
            sink(wanted[INPUT, _BORDER][0], first_tensor(batch))
        if not expected and not needs_output:
            return
        try:
            output = run(runner, batch, named=model)
        except Stop:
            return
        if calls != expected:
            source = next(name for name in expected if calls[name] != expected[name])
            raise ModelError(
                f"layer {source!r} was called {calls[source]} times in this forward and "
                f"{expected[source]} in the first, so its calls cannot be told apart. "
                "Record another layer."
            )
        if needs_output:
            take(OUTPUT, output, _BORDER)

    hooked = {module: name for module, name in names.items() if name in expected}
    nodes = {site.source for site in sites if site.is_function}
    with as_it_was(model), hooks(hooked, lambda module, value: take(hooked[module], value)):
        runner: nn.Module = tapped(model, take, nodes=nodes, whole=hooked)[0] if nodes else model
        yield run_batch


def _sites(source: str, kind: str, value: Any, n: int, call: int = 0, calls: int = 1) -> list[Site]:
    """Return one site per tensor of an output."""
    return [
        Site(
            source=source,
            call=call,
            calls=calls,
            path=path,
            kind=kind,
            shape=tuple(tensor.shape[1:]),
            dtype=tensor.dtype,
            per_observation=tensor.ndim > 0 and len(tensor) == n,
        )
        for path, tensor in tensors(value)
    ]


def _difference(a: Any, b: Any) -> float:
    """Return the largest difference of two outputs, relative to the first."""
    largest = 0.0
    for (_, x), (_, y) in zip(tensors(a), tensors(b), strict=True):
        if x.numel() and not x.is_complex():
            x, y = x.double().nan_to_num(), y.double().nan_to_num()
            largest = max(largest, float((x - y).abs().max() / x.abs().max().clamp_min(1e-30)))
    return largest


def _with_functions(
    model: nn.Module,
    batch: Batch,
    names: Mapping[nn.Module, str],
    sites: Sequence[Site],
    plain: Any,
) -> tuple[list[Site], str | None]:
    """Add what functions compute, each after the module call that it follows."""
    n = len(first_tensor(batch))
    position = {(site.source, site.call): i for i, site in enumerate(sites)}
    modules = {site.source for site in sites}
    after: dict[int, list[tuple[str, Any]]] = {}
    calls: Counter[str] = Counter()
    here = 0

    def see(module: nn.Module, value: Any) -> None:
        nonlocal here
        here = position.get((names[module], calls[names[module]]), here)
        calls[names[module]] += 1

    try:
        traced, functions = tapped(
            model, lambda node, value: after.setdefault(here, []).append((node, value))
        )
        with hooks(names, see):
            output = forward(traced, batch)
        if _difference(plain, output) > _SAME:
            raise ValueError("the trace computes something else")
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        return list(sites), (
            f"Only modules can be addressed: what functions compute in {type(model).__name__} "
            f"cannot be had, since tracing it failed ({reason})."
        )
    merged: list[Site] = []
    for i, site in enumerate(sites):
        merged.append(site)
        for node, value in after.get(i, ()):
            if node not in modules:
                merged += _sites(node, f"function {functions[node]}", value, n)
    return merged, None
