"""The learned filters of a network as numpy arrays, whatever kind of layer holds them.

Linear layers and convolutions of one and two dimensions. Weights are taken as the layer would use
them: a parametrised or normalised weight is computed first. Leaves out biases of other layers,
embeddings and recurrent cells, whose weights are no filters of an input with places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from torch import Tensor, nn

from layerwise.foundation.checks import InvalidType, invalid, not_found
from layerwise.foundation.globs import matches
from layerwise.foundation.shapes import Array
from layerwise.network.model import as_it_was, module_names, unwrap
from layerwise.network.sites import OUTPUT

Convolution = nn.Conv1d | nn.Conv2d | nn.ConvTranspose1d | nn.ConvTranspose2d
VOLUMES = (nn.Conv3d, nn.ConvTranspose3d)


@dataclass(frozen=True, eq=False)
class Kernel:
    """One layer's learned filters.

    Attributes
    ----------
    layer : its address
    kind : class of the module
    weights : (n_filters, n_inputs per group, *size) float32; size is () for a linear layer. The
        filters of a transposed convolution are the patterns that it paints, unflipped.
    bias : (n_filters,) float32, or None
    groups : into which inputs and filters are divided
    stride, dilation : one number a dimension; () for a linear layer
    """

    layer: str
    kind: str
    weights: Array
    bias: Array | None
    groups: int = 1
    stride: tuple[int, ...] = ()
    dilation: tuple[int, ...] = ()

    @property
    def n_filters(self) -> int:
        """Output units, or channels."""
        return len(self.weights)

    @property
    def n_inputs(self) -> int:
        """Input units or channels of the layer, of all groups."""
        return int(self.weights.shape[1]) * self.groups

    @property
    def size(self) -> str:
        """Height and width, as "5x5"; "" for a linear layer."""
        return "x".join(map(str, self.weights.shape[2:]))


def kernels(model: nn.Module, layers: Sequence[str] | str | None = None) -> dict[str, Kernel]:
    """Return the filters of the layers of a network, in the order of its modules.

    Parameters
    ----------
    model : its flags and weights are left as they are
    layers : names or globs; by default every layer that has filters of at most two dimensions

    Returns
    -------
    dict of name to Kernel
        Copies, float32, on the CPU. A model that is a layer itself is called "output".

    Raises
    ------
    NotFound
        If a name or glob means no layer with filters.
    InvalidValue
        If a three-dimensional convolution is asked for, the model has no layer with filters, or
        weights are NaN or infinite.
    InvalidType
        If a layer has no numbers yet (a lazy module, the meta device), or complex ones.

    Examples
    --------
    >>> model = nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU(), nn.ConvTranspose2d(8, 2, 3))
    >>> {name: kernel.weights.shape for name, kernel in kernels(model).items()}
    {'0': (8, 3, 5, 5), '2': (2, 8, 3, 3)}
    """
    model = unwrap(model)
    names, aliases = module_names(model)
    known = {name: module for module, name in names.items()} or {OUTPUT: model}
    flat = {
        name: module for name, module in known.items()
        if isinstance(module, Convolution | nn.Linear)
    }  # fmt: skip
    chosen = list(flat) if layers is None else _chosen(model, known, flat, aliases, layers)
    if not chosen:
        kinds = ", ".join(dict.fromkeys(type(module).__name__ for module in known.values()))
        raise invalid(
            "kernels", "model", "one with linear layers or convolutions of one or two dimensions",
            kinds,
        )  # fmt: skip
    with as_it_was(model):  # in training, spectral normalisation changes when it is looked at
        return {name: _kernel(name, flat[name]) for name in flat if name in set(chosen)}


def _chosen(
    model: nn.Module,
    known: dict[str, nn.Module],
    flat: dict[str, Any],
    aliases: dict[str, str],
    layers: Sequence[str] | str,
) -> list[str]:
    chosen: list[str] = []
    for asked in [layers] if isinstance(layers, str) else layers:
        exact = aliases.get(asked, asked)
        meant = [name for name in known if name == exact] or [
            name for name in known if matches(name, asked)
        ]
        found = [name for name in meant if name in flat]
        volumes = [name for name in meant if isinstance(known[name], VOLUMES)]
        if volumes and not found:
            raise invalid(
                "kernels", "layers", "linear layers or convolutions of one or two dimensions",
                f"{volumes[0]}, a {type(known[volumes[0]]).__name__}",
                "Slice its weight: units.filter_images(weight[:, :, k]).",
            )  # fmt: skip
        if not found:
            where = f"the layers with filters of {type(model).__name__}"
            raise not_found("layer", asked, where, flat)
        chosen += found
    return chosen


def _kernel(name: str, module: Convolution | nn.Linear) -> Kernel:
    weights = _numbers(name, _tensor(module, "weight"))
    bias = None if module.bias is None else _numbers(name, _tensor(module, "bias"))
    kind = type(module).__name__
    if isinstance(module, nn.Linear):
        return Kernel(name, kind, weights, bias)
    groups = module.groups
    if isinstance(module, nn.ConvTranspose1d | nn.ConvTranspose2d):
        # Stored (inputs, filters per group, *size): turned round within each group.
        parts = weights.reshape(groups, len(weights) // groups, *weights.shape[1:]).swapaxes(1, 2)
        weights = np.ascontiguousarray(parts.reshape(-1, *parts.shape[2:]))
    return Kernel(name, kind, weights, bias, groups, tuple(module.stride), tuple(module.dilation))


def _tensor(module: Convolution | nn.Linear, name: str) -> Tensor:
    """Return the weight or bias as the next forward would use it.

    The older `weight_norm` and `spectral_norm`, and pruning, compute it in a hook before each
    forward, so after loading a state dict the attribute is still the old one.
    """
    hooks: list[Any] = list(module._forward_pre_hooks.values())
    for hook in hooks:
        if getattr(hook, "_tensor_name", "") == name and hasattr(hook, "apply_mask"):
            return cast("Tensor", hook.apply_mask(module))
        if getattr(hook, "name", "") == name and hasattr(hook, "compute_weight"):
            still = {"do_power_iteration": False} if hasattr(hook, "n_power_iterations") else {}
            return cast("Tensor", hook.compute_weight(module, **still))
    return cast("Tensor", getattr(module, name))


def _numbers(name: str, tensor: Tensor) -> Array:
    if nn.parameter.is_lazy(tensor) or tensor.is_meta:
        raise InvalidType(
            f"kernels: layer {name} must have weights; got a lazy module or the meta device. "
            "Run the model on one batch, or load its weights, first."
        )
    if tensor.is_complex():
        raise InvalidType(f"kernels: layer {name} must have real weights; got {tensor.dtype}.")
    # `clone` because float32 weights on the CPU would be shared with the model.
    array: Array = tensor.detach().clone().float().cpu().numpy()
    if not np.isfinite(array).all():
        n = int((~np.isfinite(array)).sum())
        raise invalid(
            "kernels", f"weights of {name}", "finite", f"NaN or infinity in {n:,} of them",
            "The training diverged; take an earlier checkpoint, or other layers.",
        )  # fmt: skip
    return array
