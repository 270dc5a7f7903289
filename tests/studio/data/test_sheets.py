"""Sheets of pictures. Kind: round trip (exact for small pictures, within a tolerance else)."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.runs import digits
from tests.studio.odd import odd_run
from tests.studio.reading import Page

from layerwise.studio import Contents
from layerwise.studio.data.sheets import SIDE, Layout, webp


def tiles(sheet: np.ndarray, layout: Layout, n: int) -> np.ndarray:
    """Return the first pictures of a sheet, cut out one by one."""
    found = []
    for k in range(n):
        row, column = divmod(k, layout.columns)
        y, x = row * layout.height, column * layout.width
        found.append(sheet[y : y + layout.height, x : x + layout.width])
    return np.stack(found)


def read(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


@given(st.integers(1, 500), st.integers(1, 500), st.integers(1, 30_000))
def test_every_picture_lies_in_one_sheet_that_is_not_too_large(width, height, count):
    layout = Layout(width, height, count)
    parts = [layout.part(sheet) for sheet in range(layout.n_sheets)]
    assert [k for part in parts for k in (part.start, part.stop - 1)] == sorted(
        k for part in parts for k in (part.start, part.stop - 1)
    )
    assert sum(part.stop - part.start for part in parts) == count
    for sheet, part in enumerate(parts):
        assert 0 < part.stop - part.start <= layout.per_sheet
        assert all(0 < side <= SIDE for side in layout.shape(sheet))


def test_28_pixels_lie_in_73_columns():
    layout = Layout(28, 28, 10_000)
    assert (layout.columns, layout.per_sheet, layout.n_sheets) == (73, 5329, 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_small_pictures_come_back_exactly(channels):
    pictures = np.random.default_rng(0).integers(256, size=(23, 9, 15, channels), dtype=np.uint8)
    layout = Layout(15, 9, 23)
    found = tiles(read(webp(pictures, 7)), Layout(15, 9, 7), 7)
    np.testing.assert_array_equal(found, np.broadcast_to(pictures[:7], found.shape))
    sheet = read(webp(pictures, layout.columns))
    assert sheet.shape == (*layout.shape(0), 3)


def test_larger_pictures_come_back_closely_and_take_less():
    images = (digits()[0][:400] * 255).astype(np.uint8).reshape(400, 8, 8, 1)
    pictures = images.repeat(4, axis=1).repeat(4, axis=2)
    layout = Layout(32, 32, 400)
    content = webp(pictures, layout.columns)
    found = tiles(read(content), layout, 400)
    assert np.abs(found.astype(float) - pictures).mean() < 8  # of 255, with edges as hard as these
    assert len(content) < pictures.size / 8


def test_drawings_come_back_exactly_where_that_costs_little_photographs_do_not():
    images = (digits()[0][:9] * 255).astype(np.uint8).reshape(9, 8, 8, 1)
    drawings = np.repeat(images.repeat(4, axis=1).repeat(4, axis=2), 3, axis=3)
    found = tiles(read(webp(drawings, 9, sharp=True)), Layout(32, 32, 9), 9)
    np.testing.assert_array_equal(found, drawings)
    noise = np.random.default_rng(0).integers(256, size=(9, 32, 32, 3), dtype=np.uint8)
    assert webp(noise, 9, sharp=True) == webp(noise, 9)


def test_the_thumbnails_of_the_page_are_those_of_the_run(page, studied):
    inputs = page.run["inputs"]
    assert (inputs["width"], inputs["height"], inputs["count"]) == (8, 8, 120)
    (sheet,) = inputs["sheets"]
    layout = Layout(8, 8, 120)
    assert inputs["columns"] == layout.columns
    found = tiles(page.read(sheet), layout, 120)[..., :1]
    np.testing.assert_array_equal(found, studied.thumbnails()[:120].reshape(120, 8, 8, 1))


def test_pictures_of_a_sample_stand_in_its_order(tmp_path):
    run = odd_run(tmp_path / "run", n=50, maps=False)
    page = Page(Contents(run, n=20))
    rows = page.read(page.run["rows"])
    found = tiles(page.read("r0/inputs/0"), Layout(12, 12, 20), 20)[..., 0]
    np.testing.assert_array_equal(found.reshape(20, -1), run.thumbnails()[rows])
