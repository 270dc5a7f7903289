"""Forest and Gini: reference (scikit-learn's recipe, literal loops), laws, outcome, contract."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.tree import DecisionTreeClassifier

from layerwise import data, models, record
from layerwise.foundation.checks import UserError
from layerwise.units import agreement, discrimination, roles, statistics
from layerwise.units.discrimination import BINS

seeds = st.integers(0, 2**32 - 1)
METHODS = pytest.mark.parametrize("method", ["forest", "gini"])


def layer(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Rectified units: 0, 1, 2 fire for their class, 3 and 4 for none, 5 is constant."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(n) % 3
    X = rng.normal(size=(n, 6))
    X[:, :3] += 2 * np.eye(3)[labels]
    X = np.maximum(X, 0)
    X[:, 5] = 0.1
    return X, labels


def literal_gini(X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Impurity before less impurity after, at every boundary of every unit's bins."""
    n, classes = len(X), np.unique(labels)
    S = np.zeros((X.shape[1], len(classes)))

    def impurity(own: np.ndarray) -> float:
        p = own.mean()
        return 1 - p**2 - (1 - p) ** 2

    for j, values in enumerate(X.T):
        low, width = values.min(), np.ptp(values)
        if width == 0:
            continue
        bins = [min(int((value - low) / width * BINS), BINS - 1) for value in values]
        for c, label in enumerate(classes):
            own = labels == label
            for boundary in range(1, BINS):
                left = np.array(bins) < boundary
                if left.all() or not left.any():
                    continue
                after = left.mean() * impurity(own[left]) + (~left).mean() * impurity(own[~left])
                S[j, c] = max(S[j, c], impurity(own) - after)
        assert n == len(bins)
    return S / S.sum(axis=0)


@pytest.mark.parametrize("seed", range(5))
def test_reference_gini(seed):
    X, labels = layer(seed)
    found = discrimination(X, labels, method="gini")
    np.testing.assert_allclose(found, literal_gini(X, labels), rtol=1e-9, atol=1e-12)


def test_reference_gini_is_a_stump_where_the_boundaries_are_the_values():
    """On units of 32 levels the best threshold is scikit-learn's tree of one node."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, BINS, size=(300, 5)).astype(np.float64)
    X[0], X[1] = 0, BINS - 1
    labels = (X[:, 0] + 10 * rng.normal(size=300) > 12).astype(int)
    gains = []
    for j in range(5):
        stump = DecisionTreeClassifier(max_depth=1).fit(X[:, [j]], labels).tree_
        left, right = stump.children_left[0], stump.children_right[0]
        weight = stump.weighted_n_node_samples / len(X)
        after = sum(weight[node] * stump.impurity[node] for node in (left, right))
        gains.append(stump.impurity[0] - after)
    found = discrimination(X, labels, method="gini")
    np.testing.assert_allclose(found[:, 1], np.array(gains) / np.sum(gains), rtol=1e-9)
    np.testing.assert_allclose(found[:, 0], found[:, 1])


def test_reference_forest_is_the_published_recipe():
    """Same expectation as plain ExtraTreesClassifier(), class against the rest, on raw values."""
    X, labels = layer(0, n=200)
    expected = np.column_stack(
        [
            np.mean(
                [
                    ExtraTreesClassifier(100, random_state=seed)
                    .fit(X.astype(np.float32), labels == c)
                    .feature_importances_
                    for seed in range(4)
                ],
                axis=0,
            )
            for c in range(3)
        ]
    )
    found = discrimination(X, labels, n_trees=400, random_state=0)
    np.testing.assert_allclose(found, expected, atol=0.02)


@METHODS
@given(seed=seeds)
@settings(deadline=None, max_examples=10)
def test_law_columns_are_shares_and_constant_units_have_none(method, seed):
    X, labels = layer(seed)
    S = discrimination(X, labels, method=method, n_trees=10, random_state=0)
    assert S.shape == (6, 3)
    assert S.min() >= 0
    np.testing.assert_allclose(S.sum(axis=0), 1)
    np.testing.assert_array_equal(S[5], 0)


@METHODS
@given(seed=seeds)
@settings(deadline=None, max_examples=10)
def test_law_scale_and_offset_of_a_unit_do_not_matter(method, seed):
    X, labels = layer(seed)
    scale = 2.0 ** np.random.default_rng(seed).integers(-60, 60, 6)  # exact, far below 1e-7 too
    S, T = (
        discrimination(Z, labels, method=method, n_trees=10, random_state=0) for Z in (X, X * scale)
    )
    np.testing.assert_array_equal(S, T)


@given(seed=seeds)
@settings(deadline=None, max_examples=20)
def test_law_permutations_permute_gini(seed):
    X, labels = layer(seed)
    rng = np.random.default_rng(seed)
    units, rows, names = rng.permutation(6), rng.permutation(60), rng.permutation(3)
    S = discrimination(X, labels, method="gini")
    np.testing.assert_allclose(discrimination(X[:, units], labels, method="gini"), S[units])
    np.testing.assert_allclose(discrimination(X[rows], labels[rows], method="gini"), S)
    np.testing.assert_allclose(
        discrimination(X, names[labels], method="gini"), S[:, np.argsort(names)]
    )


@METHODS
def test_contract_columns_follow_the_sorted_labels(method):
    X, labels = layer(0)
    names = np.array(["wolf", "ant", "fox"])[labels]
    S, T = (
        discrimination(X, y, method=method, n_trees=200, random_state=0) for y in (labels, names)
    )
    assert roles(S)[:3].tolist() == [0, 1, 2]
    assert roles(T)[:3].tolist() == [2, 0, 1]


def test_contract_seeds_and_threads():
    X, labels = layer(0)
    S = discrimination(X, labels, n_trees=20, random_state=3)
    for n_jobs in (1, 2, -1):
        again = discrimination(X, labels, n_trees=20, random_state=3, n_jobs=n_jobs)
        np.testing.assert_array_equal(S, again)
    assert not np.array_equal(S, discrimination(X, labels, n_trees=20, random_state=4))
    rng = np.random.default_rng(0)
    first, second = (discrimination(X, labels, n_trees=20, random_state=rng) for _ in range(2))
    assert not np.array_equal(first, second), "a generator goes on"
    columns = discrimination(X, np.arange(60) % 2, n_trees=20, random_state=0)
    assert not np.array_equal(columns[:, 0], columns[:, 1]), "each class has a forest of its own"


@METHODS
def test_contract_a_layer_without_activity_tells_nothing(method):
    S = discrimination(np.ones((20, 3)), np.arange(20) % 2, method=method, n_trees=3)
    np.testing.assert_array_equal(S, np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": np.zeros(60)}, "two classes or more; got only"),
        ({"labels": np.arange(59)}, r"one entry per observation \(60\)"),
        ({"labels": np.where(np.arange(60) < 3, np.nan, np.arange(60) % 2)}, "3 missing"),
        ({"method": "mutual information"}, "one of forest, gini"),
        ({"n_trees": 0}, "n_trees must be an integer >= 1"),
        ({"n_jobs": 0}, "n_jobs must be an integer >= 1"),
        ({"n_jobs": -2}, "-1 all cores"),
        ({"random_state": "zero"}, "random_state must be an int"),
    ],
)
def test_contract_errors(change, message):
    X, labels = layer(0)
    with pytest.raises(UserError, match=message):
        discrimination(**{"X": X, "labels": labels} | change)


def test_outcome_shuffled_labels_lose_the_roles():
    """The permutation null: what a unit tells of shuffled labels is chance, the same for all."""
    X, labels = layer(0, n=600)
    shuffled = np.random.default_rng(1).permutation(labels)
    for method in ("forest", "gini"):
        S, null = (
            discrimination(X, y, method=method, n_trees=50, random_state=0)
            for y in (labels, shuffled)
        )
        own = S[np.arange(3), np.arange(3)]
        assert own.min() > 2 * S[3:5].max()
        assert own.min() > null.max()


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """A random rectified layer of scikit-learn's digits: 100 units that tell classes by chance."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    weights = np.random.default_rng(0).normal(size=(64, 100))
    return np.maximum((pixels - 5) @ weights, 0)[:500], labels[:500]


