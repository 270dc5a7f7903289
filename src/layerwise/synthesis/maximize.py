"""The inputs that a target prefers: gradient ascent on the input of a frozen network.

One loop for every recipe: draw an image, look at it through random transforms, climb the objective,
stay inside the constraint, keep the best. The images of all targets (every unit of a layer) climb
together, each on an objective of its own: nothing but the batch is shared, so an image is the same
whatever climbs beside it.

Left out: what an image is made of (images), how a step is taken (ascent), priors (regularizers),
robustness (transforms), published settings (recipes). An image that a unit prefers is *sufficient*
to excite it. It shows neither what is necessary, nor what the unit does on real inputs.

Source: Erhan, Bengio, Courville and Vincent, "Visualizing Higher-Layer Features of a Deep Network",
TR 1341, Universite de Montreal 2009; Olah, Mordvintsev and Schubert, "Feature Visualization",
Distill 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.progress import bar
from layerwise.foundation.random import RandomState, seed
from layerwise.foundation.shapes import Array
from layerwise.network.question import Question, batches, question
from layerwise.network.rectifiers import rectifiers
from layerwise.network.targets import Target, as_target
from layerwise.synthesis.recipes import Recipe, as_recipe
from layerwise.synthesis.space import Space, input_space


@dataclass(frozen=True, eq=False)
class Preferred:
    """The inputs that targets prefer.

    Attributes
    ----------
    images : (n, *input_shape) float32 in the network's input space; of each target the start whose
        value is largest
    values : (n,) the target at these images, no transforms and no penalty
    start_images : (n, n_starts, *input_shape) what every start ended in
    start_values : (n, n_starts) the target there
    history : (n, n_starts, n_steps + 1) the objective (target minus penalty, under transforms) as
        it climbed; a recipe that refuses steps down never falls
    best_step : (n, n_starts) the step whose image was kept
    target : its name
    recipe : how they were made
    norm : length that the images were held to, or their largest distance from the lowest image;
        None where the recipe limits neither
    """

    images: Array
    values: Array
    start_images: Array
    start_values: Array
    history: Array
    best_step: Array
    target: str
    recipe: Recipe
    norm: float | None = None


def maximize(
    model: nn.Module,
    target: Target | str,
    data: Any,
    *,
    recipe: Recipe | str | None = None,
    starts: int = 1,
    steps: int | None = None,
    norm: float | None = None,
    value_range: tuple[Any, Any] | None = None,
    batch_size: int = 128,
    axes: Mapping[str, int] | None = None,
    random_state: RandomState = 0,
) -> Preferred:
    r"""Return the inputs that excite a target most, as far as a recipe finds them.

    .. math:: x^* = \arg\max_x f(x) - h(x)

    Parameters
    ----------
    model : any module; left as it was
    target : what to maximise. One that names a unit or class for each observation, such as
        ``unit("conv2", range(64))``, gives one image each, and all climb together. Of a rectified
        or sigmoid layer better ask for what comes before the nonlinearity, whose gradient does not
        vanish. Where a rectified unit is off, the climb begins through its rectifiers, unless a
        penalty pulls elsewhere.
    data : real inputs (n, *input_shape) as array, tensor, DataSet or torch Dataset, for their
        shape, range and mean norm; or only the shape of one input, such as ``(1, 28, 28)``. For
        token ids take :func:`layerwise.network.from_layer` and the embeddings.
    recipe : "erhan", "lecture", "keras-vis", "ink", "modern" or a :class:`Recipe`; None takes
        "modern" for inputs of shape (3, height, width), "ink" for those of other depths and "erhan"
        for all others, tokens among them
    starts : random starts of each image. All targets share them, so that differences between images
        are differences between targets
    steps : other than the recipe's
    norm : for recipes that limit it: the length of an image ("erhan"), or its distance from the
        lowest one ("ink"); by default the mean over the data
    value_range : (lowest, highest) of the inputs, numbers or one for each channel; by default those
        of the data, or (0, 1). Of a network that takes ``(x - mean) / std``:
        ``((0 - mean) / std, (1 - mean) / std)``
    batch_size : images at a time; at least all starts of one target
    axes : as of :func:`layerwise.network.channel_axes`
    random_state : same seed, same images

    Returns
    -------
    Preferred

    Raises
    ------
    UserError
        For a target or data that do not fit the model, settings that cannot work.

    Notes
    -----
    Costs one forward and one backward pass of the network a step and image. All images and their
    starts are in memory; intermediate values only of one batch.

    References
    ----------
    Erhan et al. 2009; Olah et al. 2017; the recipes' sources are in
    :mod:`layerwise.synthesis.recipes`.

    Examples
    --------
    On a sphere the best input of a linear unit is its own weights:

    >>> from layerwise.network.targets import unit
    >>> net = nn.Linear(2, 2, bias=False)
    >>> with torch.no_grad():
    ...     _ = net.weight.copy_(torch.tensor([[3.0, 4.0], [0.0, -1.0]]))
    >>> found = maximize(net, unit("output", range(2)), (2,), recipe="erhan", norm=10.0)
    >>> found.images.round(2).tolist(), found.values.round(2).tolist()
    ([[6.0, 8.0], [0.0, -10.0]], [50.0, 10.0])
    """
    target = as_target(target)
    space = input_space(data, norm, value_range)
    recipe = as_recipe(recipe, space.shape)
    starts = checks.integer("maximize", "starts", starts, 1)
    steps = checks.integer("maximize", "steps", recipe.steps if steps is None else steps, 1)
    batch_size = checks.integer("maximize", "batch_size", batch_size, 1)
    random_state = seed(random_state)

    n = target.n_observations or 1
    objective = target if recipe.penalty is None else target - recipe.penalty
    parts = list(batches(n, max(1, batch_size // starts)))
    like = torch.zeros(1).expand(n, *space.shape)
    with (
        question(model, objective, like, axes=axes) as ask,
        bar("maximize", steps * n, "steps") as advance,
    ):
        climbs = [
            _climb(ask, recipe, space, rows, starts, steps, random_state, advance) for rows in parts
        ]
    images, history, best_step = (
        np.concatenate(found).reshape(n, starts, *found[0].shape[1:])
        for found in zip(*climbs, strict=True)
    )
    with question(model, target, like, axes=axes) as ask, torch.no_grad():
        values = np.concatenate([_values(ask, images[rows], rows) for rows in parts])
    best = values.argmax(1)
    return Preferred(
        images=images[np.arange(n), best], values=values[np.arange(n), best],
        start_images=images, start_values=values, history=history, best_step=best_step,
        target=str(target), recipe=replace(recipe, steps=steps),
        norm={"norm": space.norm, "ink": space.ink}.get(recipe.image.limit),
    )  # fmt: skip


def _climb(
    ask: Question, recipe: Recipe, space: Space, rows: slice, starts: int, steps: int, seed: int,
    advance: Callable[[float], None],
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return images (n, *shape), objectives (n, steps + 1) and the step of each image kept.

    The random numbers are those of the start, whatever else is in the batch.
    """
    n = rows.stop - rows.start
    index = _repeated(rows, starts)
    rngs = [np.random.default_rng([seed, start]) for start in range(starts)]
    precision = torch.promote_types(ask.x.dtype, torch.float32)

    def each(values: list[Tensor]) -> Tensor:
        return torch.stack(values).to(ask.x.device, precision).repeat(n, *[1] * values[0].ndim)

    def draw(low: float, high: float) -> Tensor:
        return each([torch.tensor(rng.uniform(low, high)) for rng in rngs])

    parameters = recipe.image.project(each([recipe.image.draw(space, rng) for rng in rngs]), space)
    kept, step_kept = parameters.detach(), torch.zeros(len(index), dtype=torch.int64)
    best = torch.full((len(index),), -torch.inf, dtype=precision, device=ask.x.device)
    history = np.empty((len(index), steps + 1), np.float32)
    climb = recipe.ascent.begin()
    for step in range(steps + 1):
        parameters.requires_grad_()
        seen = recipe.image.image(parameters, space)
        for transform in recipe.transforms:
            seen = transform(seen, draw)
        objective, gradient = _gradient(ask, seen.to(ask.x.dtype), index)
        (gradient,) = torch.autograd.grad(seen, parameters, gradient.to(precision))
        objective, parameters = objective.to(precision), parameters.detach()
        history[:, step] = objective.cpu().numpy()
        better = objective > best if recipe.keep == "best" else torch.full_like(objective, 1) > 0
        best = torch.where(better, objective, best)
        kept = torch.where(better.view(-1, *[1] * (kept.ndim - 1)), parameters, kept)
        step_kept[better.cpu()] = step
        if step < steps:
            parameters = recipe.image.project(climb(parameters, objective, gradient), space)
            advance(n)
    if recipe.ascent.monotone:  # what was tried and refused is not where the image was
        history = np.maximum.accumulate(history, axis=1)
    images = recipe.image.image(kept, space).float().cpu().numpy()
    return images, history, step_kept.numpy()


def _gradient(ask: Question, x: Tensor, index: Tensor) -> tuple[Tensor, Tensor]:
    """Return the objective of each image and its gradient.

    Where a rectified unit is off, its gradient is 0 and a climb would never begin. There it is the
    gradient that the rectifiers would pass on if they were on, as lucid has it.
    """
    objective, gradient = ask.gradient(x, index)
    stuck = gradient.flatten(1).abs().amax(1) == 0
    if stuck.any():
        with rectifiers("deconvolution"):
            through = ask.gradient(x, index)[1]
        gradient = torch.where(stuck.view(-1, *[1] * (x.ndim - 1)), through, gradient)
    return objective, gradient


def _values(ask: Question, images: Array, rows: slice) -> Array:
    """Return the target (n, starts) at images (n, starts, *shape)."""
    x = torch.from_numpy(images).to(ask.x).flatten(0, 1)
    values = ask(x, _repeated(rows, images.shape[1])).reshape(images.shape[:2])
    return values.float().cpu().numpy()


def _repeated(rows: slice, starts: int) -> Tensor:
    """Return the number of the target of each image: all starts of the first, then of the next."""
    return torch.arange(rows.start, rows.stop).repeat_interleave(starts)
