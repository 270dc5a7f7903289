r"""Whether an attribution can be trusted: four checks that need no eye.

*Completeness*: the parts of a contribution add up to :math:`f(x) - f(b)`. *Deletion* and
*insertion*: taking away what it names first must hurt the target sooner, and putting it back help
sooner, than an order drawn at random. *Randomised weights*: an attribution that looks the same when
the network has unlearned everything does not show what it has learned.

Left out: what is drawn of it (figures), and human judgement: a faithful map need not look good.

Sources: Sundararajan, Taly and Yan 2017 (completeness); Petsiuk, Das and Saenko, "RISE", 2018
(deletion, insertion); Adebayo et al., "Sanity Checks for Saliency Maps", 2018 (cascading).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from layerwise.attribution.axes import input_axis
from layerwise.attribution.gradients import BATCH
from layerwise.attribution.windows import Baseline, baseline_of
from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array
from layerwise.models.untrained import untrained
from layerwise.network.model import module_names, unwrap
from layerwise.network.placing import Placing
from layerwise.network.question import Question, as_tensors, batches, first_rows, question
from layerwise.network.targets import Target
from layerwise.network.trace import survey
from layerwise.scores.ranks import rank_correlation

ORDERS = ("deletion", "insertion")

BLOCKS = 8
"""Blocks along the shorter side of an input that are deleted and inserted as one."""


@dataclass(frozen=True, eq=False)
class Completeness:
    """How an attribution's sum compares with what it should explain, per observation.

    Attributes
    ----------
    value : (n,) the target at the observation
    at_baseline : (n,) the target at the baseline
    total : (n,) sum of the attribution
    """

    value: Array
    at_baseline: Array
    total: Array

    @property
    def error(self) -> Array:
        """Sum minus difference of the target, (n,), in its units."""
        difference: Array = self.total - (self.value - self.at_baseline)
        return difference


@dataclass(frozen=True, eq=False)
class Curve:
    """The target while positions are deleted or inserted, most important first.

    Attributes
    ----------
    kind : "deletion" or "insertion"
    shares : (n_points,) of the positions that are deleted or inserted, 0 to 1
    values : (n, n_points) the target
    control : (n_random, n, n_points) the same in orders drawn at random
    """

    kind: str
    shares: Array
    values: Array
    control: Array

    @property
    def area(self) -> Array:
        """Mean height of each observation's curve, (n,); low is good in deletion."""
        return _area(self.values, self.shares)

    @property
    def control_area(self) -> Array:
        """Mean height of the random curves of each observation, (n_random, n)."""
        return _area(self.control, self.shares)


def completeness(
    model: nn.Module,
    target: Target | str,
    inputs: Any,
    attributions: Array,
    *,
    baseline: Baseline = 0.0,
    batch_size: int = BATCH,
) -> Completeness:
    """Compare the sum of an attribution with f(x) - f(b), which integrated gradients promise.

    Parameters
    ----------
    model, target, inputs : what was attributed
    attributions : (n, ...) by a method in units of the target (integrated gradients, input x
        gradient); a gradient has no such sum
    baseline : the one that was attributed from
    batch_size : observations at once

    Examples
    --------
    >>> from layerwise.attribution import integrated_gradients
    >>> net, x = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)), torch.rand(5, 3)
    >>> A = integrated_gradients(net, "logit:1", x, n_steps=200)
    >>> bool((abs(completeness(net, "logit:1", x, A).error) < 0.01).all())
    True
    """
    name = "completeness"
    axis = input_axis(model, inputs)
    with question(model, target, inputs) as ask:
        total = _fitting(name, attributions, ask.x).reshape(len(ask.x), -1).sum(1)
        start = baseline_of(name, ask.x, baseline, axis)
        values = target_values(ask, lambda rows: ask.x[rows], batch_size)
        starts = target_values(
            ask, lambda rows: start.expand(len(rows), *ask.x.shape[1:]), batch_size
        )
    return Completeness(values, starts, total)


