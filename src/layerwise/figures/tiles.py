"""Small pictures in rows: filters, feature maps, class means, each group with its scale.

Pictures are enlarged pixel by pixel to a size that can be looked at. What they show and how many
of them is the caller's choice and stands in the caption of the group; here it is only laid out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from layerwise.figures.color import DIVERGING, SEQUENTIAL
from layerwise.figures.style import FAINT, INK, SMALL, TEXT, WIDTH, fit, shorten
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

RAMPS: dict[str, str | Colormap] = {
    "signed": DIVERGING,
    "positive": SEQUENTIAL,
    "grey": "gray",
    "rgb": "gray",
    "": "gray",
}
"""Kinds of keys and the ramp that stands in each."""

MOST_TILES = 300
"""Pictures of one group that are drawn; the caption says how many there are."""

LARGEST, SHORTEST = 6.0, 0.3
"""Inches: of the longer side of a picture that stands alone; of the shorter side of any, so pixels
of a narrow strip are no squares."""

MARGIN, GAP, AIR = 0.12, 0.16, 0.24
"""Inches: around the figure, between pictures, between groups."""

LINE = 1.3
"""Height of a line of text, in sizes of its letters."""

BAR, KEY = 1.3, 0.26
"""Inches: length of the bar in a key, height of the line in which it stands."""

NARROWEST = 4.5
"""Inches: of the figure, so that captions have room."""

LONGEST_NAME = 1.1
"""Inches in which a name may stand if its picture is narrower."""


@dataclass(frozen=True)
class Key:
    """What the colours of a group mean.

    Attributes
    ----------
    ramp : "signed" (blue, pale, brown), "positive" (pale to brown), "grey" (black to white), "rgb"
        (each colour from black to full, 0 is mid grey), or "" for pictures as they are
    limit : where the ramp ends; None if each picture has its own, and the figure says so
    own : what has its own scale if `limit` is None: "picture", or "row" of each picture
    within : share of the values that such a scale spans; 1 if it ends at the largest
    """

    ramp: str
    limit: float | None = None
    own: str = "picture"
    within: float = 1.0


@dataclass(frozen=True, eq=False)
class Tiles:
    """Pictures of one size, in rows under one caption.

    Attributes
    ----------
    pixels : (n, height, width) or (n, height, width, 1 or 3) of uint8
    names : what stands under each, "" for nothing; empty for none at all
    caption : what they are, for example "conv2, after training (epoch 5): first 20 of 64 filters"
    key : what colours mean, or None
    columns : pictures in a row; None for as many as fit
    """

    pixels: Array
    names: Sequence[str] = ()
    caption: str = ""
    key: Key | None = None
    columns: int | None = None


@dataclass(frozen=True)
class _Layout:
    """Where the pictures of a group lie: inches, from its own upper left corner."""

    columns: int
    width: float
    height: float
    pitch: float
    names: list[str]

    @property
    def across(self) -> float:
        return self.columns * self.pitch - GAP

    @property
    def row(self) -> float:
        lines = max((name.count("\n") + 1 for name in self.names if name), default=0)
        return self.height + lines * SMALL * LINE / 72 + GAP

    @property
    def down(self) -> float:
        return math.ceil(len(self.names) / self.columns) * self.row - GAP


def tiles(groups: Sequence[Tiles], *, title: str = "", narrowest: float = NARROWEST) -> Figure:
    """Draw groups of small pictures under each other.

    Parameters
    ----------
    groups : sequence of :class:`Tiles`
        Before and after training, or one a layer. A group whose key is that of the group before
        it does not repeat it. Of more than :data:`MOST_TILES` pictures the first are drawn, and
        the caption says so.
    title : str
    narrowest : float
        Inches that the figure is wide at least: room beside the pictures, say for a legend.

    Returns
    -------
    matplotlib.figure.Figure
        At most 9 inches wide; an axes for each group with one image a picture, and one for each
        key.

    Raises
    ------
    InvalidValue
        If there is no group, or a group's pixels, names, key or columns do not fit.

    Examples
    --------
    >>> pixels = np.zeros((12, 5, 5), np.uint8)
    >>> figure = tiles([Tiles(pixels, [str(k) for k in range(12)], "conv1", Key("grey", 255.0))])
    >>> len(figure.axes[0].images)
    12
    """
    if not groups:
        raise checks.invalid("tiles", "groups", "at least one group of pictures", "none")
    checked = [_checked(group) for group in groups]
    keys = [group.key if group.key and group.key.ramp else None for group in checked]
    repeated = [False, *(one == other for one, other in itertools.pairwise(keys))]
    keys = [None if again else key for key, again in zip(keys, repeated, strict=True)]
    layouts = [_layout(group) for group in checked]
    widths = [layout.across for layout in layouts] + [_key_width(key) for key in keys if key]
    width = max(narrowest, max(widths) + 2 * MARGIN)
    heading = fit(title, width - 2 * MARGIN, TEXT + 1)
    captions = [fit(group.caption, width - 2 * MARGIN, TEXT) for group in checked]
    height = _lines(heading, TEXT + 1) + 2 * MARGIN + AIR * (len(layouts) - 1) + sum(
        _lines(caption, TEXT) + KEY * (key is not None) + layout.down
        for caption, key, layout in zip(captions, keys, layouts, strict=True)
    )  # fmt: skip
    figure = Figure(figsize=(width, height), facecolor="white")
    _write(figure, MARGIN, MARGIN, heading, TEXT + 1)
    top = MARGIN + _lines(heading, TEXT + 1)
    for group, caption, key, layout in zip(checked, captions, keys, layouts, strict=True):
        _write(figure, MARGIN, top, caption, TEXT)
        top += _lines(caption, TEXT)
        pictures = top + KEY * (key is not None)
        _draw_pictures(figure, group, layout, pictures)
        if key is not None:
            _draw_key(figure, key, top)
        top = pictures + layout.down + AIR
    return figure


def _checked(group: Tiles) -> Tiles:
    """Return the group with pixels (n, height, width, 1 or 3) and one name a picture."""
    pixels = np.asarray(group.pixels)
    if pixels.dtype != np.uint8:
        raise checks.InvalidType(f"tiles: pixels must be uint8; got dtype {pixels.dtype}.")
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    if pixels.ndim != 4 or pixels.shape[3] not in (1, 3) or not pixels.size:
        got = f"shape {np.shape(group.pixels)}"
        raise checks.invalid("tiles", "pixels", "at least one, (n, height, width[, 1 or 3])", got)
    n, names = len(pixels), list(map(str, group.names)) or [""] * len(pixels)
    if len(names) != n:
        raise checks.invalid("tiles", "names", f"one per picture ({n})", f"{len(names)} names")
    if group.key is not None:
        checks.choice("tiles", "key.ramp", group.key.ramp, list(RAMPS))
    if group.columns is not None:
        checks.integer("tiles", "columns", group.columns, 1, 60)
    caption = group.caption
    if n > MOST_TILES:
        caption = f"{caption} (the first {MOST_TILES} of {n:,} are drawn)".lstrip()
    return replace(
        group, pixels=pixels[:MOST_TILES], names=names[:MOST_TILES], caption=caption
    )  # fmt: skip


def _layout(group: Tiles) -> _Layout:
    """Choose size and number in a row so that everything fits into the width of the page."""
    n, height, width, _ = group.pixels.shape
    room = WIDTH - 2 * MARGIN + GAP
    # A pixel of a small picture is large, and a large picture is not lost.
    side = min(max(0.55, 0.35 + 0.022 * max(height, width)), 1.3 if n > 4 else 2.2)
    across = max(side * min(1, width / height), SHORTEST)
    longest = max(_measured(name) for name in group.names)
    name = min(longest + 0.02, max(LONGEST_NAME, across))
    columns = min(n, group.columns or max(1, int(room / (max(across, name) + GAP))))
    if not group.columns:
        columns = math.ceil(n / math.ceil(n / columns))  # rows of one length
    # Up to twice the size where there is room.
    across = min(2 * across, LARGEST, room / columns - GAP)
    down = min(max(across * height / width, SHORTEST), LARGEST if n == 1 else 2 * side)
    across = min(across, max(down * width / height, SHORTEST))
    pitch = min(max(across, name) + GAP, room / columns)
    names = [_narrowed(text, pitch - GAP) for text in group.names]
    return _Layout(columns, across, down, pitch, names)


def _narrowed(name: str, width: float) -> str:
    """Return a name in at most two lines, none wider than so many inches."""
    for longest in range(len(name), 1, -1):
        text = shorten(name, longest)
        halves = ([text[:k], text[k + 1 :]] for k, letter in enumerate(text) if letter == " ")
        best = min(halves, key=lambda lines: max(map(_measured, lines)), default=[text])
        for lines in ([text], best):
            if max(map(_measured, lines)) <= width:
                return "\n".join(lines)
    return name[:1]


def _measured(text: str) -> float:
    """Return the width of a name in inches, letter by letter."""
    return sum(map(_letter, text))


@cache
def _letter(letter: str) -> float:
    font = FontProperties(size=SMALL)
    return float(text_to_path.get_text_width_height_descent(letter, font, ismath=False)[0]) / 72


def _lines(text: str, points: float) -> float:
    """Return the height of a caption in inches, with a little air under it."""
    return (text.count("\n") + 1) * points * LINE / 72 + 0.06 if text else 0.0


def _write(
    figure: Figure, x: float, y: float, text: str, points: float, place: str = "left"
) -> None:
    """Write text whose upper left corner (or upper middle) is so many inches from the figure's."""
    if text:
        width, height = figure.get_size_inches()
        figure.text(x / width, 1 - y / height, text, fontsize=points, color=INK, va="top",
                    ha=place, linespacing=LINE - 0.1)  # fmt: skip


