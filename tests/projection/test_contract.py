"""Contract: every projection keeps scikit-learn's rules and takes what recording gives it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import parametrize_with_checks

from layerwise.foundation.checks import InvalidType, InvalidValue, UserError
from layerwise.projection import MDS, METHODS, PCA, TSNE

ESTIMATORS = [
    PCA(random_state=0),
    TSNE(perplexity=2, n_iter=60, early_exaggeration_iter=20, random_state=0),
    MDS(max_iter=30, random_state=0),
    MDS(method="classical"),
]

UNALIKE = "a point of the map is not the place of an equal new point: the map was made jointly"
EXPECTED = {
    "TSNE": {
        "check_transformer_general": UNALIKE,
        "check_transformer_data_not_an_array": UNALIKE,
    },
}


def _expected(estimator: BaseEstimator) -> dict[str, str]:
    return EXPECTED.get(type(estimator).__name__, {})


@parametrize_with_checks(ESTIMATORS, expected_failed_checks=_expected)
def test_scikit_learn_rules(estimator: BaseEstimator, check) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def X() -> NDArray[np.float64]:
    points, _ = make_blobs(60, 12, centers=3, random_state=0)
    return points


each = pytest.mark.parametrize(
    "estimator", ESTIMATORS, ids=lambda e: f"{type(e).__name__}-{getattr(e, 'method', '')}"
)


class Recorded:
    """Like a memory-mapped layer: an array only on request."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def __array__(self, dtype=None, copy=None) -> NDArray[np.float64]:
        return self.values.astype(dtype or self.values.dtype)


@each
def test_shape_finite_and_attribute(estimator, X):
    model = clone(estimator)
    Y = model.fit_transform(X)
    assert Y.shape == (60, 2)
    assert np.isfinite(Y).all()
    np.testing.assert_array_equal(Y, model.embedding_)
    assert model.n_features_in_ == 12


@each
def test_same_seed_same_bytes(estimator, X):
    first, second = (clone(estimator).fit_transform(X) for _ in range(2))
    assert first.tobytes() == second.tobytes()


@each
def test_input_is_not_changed(estimator, X):
    for dtype in (np.float32, np.float64):
        given = X.astype(dtype)
        before = given.copy()
        clone(estimator).fit(given)
        np.testing.assert_array_equal(given, before)


@each
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64])
def test_any_number_type(estimator, X, dtype):
    Y = clone(estimator).fit_transform(X.astype(dtype))
    assert Y.dtype == np.float32
    assert np.isfinite(Y).all()


@each
def test_duplicates_constant_columns_and_equal_rows(estimator, X):
    duplicates = np.repeat(X[:6], 10, axis=0)
    constant = np.concatenate([X, np.full((60, 3), 7.0)], axis=1)
    equal = np.ones((60, 12))
    for hard in (duplicates, constant, equal, X * 1e-12, X * 1e12, X + 1e6):
        assert np.isfinite(clone(estimator).fit_transform(hard)).all()


@each
def test_object_with_array_method(estimator, X):
    a = clone(estimator).fit_transform(Recorded(X))
    np.testing.assert_array_equal(a, clone(estimator).fit_transform(X))


@each
def test_bad_input_is_the_users_error(estimator, X):
    broken = X.copy()
    broken[3, 4] = np.nan
    with pytest.raises(InvalidValue, match="NaN"):
        clone(estimator).fit(broken)
    with pytest.raises(UserError):
        clone(estimator).fit(X[0])
    with pytest.raises(InvalidType):
        clone(estimator).fit("relu4")


@pytest.mark.parametrize("estimator", [PCA(), ESTIMATORS[1]], ids=["PCA", "TSNE"])
def test_transform_wants_the_same_units(estimator, X):
    model = clone(estimator).fit(X)
    assert model.transform(X[:5]).shape == (5, 2)
    assert list(model.get_feature_names_out()) == [
        f"{type(model).__name__.lower()}{axis}" for axis in range(2)
    ]
    with pytest.raises(InvalidValue, match="features"):
        model.transform(X[:, :5])


def test_methods_name_the_classes():
    assert {name.upper(): cls.__name__ for name, cls in METHODS.items()} == {
        cls.__name__: cls.__name__ for cls in METHODS.values()
    }