def curve(
    kind: str,
    model: nn.Module,
    target: Target | str,
    inputs: Any,
    important: Array,
    *,
    baseline: Baseline = 0.0,
    block: int | None = None,
    n_steps: int = 20,
    n_random: int = 3,
    random_state: RandomState = 0,
    batch_size: int = BATCH,
) -> Curve:
    """Return the target while the most important positions are deleted, or inserted.

    Parameters
    ----------
    kind : "deletion" (from the input to the baseline) or "insertion" (from the baseline to it)
    model, target, inputs : as of :func:`layerwise.attribution.gradient`
    important : (n, *positions) of :meth:`layerwise.attribution.Method.importance`; ties in the
        order of the positions
    baseline : what stands in place of a deleted position, as of
        :func:`layerwise.attribution.integrated_gradients`
    block : side of the blocks of neighbouring positions that go together, by their mean
        importance; None for an eighth of the shorter side, features one by one. Positions taken one
        by one leave noise, which upsets a convolutional network wherever it lies, and an order
        drawn at random makes the most of it.
    n_steps : steps from nothing to everything
    n_random : orders drawn at random, anew for each observation; 0 for no control
    random_state : their seed
    batch_size : inputs at once

    Returns
    -------
    Curve

    Notes
    -----
    Costs ``(1 + n_random) * (n_steps + 1)`` forward passes of each observation. An input with parts
    missing is unlike any that the network knows, so compare with the control, not with 0.

    References
    ----------
    Petsiuk, Das and Saenko 2018; they end at grey and begin at a blurred picture.

    Examples
    --------
    >>> class Sum(nn.Module):
    ...     def forward(self, x):
    ...         return x.sum(1, keepdim=True)
    >>> x = np.array([[3.0, 0.0, 1.0]], np.float32)
    >>> curve("deletion", Sum(), "logit:0", x, x, n_steps=3, n_random=0).values.tolist()
    [[4.0, 1.0, 0.0, 0.0]]
    """
    name = "curve"
    checks.choice(name, "kind", kind, ORDERS)
    n_steps = checks.integer(name, "n_steps", n_steps, 1)
    n_random = checks.integer(name, "n_random", n_random, 0)
    axis = input_axis(model, inputs)
    rng = generator(random_state)
    with question(model, target, inputs) as ask:
        x = ask.x
        sizes = tuple(size for k, size in enumerate(x.shape) if k and k != axis)
        if np.shape(important) != (len(x), *sizes) or not np.isfinite(important).all():
            raise checks.invalid(
                name, "important", f"finite, one for each position {(len(x), *sizes)}",
                f"shape {np.shape(important)}",
            )  # fmt: skip
        numbers = _blocks(sizes, max(1, round(min(sizes) / BLOCKS)) if block is None and axis else (
            checks.integer(name, "block", 1 if block is None else block, 1, max(sizes))
        ))  # fmt: skip
        flat = _means(np.asarray(important, np.float64).reshape(len(x), -1), numbers)
        shares = np.arange(n_steps + 1) / n_steps
        counts = np.rint(shares * flat.shape[1]).astype(np.int64)
        start = baseline_of(name, x, baseline, axis)
        found = []
        with bar(name, 1 + n_random) as advance:
            for number in range(1 + n_random):
                keys: Array = np.asarray(rng.random(flat.shape)) if number else -flat
                place = _places(keys)[:, numbers]
                found.append(_walk(ask, start, place, counts, sizes, axis, kind, batch_size))
                advance(1)
    return Curve(kind, shares, found[0], np.array(found[1:]).reshape(n_random, *found[0].shape))


def randomized(
    model: nn.Module,
    inputs: Any,
    attribute: Callable[[nn.Module, Any], Array],
    *,
    layers: list[str] | None = None,
    random_state: RandomState = 0,
) -> pd.DataFrame:
    """Draw the weights anew, layer by layer from the output down, and compare attributions.

    Parameters
    ----------
    model : left as it is; layers are drawn anew in a copy
    inputs : what is attributed
    attribute : ``attribute(model, inputs)`` gives (n, ...), for example
        ``lambda net, x: gradient(net, "logit:3", x)``
    layers : modules with weights, the first to be drawn anew first; None takes all, the last that
        runs first
    random_state : seed of the weights

    Returns
    -------
    DataFrame
        A row for each stage: ``layer`` (drawn anew with all above it; "" for none, the class of the
        network for weights of its own), ``n_layers`` so far, ``signed`` and ``absolute``: mean over
        observations of Spearman's correlation with the trained network's attribution, of values and
        of absolute values. An attribution that is constant has correlation 0. Near 0 is as it
        should be.

    Raises
    ------
    UserError
        If a module has no rule by which to draw its weights.

    References
    ----------
    Adebayo et al. 2018, section 4, cascading randomisation.

    Examples
    --------
    >>> from layerwise.attribution import gradient
    >>> net = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 2))
    >>> found = randomized(net, torch.rand(4, 9), lambda net, x: gradient(net, "logit:1", x))
    >>> found["layer"].tolist(), round(float(found["signed"][0]), 6)
    (['', '2', '0'], 1.0)
    """
    fresh = untrained(model, random_state=random_state)
    changed = copy.deepcopy(unwrap(model))
    order = layers if layers is not None else _from_the_top(changed, inputs)
    trained = attribute(changed, inputs)
    rows = []
    with bar("randomized", len(order)) as advance:
        for number, layer in enumerate(["", *order]):
            if number:
                try:
                    changed.get_submodule(layer).load_state_dict(
                        fresh.get_submodule(layer).state_dict()
                    )
                except AttributeError:
                    known = [name for name, _ in changed.named_modules() if name]
                    raise checks.not_found("layer", layer, type(changed).__name__, known) from None
            now = attribute(changed, inputs) if number else trained
            name = (layer or type(changed).__name__) if number else ""
            rows.append({
                "layer": name, "n_layers": number, "signed": rank_correlation(trained, now).mean(),
                "absolute": rank_correlation(abs(trained), abs(now)).mean(),
            })  # fmt: skip
            advance(1)
    return pd.DataFrame(rows)


