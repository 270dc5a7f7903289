"""How far an attack must go: accuracy against the radius, and random directions as its control.

A network that falls at a radius at which random steps of the same length leave it unmoved is weak
in few directions, which an attack finds and noise does not.

Source: the curves of Carlini et al., On Evaluating Adversarial Robustness, 2019, sections 4 and 5;
the random direction as in Fawzi, Moosavi-Dezfooli and Frossard, NeurIPS 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.data import DataSet
from layerwise.foundation import checks, progress
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array, Labels
from layerwise.network.question import as_tensors
from layerwise.network.values import Batch, Path, pick, tensors
from layerwise.synthesis.adversarial import METHODS
from layerwise.synthesis.balls import NORMS, Bound, Box, along, drawn, size
from layerwise.synthesis.victim import Wish, predicted, predictions, wished
from layerwise.synthesis.walks import NoGradientError

if TYPE_CHECKING:
    import pandas as pd

HALVINGS = 40
"""Of the search for the step whose length, cut at the box, is the one asked."""

FREE = ("minimal", "ascent")
"""Attacks without a ball: what they find is within a radius if its length is."""


def random_twins(
    inputs: Any,
    lengths: float | Array,
    *,
    norm: str = "l2",
    lower: Bound = 0.0,
    upper: Bound = 1.0,
    random_state: RandomState = 0,
) -> Array:
    """Return inputs moved in random directions by given lengths: the control of an attack.

    Directions are Gaussian ("l2") or random signs ("linf"). What the box cuts off is made up for by
    a longer step, so that the length is that of the attack.

    Parameters
    ----------
    inputs : (n, ...) array, tensor or DataSet; of a tuple or mapping the first floating part
    lengths : of the difference, one for all or (n,)
    norm : "l2" or "linf"
    lower, upper : the box, as of :func:`layerwise.synthesis.fgsm`
    random_state : of the directions

    Returns
    -------
    (n, ...) of float32
        Of the length asked, to rounding, or as long as the box lets this direction be.

    Raises
    ------
    UserError
        If a length is below 0, or the inputs are outside the box.

    Examples
    --------
    >>> twins = random_twins(np.full((2, 3), 0.5, np.float32), 0.1)
    >>> np.linalg.norm(twins - 0.5, axis=1).round(4)
    array([0.1, 0.1], dtype=float32)
    """
    checks.choice("random_twins", "norm", norm, NORMS)
    x = part_of(as_tensors("random_twins", inputs))[1].cpu().double()
    wanted = np.asarray(lengths, dtype=np.float64)
    if wanted.shape not in ((), (len(x),)) or not ((wanted >= 0) & np.isfinite(wanted)).all():
        raise checks.invalid("random_twins", "lengths",
                             f"finite and at least 0, one for all or {len(x)}",
                             repr(lengths)[:80])  # fmt: skip
    box = Box.of("random_twins", lower, upper, x)
    r = torch.from_numpy(np.broadcast_to(wanted, len(x)).copy())
    step = drawn(x.shape, norm, generator(random_state), inside=False)

    def cut(scale: Tensor) -> Tensor:
        return box.clip(x + along(scale, x) * step, x)

    low, high = r.clone(), r.clone()
    for _ in range(HALVINGS):  # the length grows with the scale, up to the corner of the box
        high = torch.where(size(cut(high) - x, norm) < r, 2 * high, high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = size(cut(middle) - x, norm) < r
        low, high = torch.where(short, middle, low), torch.where(short, high, middle)
    twins: Array = cut(low).float().numpy()
    return twins


def radius_curve(
    model: nn.Module,
    inputs: Any,
    radii: Sequence[float],
    *,
    labels: Labels | None = None,
    method: str = "pgd",
    norm: str = "l2",
    target: Wish = None,
    lower: Bound = 0.0,
    upper: Bound = 1.0,
    batch_size: int = 128,
    random_state: RandomState = 0,
    **options: Any,
) -> pd.DataFrame:
    """Return accuracy against the radius of an attack, beside random directions of the same length.

    An observation that some radius flips counts as flipped at all larger ones, whose balls hold the
    same twin; so the curve never rises. At radius 0, which is always there, it is the accuracy on
    the originals. An observation that is wrong there is wrong everywhere. With a `target` one
    falls, under the attack as under noise, when it is taken for that class and was not before.

    Parameters
    ----------
    model, inputs, target, lower, upper, batch_size : as of :func:`layerwise.synthesis.fgsm`
    radii : lengths >= 0 in units of the input
    labels : (n,) true classes, integers; those of a DataSet are known
    method : "fgsm" or "pgd", again at each radius; "minimal" or "ascent", once: a twin counts from
        its own length on
    norm : "l2" or "linf", in which radii are
    random_state : of the random directions, and of the starts of an attack that has some
    **options : of the attack, such as ``steps``

    Returns
    -------
    DataFrame
        A row a radius: method, norm, radius, accuracy, control (accuracy under one random direction
        an observation, of that length), held and held_control (the same of all observations, right
        or wrong), n. Accuracies are NaN without labels.

    Raises
    ------
    UserError
        For radii below 0, labels of another length, or as of the attack.

    Notes
    -----
    Attacks only what is not flipped yet.

    Examples
    --------
    >>> net = nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.eye(2))
    >>> x = np.array([[0.7, 0.5], [0.1, 0.9]], np.float32)
    >>> curve = radius_curve(net, x, [0.3], labels=np.array([0, 0]), method="minimal")
    >>> curve[["radius", "accuracy", "held"]].values.tolist()
    [[0.0, 0.5, 1.0], [0.3, 0.0, 0.5]]
    """
    import pandas as pd

    name = "radius_curve"
    checks.choice(name, "method", method, tuple(METHODS))
    checks.choice(name, "norm", norm, NORMS)
    asked = sorted({0.0} | {checks.number(name, "radii", radius, 0) for radius in radii})
    whole = as_tensors(name, inputs)
    path, x = part_of(whole)
    found_before, n_classes = predictions(name, model, whole, batch_size)
    before = found_before.cpu().numpy()
    wish = None if target is None else wished(name, target, len(x), n_classes).numpy()
    right = np.full(len(x), np.nan)
    if labels is None and isinstance(inputs, DataSet) and inputs.labels:
        labels = next(iter(inputs.labels.values()))
    if labels is not None:
        known = checks.labels(name, labels, len(x))
        if known.dtype.kind not in "iu":
            raise checks.InvalidType(
                f"{name}: labels must be integers, the classes as the network counts them; got "
                f"dtype {known.dtype}."
            )
        right = (before == known).astype(float)
    box = {"lower": lower, "upper": upper}
    common = {"target": target, "batch_size": batch_size, **box, **options}
    free = np.full(len(x), True) if wish is None else before != wish
    reach = np.full(len(x), np.inf)  # the least radius that flips
    if method in FREE:
        given = {"norm": norm} if method == "minimal" else {}
        found = METHODS[method](model, whole, **given, **common)  # type: ignore[operator]
        lengths = found.l2 if norm == "l2" else found.linf
        reach = np.where(found.flipped & free, lengths, np.inf)
    streams = generator(random_state).spawn(len(asked))
    if method == "pgd":
        common["random_state"] = random_state
    rows = []
    with progress.bar(f"accuracy under {method}", len(asked), "radii") as advance:
        for radius, stream in zip(asked, streams, strict=True):
            left = np.flatnonzero((reach > radius) & free)
            if method not in FREE and radius > 0 and len(left):
                own = None if wish is None else wish[left]
                some = rows_of(whole, torch.from_numpy(left))
                try:
                    found = METHODS[method](  # type: ignore[operator]
                        model, some, radius=radius, norm=norm, **{**common, "target": own}
                    )
                    reach[left[found.flipped]] = radius
                except NoGradientError:
                    if len(left) == free.sum():
                        raise  # of fewer it says no more than that they hold
            noisy = random_twins(x, radius, norm=norm, random_state=stream, **box)
            now = predicted(model, put(whole, path, noisy), batch_size=batch_size)
            stays = now == before if wish is None else (now != wish) | ~free
            holds = (reach > radius) | (radius == 0)
            rows.append({
                "method": method, "norm": norm, "radius": radius,
                "accuracy": float((right * holds).mean()),
                "control": float((right * stays).mean()),
                "held": float(holds.mean()), "held_control": float(stays.mean()), "n": len(x),
            })  # fmt: skip
            advance(1)
    return pd.DataFrame(rows)


def part_of(inputs: Batch) -> tuple[Path, Tensor]:
    """Return where the part that is asked about lies, the first floating one, and the part."""
    for path, tensor in tensors(inputs):
        if tensor.is_floating_point():
            return path, tensor
    raise checks.InvalidType("attacks need floating inputs; got integers alone, such as token ids.")


def put(inputs: Batch, path: Path, x: Array) -> Batch:
    """Return the inputs with `x` in the place of the part that is asked about."""
    if not path:
        return torch.from_numpy(x)
    old = pick(inputs, path)

    def place(value: Any) -> Any:
        if value is old:
            return torch.from_numpy(x)
        if isinstance(value, dict):
            return {key: place(item) for key, item in value.items()}
        return tuple(place(item) for item in value) if isinstance(value, tuple) else value

    placed: Batch = place(inputs)
    return placed


def rows_of(inputs: Any, rows: Tensor) -> Any:
    """Return some observations of a batch, in whatever nesting."""
    if isinstance(inputs, Tensor):
        return inputs[rows.to(inputs.device)]
    if isinstance(inputs, dict):
        return {key: rows_of(value, rows) for key, value in inputs.items()}
    return tuple(rows_of(value, rows) for value in inputs)
