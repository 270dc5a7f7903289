"""Addresses of what a network computes, and the choice among them.

``conv1`` is a module's output, ``relu#1`` its second call in one forward, ``lstm[0]`` and
``enc.last_hidden_state`` tensors inside an output, ``relu_2`` what a function computes (the node's
name in `torch.fx`), ``input`` and ``output`` the network's own unless a module has that name.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from layerwise.foundation.checks import NotFound, UserError, not_found
from layerwise.foundation.globs import matches
from layerwise.network.values import Path

INPUT, OUTPUT = "input", "output"


class ModelError(UserError, RuntimeError):
    """The user's model failed in forward, or cannot be watched."""


@dataclass(frozen=True)
class Site:
    """One value of the forward pass that can be recorded.

    Attributes
    ----------
    source : name of the module or traced node that computes it, or "input" or "output"
    call : which call of that module in one forward, from 0
    calls : how many calls one forward makes
    path : where the tensor lies in the output
    kind : class of the module, "function relu", "input" or "output"
    shape : of one observation, the batch dimension taken off
    dtype : as computed
    per_observation : whether the first dimension is the batch
    default : whether it is recorded when no layers are named
    """

    source: str
    call: int
    calls: int
    path: Path
    kind: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    per_observation: bool
    default: bool = False

    @property
    def call_name(self) -> str:
        """The address of the whole output, whatever its nesting."""
        return f"{self.source}#{self.call}" if self.calls > 1 else self.source

    @property
    def name(self) -> str:
        """The address."""
        keys = (f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return self.call_name + "".join(keys)

    @property
    def is_function(self) -> bool:
        """Whether a function computes it, so that only a traced model can show it."""
        return self.kind.startswith("function ")

    @property
    def is_border(self) -> bool:
        """Whether it is the network's own input or output; a module of that name is not."""
        return self.kind == self.source and self.kind in (INPUT, OUTPUT)

    @property
    def recordable(self) -> bool:
        """Whether it has one real row per observation."""
        return self.per_observation and not self.dtype.is_complex


@dataclass(frozen=True)
class Survey:
    """All sites of a network in the order of their computation.

    Attributes
    ----------
    model_name : class of the network
    sites : every tensor that was computed
    aliases : a shared module's further names, each with its first
    silent : modules whose hooks never fired
    untraceable : why values computed by functions are missing, or None
    hook_difference : largest difference of the output with hooks to without (a fused fast path
        that hooks switch off may round differently)
    """

    model_name: str
    sites: tuple[Site, ...]
    aliases: Mapping[str, str]
    silent: tuple[str, ...]
    untraceable: str | None
    hook_difference: float

    @property
    def names(self) -> list[str]:
        """Every address that can be recorded."""
        return [site.name for site in self.sites if site.recordable]


def select(found: Survey, layers: Sequence[str] | str | None = None) -> tuple[Site, ...]:
    """Return the sites that names and globs ask for, in the order of the network.

    Parameters
    ----------
    found : of the model
    layers : names or globs (``*`` and ``?``) such as ``relu*``; None takes every leaf module that
        transforms its input (not dropout, identity, flatten)

    Raises
    ------
    NotFound
        If a name matches nothing, a module that is never called, or one that is called several
        times; the message lists the alternatives.

    Warns
    -----
    UserWarning
        If a layer returns several tensors and the address does not say which: the first is taken.

    Examples
    --------
    >>> from torch import nn
    >>> from layerwise.network import survey
    >>> found = survey(nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Dropout()), torch.zeros(2, 3))
    >>> [site.name for site in select(found)]
    ['0', '1']
    >>> [site.name for site in select(found, ["input", "?"])]
    ['input', '0', '1', '2']
    """
    if layers is None:
        chosen = {site.name for site in found.sites if site.default and site.recordable}
        if all(site.is_border for site in found.sites):  # one module without sub-modules
            chosen = {site.name for site in found.sites if site.kind == OUTPUT and site.recordable}
        if not chosen:
            raise ModelError(
                f"no module of {found.model_name} transforms its input on its own; name the "
                f"layers to record. Layers: {', '.join(found.names)}."
            )
    else:
        patterns = [layers] if isinstance(layers, str) else layers
        chosen = {name for pattern in patterns for name in _match(found, str(pattern))}
    return tuple(site for site in found.sites if site.name in chosen)


def _match(found: Survey, asked: str) -> list[str]:
    """Return the names of the recordable sites that one name or glob asks for."""
    name, *call = asked.partition("#")
    asked = found.aliases.get(name, name) + "".join(call)
    exact = [site for site in found.sites if asked in (site.name, site.call_name)]
    if exact:
        usable = [site for site in exact if site.recordable]
        if not usable:
            problem = "is complex" if exact[0].dtype.is_complex else "does not begin with the batch"
            raise ModelError(
                f"layer {asked!r} of {found.model_name} {problem} (one observation would be "
                f"{exact[0].shape}). Build it with batch_first=True, or record another layer."
            )
        if asked != usable[0].name:
            warnings.warn(
                f"layer {asked!r} returns {len(exact)} tensors; taking {usable[0].name!r}. "
                "Name the one you want.",
                stacklevel=4,
            )
        return [usable[0].name]
    matched = [
        site.name
        for site in found.sites
        if site.recordable and not site.is_border and matches(site.name, asked)
    ]
    if matched:
        return matched
    repeated = [site.name for site in found.sites if site.source == asked]
    if repeated:
        raise NotFound(
            f"layer {asked!r} is called {len(repeated)} times in one forward of "
            f"{found.model_name}. Choose among {', '.join(repeated)}, or {asked}#* for all."
        )
    if asked in found.silent:
        raise NotFound(
            f"layer {asked!r} of {found.model_name} is never called as a module, so it has no "
            "output to record (unused, scripted, or its weights are used directly). "
            f"Layers: {', '.join(found.names)}."
        )
    error = not_found("layer", asked, found.model_name, found.names)
    raise NotFound(f"{error} {found.untraceable}") if found.untraceable else error
