r"""What an image is made of while it is climbed: its pixels, or its frequencies.

The same picture can be climbed in many coordinates, and they decide which of the pictures a unit
likes is found. Free pixels find high frequencies that no photograph has. A spectrum scaled by one
over the frequency, in colours that do not depend on one another, makes steps that are about as
likely as photographs are.

All works on inputs of any shape: (channels, height, width), (channels, length), (features,). What
follows the first dimension are positions; there is nothing to transform if there are none. Left
out: networks as image priors (GANs, diffusion).

Sources: Erhan et al. 2009 (norm); Olah, Mordvintsev and Schubert 2017, and their code lucid
(spectrum, colours).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from layerwise.foundation.checks import choice, invalid
from layerwise.foundation.shapes import Array
from layerwise.synthesis.space import Space

COLOR_BASIS = ((0.26, 0.09, 0.02), (0.27, 0.00, -0.05), (0.27, -0.09, 0.03))
"""Square root of the covariance of red, green and blue over ImageNet, from lucid: its columns are
light, blue-yellow and green-violet."""

LIMITS = ("none", "norm", "range", "ink")
STARTS = ("uniform", "middle", "zero")


@dataclass(frozen=True)
class Pixels:
    """Every value of the input by itself.

    Parameters
    ----------
    limit : "norm" puts every step back on the sphere of the space's norm; "range" cuts values off
        at its bounds; "ink" does, and lets the image be no further from the lowest one than real
        inputs are, so that it is drawn with as much ink as they; "none" lets values go anywhere
    start : "uniform" between the bounds (Erhan et al.); "middle", normal around the middle of the
        range with a deviation of 5 % of it (keras-vis); "zero", normal around 0 with deviation 0.01
        (Fleuret)

    Examples
    --------
    >>> from layerwise.synthesis.space import input_space
    >>> space = input_space((1, 2, 2), norm=3.0)
    >>> pixels = Pixels("norm")
    >>> x = pixels.project(pixels.draw(space, np.random.default_rng(0))[None], space)
    >>> round(float(pixels.image(x, space).norm()), 6)
    3.0
    """

    limit: str = "none"
    start: str = "uniform"

    def __post_init__(self) -> None:
        choice("Pixels", "limit", self.limit, LIMITS)
        choice("Pixels", "start", self.start, STARTS)

    def draw(self, space: Space, rng: np.random.Generator) -> Tensor:
        """Return the parameters (...) of one random start."""
        low, high = space.low.numpy(), space.high.numpy()
        if self.start == "uniform":
            return torch.from_numpy(low + (high - low) * rng.random(space.shape))
        noise = rng.standard_normal(space.shape)
        middle = (low + high) / 2 + 0.05 * (high - low) * noise
        return torch.from_numpy(middle if self.start == "middle" else 0.01 * noise)

    def image(self, parameters: Tensor, space: Space) -> Tensor:
        """Return the images (n, *shape) of parameters (n, ...)."""
        return parameters

    def project(self, parameters: Tensor, space: Space) -> Tensor:
        """Return parameters within the limit, near these."""
        low, high = space.low.to(parameters), space.high.to(parameters)
        if self.limit == "norm":
            return parameters * _share(parameters, space.norm)
        if self.limit == "range":
            return parameters.clamp(low, high)
        if self.limit == "ink":
            ink = parameters.clamp(low, high) - low
            return low + ink * _share(ink, space.ink).clamp_max(1)
        return parameters


@dataclass(frozen=True)
class Fourier:
    """The spectrum of the image over its positions, steep as photographs' are.

    The image is a sigmoid of the inverse transform, stretched over the range, so it cannot leave
    it. Three channels over two positions are taken for red, green and blue.

    Parameters
    ----------
    colors : whether the three colours are climbed along the axes in which photographs' colours
        vary, rather than one by one
    decay : the spectrum falls as one over the frequency to this power
    spread : deviation of the random start

    Examples
    --------
    >>> from layerwise.synthesis.space import input_space
    >>> space = input_space((3, 8, 8))
    >>> spectrum = Fourier()
    >>> x = spectrum.image(spectrum.draw(space, np.random.default_rng(0))[None], space)
    >>> tuple(x.shape), bool((x > 0.4).all() and (x < 0.6).all())
    ((1, 3, 8, 8), True)
    """

    limit = "range"
    colors: bool = True
    decay: float = 1.0
    spread: float = 0.01

    def draw(self, space: Space, rng: np.random.Generator) -> Tensor:
        """Return the parameters (2, channels, *frequencies) of one random start."""
        sizes = frequencies(space.shape[1:]).shape
        return torch.from_numpy(self.spread * rng.standard_normal((2, space.shape[0], *sizes)))

    def image(self, parameters: Tensor, space: Space) -> Tensor:
        """Return the images (n, *shape) of parameters (n, 2, channels, *frequencies)."""
        positions = space.shape[1:]
        slowest = 1 / max(positions, default=1)  # the mean is as free as the longest wave
        scale = np.maximum(frequencies(positions), slowest) ** -self.decay
        scaled = parameters * torch.as_tensor(scale).to(parameters)
        if positions:
            spectrum = torch.complex(scaled[:, 0], scaled[:, 1])
            axes = tuple(range(2, 2 + len(positions)))
            x = torch.fft.irfftn(spectrum, s=positions, dim=axes, norm="ortho")
        else:
            x = scaled[:, 0]
        x = x / 4  # lucid's, so that its usual learning rates fit
        if self.colors and space.shape[0] == 3 and len(positions) == 2:
            basis = torch.tensor(COLOR_BASIS).to(x)
            x = torch.einsum("rc,nchw->nrhw", basis / basis.norm(dim=0).max(), x)
        low, high = space.low.to(x), space.high.to(x)
        stretched: Tensor = low + (high - low) * x.sigmoid()
        return stretched

    def project(self, parameters: Tensor, space: Space) -> Tensor:
        """Return the parameters: every spectrum is an image within the range."""
        return parameters


def _share(x: Tensor, length: float | None) -> Tensor:
    """Return by how much each of (n, ...) must be multiplied to have a length."""
    if length is None:
        raise invalid(
            "maximize", "norm", "given with a recipe that limits it", "None",
            "Give real inputs instead of a shape, and theirs is taken.",
        )  # fmt: skip
    lengths: Tensor = x.flatten(1).norm(dim=1).clamp_min(torch.finfo(x.dtype).tiny)
    return length / lengths.view(-1, *(1 for _ in x.shape[1:]))


def frequencies(positions: Sequence[int]) -> Array:
    """Return how many waves a pixel each entry of a real Fourier transform stands for.

    Examples
    --------
    >>> frequencies((4,)).tolist(), frequencies((4, 6)).shape, frequencies(()).shape
    ([0.0, 0.25, 0.5], (4, 4), ())
    """
    if not positions:
        return np.ones(())
    axes = [np.fft.fftfreq(size) for size in positions[:-1]] + [np.fft.rfftfreq(positions[-1])]
    squares: Array = np.add.reduce(np.square(np.meshgrid(*axes, indexing="ij")))
    return np.sqrt(squares)
