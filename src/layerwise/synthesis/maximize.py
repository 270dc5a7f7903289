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

from dataclasses import dataclass
from typing import Any

from torch import nn

from layerwise.foundation.random import RandomState
from layerwise.foundation.shapes import Array
from layerwise.network.targets import Target
from layerwise.synthesis.recipes import Recipe


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
    norm : radius of the sphere that the images lie on; None if they do not
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
    random_state: RandomState = 0,
) -> Preferred:
    """Return the inputs that excite a target most; the body follows.

    Parameters
    ----------
    model : left as it was
    target : with one unit or class per image (``unit("conv2", range(64))``), all climb together
    data : real inputs (n, *input_shape), a DataSet ...: their shape, range and mean norm; or only
        the shape of one input, such as ``(1, 28, 28)``
    recipe : "erhan", "lecture", "keras-vis", "modern" or a :class:`Recipe`; None takes "modern" for
        pictures and "erhan" for everything else
    starts : random starts of each image; all targets share them
    steps : other than the recipe's
    norm : radius for recipes on a sphere; by default the mean norm of the data
    value_range : (lowest, highest) of the inputs, numbers or one per channel; by default those of
        the data, or (0, 1). For a network that takes ``(x - mean) / std``:
        ``((0 - mean) / std, (1 - mean) / std)``
    batch_size : images at a time
    random_state : same seed, same images
    """
    raise NotImplementedError
