"""t-SNE: the map in which neighbours in n dimensions stay neighbours.

The parts stand apart: who is near (`neighbours`), how near (`affinity`), the forces
(`exact_repulsion`, `grid_repulsion`), the descent (`descent`), new points (`placement`). Leaves
out: three-dimensional maps, other kernels (openTSNE has both).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from layerwise.foundation import checks, progress, random
from layerwise.foundation.shapes import Activations, Array, Points
from layerwise.projection.inputs import validated
from layerwise.projection.pca import PCA
from layerwise.projection.threads import threads

if TYPE_CHECKING:
    from layerwise.projection.descent import Phase

START_SIZE = 1e-4
"""Standard deviation of the first map: so small that every pair still attracts and repels."""


class TSNE(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Lay out observations so that near neighbours stay near.

    Minimises :math:`KL(P \| Q)`, where P are Gaussian affinities of the activations and Q those of
    a Student distribution in the map. Distances between far clusters and their sizes mean little;
    look at `layerwise.scores.neighborhood_hit` and `trustworthiness` beside the picture.

    Parameters
    ----------
    n_components : 1 or 2; a line is always "exact"
    perplexity : float in [1, (n_observations - 1) / 3], effective number of neighbours
    n_iter : int, all iterations
    early_exaggeration : float >= 1, factor of the attraction in the first iterations
    early_exaggeration_iter : int in [0, n_iter], how many these are
    learning_rate : "auto" (n_observations / exaggeration, Belkina et al. 2019) or a float > 0
    init : "pca", "random", or an (n_observations, n_components) array; scaled to 1e-4
    metric : "euclidean" or "cosine"
    method : "exact" (all pairs), "fft" (a grid), or "auto" (at every step the cheaper of the two)
    pca : int, reduce the activations to so many principal components first; None does so only
        above 12,000 observations, to 50
    n_jobs : threads, None for all cores; same seed and n_jobs, same bytes
    random_state : int, Generator or None; draws the random start and the jitter of ties

    Attributes
    ----------
    embedding_ : (n_observations, n_components) float32, centred
    kl_divergence_ : float >= 0
    n_iter_ : int
    method_ : "exact", "fft", or "exact+fft": what the method came to
    n_features_in_ : int

    Notes
    -----
    Per iteration all pairs (exact), or n plus the area of the map (fft). 10,000 x 1,000 takes
    about 6 CPU seconds, 60,000 x 50 about 20.

    References
    ----------
    van der Maaten and Hinton 2008; Linderman et al. 2019 (grid); Kobak and Berens 2019 (start).

    Examples
    --------
    >>> X = np.concatenate([np.eye(20), 5 + np.eye(20)])
    >>> Y = TSNE(perplexity=5, random_state=0).fit_transform(X)
    >>> Y.shape
    (40, 2)
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        perplexity: float = 30.0,
        n_iter: int = 750,
        early_exaggeration: float = 12.0,
        early_exaggeration_iter: int = 250,
        learning_rate: float | str = "auto",
        init: str | Array = "pca",
        metric: str = "euclidean",
        method: str = "auto",
        pca: int | None = None,
        n_jobs: int | None = None,
        random_state: random.RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.perplexity = perplexity
        self.n_iter = n_iter
        self.early_exaggeration = early_exaggeration
        self.early_exaggeration_iter = early_exaggeration_iter
        self.learning_rate = learning_rate
        self.init = init
        self.metric = metric
        self.method = method
        self.pca = pca
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Activations, y: object = None) -> TSNE:
        """Lay out `X` (n_observations, n_units)."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Activations, y: object = None) -> Points:
        """Lay out `X` (n_observations, n_units) and return the map."""
        from layerwise.projection.affinity import joint_probabilities
        from layerwise.projection.descent import Repulsion, descend, kl_divergence
        from layerwise.projection.exact_repulsion import exact_repulsion
        from layerwise.projection.grid_repulsion import GridRepulsion
        from layerwise.projection.neighbours import EXACT_ROWS, neighbours
        from layerwise.projection.repulsion import CheapestRepulsion

        X = validated(self, X, min_rows=4)
        self._check_settings(len(X))
        rng = random.generator(self.random_state)
        seed = random.seed(rng)
        with threads("TSNE", self.n_jobs):
            X = self._standardised(X, fit=True)
            self._pca = None
            size = self.pca if self.pca is not None else 50 if len(X) > EXACT_ROWS else X.shape[1]
            if size < min(X.shape):
                self._pca = PCA(size, random_state=seed)
                X = self._pca.fit_transform(X)
            self._train = X
            found, squared = neighbours(X, int(3 * self.perplexity))
            P = joint_probabilities(found, squared, self.perplexity)
            cheapest = CheapestRepulsion()
            known: dict[str, Repulsion] = {
                "exact": exact_repulsion,
                "fft": GridRepulsion(),
                "auto": cheapest,
            }
            repulsion = known[self.method if self.n_components == 2 else "exact"]
            with progress.bar("t-SNE", self.n_iter, "iterations") as advance:
                Y = descend(P, self._start(X, rng).T, repulsion, self._phases(len(X)),
                            advance=advance)  # fmt: skip
            self.kl_divergence_ = kl_divergence(P, Y, repulsion(Y)[1])
        self.method_ = "+".join(sorted(cheapest.used)) or (
            "exact" if self.n_components == 1 else self.method
        )
        self.n_iter_ = self.n_iter
        self._n_features_out = self.n_components
        self.embedding_ = np.ascontiguousarray(Y[: self.n_components].T)
        return self.embedding_

    def transform(self, X: Activations) -> Points:
        """Place new observations (n_new, n_units) into the map, which stays as it is.

        Each is placed by itself, whatever else is in `X`; see
        :func:`layerwise.projection.placement.place`.
        """
        from layerwise.projection.affinity import conditional_probabilities
        from layerwise.projection.neighbours import neighbours
        from layerwise.projection.placement import place

        check_is_fitted(self)
        X = self._standardised(validated(self, X, reset=False))
        with threads("TSNE", self.n_jobs):
            if self._pca is not None:
                X = self._pca.transform(X)
            k = int(3 * self.perplexity)
            found, squared = neighbours(self._train, k, queries=X)
            weights = conditional_probabilities(squared, self.perplexity)
            return place(found, weights, self.embedding_)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        """Tell scikit-learn that maps are float32 whatever the activations are."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def _check_settings(self, n: int) -> None:
        checks.integer("TSNE", "n_components", self.n_components, 1, 2)
        hint = f"A third of the other {n - 1} observations is the most; lower it or add some."
        checks.number("TSNE", "perplexity", self.perplexity, 1, (n - 1) / 3, hint=hint)
        checks.integer("TSNE", "n_iter", self.n_iter, 1)
        checks.number("TSNE", "early_exaggeration", self.early_exaggeration, 1)
        checks.integer(
            "TSNE", "early_exaggeration_iter", self.early_exaggeration_iter, 0, self.n_iter,
            hint="It is a part of n_iter.",
        )  # fmt: skip
        if self.learning_rate != "auto":
            checks.number("TSNE", "learning_rate", self.learning_rate, 1e-30)
        checks.choice("TSNE", "metric", self.metric, ("euclidean", "cosine"))
        checks.choice("TSNE", "method", self.method, ("auto", "exact", "fft"))
        if self.pca is not None:
            checks.integer("TSNE", "pca", self.pca, 2)

    def _standardised(self, X: Array, *, fit: bool = False) -> Array:
        """Return a float32 copy around zero and at most one, which leaves the neighbours alone.

        Distances come from inner products; centred data lose the fewest digits in these.
        """
        if self.metric == "cosine":
            norms = np.linalg.norm(X, axis=1, keepdims=True)
            X = X / np.where(norms > 0, norms, 1)
        if fit:
            self._centre = X.mean(axis=0)
        X = X - self._centre
        if fit:
            self._unit = np.abs(X).max() or X.dtype.type(1)
        X /= self._unit
        standardised: Array = X.astype(np.float32, copy=False)
        return standardised

    def _start(self, X: Array, rng: np.random.Generator) -> Points:
        """Return the first map (n_observations, 2); a jitter parts equal rows."""
        if not isinstance(self.init, str):
            Y = checks.matrix("TSNE", "init", self.init)
            if Y.shape != (len(X), self.n_components):
                shape = f"of shape ({len(X)}, {self.n_components})"
                raise checks.invalid("TSNE", "init", shape, Y.shape)
        elif checks.choice("TSNE", "init", self.init, ("pca", "random")) == "random":
            Y = rng.normal(size=(len(X), self.n_components))
        else:
            Y = PCA(min(self.n_components, X.shape[1]), random_state=rng).fit_transform(X)
        size = Y[:, 0].std()
        start: Points = rng.normal(scale=0.01 * START_SIZE, size=(len(X), 2))
        start[:, self.n_components :] = 0  # a line is a map that forces cannot leave
        start[:, : Y.shape[1]] += Y * (START_SIZE / size if size > 0 else 1)
        return start

    def _phases(self, n: int) -> tuple[Phase, ...]:
        """Exaggerated attraction first, then the true one."""
        from layerwise.projection.descent import Phase

        early = self.early_exaggeration_iter
        schedule = ((early, float(self.early_exaggeration)), (self.n_iter - early, 1.0))
        return tuple(
            Phase(n_iter, e, n / e if self.learning_rate == "auto" else float(self.learning_rate))
            for n_iter, e in schedule
        )
