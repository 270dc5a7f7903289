"""Dynamic t-SNE: outcomes (its own example, the price of movement), laws, seeds, errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from sklearn.base import clone

from layerwise.foundation.checks import InvalidType, InvalidValue
from layerwise.projection import DynamicTSNE

SHORT = {"perplexity": 5, "n_iter": 60, "n_jobs": 1, "random_state": 0}


def collapsing_gaussians(per_class: int, n_times: int = 10) -> list[np.ndarray]:
    """Ten classes in 100 dimensions; each step brings every point 10 % nearer its class's mean."""
    means = np.repeat(np.eye(100)[:10], per_class, axis=0)
    X = means + np.random.default_rng(0).normal(scale=np.sqrt(0.1), size=means.shape)
    return [means + 0.9**t * (X - means) for t in range(n_times)]


def _motion(maps: np.ndarray) -> float:
    """Mean step in standard deviations of the maps."""
    return float(np.linalg.norm(np.diff(maps, axis=0), axis=2).mean() / maps.std())


@pytest.fixture(scope="module")
def by_penalty() -> dict[float, DynamicTSNE]:
    data = collapsing_gaussians(30)
    settings = {"perplexity": 20, "n_iter": 500, "random_state": 0}
    return {p: DynamicTSNE(movement_penalty=p, **settings).fit(data) for p in (0, 0.1, 1, 50)}


def test_the_example_of_the_authors_scaled_down(by_penalty):
    # An independent implementation (dense, learning rates per observation) gave these figures:
    # motion .716 / .111 / .027, KL 1.77 / 1.88 / 2.17 at first and .36 / .40 / .48 at last
    for penalty, motion, first, last in ((0.1, 0.111, 1.88, 0.40), (1, 0.027, 2.17, 0.48)):
        found = by_penalty[penalty]
        assert _motion(found.embedding_) == pytest.approx(motion, rel=0.35)
        assert found.kl_divergences_[0] == pytest.approx(first, rel=0.1)
        assert found.kl_divergences_[-1] == pytest.approx(last, rel=0.15)
    alone = by_penalty[0]
    assert 0.4 < _motion(alone.embedding_) < 0.9  # chance moves them: it differs by seed
    assert alone.kl_divergences_[0] == pytest.approx(1.77, rel=0.1)
    assert alone.kl_divergences_[-1] == pytest.approx(0.36, rel=0.15)


def test_movement_has_its_price(by_penalty):
    motions = [_motion(found.embedding_) for found in by_penalty.values()]
    assert motions == sorted(motions, reverse=True)
    assert motions[-1] < 0.02 * motions[0]
    movements = [found.movement_ for found in by_penalty.values()]
    assert movements == sorted(movements, reverse=True)
    divergences = [found.kl_divergences_.sum() for found in by_penalty.values()]
    assert divergences == sorted(divergences)


def test_the_objective_from_all_pairs(by_penalty):
    # The affinities of few observations are complete, so kl_divergences_ is the double sum
    data = collapsing_gaussians(3, n_times=2)
    model = DynamicTSNE(perplexity=10, n_iter=100, random_state=0).fit(data)
    for X, Y, found in zip(data, model.embedding_, model.kl_divergences_, strict=True):
        P = _joint_probabilities(X, 10.0)
        q = squareform(1 / (1 + pdist(Y.astype(float), "sqeuclidean")))
        off = ~np.eye(len(X), dtype=bool)
        Q = q / q.sum()
        assert found == pytest.approx((P[off] * np.log(P[off] / Q[off])).sum(), rel=1e-3)
    steps = np.diff(model.embedding_.astype(float), axis=0)
    assert model.movement_ == pytest.approx((steps**2).sum() / (2 * 30), rel=1e-6)


def _joint_probabilities(X: np.ndarray, perplexity: float) -> np.ndarray:
    """Bisect every observation's precision, 50 times, as the authors do; symmetrise."""
    squared = squareform(pdist(X, "sqeuclidean"))
    n = len(X)
    P = np.zeros((n, n))
    for i in range(n):
        others = np.arange(n) != i
        low, high = 1e-6, 1e6
        for _ in range(50):
            beta = np.sqrt(low * high)
            p = np.exp(-beta * (squared[i, others] - squared[i, others].min()))
            p /= p.sum()
            entropy = -(p[p > 0] * np.log(p[p > 0])).sum()
            low, high = (beta, high) if entropy > np.log(perplexity) else (low, beta)
        P[i, others] = p
    return (P + P.T) / (2 * n)


def test_without_a_price_every_time_is_alone():
    data = collapsing_gaussians(3, n_times=3)
    together = DynamicTSNE(movement_penalty=0, **SHORT).fit_transform(data)
    for X, Y in zip(data, together, strict=True):
        np.testing.assert_array_equal(DynamicTSNE(**SHORT).fit_transform([X])[0], Y)


def test_equal_times_stay_together():
    X = collapsing_gaussians(3, n_times=1)[0]
    model = DynamicTSNE(**SHORT).fit([X, X, X])
    np.testing.assert_array_equal(model.embedding_[0], model.embedding_[2])
    assert model.movement_ == 0


