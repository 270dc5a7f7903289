"""Stored pictures and sounds on the page. Kind: round trip and contract."""

from __future__ import annotations

import numpy as np
import pytest
from tests.runs import small_run
from tests.studio.data.test_sheets import tiles
from tests.studio.reading import Page

from layerwise.foundation.checks import NotFound
from layerwise.store import Layer, Run, media
from layerwise.studio import Contents

FILTERS = np.random.default_rng(0).integers(256, size=(6, 5, 7, 3), dtype=np.uint8)


@pytest.fixture
def run(tmp_path):
    return small_run(tmp_path / "run")


def test_filters_of_a_layer_are_shown_exactly(run):
    frame = media.pictures(
        "filters", FILTERS, title="Filters of relu1", layer="relu1", checkpoint="epoch-009",
        index=[0, 1, 0, 1, 0, 1], names=list("abcdef"),
    )  # fmt: skip
    run.write_table("images", frame, {"function": "filters"})
    page = Page(Contents(run))
    (entry,) = page.run["images"]
    assert entry["index"] == [0, 1, 0, 1, 0, 1]
    assert entry["names"] == list("abcdef")
    assert (entry["kind"], entry["layer"], entry["checkpoint"], entry["about"]) == (
        "filters", 1, 1, "unit",
    )  # fmt: skip
    from layerwise.studio.data.sheets import Layout

    layout = Layout(entry["width"], entry["height"], 6)
    assert entry["columns"] == layout.columns
    np.testing.assert_array_equal(tiles(page.read(entry["sheet"]), layout, 6), FILTERS)


def test_pictures_of_a_layer_of_maps_are_about_its_channels(tmp_path):
    maps, dense = Layer("conv", (6, 3, 3), "float32", "Conv2d"), Layer("fc", (6,), "float32", "fc")
    run = Run.create(tmp_path / "run", n_observations=2, rows_per_part=2, layers=[maps, dense],
                     fingerprint={}, provenance={})  # fmt: skip
    with run.lock():
        run.add_checkpoint("last", fingerprint="w")
        with run.write("last", 0) as append:
            append("conv", np.zeros((2, 6, 3, 3), np.float32))
            append("fc", np.zeros((2, 6), np.float32))
    for layer, index in (("conv", [0, 5]), ("conv", [0, 6]), ("fc", [0, 5])):
        frame = media.pictures("top patches", FILTERS[:2], title=f"{layer} {index}", layer=layer,
                               index=index)  # fmt: skip
        run.write_table("images", frame, {"function": "top", "title": f"{layer} {index}"})
    entries = {one["title"]: one["channels"] for one in Page(Contents(run)).run["images"]}
    assert entries == {"conv [0, 5]": 6, "conv [0, 6]": None, "fc [0, 5]": None}


def test_pictures_of_observations_are_those_that_are_shown(run):
    page = Page(Contents(run, n=3))
    rows = page.read(page.run["rows"])
    frame = media.pictures("attributions", FILTERS[:4], title="Saliency", about="observation",
                           index=[7, *rows[:2], 99])  # fmt: skip
    run.write_table("images", frame, {})
    page = Page(page.contents)
    (entry,) = page.run["images"]
    shown = [position for position, row in enumerate(rows) if row in (7, *rows[:2])]
    assert sorted(entry["index"]) == shown
    assert (entry["layer"], entry["checkpoint"]) == (None, None)
    found = page.read(entry["sheet"])[:, 7 * entry["index"].index(0) :][:5, :7]
    np.testing.assert_array_equal(found, FILTERS[1])


def test_more_pictures_than_a_sheet_holds_lie_in_several(run):
    images = np.arange(7, dtype=np.uint8)[:, None, None] * np.ones((1, 800, 900), np.uint8) * 30
    run.write_table("images", media.pictures("means", images, title="Means", about="class"), {})
    page = Page(Contents(run))
    assert [(one["title"], one["index"]) for one in page.run["images"]] == [
        ("Means (1)", [0, 1, 2, 3]), ("Means (2)", [4, 5, 6]),
    ]  # fmt: skip
    assert page.read(page.run["images"][1]["sheet"])[10, 910].tolist() == pytest.approx(
        [150] * 3, abs=3
    )


@pytest.mark.parametrize("about", ["unit", "class", "observation"])
def test_pictures_of_numbers_out_of_range_are_left_out(run, about):
    index = [0, 2**62, -1, 2**31, 1, -(2**62)]
    frame = media.pictures("x", FILTERS, title="x", layer="relu1", about=about, index=index)
    run.write_table("images", frame, {})
    (entry,) = Page(Contents(run)).run["images"]
    assert entry["index"] == [0, 1]


def test_a_table_of_too_many_sets_is_one_note(run):
    frame = media.pictures("x", np.zeros((1001, 1, 1), np.uint8), title="x")
    run.write_table("images", frame.assign(title=[str(k) for k in range(1001)]), {})
    page = Page(Contents(run))
    assert page.run["images"] == []
    assert "more than 1000 sets" in page.manifest["notes"][0]


def test_pictures_of_unknown_layers_are_left_out(run):
    run.write_table("images", media.pictures("x", FILTERS, title="x", layer="nowhere"), {})
    assert Page(Contents(run)).run["images"] == []


def test_clips_are_played_one_by_one(run):
    clips = [np.arange(-k, k + 1, dtype=np.int16) * 100 for k in range(8)]
    run.write_table("sounds", media.sounds(clips, 8000), {})
    page = Page(Contents(run, n=4))
    assert page.run["sounds"] == {"rate": 8000, "file": "r0/sound"}
    for position, row in enumerate(page.read(page.run["rows"])):
        np.testing.assert_array_equal(page.read("r0/sound", position), clips[row])
    for name in ("r0/sound", "r0/sound/4"):
        with pytest.raises(NotFound):
            page.contents.bytes(name)


def test_sounds_of_other_observations_are_not_played(run):
    run.write_table("sounds", media.sounds([np.zeros(3)] * 5, 8000), {})
    page = Page(Contents(run))
    assert page.run["sounds"] is None
    assert "5 clips of 8 observations" in page.manifest["notes"][0]
