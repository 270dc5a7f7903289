"""Lay one map over another: the orthogonal Procrustes problem.

Leaves out: maps of different observations (match the rows first).
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import svd

from layerwise.foundation import checks
from layerwise.foundation.shapes import Points


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
