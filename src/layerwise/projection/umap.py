"""UMAP by the umap-learn package, with this house's seeds and errors."""

from __future__ import annotations

import warnings
from typing import Any

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from layerwise.foundation import checks, random
from layerwise.foundation.shapes import Activations, Points
from layerwise.projection.inputs import validated


class UMAP(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Lay out the fuzzy neighbour graph of the data in the plane.

    Needs ``pip install "layerwise[umap]"``. The first call of a process compiles for some seconds.

    Parameters
    ----------
    n_components : int >= 1
    n_neighbors : int in [2, n_observations - 1]
    min_dist : float in [0, 1], distance of neighbours in the map
    metric : name of a metric that umap-learn knows
    random_state : int, Generator or None; a seed makes umap-learn run on one thread

    Attributes
    ----------
    embedding_ : (n_observations, n_components) float32
    reducer_ : the fitted ``umap.UMAP``
    n_features_in_ : int

    References
    ----------
    McInnes, Healy and Melville 2018.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        n_neighbors: int = 15,
        min_dist: float = 0.1,
        metric: str = "euclidean",
        random_state: random.RandomState = None,
    ) -> None:
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self.metric = metric
        self.random_state = random_state

    def fit(self, X: Activations, y: object = None) -> UMAP:
        """Lay out `X` (n_observations, n_units)."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Activations, y: object = None) -> Points:
        """Lay out `X` (n_observations, n_units) and return the map."""
        X = validated(self, X, min_rows=4)
        checks.integer("UMAP", "n_components", self.n_components, 1, len(X) - 2)
        checks.integer(
            "UMAP", "n_neighbors", self.n_neighbors, 2, len(X) - 1,
            hint="It must be below the number of observations.",
        )  # fmt: skip
        checks.number("UMAP", "min_dist", self.min_dist, 0, 1)
        seed = None if self.random_state is None else random.seed(self.random_state)
        self.reducer_ = _package().UMAP(
            n_components=self.n_components, n_neighbors=self.n_neighbors, min_dist=self.min_dist,
            metric=self.metric, random_state=seed, n_jobs=1 if seed is not None else -1,
            # The spectral start needs more rows than components to spare.
            init="spectral" if len(X) > 10 * (self.n_components + 1) else "random",
        )  # fmt: skip
        Y: Points = self.reducer_.fit_transform(X)
        self.embedding_ = Y
        self._n_features_out = self.n_components
        return Y

    def transform(self, X: Activations) -> Points:
        """Place new observations (n_new, n_units) into the map."""
        check_is_fitted(self)
        placed: Points = self.reducer_.transform(validated(self, X, reset=False))
        return placed


def _package() -> Any:
    """Import umap-learn, or say how to install it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ImportWarning)  # of TensorFlow, which is not used here
            import umap
    except ImportError:
        raise checks.NotFound(
            'UMAP needs the package umap-learn. Install it: pip install "layerwise[umap]".'
        ) from None
    return umap
