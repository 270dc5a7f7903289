"""The run. Kind: round trip (hypothesis on names), contract."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerwise.foundation.checks import InvalidValue, NotFound
from layerwise.store import Layer, Run, StoreError


def test_what_is_recorded_is_read(recorded, sample):
    run = Run.open(recorded)
    assert (run.n_observations, run.rows_per_part) == (sample.N, sample.ROWS)
    assert run.layers == ("input", "conv#1[0]", "relu", "norm", "output")
    assert [run.layer(name) for name in run.layers] == [
        layer for layer in sample.LAYERS if layer.kind != "thumbnail"
    ]
    assert run.layer("output").shape == (1,)
    assert run.checkpoints == sample.CHECKPOINTS
    assert run.checkpoint("epoch-001").metadata == {"epoch": 1}
    assert (run.fingerprint, run.provenance) == ({"data": "d1", "model": "m1"}, {"seed": 0})
    for checkpoint in run.checkpoints:
        for name in run.layers:
            X = run.activations(name, checkpoint)
            assert sample.same(np.asarray(X), sample.truth(run.layer(name), checkpoint))
        assert run.missing(checkpoint) == []
    assert sample.same(
        np.asarray(run.activations("relu")), np.asarray(run.activations("relu", "epoch-001"))
    )
    pictures = run.thumbnails()
    assert pictures.unit_shape == (4, 4, 1)
    assert sample.same(np.asarray(pictures), sample.truth(sample.LAYERS[1], "epoch-000"))
    assert run.verify() == []
    assert "41 observations, 5 layers, 2 checkpoints" in repr(run)


def test_what_does_not_depend_on_weights_is_stored_once(recorded):
    assert len(list(recorded.rglob("*.npy"))) == 3 * (6 + 4)


def test_counts_are_those_of_the_values(recorded, sample):
    run = Run.open(recorded)
    for checkpoint in run.checkpoints:
        table = run.counts(checkpoint).set_index("layer")
        assert list(table.columns) == ["nan", "inf", "zero", "n_values"]
        for name in run.layers:
            values = np.asarray(run.activations(name, checkpoint))
            expected = [np.isnan(values).sum(), np.isinf(values).sum(), (values == 0).sum()]
            assert table.loc[name].tolist() == [*expected, values.size]


def test_counters_of_the_recorder_are_summed(sample, tmp_path):
    run = sample.create(tmp_path / "run", sample.SMALL)
    run.add_checkpoint("a", "w")
    assert run.counts("a")["n_values"].tolist() == [0, 0]
    for first in run.missing("a")[:2]:
        with run.write("a", first) as append:
            append("input", np.zeros((16, 12), np.float32))
            append("relu", np.zeros((6, 7), np.float32), overflow=2)
            append("relu", np.zeros((10, 7), np.float32), overflow=3)
    table = run.counts("a")
    assert table.to_dict("list") == {
        "layer": ["input", "relu"], "nan": [0, 0], "inf": [0, 0], "zero": [384, 224],
        "overflow": [0, 10], "n_values": [384, 224],
    }  # fmt: skip


NAMES = st.lists(st.text(st.characters(exclude_categories=[])), min_size=1, max_size=3, unique=True)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(layers=NAMES, checkpoints=NAMES)
def test_any_name_stays_inside_the_run_and_comes_back(tmp_path_factory, layers, checkpoints):
    outside = tmp_path_factory.mktemp("names")
    kinds = [Layer(name, (1,), "uint8", "x") for name in layers]
    run = Run.create(outside / "run", n_observations=1, rows_per_part=1, layers=kinds,
                     fingerprint={}, provenance={"names": layers})  # fmt: skip
    for i, checkpoint in enumerate(checkpoints):
        run.add_checkpoint(checkpoint, "w", title=checkpoint)
        with run.write(checkpoint, 0) as append:
            for j, name in enumerate(layers):
                append(name, np.array([[10 * i + j]], np.uint8))
    run = Run.open(run.path)
    assert (run.layers, run.checkpoints) == (tuple(layers), tuple(checkpoints))
    for i, checkpoint in enumerate(checkpoints):
        for j, name in enumerate(layers):
            assert run.activations(name, checkpoint)[0, 0] == 10 * i + j
    assert list(outside.iterdir()) == [run.path]
    assert run.verify() == []
    shutil.rmtree(outside)


def test_an_error_while_recording_commits_nothing(sample, tmp_path):
    run = sample.create(tmp_path / "run")
    run.add_checkpoint("a", "w")

    def fail():
        with run.write("a", 0) as append:
            append("relu", np.ones((16, 7), np.float32))
            raise RuntimeError("the network failed")

    with pytest.raises(RuntimeError, match="the network failed"):
        fail()
    with pytest.raises(StoreError, match="got 0 of its 16 rows"), run.write("a", 0):
        pass
    assert run.missing("a") == [0, 16, 32]
    assert list((run.path / "_done").glob("*")) == [] if (run.path / "_done").exists() else True
    assert sample.temporaries(run.path) == []
    assert list(run.path.rglob("*.npy")) == []


def test_only_the_right_layers_and_rows_can_be_written(sample, tmp_path):
    run = sample.create(tmp_path / "run", sample.SMALL)
    run.add_checkpoint("a", "w")
    run.add_checkpoint("b", "v")
    with pytest.raises(InvalidValue, match="first must be the first row of a part; got 3"):
        run.write("a", 3)
    with pytest.raises(NotFound, match="no checkpoint 'c'"):
        run.write("c", 0)
    wrong = pytest.raises(NotFound, match="no layer 'input' in checkpoint 'b'")
    with wrong, run.write("b", 0) as append:
        append("input", np.zeros((16, 12), np.float32))
    with run.write("b", 32) as append:
        append("relu", np.zeros((9, 7), np.float32))
    with pytest.raises(StoreError, match="committed already"):
        run.write("b", 32)
    assert run.missing("b") == [0, 16]


def test_an_incomplete_recording_says_how_far_it_came(sample, tmp_path):
    run = sample.create(tmp_path / "run", sample.SMALL)
    with pytest.raises(StoreError, match="holds no checkpoint yet"):
        run.activations("relu")
    assert run.thumbnails() is None
    run.add_checkpoint("a", "w")
    with pytest.raises(StoreError, match=r"'a' is incomplete: no rows of 41\. Run the same record"):
        run.activations("relu")
    for first in (0, 16):
        with run.write("a", first) as append:
            append("input", np.zeros((16, 12), np.float32))
            append("relu", np.zeros((16, 7), np.float32))
    with pytest.raises(StoreError, match="incomplete: rows 0-31 of 41"):
        run.activations("relu", "a")
    (problem,) = run.verify()
    assert "1 of 3 parts are missing" in problem


@pytest.mark.parametrize(
    ("change", "named"),
    [({"n_observations": 40}, "n_observations (41, not 40)"),
     ({"rows_per_part": 8}, "rows_per_part (16, not 8)"),
     ({"fingerprint": {"data": "d2", "model": "m1"}}, "differs in data."),
     ({"fingerprint": {"data": "d1"}}, "differs in model."),
     ({"layers": (Layer("relu", (8,), "float32", "ReLU"),)}, "layers (input, relu)")],
)  # fmt: skip
def test_another_plan_is_refused_by_name(sample, tmp_path, change, named):
    sample.create(tmp_path / "run", sample.SMALL)
    with pytest.raises(StoreError) as caught:
        sample.create(tmp_path / "run", **({"layers": sample.SMALL} | change))
    assert named in str(caught.value)
    assert "another folder" in str(caught.value)


def test_the_same_plan_opens_the_run(recorded, sample):
    before = (recorded / "run.json").read_bytes()
    run = sample.create(recorded, provenance={"seed": 1})
    assert run.provenance == {"seed": 0}
    assert run.checkpoints == sample.CHECKPOINTS
    assert (recorded / "run.json").read_bytes() == before


def test_a_checkpoint_keeps_its_weights(sample, tmp_path):
    run = sample.create(tmp_path / "run")
    run.add_checkpoint("a", "w")
    other = Run.open(run.path)
    other.add_checkpoint("b", "v")
    run.add_checkpoint("a", "w", ignored=True)
    assert run.checkpoints == other.checkpoints == ("a", "b")
    with pytest.raises(StoreError, match="checkpoint 'a' of other weights"):
        run.add_checkpoint("a", "x")


def test_unknown_names_are_explained(recorded):
    run = Run.open(recorded)
    with pytest.raises(NotFound, match="Did you mean 'relu'"):
        run.activations("relu1")
    with pytest.raises(NotFound, match="Did you mean 'epoch-001'"):
        run.activations("relu", "epoch-01")


@pytest.mark.parametrize("change", [{"n_observations": 0}, {"rows_per_part": -1}, {"layers": ()},
                                    {"n_observations": 10**9, "rows_per_part": 1}])  # fmt: skip
def test_impossible_plans_are_refused(sample, tmp_path, change):
    with pytest.raises(InvalidValue):
        sample.create(tmp_path / "run", **change)
    with pytest.raises(InvalidValue, match="different names"):
        sample.create(tmp_path / "run", layers=[sample.LAYERS[0]] * 2)
    with pytest.raises(InvalidValue, match="dtype must be one of"):
        Layer("a", (1,), "int32", "x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_run_says_so(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(StoreError, match="this folder is not a run"):
            Run.open(path)


def test_reading_changes_nothing_and_needs_no_right_to_write(sample, tmp_path):
    folder = tmp_path / "run"
    run = sample.record(folder)
    run.write_table("scores", pd.DataFrame({"a": [1]}), {})
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    for path in before:
        path.chmod(0o555 if path.is_dir() else 0o444)
    folder.chmod(0o555)
    try:
        sample.check_readable(folder)
        assert Run.open(folder).table("scores")["a"].tolist() == [1]
        assert Run.open(folder).verify() == []
        assert sample.create(folder).checkpoints == sample.CHECKPOINTS
        assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    finally:
        for path in (folder, *before):
            path.chmod(0o755)


def test_verify_finds_a_changed_byte_in_any_file(sample, tmp_path):
    folder = tmp_path / "run"
    run = sample.record(folder, sample.SMALL)
    run.write_table("scores", pd.DataFrame({"a": [1]}), {})
    files = [p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("scores")]
    for path in files:
        content = path.read_bytes()
        path.write_bytes(content[:-5] + bytes([content[-5] ^ 1]) + content[-4:])
        assert Run.open(folder).verify() if path.name != "run.json" else run.verify(), path
        path.write_bytes(content)
    stray = folder / "_done" / f"x-0000000000000000__{0:09d}.json"
    stray.write_text("{}")
    assert run.verify() == [f"{stray}: belongs to no checkpoint of this run."]
