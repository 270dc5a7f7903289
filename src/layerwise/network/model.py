"""Take hold of a user's network, run it, and put it back as it was.

Left out: what its layers are called (sites) and what is done with their values (trace).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, cast

import torch
from torch import nn

from layerwise.foundation.checks import InvalidType, UserError
from layerwise.network.sites import ModelError
from layerwise.network.values import Batch, forward, shapes_text


def unwrap(model: nn.Module) -> nn.Module:
    """Return the user's own module inside `DataParallel`, `torch.compile` and the like.

    Raises
    ------
    InvalidType
        If it is no module, is compiled by TorchScript, or has its parameters sharded.
    """
    if not isinstance(model, nn.Module):
        raise InvalidType(f"model must be a torch.nn.Module; got {type(model).__name__}.")
    while True:
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            model = model.module
        elif isinstance(inner := getattr(model, "_orig_mod", None), nn.Module):
            model = inner
        else:
            break
    if isinstance(model, torch.jit.ScriptModule):
        raise InvalidType(
            f"{type(model).__name__} is TorchScript, whose layers cannot be watched. Give the "
            "Python module it was made from, and its weights."
        )
    if any(type(p).__name__ == "DTensor" for p in model.parameters()):
        raise InvalidType(
            f"{type(model).__name__} has parameters sharded over processes (DTensor). Gather them "
            "on one process first, for example by loading a full state dict."
        )
    return model


def module_names(model: nn.Module) -> tuple[dict[nn.Module, str], dict[str, str]]:
    """Return the first name of every sub-module, and all further names with their first."""
    names: dict[nn.Module, str] = {}
    aliases: dict[str, str] = {}
    for raw, module in model.named_modules(remove_duplicate=False):
        is_wrapper = hasattr(module, "_orig_mod")  # of a compiled module: its inside counts
        if module is model or is_wrapper or isinstance(module, torch.jit.ScriptModule):
            continue
        name = ".".join(part for part in raw.split(".") if part != "_orig_mod")
        if module in names:
            aliases[name] = names[module]
        else:
            names[module] = name
    return names, aliases


def check_weights(model: nn.Module) -> None:
    """Refuse a model that is made of shapes alone.

    Raises
    ------
    ModelError
        If it is on the meta device, in part or as a whole.
    """
    if any(p.is_meta for p in (*model.parameters(), *model.buffers())):
        raise ModelError(
            f"{type(model).__name__} is on the meta device, where weights have no values. Build it "
            "on a real one, or load weights with load_state_dict(..., assign=True)."
        )


@contextmanager
def as_it_was(model: nn.Module) -> Iterator[None]:
    """Put the model into eval mode, without gradients and compilation; restore every flag after.

    No gradients by ``no_grad``, not ``inference_mode``: a model that keeps a tensor from forward
    (a cache, a lazy parameter) could not be trained any more.
    """
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad(), _eager():
            yield
    finally:
        for module, training in flags:
            module.training = training


@contextmanager
def hooks(modules: Iterable[nn.Module], see: Callable[[nn.Module, Any], None]) -> Iterator[None]:
    """Call ``see(module, output)`` whenever one of the modules has computed."""

    def hook(module: nn.Module, args: Any, output: Any) -> None:
        see(module, output)

    handles = [module.register_forward_hook(hook) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


class Stop(Exception):
    """Everything wanted has been seen."""


def run(runner: nn.Module, batch: Batch, named: nn.Module | None = None) -> Any:
    """Run the model; its own failure becomes one sentence, ours pass through."""
    try:
        return forward(runner, batch)
    except (Stop, UserError, OSError):
        raise
    except Exception as error:
        reason = (str(error).strip().splitlines() or ["no message"])[0].rstrip(".")
        raise ModelError(
            f"{type(named or runner).__name__} failed on a batch of shape {shapes_text(batch)}: "
            f"{type(error).__name__}: {reason}. "
            "Check that the data fit the model, or lower the batch size if memory ran out."
        ) from error


def _eager() -> AbstractContextManager[Any]:
    """Keep compiled modules from skipping hooks (by default their guards ignore new ones)."""
    if "torch._dynamo" not in sys.modules:  # nothing can be compiled yet, and it loads slowly
        return nullcontext()
    return cast("AbstractContextManager[Any]", torch.compiler.set_stance("force_eager"))
