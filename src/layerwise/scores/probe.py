"""How well a linear classifier reads labels from a layer: a probe.

One probe a layer, the same for all: standardised units, one penalty, held-out observations, and
shuffled labels as the floor. Probed for the labels of *other* data than the network was trained on,
layers say how far their features reach (Zeiler and Fergus 2014, Table 7). Leaves out probes that
are no linear ones, which would learn features of their own.

Sources: Alain and Bengio 2016; Zeiler and Fergus 2014, section 5.
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np

from layerwise.foundation import checks
from layerwise.foundation.classes import class_codes
from layerwise.foundation.random import RandomState, generator, seed
from layerwise.foundation.shapes import Activations, Array, Labels


class Probe(NamedTuple):
    """What a probe reads from a layer (:func:`probe`).

    Parameters
    ----------
    accuracy : float in [0, 1]
        Share of held-out observations that are named right, mean over folds.
    spread : float
        Sample standard deviation over folds.
    floor : float in [0, 1]
        The same of shuffled labels, in the first fold.
    """

    accuracy: float
    spread: float
    floor: float


def probe(
    X: Activations,
    labels: Labels,
    *,
    n_folds: int = 5,
    penalty: float = 0.1,
    random_state: RandomState = 0,
) -> Probe:
    r"""Return how well a linear classifier reads labels from activations it has not seen.

    .. math::
        \min_{W, b} \; \frac{1}{n} \sum_i -\log \mathrm{softmax}_{\ell_i}(W z_i + b)
        + \frac{\lambda}{2} \lVert W \rVert^2

    with :math:`z` the activations, each unit brought to mean 0 and deviation 1 over the
    observations that are learned from; a constant unit is 0.

    Parameters
    ----------
    X : (n_observations, n_units)
    labels : (n_observations,)
        Integers or strings, none missing; at least `n_folds` observations of each.
    n_folds : int >= 2
        Parts that are held out in turn, the classes in proportion.
    penalty : float > 0
        :math:`\lambda`, the same for all layers that are compared.
    random_state : int, Generator or None
        Of the folds and the shuffled labels.

    Returns
    -------
    Probe

    Raises
    ------
    InvalidValue
        If there is one class only or one has fewer than `n_folds` observations, or shapes disagree.

    Notes
    -----
    Unlike neighbourhoods, a probe weighs units: it finds classes that few of many units tell apart.
    Wide layers give it more to find by chance, so the floor and an untrained network belong beside
    it. Costs seconds for 1,000 observations of 1,000 units.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = np.arange(60) % 3
    >>> X = np.eye(3)[labels] + 0.1 * rng.normal(size=(60, 3))
    >>> probe(X, labels).accuracy
    1.0
    """
    from sklearn.model_selection import StratifiedKFold

    name = "probe"
    X = checks.matrix(name, "X", X)
    codes, classes = class_codes(name, labels, len(X))
    n_folds = checks.integer(name, "n_folds", n_folds, 2)
    if checks.number(name, "penalty", penalty, 0) == 0:
        raise checks.invalid(name, "penalty", "above 0", penalty)
    fewest = int(np.bincount(codes).min())
    if len(classes) < 2 or fewest < n_folds:
        raise checks.invalid(
            name, "labels", f"of 2 or more classes with {n_folds} or more observations each",
            f"{len(classes)} classes, the smallest with {fewest}",
        )  # fmt: skip
    rng = generator(random_state)
    folds = list(StratifiedKFold(n_folds, shuffle=True, random_state=seed(rng)).split(X, codes))
    shares = [_read(X, codes, learned, held_out, penalty) for learned, held_out in folds]
    learned, held_out = folds[0]
    floor = _read(X, rng.permutation(codes), learned, held_out, penalty)
    return Probe(float(np.mean(shares)), float(np.std(shares, ddof=1)), floor)


def _read(X: Array, codes: Array, learned: Array, held_out: Array, penalty: float) -> float:
    """Return the accuracy on what is held out."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # scikit-learn weighs the sum of the losses by C, not their mean by 1
    read = LogisticRegression(C=1 / (penalty * len(learned)), max_iter=300, tol=1e-3)
    model = make_pipeline(StandardScaler(), read)
    with warnings.catch_warnings():  # the last digits of W do not change who is named what
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X[learned], codes[learned])
    return float(model.score(X[held_out], codes[held_out]))
