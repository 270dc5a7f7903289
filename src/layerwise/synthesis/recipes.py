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
        # Fleuret, EE-559 lecture 8.4: 250 steps of Adam at 0.1 from N(0, 0.01). There h has weight
        # 1, for the logits of VGG16; on a LeNet it then outweighs what is asked.
        Recipe("lecture", Pixels("none", "zero"), Adam(0.1), 250, 0.1 * edge_energy(),
               keep="last"),
        # keras-vis' defaults; its steps of 1 in a range of 255 are taken in one of 1.
        Recipe("keras-vis", Pixels("none", "middle"), RMSProp(1 / 255), 200,
               10 * lp_norm(6) + 10 * total_variation(2)),
        # Ours for grey pictures: as much ink as a real one, held about as variously as digits.
        Recipe("ink", Pixels("ink", "middle"), Adam(0.02), 256,
               transforms=(Jitter(0.1), Scale(0.85, 1.15), Rotate(10.0)), keep="last"),
        # Olah et al. 2017.
        Recipe("modern", Fourier(), Adam(0.05), 256,
               transforms=(Jitter(0.1), Scale(0.8, 1.2), Rotate(15.0)), keep="last"),
    )
}  # fmt: skip


def as_recipe(value: Recipe | str | None, shape: tuple[int, ...]) -> Recipe:
    """Return a recipe as it is, by its name, or the usual one for inputs of a shape.

    Examples
    --------
    >>> [as_recipe(None, shape).name for shape in ((3, 224, 224), (1, 28, 28), (39,))]
    ['modern', 'ink', 'erhan']
    """
    if isinstance(value, Recipe):
        return value
    if value is None:
        value = "erhan" if len(shape) != 3 else "modern" if shape[0] == 3 else "ink"
    if not isinstance(value, str):
        raise InvalidType(f"recipe must be a Recipe or its name; got {type(value).__name__}.")
    if value not in RECIPES:
        raise not_found("recipe", value, "layerwise.synthesis", RECIPES)
    return RECIPES[value]
