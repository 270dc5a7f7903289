"""Weights: load them, fit them to a model, name them by content.

What a file promises is checked against what it holds: a tensor of stride 0 can claim 160 GB in a
file of 1 kB. Reading files that may be hostile is :mod:`layerwise.network.weight_files`. Left out:
sharded and distributed checkpoints.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
import xxhash
from torch import Tensor, nn

from layerwise.foundation.checks import InvalidType, InvalidValue, invalid
from layerwise.network.weight_files import read, reason, refusal

State = dict[str, Tensor]
"""Name to tensor, on the CPU."""

WRAPPERS = (
    "state_dict", "model_state_dict", "model_state", "model", "network", "net", "weights", "params",
)  # fmt: skip
"""Keys under which training scripts put the state dict, in order of preference."""


def load_weights(path: str | os.PathLike[str], *, trust_pickle: str | None = None) -> State:
    """Read a state dict from safetensors, a torch file or npz, without running what is in it.

    Nesting such as ``{"state_dict": ...}`` and the prefixes that `DataParallel` and
    `torch.compile` leave (``module.``, ``_orig_mod.``) are removed.

    Parameters
    ----------
    path : file; its kind is told by its first bytes, not by its name
    trust_pickle : sha256 of the file in hexadecimal, from somebody you trust. Only a file with this
        very hash may run its pickled code, which a pickled whole module needs.

    Returns
    -------
    dict of name to tensor, on the CPU, in the file's order

    Raises
    ------
    InvalidValue
        If the file is not weights only, is damaged, or holds less than it promises.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "mine.pt"
    ...     torch.save({"epoch": 3, "state_dict": nn.Linear(2, 3).state_dict()}, file)
    ...     {name: tuple(tensor.shape) for name, tensor in load_weights(file).items()}
    {'weight': (3, 2), 'bias': (3,)}
    """
    path = Path(path)
    found, stored = read(path, trust_pickle)
    return _state(path, found, stored)


def apply_weights(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put `state` into the model: every name and every shape must fit, or nothing is changed.

    Wrappers do not matter: plain weights go into a compiled or `DataParallel` model and back.
    Lazy modules take their shapes from the weights.

    Raises
    ------
    InvalidValue
        With the names that are missing, unexpected or of another shape.

    Examples
    --------
    >>> apply_weights(nn.Linear(2, 3), {"weight": torch.zeros(3, 5), "scale": torch.ones(1)})
    Traceback (most recent call last):
    ...
    layerwise.foundation.checks.InvalidValue: apply_weights: state must be made for Linear; got one
    without bias; with the unknown scale; of another shape: weight (3, 5), not (3, 2). ...
    """
    held = model.state_dict(keep_vars=True)
    names = _plain(held)
    own = {name: held[raw] for raw, name in names.items()}
    given = {name: state[raw] for raw, name in _plain(state).items()}
    # Networks older than torch 0.4.1 do not count batches; batch norm fills the gap with zero.
    absent = [n for n in own if n not in given and not n.endswith("num_batches_tracked")]
    unknown = [name for name in given if name not in own]
    misfits = [
        f"{name} {_looks(given[name])}, not {_looks(tensor)}"
        for name, tensor in own.items()
        if name in given and isinstance(tensor, Tensor) and not _fits(given[name], tensor)
    ]
    problems = [
        f"{what} {_some(which)}"
        for what, which in (
            ("without", absent), ("with the unknown", unknown), ("of another shape:", misfits),
        )
        if which
    ]  # fmt: skip
    if problems:
        raise invalid(
            "apply_weights", "state", f"made for {type(model).__name__}",
            "one " + "; ".join(problems),
            "Build the model with the settings that the weights were trained with.",
        )  # fmt: skip
    try:
        model.load_state_dict({raw: given[n] for raw, n in names.items() if n in given})
    except RuntimeError as error:  # a module with a loading rule of its own
        raise InvalidValue(f"apply_weights: state must fit the model; {reason(error)}") from error


