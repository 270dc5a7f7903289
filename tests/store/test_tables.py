"""Tables. Kind: round trip and contract."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from layerwise.foundation.checks import InvalidType, InvalidValue, NotFound
from layerwise.store import Run, StoreError

FRAME = pd.DataFrame({"observation": [0, 1, 2], "x": [0.5, np.nan, -1.0], "name": ["a", "é", "c"]})
TSNE = {"function": "TSNE", "parameters": {"perplexity": 30, "learning_rate": np.float32(2)},
        "layer": "relu", "random_state": 0}  # fmt: skip


@pytest.fixture
def run(sample, tmp_path):
    return sample.create(tmp_path / "run")


def test_what_is_written_is_read_with_its_provenance(run):
    run.write_table("projections", FRAME, TSNE)
    found = Run.open(run.path).table("projections")
    pd.testing.assert_frame_equal(found, FRAME)
    (provenance,) = found.attrs["provenance"]
    assert provenance["parameters"] == {"learning_rate": 2.0, "perplexity": 30}
    assert provenance["recording"] == dict(run.fingerprint)
    assert provenance["layerwise"]
    assert run.tables == ("projections",)


def test_pandas_and_pyarrow_read_them_without_layerwise(run):
    run.write_table("projections", FRAME, TSNE)
    run.write_table("projections", FRAME.assign(x=2.0), TSNE | {"random_state": 1})
    (run.path / "tables/projections/.tmp~host~1~1~1").write_text("half")
    frame = pd.read_parquet(run.path / "tables" / "projections")
    assert len(frame) == 6
    assert len(run.table("projections")) == 6
    path = next((run.path / "tables/projections").glob("*.parquet"))
    assert json.loads(pq.read_schema(path).metadata[b"layerwise"])["function"] == "TSNE"


def test_a_second_call_computes_nothing(run):
    calls = []

    def compute():
        calls.append(1)
        return FRAME.set_index(pd.Index([7, 8, 9]))

    first = run.cached("projections", TSNE, compute)
    again = Run.open(run.path).cached("projections", TSNE | {"random_state": np.int64(0)}, compute)
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, FRAME)
    assert len(calls) == 1
    for other in ({"random_state": 1}, {"layer": "norm"}, {"parameters": {}}, {"more": None}):
        run.cached("projections", TSNE | other, compute)
    run.cached("scores", TSNE, compute)
    assert len(calls) == 6


def test_a_computation_that_fails_stores_nothing(run):
    with pytest.raises(ZeroDivisionError):
        run.cached("scores", TSNE, lambda: 1 / 0)
    with pytest.raises(NotFound, match="no table 'scores'"):
        run.table("scores")


def test_same_table_same_bytes(run):
    contents = []
    for _ in range(2):
        run.write_table("scores", FRAME, TSNE)
        contents.append(next((run.path / "tables/scores").iterdir()).read_bytes())
    assert contents[0] == contents[1]


def test_a_damaged_table_is_an_error_and_once_deleted_is_computed_again(run):
    run.write_table("scores", FRAME, TSNE)
    path = next((run.path / "tables/scores").iterdir())
    content = bytearray(path.read_bytes())
    content[20] ^= 4
    path.write_bytes(content)
    for read in (lambda: run.table("scores"), lambda: run.cached("scores", TSNE, dict)):
        with pytest.raises(StoreError, match=r"damaged.*Delete it and run the same command again"):
            read()
    assert len(run.verify()) == 1
    path.unlink()
    assert run.verify() == []
    pd.testing.assert_frame_equal(run.cached("scores", TSNE, lambda: FRAME), FRAME)


def test_replacing_a_table_never_leaves_none(run, monkeypatch):
    run.write_table("scores", FRAME, TSNE)
    other = FRAME.assign(x=1.0)
    real, moment = os.replace, [0]
    for fail_at in (1, 2):

        def replace(a, b, fail_at=fail_at):
            moment[0] += 1
            if moment[0] == fail_at:
                raise OSError(28, "No space left on device")
            real(a, b)

        moment[0] = 0
        monkeypatch.setattr(os, "replace", replace)
        with pytest.raises(StoreError, match="No space left"):
            run.write_table("scores", other, TSNE)
        monkeypatch.undo()
        pd.testing.assert_frame_equal(run.table("scores"), FRAME, check_like=True)
    run.write_table("scores", other, TSNE)
    pd.testing.assert_frame_equal(run.table("scores"), other)


@pytest.mark.parametrize("kind", ["", "../x", "a/b", "A", ".x", "a b", None, "x" * 65])
def test_a_kind_is_a_word(run, kind):
    with pytest.raises(InvalidValue, match="table: kind must be a word"):
        run.write_table(kind, FRAME, TSNE)


def test_only_frames_and_only_plain_provenance(run):
    with pytest.raises(InvalidType, match="frame must be a DataFrame"):
        run.write_table("scores", [1, 2], TSNE)
    with pytest.raises(InvalidType, match="provenance must hold"):
        run.write_table("scores", FRAME, {"function": print})


# The table of observations


def test_labels_come_back_as_arrays_with_their_class_names(run, sample):
    assert dict(run.labels) == {}
    n = sample.N
    frame = pd.DataFrame({"digit": np.arange(n) % 3, "speaker": [f"s{i % 4}" for i in range(n)]})
    run.write_table("observations", frame, {"class_names": {"digit": ["zero", "one", "two"]}})
    again = Run.open(run.path)
    assert list(again.labels) == ["digit", "speaker"]
    assert again.labels["digit"].dtype == np.int64
    assert again.labels["speaker"].dtype.kind == "U"
    assert again.labels["speaker"].tolist() == frame["speaker"].tolist()
    assert again.class_names("digit") == ("zero", "one", "two")
    assert again.class_names("speaker") is None
    with pytest.raises(NotFound, match=r"no label 'digits'.*Did you mean 'digit'"):
        again.class_names("digits")
    assert pd.read_parquet(run.path / "tables/observations.parquet")["observation"].tolist() == (
        list(range(n))
    )


def test_labels_are_added_but_not_changed(run, sample):
    n = sample.N
    digit = np.arange(n) % 3
    run.write_table(
        "observations", pd.DataFrame({"digit": digit}), {"class_names": {"digit": "abc"}}
    )
    run.write_table("observations", pd.DataFrame({"hard": digit > 1}), {})
    run.write_table("observations", pd.DataFrame({"digit": digit}), {})
    assert list(Run.open(run.path).labels) == list(run.labels) == ["digit", "hard"]
    assert run.class_names("digit") == ("a", "b", "c")
    with pytest.raises(StoreError, match="other values of 'digit'"):
        run.write_table("observations", pd.DataFrame({"digit": digit + 1}), {})
    assert run.labels["digit"].tolist() == digit.tolist()
    with pytest.raises(InvalidValue, match=f"must be of {n} rows"):
        run.write_table("observations", FRAME, {})


def test_a_lost_table_of_observations_is_an_error_and_not_an_empty_one(run, sample):
    run.write_table("observations", pd.DataFrame({"digit": np.zeros(sample.N)}), {})
    (run.path / "tables/observations.parquet").unlink()
    with pytest.raises(StoreError, match="missing or was not finished"):
        dict(Run.open(run.path).labels)


def test_tables_are_listed_unread_with_their_provenance(run):
    run.write_table("projections", FRAME, TSNE)
    run.write_table("projections", FRAME.assign(x=2.0), TSNE | {"random_state": 1})
    run.write_table("scores", FRAME, {"function": "score"})
    found = run.stored()
    assert {kind: len(tables) for kind, tables in found.items()} == {"projections": 2, "scores": 1}
    assert {table.provenance()["random_state"] for table in found["projections"]} == {0, 1}
    (table,) = found["scores"]
    assert table.n_rows() == 3
    frame, provenance = table.read(["observation", "x"])
    pd.testing.assert_frame_equal(frame, FRAME[["observation", "x"]])
    assert provenance == table.provenance()
    assert table.values()["observation"] == [0, 1, 2]
    with pytest.raises(StoreError, match="has no column y, z"):
        table.read(["x", "y", "z"])


def test_a_stamp_changes_with_the_content_and_not_with_the_folder(run, tmp_path):
    def stamp():
        ((table,),) = run.stored().values()
        return table.stamp

    run.write_table("scores", FRAME, {})
    first = stamp()
    run.write_table("scores", FRAME.assign(x=2.0), {})
    second = stamp()
    run.write_table("scores", FRAME, {})
    assert first == stamp() != second
    shutil.copytree(run.path, tmp_path / "copy")
    ((table,),) = Run.open(tmp_path / "copy").stored().values()
    assert table.stamp == first


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" * 100])
def test_what_is_no_table_has_no_provenance(run, content):
    run.write_table("scores", FRAME, {})
    ((table,),) = run.stored().values()
    table.path.write_bytes(content)
    for ask in (table.provenance, table.n_rows, table.values, table.read):
        with pytest.raises(StoreError):
            ask()


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
def test_in_a_run_that_may_not_be_written_the_answer_is_given_and_not_kept(
    run, monkeypatch, number
):
    def refuse(path, mode="r", *args, **kwargs):
        if "x" in mode:
            raise OSError(number, os.strerror(number))
        return opened(path, mode, *args, **kwargs)

    opened = Path.open
    monkeypatch.setattr(Path, "open", refuse)
    found = run.cached("scores", TSNE, lambda: FRAME.set_index(pd.Index([7, 8, 9])))
    pd.testing.assert_frame_equal(found, FRAME)
    assert run.tables == ()
    with pytest.raises(StoreError, match=r"cannot be written"):
        run.write_table("scores", FRAME, TSNE)


def test_a_full_disk_is_still_an_error(run, monkeypatch):
    def full(path, mode="r", *args, **kwargs):
        if "x" in mode:
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, mode, *args, **kwargs)

    opened = Path.open
    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StoreError, match="No space left"):
        run.cached("scores", TSNE, lambda: FRAME)
