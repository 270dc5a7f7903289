"""Whether a network relates the parts of different pictures: an eye to an eye.

If covering the same part changes the features of different pictures in the same way, the signs of
the changes agree more than when random places are covered. So they do, in any network, where the
parts stand at the same place in every picture: the same units see them. The control for that covers
one place in all pictures, whatever is there; and the untrained network should stand beside the
trained. Leaves out how parts are found: their places must be given
(:func:`layerwise.data.face_parts` draws some).

References
----------
Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014, section 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from layerwise.attribution.axes import input_axis
from layerwise.attribution.windows import GREY, PART, Baseline, baseline_of, boxes
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array
from layerwise.network import targets
from layerwise.network.question import Question, batches, question

RANDOM, SAME_PLACE = "random", "same place"
"""Covered places that are no part: another in every picture, or one in all."""

ROUNDING = 1e-5
"""Of the largest activation of a layer: smaller changes are those of the order of summation."""

_BLOCK = 2**18
"""Units compared at once; sums of so many ones are exact in float32."""


def correspondence(
    model: nn.Module,
    inputs: Any,
    parts: Mapping[str, Array],
    layers: Sequence[str],
    *,
    window: int | Sequence[int] | None = None,
    baseline: Baseline = GREY,
    n_random: int = 20,
    n_permutations: int = 999,
    normalize: bool = True,
    axes: Mapping[str, int] | None = None,
    batch_size: int = 128,
    random_state: RandomState = 0,
) -> pd.DataFrame:
    r"""Return how alike covering a part changes the features of different pictures.

    .. math::

        \epsilon_i^l = x_i^l - \tilde x_i^l, \qquad
        \Delta_l = \frac{1}{n (n - 1)} \sum_{i \ne j}
            H(\operatorname{sign} \epsilon_i^l, \operatorname{sign} \epsilon_j^l)

    where H is the share of units whose signs differ (Hamming distance) and sign 0 = 0, a third
    symbol. The paper prints the sum; its values are of the size of this mean.

    Parameters
    ----------
    model : left as it was
    inputs : (n, channels, height, width), or channels last where the network takes them so; or what
        else it takes; n >= 2
    parts : name -> (n, 2) row and column of the middle of the part in each picture
    layers : addresses
    window : side of the square, or its height and width; by default a fifth of the shorter side.
        It is moved inside where it would lie across the border.
    baseline : what covers, as of :func:`layerwise.attribution.occlusion`
    n_random : squares at random places of each picture, and as many at places that all pictures
        share: the two controls
    n_permutations : of the test
    normalize : False leaves H the number of units that differ
    axes : as of :func:`layerwise.recording.activations`
    batch_size : pictures in one forward pass
    random_state : of the random places and of the test

    Returns
    -------
    DataFrame, one row a layer and part; the last two of each layer are "same place" and "random"
        layer, occluded (name of the part), delta, spread (standard deviation over pairs of
        pictures), p (probability, were the part like the random places, of a delta as small; NaN
        for the controls), n_observations, n_random, n_permutations, window ("6x6").

    Raises
    ------
    UserError
        For fewer than two pictures, places outside of them, a part of the name of a control, an
        unknown layer.

    Notes
    -----
    The test: in every picture, the part and the random places are exchangeable if the part is
    nothing special; so one of them is drawn in each as "the part", and
    :math:`p = (1 + \#\{\Delta' \le \Delta\}) / (1 + n_{permutations})`. Costs n (n_parts +
    2 n_random) forward passes, and holds as many bytes for every unit of a layer. Changes of less
    than 1e-5 of the layer's largest activation count as 0.

    References
    ----------
    Zeiler and Fergus 2014, Table 1 (five pictures of dogs, of which the authors marked the parts).

    Examples
    --------
    >>> from layerwise import data
    >>> faces = data.load("faces").take(range(4))
    >>> parts = {"nose": data.face_parts("test")["nose"][:4]}
    >>> net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU())
    >>> table = correspondence(net, faces, parts, ["1"], n_random=3, n_permutations=9)
    >>> table[["layer", "occluded", "n_observations"]].values.tolist()
    [['1', 'nose', 4], ['1', 'same place', 4], ['1', 'random', 4]]
    """
    name = "correspondence"
    batch_size = checks.integer(name, "batch_size", batch_size, 1)
    n_random = checks.integer(name, "n_random", n_random, 1)
    n_permutations = checks.integer(name, "n_permutations", n_permutations, 1)
    if isinstance(layers, str) or not len(layers):
        raise checks.invalid(name, "layers", "a list of one layer or more", repr(layers))
    if taken := sorted({RANDOM, SAME_PLACE} & set(parts)):
        raise checks.invalid(name, "parts", "of other names than the controls", taken[0])
    draw, axis = generator(random_state), input_axis(model, inputs, axes)
    rows = []
    with question(model, targets.layer(layers[0]), inputs, layers=layers, axes=axes) as ask:
        x, n = ask.x, len(ask.x)
        if x.ndim != 4 or n < 2:
            raise checks.invalid(
                name, "inputs", "two pictures or more, (n, channels, height, width)",
                f"shape {tuple(x.shape)}",
            )  # fmt: skip
        size = tuple(x.movedim(axis, 1).shape[2:])
        sides = _sides(name, window, size)
        free = np.subtract(size, sides) + 1
        places = [_starts(name, part, where, n, sides, size) for part, where in parts.items()]
        places += [draw.integers(0, free, (n, 2)) for _ in range(n_random)]
        places += [np.tile(draw.integers(0, free), (n, 1)) for _ in range(n_random)]
        signs = _signs(ask, axis, np.stack(places, axis=1), sides, baseline, layers, batch_size)
    chance = list(range(len(parts), len(parts) + n_random))
    controls = {SAME_PLACE: [k + n_random for k in chance], RANDOM: chance}
    for layer in layers:
        H = hamming(signs[layer].flatten(0, 1)).reshape(n, len(places), n, len(places))
        H = H if normalize else H * signs[layer].shape[2]
        for k, part in enumerate(parts):
            own = [k, *chance]
            p = permutation_p(H[:, own][..., own], n_permutations, random_state=draw)
            pairs = _pairs(H, [k])
            rows.append((layer, part, pairs.mean(), pairs.std(), p))
        for control, those in controls.items():
            pairs = _pairs(H, those)
            rows.append((layer, control, pairs.mean(), pairs.std(), np.nan))
    table = pd.DataFrame(rows, columns=["layer", "occluded", "delta", "spread", "p"])
    return table.assign(
        n_observations=n, n_random=n_random, n_permutations=n_permutations,
        window="x".join(map(str, sides)),
    )  # fmt: skip


def hamming(signs: Tensor) -> Array:
    """Return the share of entries that differ between each two rows.

    Parameters
    ----------
    signs : (n, d) int8 of -1, 0 and 1

    Returns
    -------
    (n, n) float64 in [0, 1]

    Examples
    --------
    >>> hamming(torch.tensor([[1, 0, -1, 1], [1, 0, 1, 0]], dtype=torch.int8)).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    n, d = signs.shape
    same = torch.zeros(n, n, dtype=torch.float64)
    for block in torch.split(signs, _BLOCK, dim=1):
        s = block.float()
        some = s.abs()
        # Both are nonzero and alike, or both are zero.
        alike = (s @ s.T + some @ some.T) / 2 + (1 - some) @ (1 - some).T
        same += alike.double().cpu()
    return 1 - (same / d).numpy()


