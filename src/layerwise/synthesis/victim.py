"""A classifier under attack: what it predicts, and how far it is from the prediction wanted.

The wish is a :class:`~layerwise.network.targets.Target` of the output like any other, one class per
observation. Leaves out the walk through input space (adversarial) and its bounds (balls).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from layerwise.foundation import checks
from layerwise.foundation.shapes import Array
from layerwise.network.question import Question, batches, question
from layerwise.network.sites import ModelError
from layerwise.network.targets import Seen, Target, as_logits, logit
from layerwise.synthesis.balls import Bound, Box

Wish = int | Sequence[int] | Array | None
"""The class to reach, or one for each observation; None for any other than the one predicted."""

Rows = slice | Tensor


@dataclass(frozen=True, eq=False)
class Look:
    """What the network says of a batch.

    Attributes
    ----------
    predicted : (n,) class
    confidence : (n,) its probability
    margin : (n,) how far the logits are on the wished side of the decision; above 0 it is reached
    """

    predicted: Tensor
    confidence: Tensor
    margin: Tensor

    def where(self, rows: Tensor, other: Look) -> Look:
        """Return this where `rows` is true, the other elsewhere."""
        return Look(
            torch.where(rows, self.predicted, other.predicted),
            torch.where(rows, self.confidence, other.confidence),
            torch.where(rows, self.margin, other.margin),
        )


class Victim:
    """A network, some observations, and what is wished of each; see :func:`victim`.

    Attributes
    ----------
    x : (n, ...) the observations, where the model is; in single precision where its own is half, so
        that lengths and small steps are right
    before : (n,) the classes predicted
    wish : (n,) the classes to reach; None to leave those predicted
    box : the valid inputs
    has_gradient : whether any was not 0 so far
    """

    def __init__(self, asked: Question, before: Tensor, wish: Tensor | None, box: Box) -> None:
        self.x = asked.x.to(torch.promote_types(asked.x.dtype, torch.float32))
        self.before, self.wish, self.box, self._asked = before, wish, box, asked
        self.has_gradient = False

    def look(self, z: Tensor, rows: Rows) -> Look:
        """Return what the network says of `z`, made of the observations `rows`."""
        with torch.no_grad():
            self._asked(z.to(self._asked.x), rows)
        return self._look(rows)

    def climb(self, z: Tensor, rows: Rows) -> tuple[Look, Tensor]:
        """Return the same, and the gradient of the objective.

        Raises
        ------
        ModelError
            If no gradient reaches the inputs.
        """
        _, gradient = self._asked.gradient(z.to(self._asked.x), rows)
        self.has_gradient = self.has_gradient or bool(gradient.any())
        return self._look(rows), gradient.to(z).nan_to_num()

    def rivals(self, z: Tensor, rows: Rows, at_most: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield for the strongest other classes what they lack to the predicted one, (n,) <= 0.

        And its gradient; strongest first, from one forward pass.
        """
        z = z.detach().requires_grad_()
        self._asked(z.to(self._asked.x), rows)
        Z = as_logits(self._asked.output()).to(z)
        own = self.before[rows][:, None]
        others = Z.detach().scatter(1, own, -torch.inf).topk(min(at_most, Z.shape[1] - 1)).indices
        for k in range(others.shape[1]):
            lead = (Z.gather(1, others[:, k : k + 1]) - Z.gather(1, own))[:, 0]
            (gradient,) = torch.autograd.grad(lead.sum(), z, retain_graph=True)
            yield lead.detach(), gradient.nan_to_num()

    def _look(self, rows: Rows) -> Look:
        Z = as_logits(self._asked.output().detach()).to(self.x)
        p = Z.softmax(1)
        sign = -1 if self.wish is None else 1
        at_stake = self.before if self.wish is None else self.wish
        margin = sign * _lead(Z, at_stake[rows], lambda rest: rest.amax(1))
        predicted = Z.argmax(1)
        return Look(predicted, p.gather(1, predicted[:, None])[:, 0], margin)


