"""A target put to a live network: values of inputs, and gradients in them.

What a question is put for (to look at the gradient, climb it, cover the input) is left to the
rooms above. The network computes as in evaluation, its parameters get no gradients, and it is left
as it was found, whatever happens inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.data import DataSet
from layerwise.foundation import checks
from layerwise.network.layout import LAST, channel_axes
from layerwise.network.model import as_it_was, check_weights, module_names, run, unwrap
from layerwise.network.placing import Placing
from layerwise.network.sites import OUTPUT, ModelError, Site, select
from layerwise.network.targets import Seen, Target, as_target
from layerwise.network.trace import survey, watch
from layerwise.network.values import Batch, Path, tensors


class Question(Seen):
    """A target of one network and some observations, ready to be asked; see :func:`question`.

    Attributes
    ----------
    target : Target
    x : (n, ...) what is asked about: the first floating tensor of the inputs, where the model is
    """

    target: Target
    x: Tensor

    def __init__(
        self, target: Target, inputs: Batch, path: Path, sites: Sequence[Site],
        layout: Mapping[str, int], names: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.target, self._inputs, self._path = target, inputs, path
        found = dict(tensors(inputs))
        self.x = found.pop(path).detach()
        self._others = found
        self._sites, self._layout, self._names = sites, layout, names
        self._answer = next((site for site in sites if _is_output(site)), None)
        self._values: dict[str, Tensor] = {}
        self._versions: dict[str, int] = {}
        self._overwritten: set[str] = set()
        self._wanted_gradient: str | None = None
        self._gradient: Tensor | None = None
        self._result: Any = None
        self._run: Any = None
        self.rows = torch.arange(len(self.x))

    def __call__(self, x: Tensor, rows: Tensor | slice | None = None) -> Tensor:
        """Return the target's value of every input.

        Parameters
        ----------
        x : (m, ...) inputs of the shape of the observations; gradients reach it
        rows : (m,) int64 or slice
            Which observation each was made of, by which it is asked for its own class and goes
            with its own other inputs. By default all in order.

        Returns
        -------
        Tensor
            (m,)
        """
        self.rows = self._rows(x, rows)
        batch = self._batch(x.clone() if x.requires_grad and x.is_leaf else x)
        self._x = x
        self._forward(batch)
        values = self.target.ask(self)
        if values.shape != (len(x),):
            raise checks.invalid(
                "question", f"target {self.target}", f"one value per observation ({len(x)},)",
                f"shape {tuple(values.shape)}",
            )  # fmt: skip
        return values.to(x.device)

    def gradient(self, x: Tensor, rows: Tensor | slice | None = None) -> tuple[Tensor, Tensor]:
        """Return the values (m,) and the gradient of each in its own input, of the shape of `x`."""
        x = x.detach().requires_grad_()
        values = self(x, rows)
        if not values.requires_grad:
            raise self._independent("the inputs")
        found = _backward(values, x)
        if found is None:
            raise self._independent("the inputs")
        return values.detach(), found

    def layer_gradient(
        self, x: Tensor, layer: str, rows: Tensor | slice | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return values, a layer's activations and the gradient in these, channels first.

        The activations are those that the layer gave, before any in-place function changed them.
        """
        self._wanted_gradient = self._name(layer)
        self._forget()
        try:
            x = x.detach().requires_grad_()
            values = self(x, rows)
            if not values.requires_grad:
                raise self._independent(f"layer {layer!r}")
            _backward(values, x)
            activations = self.layer(layer).detach()
        finally:
            self._wanted_gradient = None
        found: Tensor | None = self._gradient  # by the hook
        if found is None:
            raise self._independent(f"layer {layer!r}")
        return values.detach(), activations, self._first(self._name(layer), found)

    def layer(self, name: str) -> Tensor:
        """Return the activations of a layer in the latest forward, (n, n_channels, *positions)."""
        address = self._name(name)
        return self._first(address, self._values[address])

    def input(self) -> Tensor:
        """Return the input of the latest forward."""
        return self._x

    def output(self) -> Tensor:
        """Return what the network gave for the latest inputs, (n, n_classes, *positions)."""
        if not isinstance(self._result, Tensor):
            raise checks.InvalidValue(
                "question: the network's output must be a tensor with one row per observation to "
                "ask for classes. Name a layer instead, such as 'fc:3'."
            )
        return self._result[:, None] if self._result.ndim == 1 else self._result

    def answers(self) -> Tensor:
        """Return the class of the largest output of the latest inputs, (n,); of maps their mean."""
        Z = self.output()
        return Z.reshape(*Z.shape[:2], -1).mean(2).argmax(1)

    def _forward(self, batch: Batch) -> None:
        self._values, self._versions, self._result = {}, {}, None
        self._run(batch)
        changed = {
            name for name, value in self._values.items() if value._version != self._versions[name]
        }
        if changed - self._overwritten:  # keep a copy of these from now on
            self._overwritten |= changed
            self._forward(batch)

    def _take(self, i: int, value: Tensor) -> None:
        site = self._sites[i]
        if site is self._answer:
            self._result = value
            if any(other.name == site.name for other in self._sites if other is not site):
                return  # a module has that name
        if site.name == self._wanted_gradient and value.requires_grad:
            value.register_hook(self._keep)  # the gradient in the value as it is now
        if site.name in self._overwritten:
            value = value.clone()
        self._values[site.name], self._versions[site.name] = value, value._version

    def _forget(self) -> None:
        self._gradient = None

    def _keep(self, gradient: Tensor) -> None:
        self._gradient = gradient if self._gradient is None else self._gradient + gradient

    def _first(self, address: str, value: Tensor) -> Tensor:
        if value.ndim == 1:
            return value[:, None]
        return value.movedim(-1, 1) if self._layout.get(address) == LAST else value

    def _name(self, layer: str) -> str:
        if layer not in self._names:
            raise checks.not_found("layer", layer, "this question", self._names)
        return self._names[layer]

    def _rows(self, x: Tensor, rows: Tensor | slice | None) -> Tensor:
        everything = torch.arange(len(self.x))
        if rows is None:
            if len(x) != len(everything) and (self._others or self.target.n_observations):
                raise checks.invalid(
                    "question", "rows", f"given for other inputs than the {len(everything)} "
                    "observations", f"{len(x)} inputs",
                )  # fmt: skip
            return torch.arange(len(x))
        found = everything[rows] if isinstance(rows, slice) else rows.cpu()
        if len(found) != len(x):
            raise checks.invalid("question", "rows", f"one for each of {len(x)} inputs", len(found))
        return found

    def _batch(self, x: Tensor) -> Batch:
        """Return the inputs with `x` in its place and the others by row."""
        if not self._path:
            return x
        rows = self.rows.to(x.device)

        def place(value: Any, path: Path) -> Any:
            if path == self._path:
                return x
            if isinstance(value, Tensor):
                return value[rows]
            if isinstance(value, Mapping):
                return {key: place(item, (*path, str(key))) for key, item in value.items()}
            if isinstance(value, tuple | list):
                return tuple(place(item, (*path, i)) for i, item in enumerate(value))
            return value

        placed: Batch = place(self._inputs, ())
        return placed

    def _independent(self, of: str) -> ModelError:
        return ModelError(
            f"target {self.target} does not depend on {of}, or not by a gradient. "
            "Name a layer that it is computed from."
        )


