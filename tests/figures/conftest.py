"""What a reader would complain about, measured: text cut off, on other text, or too small."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def texts(figure: Figure) -> list[Text]:
    """Return every text that is drawn, cells of a matrix aside."""
    figure.draw_without_rendering()
    aside = {text for ax in figure.axes for text in ax.texts}
    for ax in figure.axes:  # matplotlib keeps tick labels that lie outside the axes, undrawn
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            outside = [t for t in axis.get_major_ticks() if not low <= t.get_loc() <= high]
            aside |= {label for t in outside for label in (t.label1, t.label2)}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in aside
        and text.get_rotation() in (0, 90)
    ]  # fmt: skip


def box(text: Text) -> Bbox:
    return text.get_window_extent().padded(-1)


@pytest.fixture
def assert_readable() -> Callable[[Figure], None]:
    """No text is cut off by the page, none lies on another, none is small; no figure too wide."""

    def check(figure: Figure) -> None:
        width, height = figure.get_size_inches() * figure.dpi
        drawn = [(text.get_text(), box(text), text.get_fontsize()) for text in texts(figure)]
        assert drawn
        for words, corners, size in drawn:
            assert corners.x0 >= 0, words
            assert corners.y0 >= 0, words
            assert corners.x1 <= width, words
            assert corners.y1 <= height, words
            assert size >= 8, words
        for (one, first, _), (other, second, _) in itertools.combinations(drawn, 2):
            assert not first.overlaps(second), (one, other)
        assert figure.get_figwidth() <= 9

    return check
