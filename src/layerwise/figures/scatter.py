"""A projection as a picture: one dot an observation or unit, coloured by class or by a number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from layerwise.figures import legend as keys
from layerwise.figures.marks import draw
from layerwise.figures.panel import Panel, read
from layerwise.figures.style import INK, TEXT, WIDTH, fit, new_figure
from layerwise.figures.thumbnails import draw_thumbnails
from layerwise.foundation import checks
from layerwise.foundation.shapes import GreyImages, Images, Labels, PerObservation, Points

HEIGHT = 5.6


def scatter(
    Y: Points,
    labels: Labels | None = None,
    *,
    strength: PerObservation | None = None,
    values: PerObservation | None = None,
    values_name: str = "activation",
    class_names: Sequence[str] | None = None,
    correct: Labels | None = None,
    title: str = "",
    legend: bool = True,
    images: Images | GreyImages | None = None,
) -> Figure:
    """Draw one projection, of observations or of units.

    Parameters
    ----------
    Y : (n_observations, 2)
        Points with a NaN, such as dead units, are not drawn; the legend counts them.
    labels : (n_observations,), optional
        Class of each observation, or role of each unit; missing ones are grey rings: None, NaN,
        and -1 if `class_names` are given.
    strength : (n_observations,) in [0, 1], optional
        With labels. Weak points fade to light grey; strong ones have the full colour of their
        class and lie on top: a map of which units tell which class, and how well.
    values : (n_observations,), optional
        One number each, in place of labels: the activation of a neuron, on a ramp with its scale.
        Numbers of both signs are on a ramp that diverges from 0. NaN is a grey ring.
    values_name : str
    class_names : sequence of str, optional
        Names of classes 0, 1, ... if labels are integers, else the order of the names.
    correct : (n_observations,) of bool, optional
        False marks a misclassified observation by a cross; the legend counts them.
    title : str
    legend : bool
    images : (n_observations, height, width[, channels]) uint8, optional
        Lays as many small pictures on the points as fit without overlap, misclassified first.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InvalidValue
        If shapes disagree, both `labels` and `values` are given, or `strength` without labels.

    References
    ----------
    Rauber, Fadel, Falcao and Telea 2017: figures 2 to 9 (labels, images), 13 (strength) and 14
    (values).

    Examples
    --------
    >>> Y, labels = np.array([[0.0, 0], [1, 1], [2, 0]]), np.array(["cat", "dog", "cat"])
    >>> figure = scatter(Y, labels, title="two classes")
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['cat', 'dog']
    >>> figure = scatter(Y, labels, strength=np.array([0.1, 1.0, np.nan]))
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['cat', 'dog', 'weak → strong', 'no class (1)']
    """
    panel = Panel(
        Y, labels, correct, values=values, values_name=values_name, strength=strength
    )  # fmt: skip
    return single("scatter", panel, class_names, title=title, legend=legend, images=images)


def single(
    function: str,
    panel: Panel,
    class_names: Sequence[str] | None,
    *,
    title: str,
    legend: bool,
    images: Images | GreyImages | None = None,
    argument: str = "Y",
) -> Figure:
    """Draw one panel on a figure of its own: classes right of it, glyphs of a scale below."""
    reading = read(function, [panel], class_names, argument)
    (marks,) = (mark for mark in reading.marks if mark)
    if images is not None and len(images) != len(panel.Y):
        raise checks.invalid(
            function, "images", f"one per point ({len(panel.Y)})", f"{len(images)} images"
        )
    entries = reading.entries if legend else []
    share = 0.72 if reading.scale else 0.8 if entries else 0.62
    figure = new_figure(WIDTH * share, HEIGHT)
    ax = figure.add_subplot()
    ax.set_title(fit(title, WIDTH * 0.55, TEXT + 1), fontsize=TEXT + 1, color=INK)
    draw(ax, marks)
    if images is not None:
        pictures = np.asarray(images)[marks.rows]
        Y = marks.places if marks.places.ndim == 2 else marks.places[:, -1]
        draw_thumbnails(ax, Y, pictures, marks.colors, first=marks.wrong)
    if reading.scale is not None:
        keys.color_bar(figure, reading.scale, [ax], reading.values_name, HEIGHT)
        keys.below(figure, entries)
    else:
        keys.beside(figure, entries)
    return figure
