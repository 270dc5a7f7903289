"""One validator for all projections: scikit-learn's checks, in this house's errors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.utils.validation import validate_data

from layerwise.foundation import checks
from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.foundation.shapes import Array


def validated(
    estimator: BaseEstimator, X: object, *, reset: bool = True, min_rows: int = 2
) -> Array:
    """Return `X` as a finite float32 or float64 array and set or compare ``n_features_in_``.

    Half precision and integers become float32. Anything with ``__array__`` is accepted.
    """
    name = type(estimator).__name__
    if sp.issparse(X):
        raise InvalidType(f"{name}: X must be dense; got a sparse matrix. Call X.toarray() first.")
    if not hasattr(X, "__array__") and not isinstance(X, list | tuple):
        raise InvalidType(f"{name}: X must be array-like; got {type(X).__name__}.")
    if not hasattr(X, "columns"):  # a data frame keeps its names, all else keeps its precision
        X = np.asarray(X)
    try:
        return validate_data(  # type: ignore[no-any-return]
            estimator, X, reset=reset, dtype=[np.float32, np.float64], order="C",
            ensure_min_samples=min_rows if reset else 1,
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        kind = InvalidType if isinstance(error, TypeError) else InvalidValue
        raise kind(f"{name}: {' '.join(str(error).split())}") from None


def validated_sequence(
    function: str, sequence: Iterable[object], *, min_rows: int = 4
) -> list[Array]:
    """Return the activations of every time as finite float arrays, one row per observation each.

    The times may differ in the number of units, not in that of observations.
    """
    if not isinstance(sequence, Iterable):
        raise InvalidType(
            f"{function}: sequence must be a sequence of activations, one a time; "
            f"got {type(sequence).__name__}."
        )
    times = [
        checks.matrix(function, f"sequence[{t}]", X, min_rows=min_rows)
        for t, X in enumerate(sequence)
    ]
    if not times:
        raise checks.invalid(function, "sequence", "activations at one time or more", "none")
    for t, X in enumerate(times):
        if len(X) != len(times[0]):
            raise checks.invalid(
                function, f"sequence[{t}]", f"of the first's {len(times[0])} observations",
                f"{len(X)} rows", "Take the same observations, in the same order, at every time.",
            )  # fmt: skip
    return times
