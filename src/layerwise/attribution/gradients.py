r"""What the gradient of a target says of every value of the input.

:math:`f` is the target's value for an observation :math:`x`. Six readings of its gradient, from
the plain one to those that rewrite the backward pass of rectifiers. All work on any network that
:func:`layerwise.network.question.question` takes, and leave it as it was. Left out: what covering
the input shows (occlusion), maps of a layer (grad_cam), and whether to trust any of this (sanity).

Sources: Simonyan, Vedaldi and Zisserman, "Deep Inside Convolutional Networks", 2013; Smilkov et
al., "SmoothGrad", 2017; Sundararajan, Taly and Yan, "Axiomatic Attribution for Deep Networks",
2017; Zeiler and Fergus, 2013; Springenberg et al., "Striving for Simplicity", 2014. Captum computes
the integral; the other five are one gradient each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.attribution.axes import input_axis
from layerwise.attribution.windows import Baseline, baseline_of
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array
from layerwise.network.model import unwrap
from layerwise.network.question import Question, batches, question
from layerwise.network.rectifiers import rectifiers
from layerwise.network.targets import Target

BATCH = 128
"""Inputs at once: so many fit into the caches of a CPU, and larger batches are slower there."""

Inputs = Any
"""(n, ...) array or tensor, DataSet, or a tuple or mapping of which one part is floating."""


def gradient(
    model: nn.Module, target: Target | str, inputs: Inputs, *, batch_size: int = BATCH
) -> Array:
    r"""Return :math:`\partial f / \partial x`: how much the target rises with each value.

    Parameters
    ----------
    model : any module; left as it is
    target : Target or its text, such as "logit:3" or "conv2:14"
    inputs : (n, ...) array or tensor, DataSet, or a tuple or mapping with one floating part
    batch_size : observations at once; only memory and speed depend on it

    Returns
    -------
    (n, ...) float32, of the shape of the (first floating) input; units of the target per unit of
    the input, signed. It is local: what a rectifier holds at 0 has no gradient.

    Raises
    ------
    UserError
        If the model fails, the target does not depend on the inputs, or these are integers.

    References
    ----------
    Simonyan, Vedaldi and Zisserman 2013. They show the largest absolute value over the channels.

    Examples
    --------
    >>> net = nn.Linear(2, 1, bias=False)
    >>> _ = torch.nn.init.constant_(net.weight, 3.0)
    >>> gradient(net, "logit:0", np.ones((1, 2), np.float32))
    array([[3., 3.]], dtype=float32)
    """
    return _each_batch("gradient", model, target, inputs, batch_size, _gradient)


def input_x_gradient(
    model: nn.Module, target: Target | str, inputs: Inputs, *, batch_size: int = BATCH
) -> Array:
    r"""Return :math:`x \odot \partial f / \partial x`: what each value adds, were f linear.

    Parameters, errors and shape as of :func:`gradient`; units of the target.

    Examples
    --------
    >>> net = nn.Linear(2, 1, bias=False)
    >>> _ = torch.nn.init.constant_(net.weight, 3.0)
    >>> input_x_gradient(net, "logit:0", np.array([[1.0, 2.0]], np.float32))
    array([[3., 6.]], dtype=float32)
    """
    return _each_batch(
        "input_x_gradient", model, target, inputs, batch_size,
        lambda ask, x, rows: x * _gradient(ask, x, rows),
    )  # fmt: skip


def guided_backpropagation(
    model: nn.Module, target: Target | str, inputs: Inputs, *, batch_size: int = BATCH
) -> Array:
    r"""Return the gradient that rectifiers pass on only where it and their input are positive.

    .. math:: g \mapsto g \, [s > 0] \, [g > 0]

    Parameters and shape as of :func:`gradient`. It shows what excites the target, crisply; but it
    depends little on the weights above the first layers, so read it beside :mod:`sanity
    <layerwise.attribution.sanity>`.

    Raises
    ------
    UserError
        As :func:`gradient`, and if the network has no rectifier.

    References
    ----------
    Springenberg et al. 2014, figure 1. Adebayo et al., "Sanity Checks for Saliency Maps", 2018.

    Examples
    --------
    >>> net = nn.Sequential(nn.ReLU(), nn.Linear(2, 1, bias=False))
    >>> _ = net[1].weight.data.copy_(torch.tensor([[2.0, -2.0]]))
    >>> guided_backpropagation(net, "logit:0", np.ones((1, 2), np.float32))
    array([[2., 0.]], dtype=float32)
    """
    return _rewritten("guided_backpropagation", "guided", model, target, inputs, batch_size)


def deconvolution(
    model: nn.Module, target: Target | str, inputs: Inputs, *, batch_size: int = BATCH
) -> Array:
    r"""Return the gradient that rectifiers pass on only where it is positive.

    .. math:: g \mapsto g \, [g > 0]

    Parameters, errors and shape as of :func:`guided_backpropagation`. The deconvnet's projection of
    one activation, from its own value down, is :mod:`layerwise.attribution.deconvnet`.

    References
    ----------
    Zeiler and Fergus 2013, section 2.1.

    Examples
    --------
    >>> net = nn.Sequential(nn.ReLU(), nn.Linear(2, 1, bias=False))
    >>> _ = net[1].weight.data.copy_(torch.tensor([[2.0, -2.0]]))
    >>> deconvolution(net, "logit:0", np.array([[-1.0, 1.0]], np.float32))
    array([[2., 0.]], dtype=float32)
    """
    return _rewritten("deconvolution", "deconvolution", model, target, inputs, batch_size)


def smoothgrad(
    model: nn.Module,
    target: Target | str,
    inputs: Inputs,
    *,
    sigma: float = 0.15,
    n_samples: int = 50,
    random_state: RandomState = 0,
    batch_size: int = BATCH,
) -> Array:
    r"""Return the gradient averaged over copies of the input with noise on them.

    .. math:: \frac{1}{N} \sum_{i=1}^N \frac{\partial f}{\partial x}(x + \epsilon_i), \quad
        \epsilon_i \sim \mathcal N(0, \sigma^2 (\max x - \min x)^2)

    Parameters
    ----------
    model, target, inputs : as of :func:`gradient`
    sigma : standard deviation of the noise, as a share of each observation's own range; the paper
        finds 0.1 to 0.2 best
    n_samples : copies of each observation; the variance over seeds falls as 1 / n_samples
    random_state : seed of the noise, which does not depend on the batch size
    batch_size : copies at once

    Returns
    -------
    (n, ...) float32, as of :func:`gradient`

    Notes
    -----
    Costs `n_samples` gradients. Captum's NoiseTunnel draws from torch's global state batch by
    batch; this one neither touches that state nor lets the batch size change what comes out.

    References
    ----------
    Smilkov et al. 2017.

    Examples
    --------
    >>> net = nn.Linear(2, 1, bias=False)
    >>> _ = torch.nn.init.constant_(net.weight, 3.0)
    >>> smoothgrad(net, "logit:0", np.array([[0.0, 1.0]], np.float32), n_samples=4)
    array([[3., 3.]], dtype=float32)
    """
    name = "smoothgrad"
    sigma = checks.number(name, "sigma", sigma, 0)
    n_samples = checks.integer(name, "n_samples", n_samples, 1)
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    noise = generator(random_state)
    with question(model, target, inputs) as ask, bar(name, len(ask.x) * n_samples) as advance:
        n, flat = len(ask.x), ask.x.flatten(1)
        scale = (sigma * (flat.amax(1) - flat.amin(1))).reshape(n, *[1] * (ask.x.ndim - 1))
        total = torch.zeros_like(ask.x, dtype=torch.float64)
        for part in batches(n * n_samples, batch_size):
            rows = torch.arange(part.start, part.stop) % n
            drawn = noise.standard_normal((len(rows), *ask.x.shape[1:]), np.float32)
            x = ask.x[rows] + scale[rows] * torch.from_numpy(drawn).to(ask.x)
            total.index_add_(0, rows.to(total.device), ask.gradient(x, rows)[1].double())
            advance(len(rows))
        return _numpy(total / n_samples)


def integrated_gradients(
    model: nn.Module,
    target: Target | str,
    inputs: Inputs,
    *,
    baseline: Baseline = 0.0,
    n_steps: int = 50,
    batch_size: int = BATCH,
) -> Array:
    r"""Return what each value adds on the straight way from a baseline to the input.

    .. math:: (x - b) \odot \int_0^1 \frac{\partial f}{\partial x}(b + \alpha (x - b)) \, d\alpha

    Parameters
    ----------
    model, target, inputs : as of :func:`gradient`
    baseline : what counts as nothing: a number, one for each channel, "mean" or "grey" (see
        :func:`layerwise.attribution.windows.baseline_of`). What equals it gets 0.
    n_steps : points of the Gauss-Legendre rule
    batch_size : inputs at once; Captum's own default takes all points of all observations at once,
        which costs twice as much on a CPU

    Returns
    -------
    (n, ...) float32, units of the target. Its sum is f(x) - f(b) up to the error of the integral,
    which :func:`layerwise.attribution.completeness` measures.

    Notes
    -----
    Costs `n_steps` gradients.

    References
    ----------
    Sundararajan, Taly and Yan 2017.

    Examples
    --------
    >>> class Square(nn.Module):
    ...     def forward(self, x):
    ...         return x.square().sum(1, keepdim=True)
    >>> integrated_gradients(Square(), "logit:0", np.array([[1.0, 3.0]], np.float32)).round(4)
    array([[1., 9.]], dtype=float32)
    """
    from captum.attr import IntegratedGradients

    name = "integrated_gradients"
    n_steps = checks.integer(name, "n_steps", n_steps, 1)
    axis = input_axis(model, inputs)

    def integrate(ask: Question, x: Tensor, rows: Tensor) -> Tensor:
        if not rows[0]:
            ask.gradient(x[:1], rows[:1])  # what has no gradient is refused in our words
        start = baseline_of(name, ask.x, baseline, axis).expand(x.shape)
        found: Tensor = IntegratedGradients(ask).attribute(
            x, start, additional_forward_args=(rows,), n_steps=n_steps,
            internal_batch_size=max(batch_size, len(x)),
        )  # fmt: skip
        return found

    return _each_batch(name, model, target, inputs, batch_size, integrate)


def _rewritten(
    function: str, rule: str, model: nn.Module, target: Target | str, inputs: Inputs,
    batch_size: int,
) -> Array:  # fmt: skip
    """Return the gradient by another rule for rectifiers, which must be there."""

    def attribute(ask: Question, x: Tensor, rows: Tensor) -> Tensor:
        with rectifiers(rule) as seen:
            found = _gradient(ask, x, rows)
        if not seen.count:
            raise checks.InvalidValue(
                f"{function}: {type(unwrap(model)).__name__} must have a rectifier (ReLU, ReLU6, "
                f"leaky ReLU) on the way to {target}; got none. Ask for its gradient."
            )
        return found

    return _each_batch(function, model, target, inputs, batch_size, attribute)


def _gradient(ask: Question, x: Tensor, rows: Tensor) -> Tensor:
    return ask.gradient(x, rows)[1]


def _each_batch(
    function: str,
    model: nn.Module,
    target: Target | str,
    inputs: Inputs,
    batch_size: int,
    attribute: Callable[[Question, Tensor, Tensor], Tensor],
) -> Array:
    """Return ``attribute(question, x, rows)`` of all observations, batch by batch."""
    batch_size = checks.integer(function, "batch_size", batch_size, 1)
    with question(model, target, inputs) as ask, bar(function, len(ask.x)) as advance:
        found = np.empty(tuple(ask.x.shape), np.float32)
        for part in batches(len(ask.x), batch_size):
            rows = torch.arange(part.start, part.stop)
            found[part] = _numpy(attribute(ask, ask.x[part], rows))
            advance(len(rows))
    return found


def _numpy(values: Tensor) -> Array:
    found: Array = values.detach().float().cpu().numpy()
    return found
