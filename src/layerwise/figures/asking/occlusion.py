"""What a network makes of pictures with a grey square over each of their places, map beside map.

Source: Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
Fig. 7.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from layerwise.analysis.asking.occlusion import OcclusionMaps
from layerwise.figures import legend as keys
from layerwise.figures.color import MISSING, SEQUENTIAL, class_colors, ramp
from layerwise.figures.style import (
    INK,
    SMALL,
    WIDTH,
    bare,
    fit,
    new_figure,
    shorten,
)
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

MOST_ROWS = 8
"""Observations in one figure."""

MOST_NAMED = 12
"""Classes in the legend; the rest share a grey."""

FIXED = 20
"""Up to so many classes, class k has colour k; of more, those that occur share the colours."""

PROBABILITY = ScalarMappable(Normalize(0, 1), SEQUENTIAL)


def occlusion_maps(
    maps: OcclusionMaps,
    *,
    pictures: Array | None = None,
    names: Sequence[str] = (),
    class_names: Sequence[str] | None = None,
    projections: Array | None = None,
    title: str = "",
) -> Figure:
    r"""Draw for each picture what covering its places does: one row a picture, one map a panel.

    Each map lies on the picture as the middle of the square does; where the middle cannot come,
    near the border, it is white.

    Parameters
    ----------
    maps : OcclusionMaps
        Of at most :data:`MOST_ROWS` pictures.
    pictures : (n, height, width) or (n, height, width, 1 or 3) uint8, optional
        The pictures, drawn first, with the square that moves over them in their first corner.
    names : (n,) what each picture is
    class_names : name of every class; by default their numbers
    projections : like `pictures`, optional
        What the strongest activation of the feature map rests on, projected back to pixels.
    title : str

    Returns
    -------
    matplotlib.figure.Figure
        Sum of the strongest feature map (each on its own scale), its projection if given,
        probability of the correct class (0 to 1 in all rows), most probable class (with a legend).

    Raises
    ------
    InvalidValue
        If these are no maps of pictures, too many, or names or pictures do not match.

    Examples
    --------
    >>> one, grid = np.zeros(1, int), np.zeros((1, 2, 3))
    >>> maps = OcclusionMaps("conv1", one, one, (np.arange(2), np.arange(3)), (2, 2), (3, 4),
    ...                      grid, grid, grid.astype(int), one, one, one)
    >>> figure = occlusion_maps(maps, class_names=["cat", "dog"])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['cat']
    """
    name = "occlusion_maps"
    n = len(maps)
    if maps.activity.ndim != 3 or not n or n > MOST_ROWS:
        raise checks.invalid(
            name, "maps", f"of 1 to {MOST_ROWS} pictures", f"shape {maps.activity.shape}"
        )
    for argument, given in (("names", names), ("pictures", pictures), ("projections", projections)):
        if given is not None and len(given) not in ((0, n) if argument == "names" else (n,)):
            raise checks.invalid(name, argument, f"{n}, one an observation", len(given))
    labels = _labels(name, maps, class_names)
    colors = _class_colors(maps, len(labels))
    shown = ["input"] * (pictures is not None) + ["activity"]
    shown += ["projection"] * (projections is not None) + ["probability", "predicted"]

    height, width = maps.size
    across = WIDTH / len(shown) - 0.45
    each = min(across * height / width, 2.6)
    figure = new_figure(WIDTH, n * (each + 0.75) + 0.5 + 0.3 * bool(title), title)
    axes = figure.subplots(n, len(shown), squeeze=False)
    for k, row in enumerate(axes):
        panels = dict(zip(shown, row, strict=True))
        for ax in row:
            bare(ax)
            ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), aspect="equal")
        own = shorten(names[k], 26) if len(names) else ""
        true = shorten(labels[int(maps.classes[k])], 20)
        if pictures is not None:
            _picture(panels["input"], pictures[k], maps)
            _words(panels["input"], own or "input", "corner: the square", across)
        if projections is not None:
            _picture(panels["projection"], projections[k], None)
            _words(panels["projection"], "its projection", "of its maximum", across)
        _map(figure, panels["activity"], maps, maps.activity[k], ramp(maps.activity[k]))
        _words(
            panels["activity"], f"sum of {shorten(maps.layer, 12)}:{int(maps.channels[k])}",
            f"uncovered: {_number(float(maps.whole_activity[k]))}", across,
        )  # fmt: skip
        _map(figure, panels["probability"], maps, maps.probability[k], PROBABILITY)
        _words(
            panels["probability"], f"P({true})",
            f"uncovered: {maps.whole_probability[k]:.2f}", across,
        )  # fmt: skip
        _classes(panels["predicted"], maps, maps.predicted[k], colors)
        answer = shorten(labels[int(maps.whole_predicted[k])], 20)
        _words(panels["predicted"], "most probable class", f"uncovered: {answer}", across)
    entries = [
        keys.square(shorten(labels[code], keys.LONGEST_NAME), color)
        for code, color in colors.items()
    ]
    rest = len(np.unique(maps.predicted)) - len(colors)
    if rest:
        entries.append(keys.square(f"{rest} other class{'es' * (rest > 1)}", MISSING))
    keys.below(figure, entries)
    return figure


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _labels(function: str, maps: OcclusionMaps, class_names: Sequence[str] | None) -> list[str]:
    codes = np.concatenate([maps.predicted.ravel(), maps.classes, maps.whole_predicted])
    most = int(codes.max()) + 1
    if class_names is None:
        return [str(code) for code in range(most)]
    if len(class_names) < most:
        raise checks.invalid(function, "class_names", f"at least {most}", len(class_names))
    return [str(one) for one in class_names]


def _class_colors(maps: OcclusionMaps, n_classes: int) -> dict[int, str]:
    """Return the colour of each class that is named, in the order of the legend."""
    codes, counts = np.unique(maps.predicted, return_counts=True)
    named = codes[np.argsort(-counts, kind="stable")][:MOST_NAMED].tolist()
    if n_classes <= FIXED:
        fixed = class_colors(n_classes)
        return {code: fixed[code] for code in sorted(named)}
    return dict(zip(named, class_colors(len(named)), strict=True))


def _picture(ax: Axes, picture: Array, maps: OcclusionMaps | None) -> None:
    pixels = np.asarray(picture)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    left, right, bottom, top = *ax.get_xlim(), *ax.get_ylim()
    ax.imshow(pixels, cmap="gray", vmin=0, vmax=255, extent=(left, right, bottom, top),
              interpolation="auto")  # fmt: skip
    if maps is not None:
        high, wide = maps.window
        ax.add_patch(Rectangle((-0.5, -0.5), wide, high, facecolor="#808080", edgecolor="white"))


def _words(ax: Axes, heading: str, below: str, width: float) -> None:
    ax.set_title(fit(heading, width + 0.35, SMALL), fontsize=SMALL, color=INK)
    ax.set_xlabel(fit(below, width + 0.35, SMALL), fontsize=SMALL, color=INK)


def _edges(middles: Array, width: int) -> Array:
    """Return where cells around these places meet."""
    if len(middles) == 1:
        return np.array([middles[0] - width / 2, middles[0] + width / 2])
    between = (middles[:-1] + middles[1:]) / 2
    ends = 1.5 * middles[[0, -1]] - 0.5 * middles[[1, -2]]
    return np.concatenate([ends[:1], between, ends[1:]])


def _cells(ax: Axes, maps: OcclusionMaps, colors: Array) -> None:
    y, x = (_edges(at, wide) for at, wide in zip(maps.middles, maps.window, strict=True))
    ax.pcolormesh(x, y, colors, rasterized=True)


def _map(
    figure: Figure, ax: Axes, maps: OcclusionMaps, values: Array, scale: ScalarMappable
) -> None:
    _cells(ax, maps, scale.to_rgba(values))
    bar = figure.colorbar(scale, ax=ax, shrink=0.72, aspect=14, pad=0.02)
    bar.locator = MaxNLocator(3, steps=keys.NICE)
    bar.ax.tick_params(labelsize=SMALL, colors=INK, length=2)
    bar.ax.yaxis.get_offset_text().set(size=SMALL, color=INK)
    bar.outline.set_visible(False)


def _classes(ax: Axes, maps: OcclusionMaps, predicted: Array, colors: dict[int, str]) -> None:
    rgb = np.empty((*predicted.shape, 3))
    rgb[:] = to_rgb(MISSING)
    for code, color in colors.items():
        rgb[predicted == code] = to_rgb(color)
    _cells(ax, maps, rgb)
