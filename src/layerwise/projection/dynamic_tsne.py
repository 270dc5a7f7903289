"""Dynamic t-SNE: the maps of several times in one descent, with a price on movement.

The parts stand apart: the affinities and forces of t-SNE (`affinity`, `repulsion`) and the descent
of all times together (`dynamic_descent`). Leaves out: placing new observations, other metrics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from layerwise.foundation import checks, progress, random
from layerwise.foundation.shapes import Array, Maps, Snapshot
from layerwise.projection.inputs import validated_sequence
from layerwise.projection.threads import threads

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from layerwise.projection.dynamic_descent import Phase

START_SIZE = 1e-4
"""Standard deviation of the first map, which all times share."""

FAST_ITERATIONS = 250
"""Iterations with the large learning rate, which stands in for early exaggeration."""

FAST_MOMENTUM, MOMENTUM = 0.5, 0.8

FAST_RATE, RATE = 1.2, 0.1
"""Learning rates an observation: the published 2400 and 200 belong to 2,000 observations."""

SHARE = 0.7
"""Of the largest rate that the movement term bears: the divergence is curved, too."""

HUGE = 1e30
"""Beyond lie numbers that float32 cannot hold."""


class DynamicTSNE(BaseEstimator):
    r"""Lay out the same observations at several times so that they only move for a reason.

    Separate t-SNE maps of consecutive layers or epochs differ by chance. Here the maps
    :math:`y[1] \dots y[T]` of all times are found together, at a price for every movement:

    .. math:: C = \sum_{t=1}^{T} KL(P[t] \| Q[t])
              + \frac{\lambda}{2N} \sum_{t=1}^{T-1} \sum_{i=1}^{N} \| y_i[t] - y_i[t+1] \|^2

    with the P and Q of :class:`~layerwise.projection.TSNE`. All times start from one small random
    map and descend at once.

    Parameters
    ----------
    perplexity : float in [1, n_observations - 2], effective number of neighbours
    movement_penalty : float >= 0, :math:`\lambda`: at 0 each time is alone; 0.1 follows the
        authors; the layers of a trained network, which differ little, show their motion from
        0.01 down; from 1 on movement is rare and the maps of the earlier times less faithful
    n_iter : int >= 1; the first 250 have a larger learning rate and less momentum
    learning_rate : "auto" (1.2 n_observations for 250 iterations, then a tenth of
        n_observations, or less if the movement penalty demands it) or a float > 0 throughout,
        which must be below 0.75 n_observations / movement_penalty
    n_jobs : threads, None for all cores; same seed and n_jobs, same bytes
    random_state : int, Generator or None; draws the first map

    Attributes
    ----------
    embedding_ : (n_times, n_observations, 2) float32, every map centred
    kl_divergences_ : (n_times,), each >= 0
    movement_ : float >= 0, the sum of squared steps over 2 n_observations; the objective is
        ``kl_divergences_.sum() + movement_penalty * movement_``
    learning_rates_ : of the first 250 iterations and of the others
    n_iter_ : int

    Notes
    -----
    An affinity counts among the nearest three perplexities of either observation and is zero
    elsewhere (if that is all of them, as in small data, the objective is exact). So the memory is
    about 12 n_times n_observations perplexity numbers instead of n_times n_observations squared;
    per iteration all pairs of a time, or a grid where that is cheaper. 10 times of 2,000
    observations, perplexity 70, take 12 to 20 CPU seconds.

    The authors give the learning rates 2400 and 200 for all data. The curvature of the objective
    falls with the number of observations, so that 300 observations fly apart under 2400; "auto"
    keeps the rates per observation of the authors' 2,000.

    References
    ----------
    Rauber, Falcão and Telea 2016, Visualizing Time-Dependent Data Using Dynamic t-SNE.

    Examples
    --------
    >>> start = np.concatenate([np.eye(20), 1 + np.eye(20)])
    >>> maps = DynamicTSNE(perplexity=5, random_state=0).fit_transform([start, 2 * start])
    >>> maps.shape
    (2, 40, 2)
    """

    def __init__(
        self,
        *,
        perplexity: float = 30.0,
        movement_penalty: float = 0.1,
        n_iter: int = 1000,
        learning_rate: float | str = "auto",
        n_jobs: int | None = None,
        random_state: random.RandomState = None,
    ) -> None:
        self.perplexity = perplexity
        self.movement_penalty = movement_penalty
        self.n_iter = n_iter
        self.learning_rate = learning_rate
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, sequence: Iterable[Snapshot], y: object = None) -> DynamicTSNE:
        """Lay out the observations of all times; see :meth:`fit_transform`."""
        self.fit_transform(sequence)
        return self

    def fit_transform(self, sequence: Iterable[Snapshot], y: object = None) -> Maps:
        """Lay out the observations of all times and return the maps.

        Parameters
        ----------
        sequence : (n_observations, n_units) for each time; the observations are the same, the
            units need not be (the layers of a network)

        Returns
        -------
        (n_times, n_observations, 2) float32
        """
        from layerwise.projection.descent import kl_divergence
        from layerwise.projection.dynamic_descent import descend_together
        from layerwise.projection.repulsion import CheapestRepulsion

        times = validated_sequence("DynamicTSNE", sequence)
        n = len(times[0])
        phases = self._phases(n)
        start = random.generator(self.random_state).normal(scale=START_SIZE, size=(2, n))
        with threads("DynamicTSNE", self.n_jobs):
            affinities = [self._affinities(X) for X in times]
            repulsions = [CheapestRepulsion() for _ in times]  # each keeps the grid of its map
            with progress.bar("dynamic t-SNE", self.n_iter, "iterations") as advance:
                Y = descend_together(
                    affinities, np.stack([start] * len(times)), repulsions, phases,
                    movement_penalty=self.movement_penalty, advance=advance,
                )  # fmt: skip
            if not np.isfinite(Y).all():
                raise checks.invalid(
                    "DynamicTSNE", "learning_rate", "low enough for the maps to stay finite",
                    self.learning_rate, "Lower it, or take 'auto'.",
                )  # fmt: skip
            Y -= Y.mean(axis=2, keepdims=True)  # no force moves a centre: this removes rounding
            self.kl_divergences_ = np.array(
                [
                    kl_divergence(P, y, repulsion(y)[1])
                    for P, y, repulsion in zip(affinities, Y, repulsions, strict=True)
                ]
            )
        self.movement_ = float(np.square(np.diff(Y, axis=0), dtype=np.float64).sum() / (2 * n))
        self.learning_rates_ = tuple(phase.learning_rate for phase in phases)
        self.n_iter_ = self.n_iter
        self.embedding_ = np.ascontiguousarray(Y.transpose(0, 2, 1))
        return self.embedding_

    def _phases(self, n: int) -> tuple[Phase, Phase]:
        """Check the settings for `n` observations and return the schedule."""
        from layerwise.projection.dynamic_descent import Phase, largest_rate

        hint = f"Two less than the {n} observations is the most; a third of them is sensible."
        checks.number("DynamicTSNE", "perplexity", self.perplexity, 1, n - 2, hint=hint)
        penalty = checks.number("DynamicTSNE", "movement_penalty", self.movement_penalty, 0, HUGE)
        checks.integer("DynamicTSNE", "n_iter", self.n_iter, 1)
        bounds = [largest_rate(n, penalty, momentum) for momentum in (FAST_MOMENTUM, MOMENTUM)]
        if isinstance(self.learning_rate, str):
            checks.choice("DynamicTSNE", "learning_rate", self.learning_rate, ("auto",))
            fast, slow = (
                min(rate * n, SHARE * bound)
                for rate, bound in zip((FAST_RATE, RATE), bounds, strict=True)
            )
        else:
            fast = slow = checks.number(
                "DynamicTSNE", "learning_rate", self.learning_rate, 1 / HUGE, HUGE
            )
            if fast >= bounds[0]:
                raise checks.invalid(
                    "DynamicTSNE", "learning_rate",
                    f"below {bounds[0]:g} for {n} observations and movement_penalty={penalty:g}, "
                    "above which the maps fly apart",
                    self.learning_rate, "Lower one of the two, or take 'auto'.",
                )  # fmt: skip
        first = min(self.n_iter, FAST_ITERATIONS)
        return Phase(first, fast, FAST_MOMENTUM), Phase(self.n_iter - first, slow, MOMENTUM)

    def _affinities(self, X: Array) -> csr_array:
        """Return the joint probabilities of one time, whose unit of length does not matter."""
        from layerwise.projection.affinity import joint_probabilities
        from layerwise.projection.neighbours import neighbours

        X = X - X.mean(axis=0)
        X /= np.abs(X).max() or X.dtype.type(1)
        k = min(len(X) - 1, int(3 * self.perplexity))
        found, squared = neighbours(X.astype(np.float32, copy=False), k)
        return joint_probabilities(found, squared, self.perplexity)
