"""Tiles: contract of what is drawn where, outcome of readable figures at any number and size."""

from __future__ import annotations

import numpy as np
import pytest

from layerwise import figures
from layerwise.figures import Key, Tiles
from layerwise.foundation.checks import UserError

rng = np.random.default_rng(0)
LONG = "Staffordshire bullterrier of a very long name without any end"


def pictures(*shape):
    return rng.integers(0, 256, shape).astype(np.uint8)


def of(figure, label):
    return [ax for ax in figure.axes if ax.get_label() == label]


def boxes(figure, ax):
    """Return where the pictures lie, in inches from the left and the top of the figure."""
    figure.draw_without_rendering()
    height = figure.get_figheight()
    found = []
    for image in ax.images:
        (x0, y0), (x1, y1) = figure.dpi_scale_trans.inverted().transform(
            ax.transData.transform(np.reshape(image.get_extent(), (2, 2)).T)
        )
        found.append((min(x0, x1), height - max(y0, y1), max(x0, x1), height - min(y0, y1)))
    return np.array(found)


def test_contract_every_picture_is_drawn_as_it_is_with_its_name():
    pixels = pictures(7, 5, 4, 3)
    figure = figures.tiles(
        [Tiles(pixels, [f"filter {k}" for k in range(7)], "conv1: 7 filters", columns=3)],
        title="Filters",
    )
    (ax,) = of(figure, "tiles")
    for image, expected in zip(ax.images, pixels, strict=True):
        np.testing.assert_array_equal(image.get_array(), expected)
    texts = [text.get_text() for text in figure.texts]
    assert texts == ["Filters", "conv1: 7 filters", *(f"filter {k}" for k in range(7))]
    at = boxes(figure, ax)
    assert len(np.unique(at[:, 0].round(6))) == 3
    assert len(np.unique(at[:, 1].round(6))) == 3
    np.testing.assert_allclose((at[:, 2] - at[:, 0]) / (at[:, 3] - at[:, 1]), 4 / 5)


def test_contract_names_stand_under_their_pictures():
    figure = figures.tiles([Tiles(pictures(30, 5, 5), [str(k) for k in range(30)])])
    (ax,) = of(figure, "tiles")
    width, height = figure.get_size_inches()
    for text, (x0, _, x1, y1) in zip(figure.texts, boxes(figure, ax), strict=True):
        x, y = text.get_position()
        assert x * width == pytest.approx((x0 + x1) / 2)
        assert 0 < height - y * height - y1 < 0.1


@pytest.mark.parametrize(
    ("key", "texts"),
    [
        (Key("signed", 0.25), ["−0.25", "0.25   one scale for all"]),
        (Key("signed"), ["−max", "max   each picture has its own scale"]),
        (Key("signed", own="row"), ["−max", "max   each row has its own scale"]),
        (
            Key("signed", own="unit", within=0.995),
            [
                "−end",
                "end   each unit has its own scale; 0.5 % of its values are beyond",
            ],
        ),
        (Key("positive", 3.0), ["0", "3   one scale for all"]),
        (Key("grey"), ["0", "max   each picture has its own scale"]),
        (Key("rgb", 1.0), ["−1", "1   one scale for all; 0 is mid grey in each colour"]),
        (Key(""), []),
        (None, []),
    ],
)
def test_contract_the_key_says_whose_scale_it_is(key, texts):
    figure = figures.tiles([Tiles(pictures(2, 5, 5), caption="conv1", key=key)])
    assert sorted(text.get_text() for text in figure.texts) == sorted(["conv1", *texts])
    assert len(of(figure, "key")) == bool(texts)
    for ax in of(figure, "key"):
        assert list(ax.get_xticks()) == ([127.5] if key.ramp in ("signed", "rgb") else [])


def test_closed_form_the_key_of_colours_shows_each_colour_from_end_to_end():
    rgb = np.zeros((1, 3, 3, 3), np.uint8)
    (ax,) = of(figures.tiles([Tiles(rgb, key=Key("rgb"))]), "key")
    ramp = np.asarray(ax.images[0].get_array())
    for channel in range(3):
        np.testing.assert_array_equal(ramp[channel, :, channel], np.linspace(0, 1, 256))
        assert (np.delete(ramp[channel], channel, axis=1) == 0.5).all()


@pytest.mark.filterwarnings("ignore:Glyph")  # the font has no Chinese: a box of the same width
@pytest.mark.parametrize("name", ["conv1", "層" * 40, "façade " * 12, "a\nb"])
def test_outcome_long_keys_and_wide_letters_end_on_the_page(name, assert_readable):
    rgb = np.zeros((1, 3, 3, 3), np.uint8)
    assert_readable(figures.tiles([Tiles(rgb, caption=f"{name}: the only filter", key=Key("rgb"))]))


