"""Outcome (blobs, noise), reference (the loss by hand), law (units of a layer), refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.model_selection import StratifiedKFold

from layerwise.foundation.checks import UserError
from layerwise.foundation.random import generator, seed
from layerwise.scores import probe

RNG = np.random.default_rng(0)
LABELS = np.arange(120) % 4


def blobs(noise: float) -> np.ndarray:
    return np.eye(4)[LABELS] + noise * RNG.normal(size=(120, 4))


def test_outcome_blobs_are_read_and_noise_is_not() -> None:
    found = probe(blobs(0.05), LABELS)
    assert (found.accuracy, found.spread) == (1.0, 0.0)
    assert found.floor < 0.5
    noise = probe(RNG.normal(size=(120, 30)), LABELS)
    assert noise.accuracy < 0.45
    assert noise.spread > 0


def test_reference_held_out_accuracy_of_the_loss_by_hand() -> None:
    X, penalty = blobs(0.6).astype(np.float64), 0.1
    folds = StratifiedKFold(3, shuffle=True, random_state=seed(generator(5)))
    shares = []
    for learned, held_out in folds.split(X, LABELS):
        mean, deviation = X[learned].mean(0), X[learned].std(0)
        Z = (X - mean) / deviation

        def loss(w: np.ndarray, Z: np.ndarray = Z, rows: np.ndarray = learned) -> float:
            W, b = w[:16].reshape(4, 4), w[16:]
            scores = Z[rows] @ W.T + b
            logs = scores - np.log(np.exp(scores).sum(1, keepdims=True))
            right = np.mean([logs[i, LABELS[row]] for i, row in enumerate(rows)])
            return -right + penalty / 2 * (W**2).sum()

        w = minimize(loss, np.zeros(20)).x
        guess = (Z[held_out] @ w[:16].reshape(4, 4).T + w[16:]).argmax(1)
        shares.append((guess == LABELS[held_out]).mean())
    found = probe(X, LABELS, n_folds=3, penalty=penalty, random_state=5)
    assert found.accuracy == pytest.approx(np.mean(shares))
    assert found.spread == pytest.approx(np.std(shares, ddof=1))


def test_law_scale_of_units_constant_units_and_names_of_classes_do_not_matter() -> None:
    X = blobs(0.5)
    found = probe(X, LABELS)
    scaled = np.column_stack([X * [1e3, 1, 1e-3, 7] + 5, np.full(120, 3.0)])
    assert probe(scaled, LABELS).accuracy == pytest.approx(found.accuracy, abs=0.02)
    assert probe(X, np.array(list("dbca"))[LABELS]).accuracy == pytest.approx(
        found.accuracy, abs=0.02
    )
    assert probe(X, LABELS) == found
    assert probe(X.astype(np.float32), LABELS).accuracy == pytest.approx(found.accuracy, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": np.zeros(120, int)}, "of 2 or more classes with 5 or more observations each"),
        ({"labels": np.arange(120) // 4}, "got 30 classes, the smallest with 4"),
        ({"n_folds": 1}, "n_folds must be an integer >= 2"),
        ({"penalty": 0}, "penalty must be above 0"),
        ({"X": np.full((120, 2), np.nan)}, "X must be finite"),
        ({"labels": LABELS[:9]}, r"one entry per observation \(120\)"),
    ],
)
def test_refusals(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        probe(**{"X": blobs(0.1), "labels": LABELS, **arguments})