def fingerprint(model: nn.Module | Mapping[str, Tensor]) -> str:
    """Return 32 hexadecimal digits that change with any name, shape, type or bit of the weights.

    Buffers count. Memory layout, device, order and wrappers (`torch.compile`, `DataParallel`) do
    not, nor does the model's code. It tells versions apart; it is no proof against forgery.

    Cost: xxh3, about 10 GB/s for weights on the CPU.

    Examples
    --------
    >>> layer = nn.Linear(2, 3)
    >>> fingerprint(layer) == fingerprint(nn.DataParallel(layer))
    True
    """
    state = model.state_dict() if isinstance(model, nn.Module) else model
    digest = xxhash.xxh3_128()
    for name, raw in sorted((name, raw) for raw, name in _plain(state).items()):
        tensor = state[raw]
        if not isinstance(tensor, Tensor) or nn.parameter.is_lazy(tensor):
            raise InvalidType(
                f"fingerprint: {name} must be a tensor with a shape; got {type(tensor).__name__}. "
                "Run a lazy module on one batch first."
            )
        digest.update(f"{name}\0{tuple(tensor.shape)}\0{tensor.dtype}\0".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _state(path: Path, found: object, stored: int) -> State:
    """Unwrap what was read to a dict of plain tensors that the file's bytes really cover."""
    for _ in range(len(WRAPPERS)):  # bounded, for a hostile dict may contain itself
        if isinstance(found, nn.Module):  # a trusted pickle
            found = found.state_dict()
        if not isinstance(found, Mapping):
            break
        inner = [found[key] for key in WRAPPERS if key in found]
        inner = [value for value in inner if isinstance(value, Mapping | nn.Module)]
        if not inner:
            break
        found = inner[0]
    if not isinstance(found, Mapping) or not found:
        raise refusal(path, f"a {type(found).__name__} without tensors", "Save the state dict.")
    state: State = {}
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise refusal(
                path, f"a dict with {_some([str(key) for key in found])}, where {str(name)!r} "
                f"is a {type(value).__name__}", "Save the state dict, or under 'state_dict'.",
            )  # fmt: skip
        state[name] = value.detach()
    _check_covered(path, state, stored)
    return {name: state[raw] for raw, name in _plain(state).items()}


def _check_covered(path: Path, state: State, stored: int) -> None:
    """Refuse tensors larger than their storage, and storages larger than the file."""
    storages: dict[int, int] = {}
    for name, tensor in state.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.is_meta:
            raise refusal(path, f"{name!r} as a sparse or quantised tensor", "Save it dense.")
        storage = tensor.untyped_storage()
        if tensor.numel() * tensor.element_size() > storage.nbytes():
            raise refusal(
                path, f"{name!r} of {tensor.numel() * tensor.element_size():,} bytes on a storage "
                f"of {storage.nbytes():,}", "Save expanded tensors with .contiguous().",
            )  # fmt: skip
        storages[storage.data_ptr()] = storage.nbytes()
    if sum(storages.values()) > stored:
        raise refusal(path, f"{sum(storages.values()):,} bytes of tensors in {stored:,}", "")


def _plain(names: Iterable[str]) -> dict[str, str]:
    """Map each name to the name without what `torch.compile` and `DataParallel` put before it."""
    raw = list(names)
    plain = [name.replace("_orig_mod.", "") for name in raw]
    while plain and all(name.startswith("module.") for name in plain):
        plain = [name.removeprefix("module.") for name in plain]
    if len(set(plain)) < len(raw):
        raise InvalidValue(f"state has a name twice, with and without prefix: {_some(raw)}.")
    return dict(zip(raw, plain, strict=True))


def _fits(given: object, own: Tensor) -> bool:
    if not isinstance(given, Tensor) or given.is_floating_point() != own.is_floating_point():
        return False
    return nn.parameter.is_lazy(own) or given.shape == own.shape


def _looks(value: object) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    shape = "any shape" if nn.parameter.is_lazy(value) else str(tuple(value.shape))
    return shape if value.is_floating_point() else f"{shape} of {value.dtype}"


def _some(names: list[str], shown: int = 5) -> str:
    more = f", ... ({len(names)} in all)" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
