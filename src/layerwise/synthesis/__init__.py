"""Inputs made for a network: those a unit prefers, and those that deceive it."""

from layerwise.synthesis.adversarial import fgsm, loss_ascent, minimal, pgd
from layerwise.synthesis.agreement import Agreement, agreement
from layerwise.synthesis.ascent import Adam, LineSearch, RMSProp
from layerwise.synthesis.images import Fourier, Pixels
from layerwise.synthesis.linear import linear_combination
from layerwise.synthesis.maximize import Preferred, maximize
from layerwise.synthesis.nearest import Nearest, nearest
from layerwise.synthesis.portraits import Portrait, portraits
from layerwise.synthesis.radius import radius_curve, random_twins
from layerwise.synthesis.recipes import Recipe
from layerwise.synthesis.regularizers import diversity, edge_energy, lp_norm, total_variation
from layerwise.synthesis.streams import taken
from layerwise.synthesis.transforms import Jitter, Pad, Rotate, Scale
from layerwise.synthesis.twins import layer_values
from layerwise.synthesis.walks import Adversarial

__all__ = [
    "Adam", "Adversarial", "Agreement", "Fourier", "Jitter", "LineSearch", "Nearest", "Pad",
    "Pixels", "Portrait", "Preferred", "RMSProp", "Recipe", "Rotate", "Scale", "agreement",
    "diversity", "edge_energy", "fgsm", "layer_values", "linear_combination", "loss_ascent",
    "lp_norm", "maximize", "minimal", "nearest", "pgd", "portraits", "radius_curve",
    "random_twins", "taken", "total_variation",
]  # fmt: skip