def test_outcome_more_trees_settle_the_ranking_and_gini_is_near_it(digits):
    X, labels = digits
    few, again, many, more = (
        discrimination(X, labels, n_trees=n, random_state=seed)
        for seed, n in enumerate((10, 10, 80, 80))
    )
    noisy, settled = agreement(few, again, top=15), agreement(many, more, top=15)
    assert settled.spearman > noisy.spearman + 0.1
    assert settled.overlap > noisy.overlap + 0.1
    quick = agreement(discrimination(X, labels, method="gini"), many, top=15)
    assert quick.overlap >= agreement(few, many, top=15).overlap


@pytest.mark.slow
@pytest.mark.needs_data
def test_study_what_the_default_and_the_quick_ranking_rest_on(shared_data: Path, tmp_path: Path):
    """Hidden activity of a trained network: a hundred trees are noise, and gini is no worse.

    1,000 units, the paper's width. Of 300 a hundred trees rank the top as well as gini does
    (overlap 0.83 and 0.82).
    """
    train, test = (
        data.load("mnist", split=split, data_dir=shared_data / "mnist").take(slice(n))
        for split, n in (("train", 8000), ("test", 2000))
    )
    model = models.mlp((1, 28, 28), 10, hidden=(1000, 1000), dropout=(0.2, 0.2))
    training = models.train(
        model, train.inputs(), train.labels["digit"], to=tmp_path / "net", epochs=5,
        batch_size=64, learning_rate=0.05, checkpoints=[5],
    )  # fmt: skip
    assert [checkpoint.epoch for checkpoint in training] == [0, 5]
    run = record(model, test.inputs(), to=tmp_path / "run", layers=["relu2"])
    X, labels = run.activations("relu2"), test.labels["digit"]
    X = X[:, statistics(X)["state"] == "live"]
    few, again, many, more, converged = (
        discrimination(X, labels, n_trees=n, n_jobs=-1, random_state=seed)
        for seed, n in enumerate((100, 100, 500, 500, 1000))
    )
    gini = discrimination(X, labels, method="gini")
    assert agreement(many, more).overlap > agreement(few, again).overlap + 0.1
    assert agreement(gini, converged).overlap >= agreement(few, converged).overlap
    strongest = converged.max(axis=1) >= np.quantile(converged.max(axis=1), 0.75)
    assert (roles(many) == roles(more))[strongest].mean() > 0.9
    assert (roles(gini) == roles(converged))[strongest].mean() > 0.9
    null = discrimination(X, np.random.default_rng(0).permutation(labels), n_trees=100)
    assert agreement(null, converged).spearman < 0.5 * agreement(few, converged).spearman