def _walk(
    ask: Question, start: Tensor, place: Array, counts: Array, sizes: tuple[int, ...], axis: int,
    kind: str, batch_size: int,
) -> Array:  # fmt: skip
    """Return the target (n, n_points) while positions are replaced in the order of their places."""
    n, n_points = len(ask.x), len(counts)
    ranks, upto = torch.from_numpy(place), torch.from_numpy(counts)

    def at(numbers: Tensor) -> tuple[Tensor, Tensor]:
        rows, points = numbers // n_points, numbers % n_points
        first = (ranks[rows] < upto[points][:, None]).reshape(len(rows), *sizes)
        first = (first.unsqueeze(axis) if axis else first).to(ask.x.device)
        x = ask.x[rows]
        replaced = first if kind == "deletion" else ~first
        return torch.where(replaced, start.expand_as(x), x), rows

    found = np.empty(n * n_points)
    with torch.no_grad():
        for part in batches(n * n_points, batch_size):
            x, rows = at(torch.arange(part.start, part.stop))
            found[part] = ask(x, rows).double().cpu().numpy()
    return found.reshape(n, n_points)


def target_values(ask: Question, inputs: Callable[[Tensor], Tensor], batch_size: int) -> Array:
    """Return the target of ``inputs(rows)`` for all observations."""
    found = np.empty(len(ask.x))
    with torch.no_grad():
        for part in batches(len(ask.x), batch_size):
            rows = torch.arange(part.start, part.stop)
            found[part] = ask(inputs(rows), rows).double().cpu().numpy()
    return found


def _fitting(function: str, attributions: Array, x: Tensor) -> Array:
    found = np.asarray(attributions, np.float64)
    if found.shape != tuple(x.shape):
        raise checks.invalid(
            function, "attributions", f"of the shape {tuple(x.shape)} of the inputs",
            f"shape {found.shape}",
        )  # fmt: skip
    return found


def _blocks(sizes: tuple[int, ...], block: int) -> Array:
    """Return the number of the block of each position, (n_positions,)."""
    at = np.indices(sizes) // block
    blocks = [-(-size // block) for size in sizes]
    numbers: Array = np.asarray(np.ravel_multi_index(tuple(at.reshape(len(sizes), -1)), blocks))
    return numbers


def _means(values: Array, numbers: Array) -> Array:
    """Return the mean of values (n, n_positions) over each block, (n, n_blocks)."""
    sizes = np.bincount(numbers)
    return np.stack([np.bincount(numbers, row) for row in values]) / sizes


def _places(keys: Array) -> Array:
    """Return the place of each position (n, n_positions) when keys ascend."""
    order = np.argsort(keys, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(keys.shape[1])[None], axis=1)
    return places


def _area(values: Array, shares: Array) -> Array:
    area: Array = np.trapezoid(values, shares, axis=-1)
    return area


def _from_the_top(model: nn.Module, inputs: Any) -> list[str]:
    """Return the modules that hold weights, the last to run first; "", the network itself, last."""
    few = first_rows(Placing(model)(as_tensors("randomized", inputs)), 2)
    names = module_names(model)[0]
    calls = [site.source for site in survey(model, few, functions=False).sites]
    own = {
        name: max((k for k, source in enumerate(calls) if source == name), default=-1)
        for module, name in names.items()
        if any(True for _ in module.parameters(recurse=False))
    }
    whole = [""] if any(True for _ in model.parameters(recurse=False)) else []
    return [*sorted(own, key=lambda name: -own[name]), *whole]
