r"""What is wanted of an image beside a high value: priors, as targets over the input.

They compose with other targets: ``unit("conv2", 14) - 0.1 * total_variation()``. All give one value
per image. What follows the channels are positions; an input without positions has no edges, so
total variation and edge energy are 0 there. Left out: learned priors.

Sources: keras-vis (`LPNorm`, `TotalVariation`; Kotikalapudi 2017), after Mahendran and Vedaldi 2015
and Simonyan et al. 2013; Fleuret, EE-559 lecture 8.4 (edge energy); Olah et al. 2017 (diversity).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from layerwise.foundation.checks import integer, number
from layerwise.network.targets import Target, of_input, of_layer

_CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_POOLS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
_SMALLEST = 5
"""Pixels a side at which the lecture stops to look for edges: the size of its kernel."""


def total_variation(beta: float = 2.0) -> Target:
    r"""Return how much neighbouring values differ.

    .. math:: \frac{1}{d} \sum_{chw} \left( (x_{c,h+1,w} - x_{chw})^2 + (x_{c,h,w+1} - x_{chw})^2
        \right)^{\beta / 2}

    over the positions that have a neighbour along every axis; d is the number of values.

    Parameters
    ----------
    beta : 2 punishes slopes, 1 lets edges be sharp

    Examples
    --------
    >>> str(total_variation())
    'total variation'
    """
    beta = number("total_variation", "beta", beta, 0.1)

    def variation(x: Tensor) -> Tensor:
        if x.ndim < 3:
            return _none(x)
        here = _neighbours(x)
        squares = torch.zeros_like(here)
        for axis in range(2, x.ndim):
            squares = squares + (_neighbours(x, axis) - here).square()
        if beta != 2:  # the slope of a root at 0 is infinite; no variation pulls nowhere
            safe = torch.where(squares > 0, squares, 1.0)
            squares = torch.where(squares > 0, safe ** (beta / 2), 0.0)
        return _sum(squares) / x[0].numel()

    return of_input(variation, "total variation" + ("" if beta == 2 else f" (beta {beta:g})"))


def lp_norm(p: float = 6.0) -> Target:
    r"""Return how large values are; a high p minds the largest.

    .. math:: \frac{1}{d} \Bigl( \sum |x|^p \Bigr)^{1/p}

    Parameters
    ----------
    p : keras-vis' is 6

    Examples
    --------
    >>> str(lp_norm())
    'L6 norm'
    """
    p = number("lp_norm", "p", p, 1)

    def norm(x: Tensor) -> Tensor:
        lengths: Tensor = torch.linalg.vector_norm(x.flatten(1), p, dim=1)
        return lengths / x[0].numel()

    return of_input(norm, f"L{p:g} norm")


def edge_energy() -> Target:
    r"""Return how much is lost by blurring, summed over scales.

    .. math:: h(x) = \sum_{s \ge 0} \lVert \delta^s(x) - g \star \delta^s(x) \rVert^2

    with g a Gaussian of 5 pixels a side and deviation 1 (outside the image is 0), and
    :math:`\delta` halving the image, down to 5 pixels.

    Examples
    --------
    >>> str(edge_energy())
    'edge energy'
    """

    def energy(x: Tensor) -> Tensor:
        total = _none(x)
        for edges in scales_of_edges(x):
            total = total + _sum(edges.square())
        return total

    return of_input(energy, "edge energy")


def scales_of_edges(x: Tensor) -> list[Tensor]:
    """Return what blurring takes from an image (n, channels, *positions), from fine to coarse.

    Examples
    --------
    >>> [tuple(edges.shape) for edges in scales_of_edges(torch.zeros(2, 1, 8, 8))]
    [(2, 1, 8, 8)]
    """
    n_axes = x.ndim - 2
    if n_axes not in _CONVOLUTIONS:
        return []
    line = torch.exp(-torch.arange(-2, 3).to(x).square() / 2)
    kernel = line
    for _ in range(n_axes - 1):
        kernel = kernel[..., None] * line
    kernel = (kernel / kernel.sum())[None, None]
    u, found = x.flatten(0, 1)[:, None], []
    while min(u.shape[2:]) > _SMALLEST:
        edges = u - _CONVOLUTIONS[n_axes](u, kernel, padding=2)
        found.append(edges.view(*x.shape[:2], *edges.shape[2:]))
        u = _POOLS[n_axes](u, 2, padding=1)
    return found


def diversity(layer: str, starts: int) -> Target:
    r"""Return how different an image's style is from that of the other starts of its target.

    .. math:: 1 - \frac{1}{s - 1} \sum_{j \ne i} \cos(G_i, G_j), \quad G_i = A_i A_i^T

    with A the activations (channels, positions) of a layer. Add it to a target that is maximised
    from so many `starts`: each then shows another side of what excites the unit.

    Parameters
    ----------
    layer : where styles are compared, often one below the target's
    starts : images per target, at least 2, as given to :func:`maximize`

    Examples
    --------
    >>> str(diversity("conv2", 4))
    'diversity in conv2'
    """
    starts = integer("diversity", "starts", starts, 2)

    def difference(A: Tensor) -> Tensor:
        flat = A.flatten(2) if A.ndim > 2 else A[:, :, None]
        grams = F.normalize((flat @ flat.mT).flatten(1), dim=1).view(-1, starts, flat.shape[1] ** 2)
        cosines = (grams @ grams.mT).sum(2) - grams.square().sum(2)
        return 1 - cosines.flatten() / (starts - 1)

    return of_layer(layer, difference, f"diversity in {layer}")


def _sum(x: Tensor) -> Tensor:
    return x.flatten(1).sum(1)


def _none(x: Tensor) -> Tensor:
    """Return 0 for each image, as a function of it."""
    return _sum(x) * 0


def _neighbours(x: Tensor, step: int | None = None) -> Tensor:
    """Return all values that have a neighbour along every axis, or their neighbours along one."""
    for axis in range(2, x.ndim):
        x = x.narrow(axis, int(axis == step), x.shape[axis] - 1)
    return x