def test_contract_a_key_is_not_repeated_by_the_next_group():
    one, other = Tiles(pictures(2, 5, 5), key=Key("signed", 1.0)), Key("signed", 2.0)
    assert len(of(figures.tiles([one, one, one]), "key")) == 1
    assert len(of(figures.tiles([one, Tiles(one.pixels, key=other), one]), "key")) == 3


SHAPES = [
    (1, 5, 5), (1, 1, 1), (3, 28, 28), (96, 7, 7), (24, 15, 15), (1, 256, 256), (1, 1000, 10),
    (1, 10, 1000), (8, 224, 224), (20, 1, 400), (20, 400, 1),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "named"),
    [*((shape, named) for shape in SHAPES for named in ("", "number", "long", "wide")),
     ((2048, 3, 3), "number")],
)  # fmt: skip
def test_outcome_readable_at_any_number_and_size(shape, named, assert_readable):
    names = {
        "": [], "number": [str(k) for k in range(shape[0])],
        "long": [f"{k} {LONG}" for k in range(shape[0])], "wide": ["W" * 30] * shape[0],
    }[named]  # fmt: skip
    group = Tiles(pictures(*shape), names, f"features.1.conv2, after training: {LONG}", Key("grey"))
    figure = figures.tiles([group, group], title=LONG * 3)
    if shape[0] <= 100:  # pairs of texts
        assert_readable(figure)
    assert figure.get_figwidth() <= 9.0 + 1e-9
    first, second = (boxes(figure, ax) for ax in of(figure, "tiles"))
    assert len(first) == min(shape[0], 300)
    sides = np.r_[first[:, 2] - first[:, 0], first[:, 3] - first[:, 1]]
    assert sides.min() > 0.29
    assert sides.max() < (9 if shape[0] == 1 else 4.5)
    assert first[:, 3].max() < second[:, 1].min()
    assert min(first.min(), second.min()) >= 0
    assert second[:, 2].max() <= figure.get_figwidth()
    assert second[:, 3].max() <= figure.get_figheight()
    for k in range(min(len(first) - 1, 40)):
        apart = (first[k + 1 :, 0] >= first[k, 2] - 1e-9) | (first[k + 1 :, 1] >= first[k, 3])
        assert apart.all()
    said = any("the first 300 of 2,048" in " ".join(t.get_text().split()) for t in figure.texts)
    assert said == (shape[0] > 300)


def test_outcome_a_name_keeps_its_end_and_an_empty_one_takes_no_room():
    long = figures.tiles([Tiles(pictures(12, 5, 5), ["0 Staffordshire bullterrier"] * 12)])
    assert all(text.get_text().endswith("rrier") for text in long.texts)
    assert all(len(text.get_text().splitlines()) <= 2 for text in long.texts)
    bare = figures.tiles([Tiles(pictures(12, 5, 5))])
    named = figures.tiles([Tiles(pictures(12, 5, 5), ["0"] * 12)])
    assert bare.get_figheight() < named.get_figheight()


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ([], "groups must be at least one group of pictures; got none."),
        ([Tiles(np.zeros((2, 3)))], "pixels must be uint8; got dtype float64."),
        ([Tiles(pictures(3, 3))], "pixels must be at least one, (n, height, width[, 1 or 3]); "
         "got shape (3, 3)."),
        ([Tiles(pictures(0, 3, 3))], "pixels must be at least one, (n, height, width[, 1 or 3]); "
         "got shape (0, 3, 3)."),
        ([Tiles(pictures(2, 3, 3), ["a"])], "names must be one per picture (2); got 1 names."),
        ([Tiles(pictures(2, 3, 3), key=Key("red"))], "key.ramp must be one of signed, positive, "
         "grey, rgb, ; got 'red'."),
        ([Tiles(pictures(2, 3, 3), columns=0)], "columns must be an integer in [1, 60]; got 0."),
    ],
)  # fmt: skip
def test_contract_bad_input_is_one_sentence(groups, sentence):
    with pytest.raises(UserError) as error:
        figures.tiles(groups)
    assert str(error.value) == "tiles: " + sentence


def test_closed_form_a_name_breaks_where_both_lines_are_short():
    names = ["SmoothGrad ±0.046"]
    figure = figures.tiles([Tiles(pictures(1, 3, 11), names * 1, columns=6)])
    words = [text.get_text() for text in figure.texts]
    assert words in (["SmoothGrad ±0.046"], ["SmoothGrad\n±0.046"])
    narrow = figures.tiles([Tiles(pictures(6, 11, 11), ["SmoothGrad ±0.046"] * 6, columns=6)])
    assert {text.get_text() for text in narrow.texts} == {"SmoothGrad\n±0.046"}
