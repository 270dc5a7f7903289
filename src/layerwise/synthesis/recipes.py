"""Published ways to look for a preferred input, and ours."""

from __future__ import annotations

from dataclasses import dataclass

from layerwise.network.targets import Target
from layerwise.synthesis.ascent import Adam, LineSearch, RMSProp
from layerwise.synthesis.images import Fourier, Pixels
from layerwise.synthesis.transforms import Transform


@dataclass(frozen=True)
class Recipe:
    """How an input is looked for.

    Attributes
    ----------
    name : shown in captions
    image : what is climbed: pixels (free, in a range, on a sphere) or a spectrum
    ascent : how a step is taken
    steps : number of steps
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
