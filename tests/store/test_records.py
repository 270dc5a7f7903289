"""Records. Kind: round trip (hypothesis) and contract."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import InvalidType, UserError
from layerwise.store import StoreError
from layerwise.store.records import canonical, plain, read_record, write_record

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.text().filter(lambda key: key not in ("format", "checksum"))


@settings(deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_what_is_written_is_read(tmp_path_factory, record):
    path = tmp_path_factory.getbasetemp() / "record.json"
    write_record(path, plain(record))
    assert read_record(path, "") == plain(record)
    json.loads(path.read_bytes(), parse_constant=lambda text: pytest.fail(text))  # no NaN


@settings(deadline=None)
@given(JSON)
def test_plain_is_idempotent_and_canonical(value):
    assert plain(plain(value)) == plain(value)
    assert canonical(plain(value)) == canonical(json.loads(canonical(plain(value))))


def test_plain_knows_numpy_and_paths_and_refuses_the_rest():
    value = {"b": np.float32(0.5), "a": (np.int64(1), Path("x")), "c": np.array([1, 2])}
    assert plain(value) == {"a": [1, "x"], "b": 0.5, "c": [1, 2]}
    assert plain(float("-inf")) == "-inf"
    with pytest.raises(InvalidType, match="got function"):
        plain({"metric": plain})


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", '{"format": 1}', '{"format": 1, "checksum": "0"}', '{"a": NaN}',
     '{"format": 1, "format": 1}', "\xff", "{" * 5000, '{"format": 1, "checksum": {}}'],
)  # fmt: skip
def test_what_was_not_written_is_refused(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(StoreError):
        read_record(path, "")


def test_one_changed_number_is_noticed(tmp_path):
    path = tmp_path / "record.json"
    write_record(path, {"n": 10})
    path.write_text(path.read_text().replace("10", "11"))
    with pytest.raises(StoreError, match="checksum"):
        read_record(path, "")


def test_a_newer_format_is_named_before_anything_else(tmp_path):
    path = tmp_path / "record.json"
    path.write_text('{"format": 2, "whatever": []}')
    with pytest.raises(StoreError, match=r"newer layerwise \(format 2, this one reads 1\). Update"):
        read_record(path, "")


def test_a_store_error_is_one_sentence_of_the_user_and_travels():
    error = pickle.loads(pickle.dumps(StoreError("a/b", "is missing.")))
    assert isinstance(error, UserError)
    assert isinstance(error, OSError)
    assert (error.path, error.reason, str(error)) == (
        Path("a/b"),
        "is missing.",
        "a/b: is missing.",
    )