def odds(classes: Tensor, sign: int) -> Target:
    r"""Return :math:`\pm \log(p_c / (1 - p_c))`: it climbs as the cross-entropy does.

    The cross-entropy is its softplus, so both have gradients of one direction; this one's does not
    vanish where the network is sure.
    """
    return _against("log-odds", classes, sign, lambda Z, c: _lead(Z, c, lambda r: r.logsumexp(1)))


def cross_entropy(classes: Tensor, sign: int) -> Target:
    """Return plus or minus the log-likelihood of the class."""

    def log_likelihood(Z: Tensor, c: Tensor) -> Tensor:
        return -softplus(-_lead(Z, c, lambda rest: rest.logsumexp(1)))

    return _against("log-likelihood", classes, sign, log_likelihood)


def margin(classes: Tensor, sign: int) -> Target:
    """Return plus or minus the lead of the class's logit over the largest other."""
    return _against("margin", classes, sign, lambda Z, c: _lead(Z, c, lambda rest: rest.amax(1)))


@contextmanager
def victim(
    function: str,
    model: nn.Module,
    inputs: Any,
    wish: Wish,
    objective: Callable[[Tensor, int], Target],
    *,
    lower: Bound,
    upper: Bound,
    batch_size: int,
) -> Iterator[Victim]:
    """Yield the network with a question that climbs away from its predictions, or to the wish."""
    checks.integer(function, "batch_size", batch_size, 1)
    before, n_classes = predictions(function, model, inputs, batch_size)
    classes = None if wish is None else wished(function, wish, len(before), n_classes)
    target = objective(before, -1) if classes is None else objective(classes, 1)
    with question(model, target, inputs) as asked:
        yield Victim(asked, before, classes, Box.of(function, lower, upper, asked.x))


def predicted(model: nn.Module, inputs: Any, *, batch_size: int = 128) -> Array:
    """Return the class (n,) that a network gives each input, the largest of its outputs.

    Examples
    --------
    >>> predicted(nn.Flatten(), np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)).tolist()
    [1, 0]
    """
    found: Array = predictions("predicted", model, inputs, batch_size)[0].cpu().numpy()
    return found


def predictions(
    function: str, model: nn.Module, inputs: Any, batch_size: int
) -> tuple[Tensor, int]:
    """Return the predictions (n,), where the model is, and the number of classes."""
    with question(model, logit(0), inputs) as asked, torch.no_grad():
        found = []
        for rows in batches(len(asked.x), batch_size):
            asked(asked.x[rows], rows)
            Z = asked.output()
            if Z.ndim != 2 or Z.shape[1] < 2:
                raise ModelError(
                    f"{function}: {type(model).__name__} must give one score per class, "
                    f"(n, 2 classes or more); got {tuple(Z.shape)}. Attacks are for classifiers."
                )
            found.append(Z.argmax(1))
    return torch.cat(found), Z.shape[1]


def wished(function: str, wish: Wish, n: int, n_classes: int) -> Tensor:
    """Return the class to reach (n,) of each observation."""
    array = np.asarray(wish)
    if array.dtype.kind not in "iu" or array.shape not in ((), (n,)):
        raise checks.invalid(function, "target", f"a class, or one for each of {n} observations",
                             repr(wish)[:80])  # fmt: skip
    if array.min() < 0 or array.max() >= n_classes:
        raise checks.invalid(
            function, "target", f"in [0, {n_classes - 1}] for {n_classes} classes", array.max()
        )
    return torch.from_numpy(np.broadcast_to(array, n).astype(np.int64))


def _against(
    name: str, classes: Tensor, sign: int, value: Callable[[Tensor, Tensor], Tensor]
) -> Target:
    def ask(seen: Seen) -> Tensor:
        Z = as_logits(seen.output())
        return sign * value(Z, classes[seen.rows.to(classes.device)].to(Z.device))

    words = f"{'-' * (sign < 0)}{name}:one of {len(classes)} each"
    return Target(words, ask, reads_output=True, n_observations=len(classes))


def _lead(Z: Tensor, classes: Tensor, rest: Callable[[Tensor], Tensor]) -> Tensor:
    """Return by how much the logit of each row's class leads what `rest` makes of the others."""
    at = classes.to(Z.device)[:, None]
    return Z.gather(1, at)[:, 0] - rest(Z.scatter(1, at, -torch.inf))
