"""Maps that can be compared: one laid over another, and the maps of several times together.

Leaves out: maps of different observations (match the rows first).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.linalg import svd

from layerwise.foundation import checks, progress, random
from layerwise.foundation.shapes import Array, Maps, Points, Snapshot
from layerwise.projection.dynamic_tsne import DynamicTSNE
from layerwise.projection.inputs import validated_sequence
from layerwise.projection.tsne import TSNE

EVOLUTIONS = ("independent", "sequential", "joint", "dynamic")
"""The ways to map several times that :func:`evolve` knows."""


def procrustes(
    Y: Points, reference: Points, *, scaling: bool = True, reflection: bool = True
) -> Points:
    r"""Shift, turn and scale `Y` so that it lies as close to `reference` as it can.

    .. math:: \min_{s, R, t} \| s Y R + t - Y_\text{ref} \|_F^2, \quad R^\top R = 1

    The picture stays the same: all distances are multiplied by one number.

    Parameters
    ----------
    Y : (n_observations, n_components), any unit of length
    reference : (n_observations, n_components), the same observations in the same order
    scaling : whether the size may change
    reflection : whether the mirror image may be taken

    Returns
    -------
    (n_observations, n_components) in the unit of `reference`

    References
    ----------
    Schönemann 1966; Gower 1975; without reflection, Kabsch 1976.

    Examples
    --------
    >>> import numpy as np
    >>> square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    >>> turned = 3 * square[:, ::-1] + 5
    >>> np.allclose(procrustes(turned, square), square)
    True
    """
    Y = checks.matrix("procrustes", "Y", Y)
    reference = checks.matrix("procrustes", "reference", reference)
    if Y.shape != reference.shape:
        raise checks.invalid(
            "procrustes", "Y", f"of the reference's shape {reference.shape}", Y.shape,
            "Rows must be the same observations in the same order.",
        )  # fmt: skip
    centre = reference.mean(axis=0)
    A, B = Y - Y.mean(axis=0), reference - centre
    U, sizes, Vt = svd(A.T @ B)
    if not reflection and np.linalg.det(U @ Vt) < 0:
        U[:, -1] *= -1
        sizes[-1] *= -1
    energy = (A * A).sum()
    scale = sizes.sum() / energy if scaling and energy > 0 else 1.0
    aligned: Points = (scale * A @ (U @ Vt) + centre).astype(Y.dtype)
    return aligned


def evolve(
    sequence: Iterable[Snapshot],
    *,
    method: str = "dynamic",
    random_state: random.RandomState = None,
    **parameters: Any,
) -> Maps:
    r"""Map the same observations at several times: the layers of a network, or its epochs.

    ============= ====================================== ============= ==========================
    `method`      how                                    for           what a step may mean
    ============= ====================================== ============= ==========================
    "independent" a t-SNE each, laid over the one before either        change, and much chance;
                                                                       each map as good as it gets
    "sequential"  a t-SNE each that starts from the map  layers (Rauber change, and less chance; a
                  before, and is laid over it            et al. 2017)  late map keeps the plan of
                                                                       the early ones
    "joint"       one t-SNE of all times as one cloud    epochs (Rauber change alone, for places in
                                                         et al. 2017)  different maps compare; needs
                                                                       one set of units, which two
                                                                       layers are not, even if both
                                                                       have as many
    "dynamic"     :class:`DynamicTSNE`, all times at     either        change that is worth its
                  once, at a price for movement                        price; small steps are
                                                                       suppressed
    ============= ====================================== ============= ==========================

    To lay over means :func:`procrustes` without scaling, which changes no distance within a map.

    Parameters
    ----------
    sequence : (n_observations, n_units) for each time: the same observations in the same order
    method : one of :data:`EVOLUTIONS`
    random_state : int, Generator or None
    parameters : of :class:`DynamicTSNE` for "dynamic", else of :class:`TSNE`; an `init` of
        "sequential" is that of the first map

    Returns
    -------
    (n_times, n_observations, 2) float32

    Notes
    -----
    The maps before are shrunk to the size of a t-SNE's start, so that "sequential" hands on who is
    where, not how far apart. "joint" maps n_times n_observations rows, and from some thousand on
    t-SNE turns to its grid by itself; the others cost n_times maps of n_observations.

    References
    ----------
    Rauber et al. 2017, after two published replications; Rauber, Falcão and Telea 2016.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(30, 8))
    >>> evolve([X, X[:, :5]], method="sequential", perplexity=5, random_state=0).shape
    (2, 30, 2)
    """
    checks.choice("evolve", "method", method, EVOLUTIONS)
    known = (DynamicTSNE if method == "dynamic" else TSNE)().get_params()
    known = sorted(set(known) - {"n_components", "random_state"})  # two, and an argument of its own
    for name in parameters:
        if name not in known:
            raise checks.not_found("parameter", name, f'evolve(method="{method}")', known)
    if method == "dynamic":
        return DynamicTSNE(random_state=random_state, **parameters).fit_transform(sequence)
    times = validated_sequence("evolve", sequence)
    rng = random.generator(random_state)
    if method == "joint":
        return _joint(times, TSNE(random_state=rng, **parameters))
    maps: list[Points] = []
    with progress.bar("evolution", len(times), "maps") as advance:
        for X in times:
            Y = TSNE(random_state=rng, **parameters).fit_transform(X)
            maps.append(procrustes(Y, maps[-1], scaling=False) if maps else Y)
            if method == "sequential":
                parameters["init"] = maps[-1]
            advance(1)
    return np.stack(maps)


def _joint(times: list[Array], tsne: TSNE) -> Maps:
    """Map the rows of all times as one cloud."""
    for t, X in enumerate(times):
        if X.shape[1] != times[0].shape[1]:
            raise checks.invalid(
                "evolve", f"sequence[{t}]", f"of the first's {times[0].shape[1]} units",
                f"{X.shape[1]}", 'Layers have no common space: take method="dynamic".',
            )  # fmt: skip
    maps: Maps = tsne.fit_transform(np.concatenate(times)).reshape(len(times), -1, 2)
    return maps
