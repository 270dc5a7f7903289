"""How far the features of a picture move when the picture is moved, scaled or turned.

The first layer sees pixels, and changes at once; what a later layer has learned to ignore shows as
a distance that grows slowly. Distances of layers compare only relative to the length of their
features, and an untrained network of the same architecture is the control: pooling alone makes
later layers steadier. Leaves out changes that are no affine maps.

References
----------
Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, Fig. 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.analysis.asking.invariance import Invariance
from layerwise.attribution.axes import input_axis
from layerwise.attribution.moves import EDGE, KINDS, transformed
from layerwise.attribution.windows import Baseline, baseline_of
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.shapes import Array
from layerwise.network import targets
from layerwise.network.question import batches, question


def invariance(
    model: nn.Module,
    inputs: Any,
    classes: Any,
    layers: Sequence[str],
    *,
    kind: str = "translation",
    sizes: Sequence[float] | Array | None = None,
    fill: Baseline = EDGE,
    axes: Mapping[str, int] | None = None,
    batch_size: int = 128,
) -> Invariance:
    r"""Return how far features move, and the probability of the true class, by size of a change.

    .. math:: d_l(t) = \lVert x_l - x_l(t) \rVert_2

    where :math:`x_l(t)` is what layer l computes of the picture changed by t.

    Parameters
    ----------
    model : left as it was
    inputs : (n, channels, height, width), or channels last where the network takes them so; or what
        else it takes, with pictures the first floating part
    classes : the true class of each observation, or one of all
    layers : addresses, such as the first and the last hidden layer
    kind : "translation" (down), "horizontal translation", "scale" or "rotation"
    sizes : pixels, factors or degrees; by default up to a quarter of the height (of the width) to
        both sides, 0.6 to 1.8 times, or a whole turn in steps of 15 degrees
    fill : what comes in from outside the picture, as of :func:`layerwise.attribution.transformed`
    axes : as of :func:`layerwise.recording.activations`
    batch_size : pictures in one forward pass

    Returns
    -------
    Invariance
        Distances, lengths of the features, probabilities and answers.

    Raises
    ------
    UserError
        For inputs that are no pictures, an unknown layer, class or kind.

    Notes
    -----
    Costs one forward pass for every size and observation.

    References
    ----------
    Zeiler and Fergus 2014, Fig. 5.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 4))
    >>> x = np.random.default_rng(0).random((2, 1, 8, 8), np.float32)
    >>> found = invariance(net, x, [0, 3], ["1"], sizes=[-1, 0, 1])
    >>> found.distances["1"].shape, found.distances["1"][0].round(3).tolist()[1]
    ((2, 3), 0.0)
    """
    name = "invariance"
    how = KINDS[checks.choice(name, "kind", kind, list(KINDS))]
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    if isinstance(layers, str) or not len(layers):
        raise checks.invalid(name, "layers", "a list of one layer or more", repr(layers))
    axis = input_axis(model, inputs, axes)
    with question(
        model, targets.probability(classes), inputs, layers=layers, output=True, axes=axes
    ) as ask, torch.no_grad():  # fmt: skip
        if ask.x.ndim != 4:
            raise checks.invalid(name, "inputs", "pictures, (n, channels, height, width)",
                                 f"shape {tuple(ask.x.shape)}")  # fmt: skip
        x = ask.x.movedim(axis, 1)
        ground = fill
        if not (isinstance(fill, str) and fill == EDGE):  # of all pictures, not of each batch
            ground = baseline_of(name, x, fill, 1).flatten().double().cpu().numpy()
        side = x.shape[-1] if kind == "horizontal translation" else x.shape[-2]
        by = how.usual(side) if sizes is None else np.asarray(sizes, dtype=float)
        if by.ndim != 1 or not len(by):
            raise checks.invalid(name, "sizes", "a list of numbers", repr(sizes)[:80])
        n, n_sizes = len(x), len(by)
        distances = {layer: np.empty((n, n_sizes)) for layer in layers}
        norms = {layer: np.empty(n) for layer in layers}
        probability, predicted = np.empty((n, n_sizes)), np.empty((n, n_sizes), np.int64)
        with bar(name, n * n_sizes, "inputs") as advance:
            for rows in batches(n, batch_size):
                ask(ask.x[rows], rows)
                originals = {layer: _features(ask.layer(layer)) for layer in layers}
                for layer, features in originals.items():
                    norms[layer][rows] = features.norm(dim=1).cpu().numpy()
                m = rows.stop - rows.start
                for some in batches(n_sizes, max(1, batch_size // m)):
                    each = by[some]
                    moved = transformed(
                        x[rows].repeat(len(each), 1, 1, 1), kind, np.repeat(each, m), fill=ground
                    ).movedim(1, axis)
                    of = torch.arange(rows.start, rows.stop).repeat(len(each))
                    probability[rows, some] = _by_size(ask(moved, of), m)
                    predicted[rows, some] = _by_size(ask.answers(), m)
                    for layer, features in originals.items():
                        away = _features(ask.layer(layer)) - features.repeat(len(each), 1)
                        distances[layer][rows, some] = _by_size(away.norm(dim=1), m)
                    advance(len(of))
    known = np.broadcast_to(np.asarray(classes), n).astype(np.int64)
    return Invariance(
        kind, how.unit, by, tuple(layers), distances, norms, probability, predicted, known
    )


def _features(A: Tensor) -> Tensor:
    return A.flatten(1).double()


def _by_size(values: Tensor, m: int) -> Array:
    """Return values of m observations at every size in turn as (m, n_sizes)."""
    return values.double().cpu().numpy().reshape(-1, m).T
