r"""Inputs that deceive a classifier: close to a real one, of another class for the network.

Four attacks, one walk: look at the network, take a step, stay in the ball and in the box. They
differ in the step. What is found is an upper bound: an attack that fails proves nothing, and
gradients can be masked. Left out: attacks without gradients, and training against attacks.

Sources: Goodfellow, Shlens and Szegedy 2015 (:func:`fgsm`); Madry et al. 2018 (:func:`pgd`);
Fleuret, EE-559 Deep Learning, lecture 8.4 (:func:`loss_ascent`); Rony et al. 2019 and Pintor et
al. 2021 (:func:`minimal`).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from layerwise.foundation import checks
from layerwise.foundation.random import RandomState, generator
from layerwise.synthesis.balls import NORMS, Bound, along, drawn, dual_size, shrunk, size, steepest
from layerwise.synthesis.victim import (
    Rows,
    Victim,
    Wish,
    cross_entropy,
    margin,
    odds,
    victim,
)
from layerwise.synthesis.walks import Adversarial, Found, Walk, attacked

OVERSHOOT, RIVALS = 1.02, 10
"""How far beyond the estimated boundary the first step of :func:`minimal` goes, and the boundaries
to how many classes are estimated: as DeepFool."""

HALVINGS = 10
"""Of the way back from a twin of :func:`minimal`, which leave a thousandth of its length."""


def fgsm(
    model: nn.Module,
    inputs: Any,
    *,
    radius: float,
    norm: str = "linf",
    target: Wish = None,
    lower: Bound = 0.0,
    upper: Bound = 1.0,
    batch_size: int = 128,
) -> Adversarial:
    r"""Take one step of the full radius along the gradient of the loss (its signs in "linf").

    .. math:: x' = x + \epsilon \, \mathrm{sign}(\nabla_x L(x, y))

    cut at the box. The loss is the cross-entropy of the class that the network predicts; no labels
    enter.

    Parameters
    ----------
    model : any classifier, left as it was
    inputs : (n, ...) array or tensor, DataSet, tuple or mapping of them; the first floating part is
        changed
    radius : length of the step in units of the input
    norm : "linf" or "l2"
    target : the class to reach, or one for each observation; None for any other
    lower, upper : smallest and largest valid value in the network's input space: a number, one for
        each channel (inputs standardised by channel), an array, or None for no bound
    batch_size : changes memory and speed alone

    Returns
    -------
    Adversarial

    Raises
    ------
    UserError
        If the inputs are outside the box, the network gives no class scores, no gradient reaches
        the inputs, or an argument does not fit.

    Notes
    -----
    Costs three forward passes and a backward.

    References
    ----------
    Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, ICLR 2015.

    Examples
    --------
    >>> net = nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.eye(2))
    >>> found = fgsm(net, torch.tensor([[0.7, 0.5]]), radius=0.2)
    >>> found.inputs, found.before, found.after
    (array([[0.5, 0.7]], dtype=float32), array([0]), array([1]))
    """
    radius = _radius("fgsm", radius, norm)
    with victim(
        "fgsm", model, inputs, target, odds, lower=lower, upper=upper, batch_size=batch_size
    ) as one:

        def attack(x: Tensor, rows: Rows) -> Found:
            walk = Walk(one, x, rows)
            walk.move(lambda d, g: d + radius * steepest(g, norm))
            return walk.end().z, walk.looks

        return attacked("fgsm", norm, one, attack, batch_size)


def pgd(
    model: nn.Module,
    inputs: Any,
    *,
    radius: float,
    norm: str = "l2",
    target: Wish = None,
    steps: int = 40,
    step_size: float | None = None,
    starts: int = 1,
    lower: Bound = 0.0,
    upper: Bound = 1.0,
    batch_size: int = 128,
    random_state: RandomState = 0,
) -> Adversarial:
    r"""Climb the loss inside a ball by projected steepest ascent; keep the best iterate.

    .. math:: x_{k+1} = \Pi(x_k + \alpha \, s(\nabla_x L(x_k, y)))

    with :math:`s` the gradient over its length ("l2") or its signs ("linf"), and :math:`\Pi` into
    the ball of the radius, then into the box (which leaves the ball no more, since `x` is in it).
    Best is the largest margin on the wished side.

    Parameters
    ----------
    model, inputs, target, lower, upper, batch_size : as of :func:`fgsm`
    radius : of the ball, in units of the input
    norm : "l2" or "linf"
    steps : iterations of each start
    step_size : :math:`\alpha`; 2.5 radius / steps by default, after Madry et al.
    starts : the first from the observation itself, others from points drawn evenly in the ball
    random_state : of these points

    Returns
    -------
    Adversarial
        Iterations are those of the best start.

    Raises
    ------
    UserError
        As of :func:`fgsm`.

    Notes
    -----
    Costs starts x steps forward and backward passes.

    References
    ----------
    Madry, Makelov, Schmidt, Tsipras and Vladu, Towards Deep Learning Models Resistant to
    Adversarial Attacks, ICLR 2018.

    Examples
    --------
    >>> net = nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.eye(2))
    >>> found = pgd(net, torch.tensor([[0.7, 0.5]]), radius=0.2, steps=10)
    >>> found.inputs.round(2), found.l2.round(3), found.after
    (array([[0.56, 0.64]], dtype=float32), array([0.2], dtype=float32), array([1]))
    """
    radius = _radius("pgd", radius, norm)
    checks.integer("pgd", "steps", steps, 1)
    checks.integer("pgd", "starts", starts, 1)
    step = checks.number("pgd", "step_size", 2.5 * radius / steps if step_size is None
                         else step_size, 0)  # fmt: skip
    streams = generator(random_state).spawn(starts - 1)  # of any batch size the same draws
    with victim(
        "pgd", model, inputs, target, odds, lower=lower, upper=upper, batch_size=batch_size
    ) as one:

        def climbed(x: Tensor, rows: Rows, start: Tensor | None = None) -> Walk:
            walk = Walk(one, x, rows, start)
            r = torch.full((len(x),), radius).to(x)
            for _ in range(steps):
                walk.move(lambda d, g: shrunk(d + step * steepest(g, norm), r, norm))
            return walk.end()

        def attack(x: Tensor, rows: Rows) -> Found:
            found = climbed(x, rows)
            for rng in streams:
                start = radius * drawn(x.shape, norm, rng, inside=True).to(x)
                found = found.or_better(climbed(x, rows, start))
            return found.best, found.looks

        return attacked("pgd", norm, one, attack, batch_size)


def loss_ascent(
    model: nn.Module,
    inputs: Any,
    *,
    rate: float = 0.1,
    steps: int = 15,
    target: Wish = None,
    lower: Bound = 0.0,
    upper: Bound = 1.0,
    batch_size: int = 128,
) -> Adversarial:
    r"""Climb the loss by a few plain gradient steps, as in the lecture.

    .. math:: x_{k+1} = x_k + \eta \nabla_x L(x_k, y)

    with L the cross-entropy of the class that the network predicts for the original. No ball: where
    the network is sure, the gradient is small and so are the steps, so that few of them may not
    reach another class (take a larger rate, or :func:`pgd`). The twin is the last iterate.

    Parameters
    ----------
    model, inputs, target, lower, upper, batch_size : as of :func:`fgsm`; towards a target the loss
        of that class is descended
    rate : :math:`\eta`, of the gradient of each observation's own loss
    steps : iterations

    Returns
    -------
    Adversarial
        Its `predictions` tell what the network says at every iteration.

    Raises
    ------
    UserError
        As of :func:`fgsm`.

    Notes
    -----
    A rate of 0.01 takes photographs in [0, 1] across within 15 iterations, at less than 1 % of
    their length (SqueezeNet; 1.02 % and 0.27 % on the slide for other networks). A network that is
    sure of MNIST it hardly moves.

    References
    ----------
    F. Fleuret, EE-559 Deep Learning, lecture 8.4, EPFL 2018-2019: 15 iterations of SGD.

    Examples
    --------
    >>> net = nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.eye(2))
    >>> found = loss_ascent(net, torch.tensor([[0.7, 0.5]]), rate=0.1, steps=4)
    >>> found.predictions.tolist(), found.iterations.tolist()
    ([[0, 0, 0, 1, 1]], [3])
    """
    checks.number("loss_ascent", "rate", rate, 0)
    checks.integer("loss_ascent", "steps", steps, 1)
    with victim(
        "loss_ascent", model, inputs, target, cross_entropy, lower=lower, upper=upper,
        batch_size=batch_size,
    ) as one:  # fmt: skip

        def attack(x: Tensor, rows: Rows) -> Found:
            walk = Walk(one, x, rows)
            for _ in range(steps):
                walk.move(lambda d, g: d + rate * g)
            return walk.end().z, walk.looks

        return attacked("ascent", "l2", one, attack, batch_size)


def minimal(
    model: nn.Module,
    inputs: Any,
    *,
    norm: str = "l2",
    target: Wish = None,
    steps: int = 50,
    lower: Bound = 0.0,
    upper: Bound = 1.0,
    batch_size: int = 128,
) -> Adversarial:
    r"""Look for the nearest input of another class: the distance to the decision boundary.

    Starts as DeepFool: at the nearest of the boundaries to the strongest other classes, were the
    network linear. Then projected steepest ascent of the margin m, in a ball whose radius
    :math:`\epsilon` follows: as long as no twin is found the distance to the linearised boundary,
    :math:`\lVert d \rVert + |m| / \lVert \nabla m \rVert_*`; then a little smaller after every
    iterate across the boundary and a little larger after every one before it,
    :math:`\epsilon (1 \mp \gamma)`, with steps that shrink from :math:`\epsilon` to
    :math:`\epsilon / 100` along a cosine. At the end the shortest twin is drawn back towards the
    original, by halving, as far as the class stays.

    Parameters
    ----------
    model, inputs, target, lower, upper, batch_size : as of :func:`fgsm`
    norm : "l2" or "linf", of what is made small
    steps : iterations

    Returns
    -------
    Adversarial
        Where none was found, `flipped` is False and the twin is the original. Lengths are upper
        bounds of the true distance, exact to a thousandth of it where the network is linear and no
        class is asked for.

    Raises
    ------
    UserError
        As of :func:`fgsm`.

    Notes
    -----
    Costs `steps` forward and backward passes. Steps are relative to the radius, where the sources
    have lengths, so that the units of the input do not matter.

    References
    ----------
    Rony et al., Decoupling Direction and Norm for Efficient Gradient-Based L2 Adversarial Attacks
    and Defenses, CVPR 2019; Pintor et al., Fast Minimum-norm Adversarial Attacks through Adaptive
    Norm Constraints, NeurIPS 2021 (the radius, its decay and the estimate); Moosavi-Dezfooli,
    Fawzi and Frossard, DeepFool, CVPR 2016 (the overshoot).

    Examples
    --------
    Between (1, 0) and (0, 1) the boundary is the diagonal:

    >>> net = nn.Linear(2, 2, bias=False)
    >>> _ = net.weight.data.copy_(torch.eye(2))
    >>> found = minimal(net, torch.tensor([[0.9, 0.1]]))
    >>> found.l2.round(2), found.after                    # 0.8 / sqrt(2)
    (array([0.57], dtype=float32), array([1]))
    """
    checks.choice("minimal", "norm", norm, NORMS)
    checks.integer("minimal", "steps", steps, 1)
    with victim(
        "minimal", model, inputs, target, margin, lower=lower, upper=upper, batch_size=batch_size
    ) as one:

        def attack(x: Tensor, rows: Rows) -> Found:
            walk, nearest = Walk(one, x, rows), x
            radius = least = torch.full((len(x),), torch.inf).to(x)
            for k in range(steps + 1):
                decay = (1 + math.cos(math.pi * k / steps)) / 2
                share, gamma = 0.01 + 0.99 * decay, 0.001 + 0.049 * decay
                look, gradient = walk.look()
                lacking = look.margin
                if k == 0 and one.wish is None:
                    lacking, gradient = _nearest_rival(one, x, rows, norm)
                length, hit = size(walk.z - x, norm), look.margin > 0
                nearest = torch.where(along(hit & (length < least), x), walk.z, nearest)
                least = torch.where(hit, torch.minimum(length, least), least)
                ahead = _missing(lacking, gradient, norm).nan_to_num(posinf=0)  # flat: stay
                radius = torch.where(
                    least.isinf(), OVERSHOOT * (length + ahead),
                    torch.where(hit, least * (1 - gamma), radius * (1 + gamma)),
                )  # fmt: skip
                step = along(share * radius, x) * steepest(gradient, norm)
                walk.to(shrunk(walk.z - x + step, radius, norm))
            return _drawn_back(one, x, nearest, rows), walk.looks

        return attacked("minimal", norm, one, attack, batch_size)


METHODS = {"fgsm": fgsm, "pgd": pgd, "ascent": loss_ascent, "minimal": minimal}
"""All attacks by the name that the command line uses."""


def _radius(function: str, radius: float, norm: str) -> float:
    checks.choice(function, "norm", norm, NORMS)
    return checks.number(function, "radius", radius, 0)


def _missing(margin: Tensor, gradient: Tensor, norm: str) -> Tensor:
    """Return how far the boundary is from a point before it, were the network linear."""
    slope = dual_size(gradient, norm)
    return torch.where(slope > 0, -margin.clamp_max(0) / slope, torch.inf)


def _nearest_rival(one: Victim, x: Tensor, rows: Rows, norm: str) -> tuple[Tensor, Tensor]:
    """Return the margin and gradient of the class whose linearised boundary is the nearest."""
    rivals = one.rivals(x, rows, RIVALS)
    margin, slope = next(rivals)
    for lead, gradient in rivals:
        closer = _missing(lead, gradient, norm) < _missing(margin, slope, norm)
        margin = torch.where(closer, lead, margin)
        slope = torch.where(along(closer, x), gradient, slope)
    return margin, slope


def _drawn_back(one: Victim, x: Tensor, twin: Tensor, rows: Rows) -> Tensor:
    """Return the point nearest to `x` on the way to the twin whose class is still the wished."""
    low, high = torch.zeros(len(x)).to(x), torch.ones(len(x)).to(x)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        z = x + along(middle, x) * (twin - x)
        hit = one.look(z, rows).margin > 0
        low, high = torch.where(hit, low, middle), torch.where(hit, middle, high)
    return torch.where(along(high < 1, x), x + along(high, x) * (twin - x), twin)
