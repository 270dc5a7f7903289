"""Principal components: scikit-learn's own, with two components by default."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.decomposition import PCA as ReferencePCA
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from layerwise.foundation import checks, random
from layerwise.foundation.shapes import Activations, Points
from layerwise.projection.inputs import validated


class PCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Project on the orthogonal directions of largest variance.

    A linear map: what lies apart in it lies apart in the data, but what it shows together may not
    be. Its signs are fixed by the loadings, so the same data give the same picture.

    Parameters
    ----------
    n_components : int in [1, min(n_observations, n_units)]
    random_state : int, Generator or None; only large inputs draw (randomised solver)

    Attributes
    ----------
    embedding_ : (n_observations, n_components), the projection of the data given to `fit`
    components_ : (n_components, n_units), orthonormal rows
    mean_ : (n_units,)
    explained_variance_ratio_ : (n_components,), each in [0, 1]; 0 if all rows are equal
    n_features_in_ : int

    References
    ----------
    Hotelling 1933; Halko, Martinsson and Tropp 2011 for the randomised solver.

    Examples
    --------
    >>> import numpy as np
    >>> PCA(n_components=1).fit_transform(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])).round(2)
    array([[-1.41],
           [ 0.  ],
           [ 1.41]])
    """

    def __init__(self, n_components: int = 2, *, random_state: random.RandomState = None) -> None:
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Activations, y: object = None) -> PCA:
        """Find the components of `X` (n_observations, n_units)."""
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Activations, y: object = None) -> Points:
        """Find the components of `X` and return its projection."""
        X = validated(self, X)
        checks.integer("PCA", "n_components", self.n_components, 1, min(X.shape))
        # For a few components of many units Lanczos iterations are exact and the fastest.
        few = self.n_components <= 10 and min(X.shape) > 200 and bool((X[0] != X).any())
        reference = ReferencePCA(
            self.n_components, svd_solver="arpack" if few else "auto",
            random_state=random.seed(self.random_state),
        )  # fmt: skip
        # 0/0 where all rows are equal; a Lanczos product is too short to share among threads.
        with np.errstate(invalid="ignore"), threadpool_limits(1 if few else None, "blas"):
            Y: Points = reference.fit_transform(X)
        self.embedding_ = Y
        self.components_ = reference.components_
        self.mean_ = reference.mean_
        self.explained_variance_ratio_ = np.nan_to_num(reference.explained_variance_ratio_)
        self._n_features_out = len(self.components_)
        return Y

    def transform(self, X: Activations) -> Points:
        """Return the projection of new observations (n_new, n_units)."""
        check_is_fitted(self)
        projected: Points = (validated(self, X, reset=False) - self.mean_) @ self.components_.T
        return projected
