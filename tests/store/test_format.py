"""The format: runs of yesterday are read, those of a stranger are contained.

Kind: golden (a run written without layerwise) and contract.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pytest

import layerwise
from layerwise.store import Run, StoreError

SOURCE = Path(layerwise.__file__).parent


@pytest.fixture
def folder(format1, tmp_path):
    format1.build(tmp_path / "run")
    return tmp_path / "run"


def test_a_run_of_format_1_is_read(folder, format1):
    run = Run.open(folder)
    np.testing.assert_array_equal(np.asarray(run.activations("relu")), format1.RELU)
    assert np.asarray(run.activations("norm", "last")).ravel().tolist() == [1, -2, 0]
    assert run.labels["digit"].tolist() == [0, 1, 0]
    assert run.class_names("digit") == ("zero", "one")
    assert run.checkpoint("last").metadata == {"epoch": 9}
    assert run.verify() == []


def read_everything(folder):
    run = Run.open(folder)
    for checkpoint in run.checkpoints:
        run.counts(checkpoint)
        for name in run.layers:
            np.asarray(run.activations(name, checkpoint))
    dict(run.labels)


def change(path, format1, *keys, to):
    """Change one field of a record, with the checksum that goes with it."""
    content = json.loads(path.read_text())
    content.pop("checksum")
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    content.pop("format")
    format1.record(path, content)


@pytest.mark.parametrize(
    ("key", "value"),
    [("n_observations", 10**30), ("n_observations", 0), ("n_observations", "3"),
     ("n_observations", 4), ("n_observations", 2.0), ("n_observations", True),
     ("rows_per_part", 0), ("rows_per_part", 1), ("rows_per_part", None), ("layers", []),
     ("layers", [{}]), ("layers", {"a": 1}), ("layers", None), ("checkpoints", 3),
     ("checkpoints", [{"name": "last"}]), ("checkpoints", [["last", "w"]]),
     ("fingerprint", {"data": 3}), ("fingerprint", []), ("provenance", 3)],
)  # fmt: skip
def test_a_hostile_manifest_is_refused(folder, format1, key, value):
    change(folder / "run.json", format1, key, to=value)
    with pytest.raises(StoreError):
        read_everything(folder)


@pytest.mark.parametrize(
    ("field", "value"),
    [("shape", [3]), ("shape", [-2]), ("shape", [10**12, 10**12]), ("shape", "ab"),
     ("shape", [2.5]), ("dtype", "float64"), ("dtype", "object"), ("dtype", None),
     ("name", 3), ("name", "norm"), ("kind", None), ("pooling", []), ("surplus", 1)],
)  # fmt: skip
def test_a_hostile_layer_is_refused(folder, format1, field, value):
    change(folder / "run.json", format1, "layers", 0, field, to=value)
    with pytest.raises(StoreError):
        read_everything(folder)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../secret.npy", "..\\secret.npy", "link/secret.npy", "C:\\x.npy", None,
             "activations/../../secret.npy", "", ".", "_done", "run.json", "a/" + "b" * 999],
)  # fmt: skip
def test_a_hostile_path_is_refused_even_with_the_right_bytes_behind_it(folder, format1, path):
    good = next(folder.glob("activations/*/relu-*/000000000.npy"))
    (folder.parent / "secret.npy").write_bytes(good.read_bytes())
    (folder / "link").symlink_to(folder.parent)
    record = next(folder.glob("_done/*__000000000.json"))
    change(record, format1, "layers", "relu", "path", to=path)
    with pytest.raises(StoreError):
        read_everything(folder)


def test_a_part_that_is_a_link_out_is_refused(folder):
    good = next(folder.glob("activations/*/relu-*/000000000.npy"))
    good.rename(folder.parent / "secret.npy")
    good.symlink_to(folder.parent / "secret.npy")
    with pytest.raises(StoreError, match="is not inside it"):
        read_everything(folder)


@pytest.mark.parametrize(
    ("keys", "value"),
    [(("rows",), 3), (("first",), 2), (("checkpoint",), "other"), (("fingerprint",), "x"),
     (("layers",), {}), (("layers",), []), (("layers", "relu"), None),
     (("layers", "relu", "checksum"), "0"), (("layers", "relu", "counts"), {"nan": "many"}),
     (("layers", "relu", "counts"), 3),
     (("layers", "relu", "checksum"), None)],
)  # fmt: skip
def test_a_hostile_commit_is_refused(folder, format1, keys, value):
    change(next(folder.glob("_done/*__000000000.json")), format1, *keys, to=value)
    with pytest.raises(StoreError):
        read_everything(folder)


def test_records_that_changed_places_are_refused(folder):
    first, second = sorted(folder.glob("_done/last-*"))
    a, b = first.read_bytes(), second.read_bytes()
    first.write_bytes(b)
    second.write_bytes(a)
    with pytest.raises(StoreError, match="record of something else"):
        read_everything(folder)
    assert len(Run.open(folder).verify()) == 2


def test_a_newer_run_is_refused_with_what_to_do(folder):
    text = (folder / "run.json").read_text().replace('"format": 1', '"format": 2')
    (folder / "run.json").write_text(text)
    with pytest.raises(StoreError, match=r"was written by a newer layerwise .* Update layerwise\."):
        Run.open(folder)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: p.stem)
def test_no_source_file_unpickles(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False
