"""What a reader would complain about, measured: text that is cut off or lies on other text."""

from __future__ import annotations

import itertools

from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox


def texts(figure: Figure) -> list[Text]:
    """Return every text that is drawn, cells of a matrix aside."""
    figure.draw_without_rendering()
    inside = {text for ax in figure.axes for text in ax.texts}
    return [
        text
        for text in figure.findobj(Text)
        if text.get_visible() and text.get_text().strip() and text not in inside
        and text.get_rotation() in (0, 90)
    ]  # fmt: skip


def box(text: Text) -> Bbox:
    return text.get_window_extent().padded(-1)


def assert_readable(figure: Figure) -> None:
    """No text is cut off by the page, none lies on another, none is small, no figure too wide."""
    page = Bbox.from_bounds(0, 0, *(figure.get_size_inches() * figure.dpi))
    drawn = texts(figure)
    for text in drawn:
        corners = box(text)
        assert page.x0 <= corners.x0 and corners.x1 <= page.x1, text.get_text()  # noqa: PT018
        assert page.y0 <= corners.y0 and corners.y1 <= page.y1, text.get_text()  # noqa: PT018
        assert text.get_fontsize() >= 8
    for one, other in itertools.combinations(drawn, 2):
        assert not box(one).overlaps(box(other)), (one.get_text(), other.get_text())
    assert figure.get_figwidth() <= 9
