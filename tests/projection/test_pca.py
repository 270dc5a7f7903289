"""PCA: closed form, and the same components whichever solver is taken."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise.foundation.checks import InvalidValue
from layerwise.projection import PCA


def test_closed_form_of_an_ellipse():
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    X = np.stack([3 * np.cos(angle), np.sin(angle), np.zeros(40)], axis=1) + np.array([5, 6, 7])
    pca = PCA().fit(X)
    np.testing.assert_allclose(np.abs(pca.components_), np.eye(3)[:2], atol=1e-9)
    np.testing.assert_allclose(pca.explained_variance_ratio_, [0.9, 0.1])
    np.testing.assert_allclose(pca.transform(X), pca.embedding_, atol=1e-9)


def test_wide_layers_match_the_singular_vectors():
    X = np.random.default_rng(0).normal(size=(300, 250)) * np.linspace(3, 0.1, 250)
    pca = PCA(3, random_state=0).fit(X)
    vectors = np.linalg.svd(X - X.mean(0), full_matrices=False)[2][:3]
    np.testing.assert_allclose(np.abs(pca.components_ @ vectors.T), np.eye(3), atol=1e-6)


def test_signs_do_not_depend_on_the_seed():
    X = np.random.default_rng(0).normal(size=(300, 250)) * np.linspace(3, 0.1, 250)
    first, second = (PCA(random_state=seed).fit_transform(X) for seed in (0, 1))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_no_variance_is_no_nan():
    for shape in ((10, 3), (300, 250)):
        pca = PCA().fit(np.ones(shape))
        assert not pca.embedding_.any()
        assert not pca.explained_variance_ratio_.any()


def test_too_many_components():
    with pytest.raises(InvalidValue, match=r"PCA: n_components must be an integer in \[1, 3\]"):
        PCA(4).fit(np.eye(5, 3))