def permutation_p(H: Array, n_permutations: int = 999, *, random_state: RandomState = 0) -> float:
    r"""Return how probable a mean distance as small is if the first place is like the others.

    Parameters
    ----------
    H : (n, n_places, n, n_places)
        Distance of picture i, covered at its place a, to picture j covered at b; place 0 is tested.
    n_permutations : drawings of one place a picture
    random_state : of these

    Returns
    -------
    float in [1 / (1 + n_permutations), 1]
        Uniform, up to its steps, if all places are alike.

    Examples
    --------
    >>> H = np.ones((5, 4, 5, 4))
    >>> H[:, 0, :, 0] = 0.1
    >>> permutation_p(H, 99) <= 0.02
    True
    """
    n, n_places = H.shape[:2]
    chosen = generator(random_state).integers(0, n_places, (n_permutations, n))
    i = np.arange(n)
    off = ~np.eye(n, dtype=bool)
    observed = H[:, 0, :, 0][off].mean()
    drawn = [H[i[:, None], own[:, None], i, own][off].mean() for own in chosen]
    # Equal drawings count as equal whatever the order of summation.
    return float((1 + np.sum(np.array(drawn) <= observed + 1e-12)) / (1 + n_permutations))


def _signs(
    ask: Question, axis: int, places: Array, sides: tuple[int, ...], baseline: Baseline,
    layers: Sequence[str], batch_size: int,
) -> dict[str, Tensor]:  # fmt: skip
    """Return the signs of the changes at every place, (n, n_places, n_units) int8 by layer."""
    x, n_places = ask.x, places.shape[1]
    cover = baseline_of("correspondence", x, baseline, axis)
    size = x.movedim(axis, 1).shape[2:]
    found: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    with bar("correspondence", len(x) * n_places, "inputs") as advance, torch.no_grad():
        for k in range(len(x)):
            row = torch.tensor([k])
            ask(x[k : k + 1], row)
            whole = {layer: ask.layer(layer).flatten(1) for layer in layers}
            parts: dict[str, list[Tensor]] = {layer: [] for layer in layers}
            for some in batches(n_places, batch_size):
                mask = boxes(places[k, some], sides, size).to(x.device).unsqueeze(axis)
                ask(torch.where(mask, cover, x[k]), row.expand(len(mask)))
                for layer, features in whole.items():
                    change = features - ask.layer(layer).flatten(1)
                    least = ROUNDING * features.abs().amax()
                    parts[layer].append((change.sign() * (change.abs() > least)).to(torch.int8))
            for layer in layers:
                found[layer].append(torch.cat(parts[layer]).cpu())
            advance(n_places)
    return {layer: torch.stack(signs) for layer, signs in found.items()}


