"""Label columns. Kind: contract of the sorts of columns, and reference to the analysis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.runs import small_run
from tests.studio.reading import Page

from layerwise import analysis
from layerwise.store import Layer, Run
from layerwise.studio import Contents

N = 60
TEXT = np.array([f"sentence {k}" for k in range(N)])


@pytest.fixture
def labelled(tmp_path):
    def make(names: dict[str, tuple[str, ...]] | None = None, **columns: object) -> Page:
        run = small_run(tmp_path / "run", classes=(), n=N)
        run.write_table("observations", pd.DataFrame(columns), {"class_names": names or {}})
        return Page(Contents(Run.open(run.path)))

    return make


def test_each_sort_of_column_is_what_it_looks_like(labelled):
    page = labelled(
        names={"coded": ("a", "b", "c")}, coded=np.arange(N) % 3, flag=np.arange(N) > 9,
        digit=np.arange(N) % 7, word=TEXT[np.arange(N) % 20], sentence=TEXT,
        height=np.linspace(-1, 2, N), stamp=np.arange(N) * 10**9,
    )  # fmt: skip
    found = {one["name"]: one for one in page.run["labels"]}
    assert {name: one["kind"] for name, one in found.items()} == {
        "coded": "class", "flag": "class", "digit": "class", "word": "class", "sentence": "text",
        "height": "number", "stamp": "class",
    }  # fmt: skip
    assert page.run["label"] == "coded"
    assert found["flag"]["names"] == ["False", "True"]
    assert found["digit"]["names"] == [str(k) for k in range(7)]
    assert (found["height"]["low"], found["height"]["high"]) == (-1, 2)
    np.testing.assert_allclose(page.read(found["height"]["file"]), np.linspace(-1, 2, N), rtol=1e-6)
    assert page.read(found["sentence"]["file"]) == TEXT.tolist()
    for name in ("coded", "digit", "word", "flag"):
        codes, names = analysis.class_codes(page.contents.runs[0], name)
        np.testing.assert_array_equal(page.read(found[name]["file"]), codes)
        assert found[name]["names"] == names
        assert len(found[name]["colors"]) == len(names)


def test_many_whole_numbers_are_numbers(tmp_path):
    run = small_run(tmp_path / "run", classes=(), n=1001)
    run.write_table("observations", pd.DataFrame({"row": np.arange(1001)}), {})
    page = Page(Contents(Run.open(run.path)))
    assert page.run["labels"][0]["kind"] == "number"
    assert page.run["label"] is None
    assert page.run["checkpoints"][0]["predicted"] is None


def test_what_is_missing_has_the_missing_code(labelled):
    codes = np.arange(N) % 3
    page = labelled(
        names={"coded": ("a", "b"), "real": ("a", "b", "c")}, coded=np.where(codes == 2, -1, codes),
        real=np.where(codes == 2, np.nan, codes), word=[None, "x", "y"] * 20,
        height=np.where(codes == 2, np.inf, codes), said=[None, *TEXT[1:]],
    )  # fmt: skip
    files = {one["name"]: one["file"] for one in page.run["labels"]}
    np.testing.assert_array_equal(page.read(files["coded"]), np.where(codes == 2, 255, codes))
    np.testing.assert_array_equal(page.read(files["real"]), np.where(codes == 2, 255, codes))
    np.testing.assert_array_equal(page.read(files["word"])[:3], [255, 0, 1])
    np.testing.assert_array_equal(np.isnan(page.read(files["height"])), codes == 2)
    assert page.read(files["said"])[0] == ""
    assert page.manifest["files"][files["coded"]]["missing"] == 255


def test_codes_beyond_the_names_are_missing(labelled):
    page = labelled(names={"coded": ("a", "b")}, coded=np.arange(N))
    np.testing.assert_array_equal(page.read("r0/label/0"), [0, 1] + [255] * (N - 2))


def test_more_than_255_classes_take_two_bytes(tmp_path):
    names = tuple(f"class {k}" for k in range(300))
    run = small_run(tmp_path / "run", classes=names, n=310)
    page = Page(Contents(run))
    assert page.manifest["files"]["r0/label/0"]["dtype"] == "u2"
    np.testing.assert_array_equal(page.read("r0/label/0"), np.arange(310) % 300)
    assert len(set(page.run["labels"][0]["colors"])) > 250


def test_classes_keep_number_and_colour_in_a_subset(labelled):
    half = np.where(np.arange(N) < 30, "train", "test")
    page = labelled(word=np.where(np.arange(N) < 30, "ant", "bee"), subset=half)
    assert page.run["subset"] == "test"
    assert [one["name"] for one in page.run["labels"]] == ["word"]
    assert set(page.read("r0/label/0")) == {1}
    assert page.run["labels"][0]["names"] == ["ant", "bee"]


@pytest.mark.parametrize(("label", "meant"), [("other", "other"), ("height", "one"), (None, "one")])
def test_the_label_of_the_run_comes_before_the_first(tmp_path, label, meant):
    run = Run.create(
        tmp_path / "run", n_observations=8, rows_per_part=8, fingerprint={},
        layers=[Layer("relu", (2,), "float32", "ReLU")], provenance={"label": label},
    )  # fmt: skip
    columns = {"height": np.linspace(0, 1, 8), "one": np.arange(8) % 2, "other": np.arange(8) % 3}
    run.write_table("observations", pd.DataFrame(columns), {})
    assert Page(Contents(run)).run["label"] == meant
