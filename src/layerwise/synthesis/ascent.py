"""How a step is taken: Adam, keras-vis' RMSProp, or one that never goes down.

Each image is stepped by its own gradient alone. An ascent is a setting; ``begin()`` makes a climb,
which remembers what it needs and is told the objective and the gradient of the parameters it
proposed last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Climb = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(parameters (n, ...), their objective (n,), its gradient (n, ...)) -> the parameters to try next.
"""

_TINY = 1e-7
"""Keeps divisions finite; keras' epsilon."""


_LONGEST = 1e3
"""Norms of the image: a step so long forgets where it came from."""


@dataclass(frozen=True)
class Adam:
    """Steps of the same size for every parameter, by the signs its gradient had of late.

    With the usual constants (Kingma and Ba 2015). Written out, because the first use of torch's own
    imports its compiler, which takes two seconds.

    Parameters
    ----------
    rate : size of a step, in units of the parameters
    """

    rate: float = 0.1
    monotone = False

    def begin(self) -> Climb:
        """Return a climb."""
        held: dict[str, Tensor] = {}
        count = 0

        def climb(parameters: Tensor, objective: Tensor, gradient: Tensor) -> Tensor:
            nonlocal count
            count += 1
            means = []
            for name, value, decay in (("g", gradient, 0.9), ("g2", gradient.square(), 0.999)):
                held[name] = decay * held.get(name, 0) + (1 - decay) * value
                means.append(held[name] / (1 - decay**count))
            return parameters + self.rate * means[0] / (means[1].sqrt() + 1e-8)

        return climb


@dataclass(frozen=True)
class RMSProp:
    r"""The steps of keras-vis: the gradient over its size, then over the size it had of late.

    .. math:: g \leftarrow g / \sqrt{\text{mean}(g^2)}, \quad c \leftarrow \delta c +
        (1 - \delta) g^2, \quad x \leftarrow x + \eta g / \sqrt{c}

    The mean is over one image, so that images do not see one another.

    Parameters
    ----------
    rate : :math:`\eta`, in units of the parameters; keras-vis' is 1 in a range of 0 to 255
    decay : :math:`\delta`
    """

    rate: float = 1 / 255
    decay: float = 0.95
    monotone = False

    def begin(self) -> Climb:
        """Return a climb."""
        cache: Tensor | float = 0.0

        def climb(parameters: Tensor, objective: Tensor, gradient: Tensor) -> Tensor:
            nonlocal cache
            size = gradient.flatten(1).square().mean(1).sqrt()
            g = gradient / (_as(size, gradient) + _TINY)
            cache = self.decay * cache + (1 - self.decay) * g.square()
            return parameters + self.rate * g / (cache + _TINY).sqrt()

        return climb


@dataclass(frozen=True)
class LineSearch:
    """Steps along the gradient that are taken back if the objective falls.

    A step is as long as a share of the image's norm. After one that was taken the share doubles,
    after one that was refused it is a quarter; so the objective never falls, and on a sphere a
    long step ends where the gradient itself points.

    Parameters
    ----------
    share : of the first step
    """

    share: float = 0.1
    monotone = True

    def begin(self) -> Climb:
        """Return a climb."""
        held: dict[str, Tensor] = {}

        def climb(parameters: Tensor, objective: Tensor, gradient: Tensor) -> Tensor:
            if not held:
                held.update(x=parameters, f=objective, g=gradient)
                held["share"] = torch.full_like(objective, self.share)
            else:
                up = objective >= held["f"]  # on a plateau it may move
                share = held["share"] * torch.where(up, 2.0, 0.25).to(objective)
                held["share"] = share.clamp_max(_LONGEST)
                held["f"] = torch.where(up, objective, held["f"])
                for name, new in (("x", parameters), ("g", gradient)):
                    held[name] = torch.where(_as(up, new), new, held[name])
            x, g = held["x"], held["g"]
            ratio = x.flatten(1).norm(dim=1) / g.flatten(1).norm(dim=1).clamp_min(_TINY**2)
            return x + _as(held["share"] * ratio, g) * g

        return climb


def _as(each: Tensor, parameters: Tensor) -> Tensor:
    """Return one value per image so that it multiplies the images."""
    return each.view(-1, *(1 for _ in parameters.shape[1:]))