@contextmanager
def question(
    model: nn.Module,
    target: Target | str,
    inputs: Any,
    *,
    layers: Sequence[str] = (),
    output: bool = False,
    axes: Mapping[str, int] | None = None,
) -> Iterator[Question]:
    """Put a target to a network: yield what gives its values, and their gradients, of any inputs.

    Inside, the network is in eval mode and its parameters ask for no gradients; both are put back.

    Parameters
    ----------
    model : any module
    target : Target, or a text that :func:`layerwise.targets.as_target` knows
    inputs : (n, ...) array or tensor; a DataSet; a tuple or mapping of them, of which the first
        floating one is asked about
    layers : addresses whose activations are wanted as well
    output : whether the network's output is wanted, which a target of a layer alone never computes
    axes : 0 (channels first) or -1 (last) by name or glob, where the rule of
        :func:`layerwise.network.channel_axes` is wrong

    Yields
    ------
    Question

    Raises
    ------
    UserError
        For inputs without floats or with NaN or infinity among them, unknown layers, a target for
        another number of observations, a model that fails.

    Notes
    -----
    Opening costs a few forward passes of two observations. Then every call costs one forward, up to
    the last layer wanted, every gradient one backward.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 2, bias=False), nn.ReLU())
    >>> with torch.no_grad():
    ...     _ = net[0].weight.copy_(torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    >>> with question(net, "1:1", torch.ones(1, 3)) as ask:
    ...     ask.gradient(ask.x)
    (tensor([15.]), tensor([[4., 5., 6.]]))
    """
    target, inner = as_target(target), unwrap(model)
    check_weights(inner)
    placed = Placing(inner)(as_tensors("question", inputs))
    path = _floating(placed)
    parts = dict(tensors(placed))
    x, lengths = parts[path], sorted({len(part) for part in parts.values()})
    if len(lengths) > 1:
        raise checks.invalid("question", "inputs", "for as many observations in every part",
                             " and ".join(map(str, lengths)))  # fmt: skip
    n, finite = len(x), x.reshape(len(x), -1).isfinite().all(1)
    if not finite.all():
        raise checks.not_finite("question", "inputs", (~finite).nonzero()[:, 0].cpu().numpy())
    if target.n_observations not in (None, n):
        raise checks.invalid("question", f"target {target}", f"for {n} observations",
                             f"one for {target.n_observations}")  # fmt: skip
    wanted = sorted({*target.layers, *layers})
    sites, layout, names = _sites(inner, placed, wanted, output or target.reads_output, axes)
    asked = Question(target, placed, path, sites, layout, names)
    parameters = [p for p in inner.parameters() if p.requires_grad]
    with torch.inference_mode(False), watch(inner, sites, asked._take) as run_batch:
        asked._run = run_batch
        try:
            for parameter in parameters:
                parameter.requires_grad_(False)
            with torch.enable_grad(), _recurrent_backward(inner):
                yield asked
        finally:
            for parameter in parameters:
                parameter.requires_grad_(True)


