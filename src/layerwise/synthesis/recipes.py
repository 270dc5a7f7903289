"""Published ways to look for a preferred input, and ours for pictures.

A recipe is a choice of what is climbed, how, for how long, with which prior. Make your own with
``dataclasses.replace(recipe("modern"), steps=1000)``.
"""

from __future__ import annotations

from dataclasses import dataclass

from layerwise.foundation.checks import InvalidType, choice, integer, not_found
from layerwise.network.targets import Target
from layerwise.synthesis.ascent import Adam, LineSearch, RMSProp
from layerwise.synthesis.images import Fourier, Pixels
from layerwise.synthesis.regularizers import edge_energy, lp_norm, total_variation
from layerwise.synthesis.transforms import Jitter, Rotate, Scale, Transform


@dataclass(frozen=True)
class Recipe:
    """How a preferred input is looked for.

    Attributes
    ----------
    name : shown in captions
    image : what is climbed: pixels (free, in a range, on a sphere) or a spectrum
    ascent : how a step is taken
    steps : how many
    penalty : subtracted from the target
    transforms : the network sees the image through these, drawn anew at every step
    keep : "best" or "last" image of a climb
    """

    name: str
    image: Pixels | Fourier
    ascent: Adam | RMSProp | LineSearch
    steps: int
    penalty: Target | None = None
    transforms: tuple[Transform, ...] = ()
    keep: str = "best"

    def __post_init__(self) -> None:
        integer("Recipe", "steps", self.steps, 1)
        choice("Recipe", "keep", self.keep, ("best", "last"))


RECIPES = {
    recipe.name: recipe
    for recipe in (
        # Erhan et al. 2009: no prior but the norm. Ask for the pre-activation: a sigmoid's gradient
        # vanishes where a rectifier's is 0, and the best input is the same.
        Recipe("erhan", Pixels("norm", "uniform"), LineSearch(), steps=200),
        # Fleuret, EE-559 lecture 8.4: 250 steps of Adam at 0.1 from N(0, 0.01).
        Recipe("lecture", Pixels("none", "zero"), Adam(0.1), 250, edge_energy(), keep="last"),
        # keras-vis' defaults.
        Recipe("keras-vis", Pixels("none", "middle"), RMSProp(1.0), 200,
               10 * lp_norm(6) + 10 * total_variation(2)),
        # Olah et al. 2017.
        Recipe("modern", Fourier(), Adam(0.05), 256,
               transforms=(Jitter(1 / 16), Scale(0.9, 1.1), Rotate(10.0), Jitter(1 / 32)),
               keep="last"),
    )
}  # fmt: skip


def as_recipe(value: Recipe | str | None, shape: tuple[int, ...]) -> Recipe:
    """Return a recipe as it is, by its name, or the usual one for inputs of a shape.

    Examples
    --------
    >>> as_recipe(None, (1, 28, 28)).name, as_recipe(None, (39,)).name, as_recipe("lecture", ()).steps
    ('modern', 'erhan', 250)
    """
    if isinstance(value, Recipe):
        return value
    if value is None:
        value = "modern" if len(shape) == 3 else "erhan"
    if not isinstance(value, str):
        raise InvalidType(f"recipe must be a Recipe or its name; got {type(value).__name__}.")
    if value not in RECIPES:
        raise not_found("recipe", value, "layerwise.synthesis", RECIPES)
    return RECIPES[value]
