"""One look for all figures: sizes that stay readable, ink, and text that fits.

No figure is wider than :data:`WIDTH`, so on a page of 900 pixels it stands at full size and
:data:`TEXT` is 14 pixels high. Settings go to each artist, never to matplotlib's global state, and
``pyplot`` is never imported.
"""

from __future__ import annotations

import textwrap
import unicodedata

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

WIDTH = 9.0
"""Inches; the widest a figure gets."""

TEXT = 10.0
"""Points: titles, axis and legend text."""

SMALL = 8.5
"""Points: captions of small panels, tick labels; 12 pixels high on the page."""

INK = "#1c1d20"
SOFT = "#6b6e75"
FAINT = "#c9c9c6"
"""Frames and grid lines."""


def new_figure(width: float, height: float, title: str = "") -> Figure:
    """Return an empty white figure, inches, whose parts never overlap."""
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    figure = Figure(figsize=(width, height), layout=layout, facecolor="white")
    if title:
        figure.suptitle(fit(title, width, TEXT + 1), fontsize=TEXT + 1, color=INK)
    return figure


def bare(ax: Axes) -> None:
    """Make the axes a quiet frame: a projection's axes have no unit and no meaning."""
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color(FAINT)


def plain(ax: Axes) -> None:
    """Give the axes a scale on two sides and faint horizontal lines."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set_color(INK)
    ax.tick_params(labelsize=SMALL, colors=INK)
    ax.grid(axis="y", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)


def shorten(text: object, longest: int) -> str:
    """Return a name of at most `longest` characters, without its middle.

    Beginning and end tell the names of layers and of classes apart.

    Examples
    --------
    >>> shorten("features.denseblock3.conv2", 16), shorten("Staffordshire bullterrier", 16)
    ('features…3.conv2', 'Stafford…terrier')
    """
    words = _spread(" ".join(str(text).split()))
    if len(words) > longest:
        start, end = words[: longest // 2], words[len(words) - (longest - 1) // 2 :]
        words = f"{start.rstrip()}…{end.lstrip()}"
    return words.replace(_FILL, "")


_FILL = "\N{WORD JOINER}"


def _spread(text: str) -> str:
    """Return the text with a filler after each letter that is as wide as two (Chinese, Korean)."""
    if text.isascii():
        return text
    return "".join(c + _FILL * (unicodedata.east_asian_width(c) in "WF") for c in text)


def characters(width: float, points: float) -> int:
    """Return how many characters of this size fit side by side into so many inches."""
    return max(6, int(width * 72 / (0.58 * points)))


def fit(text: str, width: float, points: float) -> str:
    """Break the text into lines that fit into `width` inches, at two or more spaces first.

    A number stays with its percent sign.

    Examples
    --------
    >>> print(fit("NH 2-D 93.7 %   n-D 95.1 %", 1.5, 8.5).replace(chr(160), " "))
    NH 2-D 93.7 %
    n-D 95.1 %
    """
    longest = characters(width, points)
    text = _spread(text.replace(" %", "\N{NO-BREAK SPACE}%"))
    if len(text) > longest:
        text = text.replace("   ", "\n").replace("  ", "\n")
    lines = [textwrap.wrap(line.strip(), longest) or [""] for line in text.split("\n")]
    return "\n".join(part for line in lines for part in line).replace(_FILL, "")
