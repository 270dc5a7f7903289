"""Names and paths. Kind: law (hypothesis) and contract."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.store import StoreError, contain, slug

NAMES = st.text(st.characters(exclude_categories=[]))  # lone surrogates too


@settings(deadline=None)
@given(NAMES)
def test_slug_is_a_safe_file_name(name):
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*-[0-9a-f]{16}", slug(name))
    assert len(slug(name)) <= 57


@settings(deadline=None)
@given(st.sets(NAMES, min_size=2, max_size=20))
def test_different_names_give_different_files_whatever_the_case(names):
    assert len({slug(name).casefold() for name in names}) == len(names)


@pytest.mark.parametrize("pair", [("relu1", "ReLU1"), ("é", "e\u0301"), ("a" * 300, "a" * 301),
                                  ("block[0]", "block.0"), ("", " ")])  # fmt: skip
def test_names_that_look_alike_differ(pair):
    assert slug(pair[0]) != slug(pair[1])


@pytest.mark.parametrize(
    "hostile",
    ["/etc/passwd", "..", "../x", "a/../../x", "a/..", "", ".", "./", "a\0b", "a\\b", "C:x",
     "c:/x", "\\\\host\\share", "a:stream", None, 3, ["a"], "link/x", "link",
     "loop/x"],
)  # fmt: skip
def test_paths_that_lead_out_are_refused(tmp_path, hostile):
    base = tmp_path / "run"
    base.mkdir()
    (tmp_path / "x").write_text("secret")
    (base / "link").symlink_to(tmp_path)
    (base / "loop").symlink_to(base / "loop")
    with pytest.raises(StoreError):
        contain(base, hostile).read_text()


def test_paths_inside_are_kept_and_links_inside_may_stay(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert contain(tmp_path, "a/x.npy") == (tmp_path / "a/x.npy").resolve()
    assert contain(tmp_path, "b/x.npy") == (tmp_path / "a/x.npy").resolve()


@settings(deadline=None)
@given(st.text())
def test_whatever_is_let_through_lies_inside(tmp_path_factory, text):
    base = tmp_path_factory.getbasetemp()
    try:
        path = contain(base, text)
    except StoreError:
        return
    assert path.is_relative_to(base.resolve())
    assert path != base.resolve()
