"""One picture of points, and what is read from it before it is drawn.

A panel's points have a colour each: that of their class, faded where they are weak, or that of a
number on a ramp. Panels in one figure share their classes and their scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.cm import ScalarMappable

from layerwise.figures import legend
from layerwise.figures.color import classes_of, fade, point_colors, ramp
from layerwise.figures.legend import Entry
from layerwise.figures.marks import Marks
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array, Labels, PerObservation, Points, Trails


@dataclass(frozen=True)
class Panel:
    """One projection in a grid: of observations or of units, as dots or as trails.

    Attributes
    ----------
    Y : (n, 2), or (n, n_places, 2) to draw trails
        A point with a NaN, such as a dead unit's, is not drawn but counted in the legend.
    labels : (n,), class of each point, or None
        Missing ones (None, NaN, and -1 if the figure has class names) are grey rings.
    correct : (n,) of bool, False marks a misclassified one, or None
    caption : under the panel, for example "NH 2-D 93.7 %   n-D 95.1 %"; two or more spaces are
        where it breaks if it is too wide
    values : (n,), one number each in place of labels, or None
        On a ramp that all panels of the figure share; it diverges from 0 if there are both signs.
    values_name : what the numbers are; one for all panels
    strength : (n,) in [0, 1], with labels, or None
        Weak points fade to light grey; strong ones have their class's colour and lie on top.
        NaN is as a missing label.
    """

    Y: Points | Trails
    labels: Labels | None = None
    correct: Labels | None = None
    caption: str = ""
    values: PerObservation | None = None
    values_name: str = "activation"
    strength: PerObservation | None = None


@dataclass(frozen=True)
class Reading:
    """Checked panels in colour, with what explains them.

    Attributes
    ----------
    marks : one a panel, None where there is none
    entries : the legend
    scale : the ramp of all values, or None
    values_name : what stands at the scale
    """

    marks: list[Marks | None]
    entries: list[Entry]
    scale: ScalarMappable | None
    values_name: str


def read(
    function: str,
    panels: Sequence[Panel | None],
    class_names: Sequence[str] | None,
    argument: str = "Y",
) -> Reading:
    """Check the panels and give every point its colour, in classes and a scale that they share.

    A figure of one panel counts what its glyphs stand for; in a grid the sum over panels would
    mislead.
    """
    given = [panel for panel in panels if panel is not None]
    if not given:
        raise checks.invalid(function, "panels", "at least one panel", "none")
    places = [_places(function, argument, panel.Y) for panel in given]
    strengths = [_strength(function, panel) for panel in given]
    codes, names = _classes(function, given, class_names)
    for code, strength in zip(codes, strengths, strict=True):
        code[np.isnan(strength)] = -1
    numbers = [_numbers(function, panel) for panel in given]
    scale, values_name = _scale(function, given, numbers)

    marks: list[Marks] = []
    for k, panel in enumerate(given):
        wrong = np.zeros(len(panel.Y), dtype=bool)
        if panel.correct is not None:
            wrong = ~checks.labels(function, panel.correct, len(panel.Y), "correct").astype(bool)
        values = numbers[k]
        strength = np.nan_to_num(strengths[k])
        if values is not None and scale is not None:
            colors, hollow = scale.to_rgba(np.ma.masked_invalid(values))[:, :3], np.isnan(values)
        else:
            colors = point_colors(codes[k], len(names))
            hollow = codes[k] < (0 if panel.labels is not None else -1)
            colors = np.where(hollow[:, None], colors, fade(colors, strength))
        rows = np.flatnonzero(np.isfinite(places[k]).reshape(len(panel.Y), -1).all(axis=1))
        marks.append(
            Marks(places[k][rows], colors[rows], hollow[rows], wrong[rows], strength[rows], rows)
        )
    drawn = iter(marks)
    return Reading(
        [next(drawn) if panel else None for panel in panels],
        _entries(given, marks, codes, names), scale, values_name,
    )  # fmt: skip


def _places(function: str, argument: str, Y: object) -> Array:
    """Return points (n, 2) or trails (n, n_places, 2); NaN where one has no place."""
    places = np.asarray(Y)
    if places.ndim == 3 and (places.shape[1] < 2 or places.shape[2] != 2):
        raise checks.invalid(
            function, argument, "of shape (n_observations, at least 2 places, 2)",
            f"shape {places.shape}",
        )  # fmt: skip
    flat = places.reshape(len(places), -1) if places.ndim == 3 else places
    known = np.ones(len(flat), dtype=bool) if flat.ndim else np.ones(0, dtype=bool)
    if flat.ndim == 2 and flat.dtype.kind == "f":
        known = ~np.isnan(flat).any(axis=1)
        if len(flat) and not known.any():
            raise checks.invalid(
                function, argument, "a place for at least one point", "NaN in every row"
            )
    checked = checks.matrix(function, argument, flat[known] if flat.ndim else flat)
    if places.ndim == 2 and places.shape[1] != 2:
        raise checks.invalid(
            function, argument, "of shape (n_observations, 2)", f"shape {places.shape}",
            "Project the activations to two dimensions first.",
        )  # fmt: skip
    return places.astype(checked.dtype, copy=False)


def _strength(function: str, panel: Panel) -> Array:
    """Return the strength of each point, 1 where nothing is said."""
    if panel.strength is None:
        return np.ones(len(panel.Y))
    if panel.labels is None:
        raise checks.invalid(
            function, "strength", "left out without labels", "strength alone",
            "Draw it as values instead.",
        )  # fmt: skip
    strength = checks.labels(function, panel.strength, len(panel.Y), "strength").astype(float)
    if (strength < 0).any() or (strength > 1).any():
        least, most = np.nanmin(strength), np.nanmax(strength)
        raise checks.invalid(function, "strength", "in [0, 1]", f"{least:g} to {most:g}")
    return strength


def _numbers(function: str, panel: Panel) -> Array | None:
    """Return the values as floats, NaN where unknown."""
    if panel.values is None:
        return None
    if panel.labels is not None:
        raise checks.invalid(function, "labels", "left out if values are given", "both")
    numbers = checks.labels(function, panel.values, len(panel.Y), "values").astype(float)
    if np.isinf(numbers).any():
        got = f"infinity in {int(np.isinf(numbers).sum())} rows"
        raise checks.invalid(function, "values", "finite or NaN", got)
    return numbers


def _scale(
    function: str, panels: Sequence[Panel], numbers: Sequence[Array | None]
) -> tuple[ScalarMappable | None, str]:
    """Return the ramp over all panels with values, and the name of these."""
    known = [values for values in numbers if values is not None]
    if not known:
        return None, ""
    together = np.concatenate(known)
    if np.isnan(together).all():
        raise checks.invalid(function, "values", "finite somewhere", "none that is")
    names = list(dict.fromkeys(p.values_name for p in panels if p.values is not None))
    if len(names) > 1:
        raise checks.invalid(
            function, "values_name", "the same in all panels", " and ".join(map(repr, names)),
            "They share one scale; draw one figure for each quantity.",
        )  # fmt: skip
    return ramp(together), names[0]


def _classes(
    function: str, panels: Sequence[Panel], class_names: Sequence[str] | None
) -> tuple[list[Array], list[str]]:
    """Return the class numbers of every panel's points, numbered over all panels together."""
    codes = [np.full(len(panel.Y), -1) for panel in panels]
    labelled = {
        k: checks.labels(function, panel.labels, len(panel.Y))
        for k, panel in enumerate(panels) if panel.labels is not None
    }  # fmt: skip
    if not labelled:
        return codes, []
    together = np.concatenate(list(labelled.values()))
    numbers, names = classes_of(function, together, len(together), class_names)
    ends = np.cumsum([len(part) for part in labelled.values()])[:-1]
    for k, part in zip(labelled, np.split(numbers, ends), strict=True):
        codes[k] = part.copy()
    return codes, names


