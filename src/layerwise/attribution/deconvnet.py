"""The deconvnet: one activation of a network, taken back to the input that it was computed from.

Everything else in the layer is set to 0. Then, layer by layer down to the input, what the network
did is undone: a max-pool by the *switches* of this forward pass, which put each value back where
the maximum stood; a rectifier by rectifying again, whatever it did forward; a convolution by its
transposed filters. Nothing is learned. What comes out shows which pattern of *this* observation
excites the unit: it is a piece of the input, weighted, and no sample from the network.

As a program that is the backward pass with another rule at the rectifiers
(:func:`layerwise.network.rectifiers.rectifiers`), from the activation itself. From that follow the
answers that the paper leaves open: where pools overlap, what is put back on one place adds up; a
batch norm in evaluation is the scaling that it is, its shift and all biases drop out; branches and
residual sums add up; mean-pools spread evenly; a local response norm is passed straight through; an
activation function that does not rectify (GELU, tanh) is followed by its derivative.

Source: Zeiler and Fergus 2014, section 2.1 and Fig. 1. Leaves out which activations are worth it
(:func:`layerwise.recording.top`) and the part of the input that they see
(:mod:`layerwise.attribution.patches`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network import targets
from layerwise.network.question import batches, question
from layerwise.network.rectifiers import rectifiers


def project(
    model: nn.Module,
    layer: str,
    units: int | Sequence[int] | Array,
    inputs: Any,
    positions: str | Sequence[int] | Array | None = None,
    *,
    rule: str = "deconvolution",
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
) -> Array:
    """Return the deconvnet projection of one activation for each input.

    Parameters
    ----------
    model : any module; left as it was found
    layer : address, as of :func:`record`
    units : channel or dense unit, one for all inputs or (m,) one for each
    inputs : (m, ...) array or tensor, DataSet, or tuple or mapping with one floating part
    positions : (n_dims,) for all or (m, n_dims) one for each; "max" takes the strongest of the
        channel, "middle" that in the middle; None for a dense layer, or the mean of a channel
    rule : "deconvolution" (the paper's), "guided" or "gradient": what passes at a rectifier
        Guided (Springenberg et al. 2014) also stops where the rectifier was silent; it is sharper
        in deep layers and in networks with few max-pools, whose switches say where to go.
    batch_size : forward and backward passes at once
    axes : overrides of :func:`layerwise.network.channel_axes`

    Returns
    -------
    (m, ...) of float32, of the shape of the inputs
        In units of activation times weight; both signs. All 0 where the activation is not above
        0: a unit that is not excited has no pattern that excites it.

    Raises
    ------
    UserError
        For an unknown layer, unit or position, NaN or infinity, a model that fails, inputs without
        floats (token ids), a layer on which no gradient depends.

    Notes
    -----
    Costs one forward up to the layer and one backward pass an input. The projection scales with
    the activation: the backward pass is homogeneous, since it rectifies and adds no biases.

    References
    ----------
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.
    Springenberg, Dosovitskiy, Brox and Riedmiller, "Striving for Simplicity", 2014, for `rule`.

    Examples
    --------
    The projection of a convolution is its filter, times the activation, where the unit is:

    >>> import torch
    >>> conv = nn.Conv2d(1, 1, 2, bias=False)
    >>> _ = conv.weight.data.copy_(torch.tensor([[[[1.0, 2], [3, -1]]]]))
    >>> x = torch.tensor([[[[0.0, 0, 0], [0, 0, 1], [0, 1, 0]]]])
    >>> project(nn.Sequential(conv), "0", 0, x, (1, 1))[0, 0].tolist()
    [[0.0, 0.0, 0.0], [0.0, 5.0, 10.0], [0.0, 15.0, -5.0]]
    """
    batch_size = checks.integer("project", "batch_size", batch_size, 1)
    place = np.asarray(positions) if positions is not None else None
    target = targets.unit(layer, units, None if place is None or not place.size else positions)
    with question(model, target, inputs, axes=axes) as ask, rectifiers(rule):
        n = len(ask.x)
        found = np.empty(tuple(ask.x.shape), np.float32)
        with bar("deconvnet", n, "projections") as advance:
            for rows in batches(n, batch_size):
                values, gradient = ask.gradient(ask.x[rows], rows)
                excited = torch.where(values > 0, values, 0)
                weight = excited.reshape(-1, *[1] * (gradient.ndim - 1))
                found[rows] = (weight * gradient).float().cpu().numpy()
                advance(len(values))
    bad = ~np.isfinite(found.reshape(n, -1)).all(axis=1)
    if bad.any():
        raise checks.not_finite("project", "inputs", np.flatnonzero(bad))
    return found