def _draw_pictures(figure: Figure, group: Tiles, layout: _Layout, top: float) -> None:
    """Draw every picture as an image of one axes whose unit is the inch."""
    width, height = figure.get_size_inches()
    box = (MARGIN / width, 1 - (top + layout.down) / height,
           layout.across / width, layout.down / height)  # fmt: skip
    ax = figure.add_axes(box, label="tiles")
    inset = (layout.pitch - GAP - layout.width) / 2
    for place, (picture, name) in enumerate(zip(group.pixels, layout.names, strict=True)):
        row, column = divmod(place, layout.columns)
        x, y = column * layout.pitch + inset, row * layout.row
        # "auto" enlarges pixel by pixel and smooths only what is made smaller.
        ax.imshow(picture.squeeze(-1) if picture.shape[2] == 1 else picture, cmap="gray", vmin=0,
                  vmax=255, interpolation="auto", aspect="auto",
                  extent=(x, x + layout.width, y + layout.height, y))  # fmt: skip
        middle = MARGIN + x + layout.width / 2
        _write(figure, middle, top + y + layout.height + 0.03, name, SMALL, "center")
    ax.set(xlim=(0, layout.across), ylim=(layout.down, 0))
    ax.set_axis_off()


def _key_texts(key: Key) -> tuple[str, str]:
    """Return what stands before and behind the ramp: its ends, and whose scale it is."""
    own, beyond = key.limit is None, 100 * (1 - key.within)
    most = ("end" if beyond else "max") if own else f"{key.limit:.3g}"
    low = f"\N{MINUS SIGN}{most}" if key.ramp in ("signed", "rgb") else "0"
    notes = [f"each {key.own} has its own scale" if own else "one scale for all"]
    notes += [f"{beyond:.2g} % of its values are beyond"] if own and beyond else []
    notes += ["0 is mid grey in each colour"] if key.ramp == "rgb" else []
    return low, f"{most}   {'; '.join(notes)}"