def test_backwards_in_time_is_the_same():
    data = collapsing_gaussians(3, n_times=3)
    there, back = (DynamicTSNE(**SHORT).fit_transform(d) for d in (data, data[::-1]))
    np.testing.assert_allclose(there, back[::-1], atol=1e-3 * np.abs(there).max())


def test_layers_may_differ_in_units_and_in_scale():
    X = collapsing_gaussians(3, n_times=1)[0]
    wide = np.concatenate([1e6 * X, np.zeros((30, 7))], axis=1)
    maps = DynamicTSNE(**SHORT).fit_transform([X, wide.astype(np.float32)])
    np.testing.assert_allclose(maps[0], maps[1], atol=1e-2 * np.abs(maps).max())


def test_shape_attributes_seeds_and_threads():
    data = collapsing_gaussians(3, n_times=2)
    before = [X.copy() for X in data]
    model = DynamicTSNE(**SHORT).fit(data)
    assert model.embedding_.shape == (2, 30, 2)
    assert model.embedding_.dtype == np.float32
    assert model.kl_divergences_.shape == (2,)
    assert model.n_iter_ == 60
    np.testing.assert_allclose(model.embedding_.mean(axis=1), 0, atol=1e-6)
    again = clone(model).fit_transform(data)
    assert again.tobytes() == model.embedding_.tobytes()
    generator = clone(model).set_params(random_state=np.random.default_rng(0))
    assert generator.fit_transform(data).tobytes() == again.tobytes()
    assert not np.allclose(clone(model).set_params(random_state=1).fit_transform(data), again)
    two = clone(model).set_params(n_jobs=2).fit(data)
    np.testing.assert_allclose(two.kl_divergences_, model.kl_divergences_, rtol=0.02)
    for X, copy in zip(data, before, strict=True):
        np.testing.assert_array_equal(X, copy)


def test_duplicates_and_constant_columns():
    X = np.repeat(np.random.default_rng(0).normal(size=(6, 5)), 5, axis=0)
    for hard in (X, np.ones((30, 4)), X * 1e12, X.astype(np.float16), (X * 9).astype(int)):
        assert np.isfinite(DynamicTSNE(**SHORT).fit_transform([hard, X])).all()


def test_the_automatic_rates_are_the_published_ones_where_they_are_stable():
    X = np.random.default_rng(0).normal(size=(2000, 5))

    def rates(penalty):
        model = DynamicTSNE(movement_penalty=penalty, n_iter=1, random_state=0)
        return model.fit([X]).learning_rates_

    assert rates(0.1) == (2400, 200)
    fast, slow = rates(50)
    assert 0 < fast < 2000 * 1.5 / 100
    assert 0 < slow < 2000 * 1.8 / 100


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"perplexity": 29}, r"DynamicTSNE: perplexity must be a number in \[1, 28\]; got 29. Two"),
        ({"movement_penalty": -1}, "DynamicTSNE: movement_penalty must be a number in"),
        ({"n_iter": 0}, "DynamicTSNE: n_iter must be an integer >= 1"),
        ({"learning_rate": "fast"}, "DynamicTSNE: learning_rate must be one of auto"),
        ({"learning_rate": -1.0}, "DynamicTSNE: learning_rate must be a number"),
        ({"learning_rate": 1e200}, "DynamicTSNE: learning_rate must be a number"),
        (
            {"learning_rate": 22.5, "movement_penalty": 1.0},
            "learning_rate must be below 22.5 for 30 observations and movement_penalty=1, above",
        ),
        (
            {"learning_rate": 1e30, "movement_penalty": 0.0},
            r"learning_rate must be low enough for the maps to stay finite; got 1e\+30",
        ),
        ({"n_jobs": 0}, "DynamicTSNE: n_jobs must be an integer >= 1"),
    ],
)
def test_settings_that_cannot_work(settings, words):
    data = collapsing_gaussians(3, n_times=2)
    with pytest.raises(InvalidValue, match=words):
        DynamicTSNE(**{**SHORT, **settings}).fit(data)


def test_sequences_that_cannot_work():
    X = np.random.default_rng(0).normal(size=(30, 4))
    broken = X.copy()
    broken[3, 1] = np.nan
    model = DynamicTSNE(**SHORT)
    with pytest.raises(InvalidValue, match="sequence must be activations at one time or more"):
        model.fit([])
    with pytest.raises(InvalidValue, match=r"sequence\[1\] must be of the first's 30 observations"):
        model.fit([X, X[:29]])
    with pytest.raises(InvalidValue, match=r"sequence\[1\] must be finite"):
        model.fit([X, broken])
    with pytest.raises(InvalidValue, match=r"sequence\[0\] must be 2-D"):
        model.fit(X)
    with pytest.raises(InvalidValue, match=r"sequence\[0\] must be at least 4 rows"):
        model.fit([X[:3]])
    with pytest.raises(InvalidType, match="sequence must be a sequence of activations"):
        model.fit(3)
    with pytest.raises(InvalidType, match="must be numeric"):
        model.fit("relu4")