def _entries(
    panels: Sequence[Panel], marks: Sequence[Marks], codes: Sequence[Array], names: Sequence[str]
) -> list[Entry]:
    """Return classes, what fading means, and what glyphs mean."""

    def counted(label: str, rows: Sequence[Array]) -> list[str]:
        n = sum(int(part.sum()) for part in rows)
        return [f"{label} ({n:,})" if len(panels) == 1 else label] if n else []

    of_class = [p.labels is not None for p in panels]
    shown = [code[m.rows] for code, m, yes in zip(codes, marks, of_class, strict=True) if yes]
    entries = legend.class_entries(np.concatenate([np.zeros(0, int), *shown]), names)
    if any(panel.strength is not None for panel in panels):
        entries.append(legend.key("weak → strong"))
    if any(mark.places.ndim == 3 for mark in marks):
        entries.append(legend.key("early → late", lines=True))
    for label, kind in (("no class", True), ("no value", False)):
        rings = [m.hollow for m, yes in zip(marks, of_class, strict=True) if yes == kind]
        entries += map(legend.ring, counted(label, rings))
    entries += map(legend.cross, counted("misclassified", [m.wrong for m in marks]))
    n_lost = sum(len(p.Y) - len(m.rows) for p, m in zip(panels, marks, strict=True))
    if n_lost:
        lost = f"not placed ({n_lost:,})" if len(panels) == 1 else "some not placed"
        entries.append(legend.note(lost))
    return entries
