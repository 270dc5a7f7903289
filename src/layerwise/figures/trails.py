"""How a projection evolves: each observation's way through the maps of layers or of epochs.

A trail begins pale and ends in the full colour of its class, so that a class has one colour in
every figure; Rauber et al. draw later parts brighter, which dark classes on white paper cannot be.
Leaves out where the trails come from: ``layerwise.projection`` evolves and bundles them.

Source: Rauber, Fadel, Falcao and Telea 2017, figures 10 and 11.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from layerwise.figures.panel import Panel
from layerwise.figures.scatter import single
from layerwise.foundation import checks
from layerwise.foundation.shapes import Labels, Trails


def trails(
    T: Trails,
    labels: Labels | None = None,
    *,
    class_names: Sequence[str] | None = None,
    title: str = "",
    legend: bool = True,
) -> Figure:
    """Draw one trail an observation, from early (pale) to late (full colour and a dot).

    Several side by side are panels of :func:`small_multiples`: ``Panel(T, labels)``.

    Parameters
    ----------
    T : (n_observations, n_places, 2), at least 2 places
        Trails with a NaN are not drawn; the legend counts them.
    labels : (n_observations,), optional
        As in :func:`scatter`.
    class_names : sequence of str, optional
        As in :func:`scatter`.
    title : str
    legend : bool

    Returns
    -------
    matplotlib.figure.Figure
        Drawing 2,000 trails takes well under a second.

    Raises
    ------
    InvalidValue
        If shapes disagree.

    Examples
    --------
    >>> T = np.array([[[0.0, 0], [1, 0], [2, 1]], [[0, 1], [1, 1], [2, 3]]])
    >>> figure = trails(T, np.array(["cat", "dog"]))
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['cat', 'dog', 'early → late']
    """
    if np.ndim(T) != 3:
        raise checks.invalid(
            "trails", "T", "of shape (n_observations, n_places, 2)", f"shape {np.shape(T)}",
            "Draw a single map with scatter.",
        )  # fmt: skip
    return single(
        "trails", Panel(T, labels), class_names, title=title, legend=legend, argument="T"
    )  # fmt: skip