def batches(n: int, batch_size: int) -> Iterator[slice]:
    """Yield slices of at most `batch_size` rows.

    Examples
    --------
    >>> list(batches(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for first in range(0, n, batch_size):
        yield slice(first, min(first + batch_size, n))


def as_tensors(function: str, inputs: Any) -> Batch:
    """Return observations as a batch of tensors: arrays, a DataSet, tuples and mappings of arrays.

    Examples
    --------
    >>> as_tensors("saliency", np.zeros((2, 3), np.float32)).shape
    torch.Size([2, 3])
    """
    if isinstance(inputs, DataSet):
        return torch.from_numpy(inputs.inputs())
    if isinstance(inputs, Mapping):
        return {str(key): as_tensors(function, value) for key, value in inputs.items()}
    if isinstance(inputs, tuple):
        return tuple(as_tensors(function, value) for value in inputs)
    found = inputs.detach() if isinstance(inputs, Tensor) else np.asarray(inputs)
    is_number = isinstance(found, Tensor) or found.dtype.kind in "fiub"
    if not is_number or found.ndim == 0 or 0 in found.shape:
        raise checks.InvalidType(
            f"{function}: inputs must be numbers, (n, ...); got {type(inputs).__name__} of dtype "
            f"{found.dtype}, shape {tuple(found.shape)}."
        )
    if isinstance(found, Tensor):
        return found
    return torch.from_numpy(np.array(found, dtype=found.dtype.newbyteorder("=")))


def _backward(values: Tensor, x: Tensor) -> Tensor | None:
    """Return the gradient in `x`, None if there is none; a failure becomes one sentence."""
    try:
        return torch.autograd.grad(values.sum(), x, allow_unused=True)[0]
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0].split(": [")[0].rstrip(".")
        raise ModelError(
            f"the network cannot be differentiated: {reason}. Put in-place operations out of "
            "place, or lower the batch size if memory ran out."
        ) from error


def _floating(inputs: Batch) -> Path:
    """Return where the first floating tensor lies."""
    for path, tensor in tensors(inputs):
        if tensor.is_floating_point():
            return path
    raise checks.InvalidType(
        "question: inputs must hold floats to be asked about; got integers alone, such as token "
        "ids. Ask from the embedding on: network.from_layer(model, 'embed', inputs)."
    )


def _sites(
    model: nn.Module, inputs: Batch, layers: Sequence[str], output: bool,
    axes: Mapping[str, int] | None,
) -> tuple[list[Site], dict[str, int], dict[str, str]]:  # fmt: skip
    """Return what to watch, where its channels are, and the address of each name."""
    sites: list[Site] = []
    layout: dict[str, int] = {}
    names: dict[str, str] = {}
    if layers:
        few = first_rows(inputs, 2)
        modules = {*module_names(model)[0].values(), OUTPUT, "input"}
        found = survey(model, few, functions=any(name not in modules for name in layers))
        for name in layers:
            chosen = select(found, [name])
            if len(chosen) > 1:
                several = ", ".join(site.name for site in chosen)
                raise checks.invalid("question", "layer", "one layer", f"{name!r}: {several}")
            names[name] = chosen[0].name
            sites += [site for site in chosen if site not in sites]
        layout = channel_axes(model, found, axes)
        sites = [site for site in found.sites if site in sites]
    if output:
        known = found.sites if layers else ()
        answer = next(filter(_is_output, known), None) or _whole_output(model, inputs)
        sites = [answer, *(site for site in sites if site != answer)]
    return sites, layout, names


def _is_output(site: Site) -> bool:
    return site.is_border and site.source == OUTPUT


def _whole_output(model: nn.Module, inputs: Batch) -> Site:
    """Return the first tensor of what the model returns as a site."""
    with as_it_was(model):
        for path, tensor in tensors(run(model, first_rows(inputs, 2))):
            return Site(OUTPUT, 0, 1, path, OUTPUT, tuple(tensor.shape[1:]), tensor.dtype, True)
    raise ModelError(f"{type(model).__name__} returns no tensor to ask about. Name a layer.")


def first_rows(inputs: Batch, n: int) -> Any:
    """Return the first observations of a batch, in whatever nesting."""
    if isinstance(inputs, Tensor):
        return inputs[:n]
    if isinstance(inputs, Mapping):
        return {key: first_rows(value, n) for key, value in inputs.items()}
    return tuple(first_rows(value, n) for value in inputs)


@contextmanager
def _recurrent_backward(model: nn.Module) -> Iterator[None]:
    """Let recurrent layers have gradients in eval mode, which cuDNN refuses."""
    on_gpu = any(
        isinstance(module, nn.RNNBase) and next(module.parameters()).is_cuda
        for module in model.modules()
    )
    before = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = before and not on_gpu
    try:
        yield
    finally:
        torch.backends.cudnn.enabled = before
