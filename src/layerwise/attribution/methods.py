"""All attributions under one name: the literal list, and how each is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn

from layerwise.attribution.grad_cam import grad_cam
from layerwise.attribution.gradients import (
    deconvolution,
    gradient,
    guided_backpropagation,
    input_x_gradient,
    integrated_gradients,
    smoothgrad,
)
from layerwise.attribution.occlusion import occlusion
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.network.targets import Target


@dataclass(frozen=True)
class Method:
    """A way to attribute, and how its channels make one number a position.

    Attributes
    ----------
    attribute : ``attribute(model, target, inputs, **options)`` gives (n, ...) of the inputs' shape
    reading : "parts" (each value adds to the target, so channels add up), "slopes" (gradients:
        channels add up in a picture, and the largest absolute value is the importance) or "one"
        (the same for all channels)
    baseline : whether it takes a baseline, what counts as nothing
    """

    attribute: Callable[..., Array]
    reading: str
    baseline: bool = False

    def map(self, attributions: Array, axis: int) -> Array:
        """Return one number a position for a picture, (n, *positions); `axis` as of `importance`.

        Examples
        --------
        >>> import numpy as np
        >>> METHODS["gradient"].map(np.array([[[1.0, -5.0], [1.0, 2.0]]]), 1).tolist()
        [[2.0, -3.0]]
        """
        if not axis:
            return attributions
        found: Array = (
            attributions.take(0, axis) if self.reading == "one" else attributions.sum(axis)
        )
        return found

    def importance(self, attributions: Array, axis: int) -> Array:
        """Return how important each position is, (n, *positions): what is deleted first.

        Contributions keep their sign, since what speaks against the target is no reason for it; of
        a gradient the sign says only in which direction the input would have to change.

        Parameters
        ----------
        attributions : (n, ...)
        axis : of the channels, 0 if there are none

        Examples
        --------
        >>> import numpy as np
        >>> A = np.array([[[1.0, -5.0], [1.0, 2.0]]])
        >>> [METHODS[name].importance(A, 1).tolist() for name in ("gradient", "input_x_gradient")]
        [[[1.0, 5.0]], [[2.0, -3.0]]]
        """
        if self.reading != "slopes":
            return self.map(attributions, axis)
        sizes = abs(attributions)
        return sizes.max(axis) if axis else sizes


METHODS: dict[str, Method] = {
    "gradient": Method(gradient, "slopes"),
    "smoothgrad": Method(smoothgrad, "slopes"),
    "input_x_gradient": Method(input_x_gradient, "parts"),
    "integrated_gradients": Method(integrated_gradients, "parts", baseline=True),
    "guided_backpropagation": Method(guided_backpropagation, "slopes"),
    "deconvolution": Method(deconvolution, "slopes"),
    "grad_cam": Method(partial(grad_cam, upsample=True), "one"),
    "occlusion": Method(occlusion, "one"),
}
"""Methods by name, the name of their function."""


def attribute(
    model: nn.Module,
    target: Target | str,
    inputs: Any,
    method: str = "gradient",
    **options: Any,
) -> Array:
    """Return what a target rests on in each input, by the method of that name.

    Parameters
    ----------
    model : any module; left as it is
    target : Target or its text, such as "logit:3" or "conv2:14"
    inputs : (n, ...) array or tensor, DataSet, or a tuple or mapping with one floating part
    method : one of :data:`METHODS`
    options : of that function, such as ``layer="conv3"`` for "grad_cam" or ``n_steps=100`` for
        "integrated_gradients"

    Returns
    -------
    (n, ...) float32 of the shape of the input; a map of Grad-CAM is upsampled to it

    Raises
    ------
    UserError
        If there is no such method, and as its function.

    Examples
    --------
    >>> import torch
    >>> net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    >>> attribute(net, "logit:3", torch.rand(2, 3, 8, 8), "grad_cam", layer="1").shape
    (2, 3, 8, 8)
    """
    checks.choice("attribute", "method", method, list(METHODS))
    if method == "grad_cam" and "layer" not in options:
        raise checks.invalid(
            "attribute", "layer", "given for grad_cam", "none", "Name a layer of maps."
        )
    return METHODS[method].attribute(model, target, inputs, **options)
