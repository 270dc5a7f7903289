"""Multidimensional scaling: a map whose distances are the given dissimilarities, nearly.

The metric kind minimises the stress itself; the classical kind is an eigenproblem, exact for
Euclidean distances and the start of the metric kind. Leaves out: non-metric scaling, landmarks.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import eigh
from scipy.sparse.linalg import LinearOperator, eigsh
from sklearn.base import BaseEstimator
from sklearn.metrics import euclidean_distances
from threadpoolctl import threadpool_limits

from layerwise.foundation import checks, progress, random
from layerwise.foundation.shapes import Array, Dissimilarity, Points
from layerwise.projection.inputs import validated
from layerwise.projection.threads import threads

DENSE_EIGEN = 300
"""Below this many rows a full eigendecomposition is faster than Lanczos iterations."""


class MDS(BaseEstimator):
    r"""Find points in the plane whose distances match dissimilarities.

    Parameters
    ----------
    n_components : int; 1 or 2 for the metric method
    method : "metric" (least stress, SMACOF) or "classical" (eigenvectors, faster, higher stress)
    dissimilarity : "euclidean" (X are observations) or "precomputed" (X is the n x n matrix)
    init : "classical", "random", or an (n, n_components) array; where the metric method starts
    max_iter : int >= 1, steps of the metric method
    tol : float >= 0; it stops when two steps lower the raw stress by less than this fraction
    n_jobs : threads, None for all cores; the result does not depend on it
    random_state : int, Generator or None; only the random start draws

    Attributes
    ----------
    embedding_ : (n, n_components), centred
    stress_ : float >= 0, Kruskal's stress-1 against the dissimilarities:
        :math:`\sqrt{\sum (D_{ij} - d_{ij})^2 / \sum D_{ij}^2}`; 0.2 is poor and 0.025 excellent
        in Kruskal's words, for few points
    raw_stress_ : float, :math:`\sum_{i<j} (D_{ij} - d_{ij})^2`
    n_iter_ : int, 0 for the classical method
    n_features_in_ : int

    Notes
    -----
    Time and memory are quadratic: 3,000 points take one to three seconds.

    References
    ----------
    Torgerson 1952 (classical); Kruskal 1964; De Leeuw 1977 (SMACOF).

    Examples
    --------
    >>> triangle = np.array([[0.0, 3, 4], [3, 0, 5], [4, 5, 0]])
    >>> mds = MDS(dissimilarity="precomputed").fit(triangle)
    >>> round(mds.stress_, 4)
    0.0
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        method: str = "metric",
        dissimilarity: str = "euclidean",
        init: str | Array = "classical",
        max_iter: int = 300,
        tol: float = 1e-5,
        n_jobs: int | None = None,
        random_state: random.RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.method = method
        self.dissimilarity = dissimilarity
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Array, y: object = None) -> MDS:
        """Lay out `X`: observations, or dissimilarities if these are precomputed."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Array, y: object = None) -> Points:
        """Lay out `X` and return the map (n, n_components)."""
        checks.choice("MDS", "method", self.method, ("metric", "classical"))
        checks.choice("MDS", "dissimilarity", self.dissimilarity, ("euclidean", "precomputed"))
        X = validated(self, X)
        D = X if self.dissimilarity == "precomputed" else euclidean_distances(X)
        if self.dissimilarity == "precomputed":
            _check_dissimilarity(D)
        D = np.ascontiguousarray(D, np.float32)
        with threads("MDS", self.n_jobs):
            if self.method == "classical":
                self.embedding_ = classical(D, self.n_components)
                d = euclidean_distances(self.embedding_)
                self.raw_stress_ = float(((D - d) ** 2).sum(dtype=np.float64) / 2)
                self.n_iter_ = 0
            else:
                self._fit_metric(D)
        size = np.einsum("ij,ij->", D, D, dtype=np.float64) / 2
        self.stress_ = float(np.sqrt(self.raw_stress_ / size)) if size > 0 else 0.0
        return self.embedding_

    def _fit_metric(self, D: Array) -> None:
        from layerwise.projection.smacof import smacof

        checks.integer(
            "MDS", "n_components", self.n_components, 1, 2, hint='Or use method="classical".'
        )
        max_iter = checks.integer("MDS", "max_iter", self.max_iter, 1)
        tol = checks.number("MDS", "tol", self.tol, 0)
        # In units of the largest dissimilarity float32 neither overflows nor underflows.
        unit = float(D.max()) or 1.0
        with progress.bar("MDS", max_iter, "steps") as advance:
            start = np.zeros((2, len(D)))  # a line is a map that steps cannot leave
            start[: self.n_components] = self._start(D).T / unit
            Y, stress, self.n_iter_ = smacof(
                D / np.float32(unit), start, max_iter=max_iter, tol=tol,
                advance=advance,
            )  # fmt: skip
        self.embedding_ = np.ascontiguousarray(Y[: self.n_components].T) * np.float32(unit)
        self.raw_stress_ = float(stress) * unit**2

    def _start(self, D: Array) -> Points:
        if isinstance(self.init, str):
            if checks.choice("MDS", "init", self.init, ("classical", "random")) == "classical":
                return classical(D, self.n_components)
            rng = random.generator(self.random_state)
            drawn: Points = rng.normal(
                scale=float(D.mean()) or 1.0, size=(len(D), self.n_components)
            )
            return drawn
        start: Points = checks.matrix("MDS", "init", self.init)
        shape = (len(D), self.n_components)
        if start.shape != shape:
            raise checks.invalid("MDS", "init", f"of shape {shape}", start.shape)
        return start

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        """Tell scikit-learn when X is a square matrix of dissimilarities."""
        tags = super().__sklearn_tags__()
        tags.input_tags.pairwise = self.dissimilarity == "precomputed"
        return tags


def classical(D: Dissimilarity, n_components: int) -> Points:
    r"""Return the classical solution: the leading eigenvectors of the centred squares.

    .. math:: B = -\tfrac12 J D^{\circ 2} J, \quad J = 1 - \tfrac1n 11^\top, \quad
              Y = V \Lambda^{1/2}

    Negative eigenvalues, where no Euclidean points exist, count as zero. Above
    :data:`DENSE_EIGEN` rows Lanczos iterations find the few eigenvectors in time n^2.

    Examples
    --------
    >>> classical(np.array([[0.0, 2.0], [2.0, 0.0]]), 1).round(6).tolist()
    [[1.0], [-1.0]]
    """
    n = len(D)
    checks.integer("MDS", "n_components", n_components, 1, n)
    squared = np.square(D, dtype=np.float64 if n <= DENSE_EIGEN else np.float32)

    def centred_product(v: Array) -> Array:
        product: Array = squared @ (v - v.mean(axis=0))
        product -= product.mean(axis=0)
        product *= -0.5
        return product

    if n <= DENSE_EIGEN or n_components > n // 10:
        values, vectors = eigh(
            centred_product(np.eye(n)), subset_by_index=[n - n_components, n - 1]
        )
    else:
        operator = LinearOperator((n, n), matvec=centred_product, dtype=squared.dtype)
        # Any fixed start will do: the result does not depend on it.
        start = np.random.default_rng(0).normal(size=n).astype(squared.dtype)
        with threadpool_limits(1, "blas"):  # one product is too short to share
            values, vectors = eigsh(operator, n_components, which="LA", v0=start, tol=1e-5)
    order = np.argsort(values)[::-1]
    Y = vectors[:, order] * np.sqrt(np.maximum(values[order], 0))
    largest = np.abs(Y).argmax(axis=0)
    Y *= np.where(np.take_along_axis(Y, largest[None], axis=0) < 0, -1, 1)  # signs are arbitrary
    return np.ascontiguousarray(Y, D.dtype)


def _check_dissimilarity(D: Array) -> None:
    """Raise unless `D` is square, symmetric, not negative, with a zero diagonal."""
    hint = "Pass observations with dissimilarity='euclidean', or repair the matrix."
    if D.shape[0] != D.shape[1]:
        raise checks.invalid("MDS", "X", "a square matrix", f"shape {D.shape}", hint)
    slack = 1e-5 * float(np.abs(D).max())
    if D.min() < -slack or np.abs(D.diagonal()).max() > slack:
        got = f"smallest {D.min():g}, largest on the diagonal {np.abs(D.diagonal()).max():g}"
        raise checks.invalid("MDS", "X", "not negative, with a zero diagonal", got, hint)
    if np.abs(D - D.T).max() > slack:
        raise checks.invalid("MDS", "X", "symmetric", "a matrix that is not", hint)
