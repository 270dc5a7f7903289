"""Figures of preferred inputs: what is drawn is what was given; bad input is one sentence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layerwise import figures
from layerwise.foundation.checks import UserError

rng = np.random.default_rng(0)


def climbs(starts: int = 3) -> pd.DataFrame:
    steps = np.arange(20)
    return pd.concat([
        pd.DataFrame({"start": k, "step": steps, "value": np.sqrt(steps) * (k + 1)})
        for k in range(starts)
    ])  # fmt: skip


def pixels(n: int, height: int = 8, width: int = 8, channels: int = 1) -> np.ndarray:
    return rng.integers(0, 255, (n, height, width, channels), np.uint8)


def test_contract_groups_stand_under_each_other_with_the_key_of_their_colours() -> None:
    given = [
        figures.preferred_tiles(pixels(4), "0123", "ink", columns=4),
        figures.preferred_tiles(pixels(4, channels=3), "0123", "erhan", ramp="rgb", columns=4),
    ]
    figure = figures.preferred_sheet(given, title="classes")
    texts = [text.get_text() for text in figure.texts]
    assert {"classes", "ink", "erhan", "0", "3"} <= set(texts)
    drawn = [ax for ax in figure.axes if ax.get_label() == "tiles"]
    assert [len(ax.images) for ax in drawn] == [4, 4]
    assert sum(ax.get_label() == "key" for ax in figure.axes) == 1


def test_contract_strips_in_two_columns() -> None:
    strips = pixels(5, 8, 112, 3)
    figure = figures.nearest_sheet(strips, ["a", "b", "c", "d", "e"], title="nearest")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a", "b", "c", "d", "e"]
    for ax, strip in zip(figure.axes, strips, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), strip)
    figure.canvas.draw()
    boxes = [ax.get_window_extent() for ax in figure.axes]
    assert boxes[0].x1 < boxes[1].x0
    assert boxes[0].y0 > boxes[2].y1


def test_contract_the_card_shows_every_start_its_climb_and_the_best_real_input() -> None:
    starts, beside = pixels(3), pixels(1, 8, 112, 3)[0]
    figure = figures.unit_card(
        starts, climbs(), values=[4.36, 8.7, 13.1], beside=beside, best_real=7.0, title="fc, 3",
        note="Sufficient, not necessary.",
    )  # fmt: skip
    *pictures, climb, near = figure.axes
    assert [ax.get_title() for ax in pictures] == ["4.36", "8.7", "13.1"]
    for ax, start in zip(pictures, starts, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), start[:, :, 0])
    ends = [line.get_ydata()[-1] for line in climb.lines]
    assert ends[:3] == pytest.approx([np.sqrt(19), 2 * np.sqrt(19), 3 * np.sqrt(19)])
    assert climb.lines[3].get_ydata()[0] == 7.0
    for ax, line in zip(pictures, climb.lines, strict=False):
        np.testing.assert_allclose(ax.spines["left"].get_edgecolor()[:3], _rgb(line))
    assert near.get_xlabel() == "Sufficient, not necessary."
    np.testing.assert_array_equal(near.images[0].get_array(), beside)


def _rgb(line) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    return to_rgb(line.get_color())


def test_contract_no_more_than_nine_starts_and_no_neighbours() -> None:
    figure = figures.unit_card(pixels(12), climbs(12), values=[1.0] * 12)
    assert len(figure.axes) == 10
    assert len(figure.axes[-1].lines) == 9


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": [1.0]}, "unit_card: starts must be .* one for each value"),
        ({"starts": np.zeros((0, 8, 8, 1), np.uint8), "values": []}, "unit_card: starts must be"),
        ({"climbs": climbs().drop(columns="step")}, "no column 'step' in unit_card's table"),
    ],
)
def test_bad_input_is_one_sentence(changes: dict, words: str) -> None:
    given = {"starts": pixels(3), "climbs": climbs(), "values": [1.0, 2.0, 3.0], **changes}
    with pytest.raises(UserError, match=words):
        figures.unit_card(given.pop("starts"), given.pop("climbs"), **given)
    with pytest.raises(UserError, match="nearest_sheet: strips must be"):
        figures.nearest_sheet(pixels(2), ["one"])