def _key_width(key: Key) -> float:
    return sum(map(_measured, _key_texts(key))) + BAR + 0.16


def _draw_key(figure: Figure, key: Key, top: float) -> None:
    """Draw one line: where the ramp begins, the ramp, where it ends, and whose scale it is."""
    width, height = figure.get_size_inches()
    low, behind = _key_texts(key)
    both = key.ramp in ("signed", "rgb")
    x = MARGIN + _measured(low) + 0.08
    _write(figure, MARGIN, top + 0.02, low, SMALL)
    ax = figure.add_axes((x / width, 1 - (top + 0.17) / height, BAR / width, 0.13 / height),
                         label="key")  # fmt: skip
    steps = np.linspace(0, 1, 256)
    if key.ramp == "rgb":  # red, green and blue under each other, the other two at 0
        ramp = np.where(np.eye(3, dtype=bool)[:, None], steps[:, None], 0.5)
    else:
        ramp = steps[None]
    ax.imshow(ramp, cmap=RAMPS[key.ramp], aspect="auto", interpolation="nearest")
    ax.set(xticks=[127.5] if both else [], yticks=[], xticklabels=[""] * both)
    ax.tick_params(length=3, color=INK)
    ax.spines[:].set_color(FAINT)
    _write(figure, x + BAR + 0.08, top + 0.02, behind, SMALL)