def _sides(
    function: str, window: int | Sequence[int] | None, size: tuple[int, ...]
) -> tuple[int, ...]:
    sides = np.atleast_1d(max(1, round(min(size) / PART)) if window is None else np.asarray(window))
    fits = sides.dtype.kind in "iu" and sides.shape in ((1,), (2,))
    if not fits or (sides < 1).any() or (sides > size).any():
        raise checks.invalid(function, "window", f"a side, or two, of at most {size}", window)
    return tuple(int(side) for side in np.broadcast_to(sides, 2))


def _starts(
    function: str, part: str, where: Array, n: int, sides: tuple[int, ...], size: tuple[int, ...]
) -> Array:
    """Return the first row and column of the square over a part in each picture, (n, 2)."""
    middles = np.asarray(where, dtype=float)
    if middles.shape != (n, 2) or not ((middles > -0.5) & (middles < np.subtract(size, 0.5))).all():
        raise checks.invalid(
            function, f"parts[{part!r}]", f"({n}, 2) rows and columns inside pictures of {size}",
            f"shape {middles.shape}, {np.nanmin(middles, initial=0):g} to "
            f"{np.nanmax(middles, initial=0):g}",
        )  # fmt: skip
    firsts = np.rint(middles - (np.array(sides) - 1) / 2).astype(int)
    inside: Array = np.clip(firsts, 0, np.subtract(size, sides))
    return inside


def _pairs(H: Array, places: Sequence[int]) -> Array:
    """Return the distances between different pictures, covered at the same of these places."""
    i, j = np.triu_indices(len(H), 1)
    return np.concatenate([H[i, k, j, k] for k in places])
