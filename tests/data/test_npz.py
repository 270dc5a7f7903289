"""npz: round trips of each layout, what is refused and why, bombs and lies."""

from __future__ import annotations

import struct
import zipfile

import numpy as np
import pytest

from layerwise.data import load, read_npz
from layerwise.foundation.checks import UserError

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (40, 5, 4, 3), np.uint8)
Y = np.arange(40) % 4


def save(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


# round trip


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_an_official_split_is_kept(tmp_path, method):
    path = tmp_path / "set.npz"
    arrays = {"x_train": X[:30], "y_train": Y[:30], "x_test": X[30:], "y_test": Y[30:]}
    with zipfile.ZipFile(path, "w", method) as archive:
        for key, array in arrays.items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, array)
    for split, rows in [("train", slice(30)), ("test", slice(30, None)), ("all", slice(None))]:
        loaded = load(path, split=split)
        np.testing.assert_array_equal(loaded.observations, X[rows])
        np.testing.assert_array_equal(loaded.labels["class"], Y[rows])
        assert loaded.name == "set"


def test_without_one_the_draw_is_stratified_disjoint_and_complete(tmp_path):
    path = save(tmp_path / "set.npz", x=X, y=Y)
    train, test, everything = (load(path, split=split) for split in ("train", "test", "all"))
    np.testing.assert_array_equal(everything.observations, X)
    assert np.bincount(test.labels["class"]).tolist() == [2, 2, 2, 2]
    rows = [p.tobytes() for part in (train, test) for p in part.observations]
    assert sorted(rows) == sorted(p.tobytes() for p in X)


def test_names_in_the_file_come_first_then_the_given_ones(tmp_path):
    given = ("p", "q", "r", "s")
    path = save(tmp_path / "a.npz", x=X, y=Y.astype(np.uint8), names=["k", "l", "m", "n"])
    assert read_npz(path, class_names=given).class_names["class"] == ("k", "l", "m", "n")
    path = save(tmp_path / "b.npz", x=X, y=Y[:, None].astype(float))
    named = read_npz(path, split="all", class_names=given, column="letter")
    assert named.class_names == {"letter": given}
    np.testing.assert_array_equal(named.labels["letter"], Y)


def test_labels_without_names_are_their_own_names_alike_in_both_parts(tmp_path):
    path = save(
        tmp_path / "s.npz", x_train=X[:3], y_train=["b", "c", "c"], x_test=X[:2], y_test=["a", "c"]
    )
    train, test = (load(path, split=split) for split in ("train", "test"))
    assert train.class_names == test.class_names == {"class": ("a", "b", "c")}
    assert train.labels["class"].tolist() == [1, 2, 2]
    assert test.labels["class"].tolist() == [0, 2]
    sparse = load(save(tmp_path / "i.npz", x=X, y=Y * 10 - 5), split="all")
    assert sparse.class_names["class"] == ("-5", "5", "15", "25")
    np.testing.assert_array_equal(sparse.labels["class"], Y)


@pytest.mark.parametrize(
    ("x", "shape", "dtype"),
    [
        (X[..., 0], (5, 4, 1), np.uint8),
        (X[..., :1], (5, 4, 1), np.uint8),
        (np.asfortranarray(X), (5, 4, 3), np.uint8),
        (X.reshape(40, -1), (60,), np.float32),
        (X.astype(float), (5, 4, 3), np.float32),
        (X > 99, (5, 4, 3), np.float32),
        (X.astype(">i4"), (5, 4, 3), np.float32),
    ],
    ids=["grey", "grey1", "fortran", "rows", "float64", "bool", "big-endian"],
)
def test_uint8_pictures_stay_and_other_numbers_become_float32(tmp_path, x, shape, dtype):
    loaded = load(save(tmp_path / "x.npz", x=x, y=Y), split="all")
    assert loaded.observations.shape == (40, *shape)
    assert loaded.observations.dtype == dtype
    np.testing.assert_array_equal(loaded.observations.ravel(), x.ravel())


# errors


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": X, "labels": Y}, r"x and y, or x_train.*got images, labels"),
        ({"x_train": X, "y_train": Y}, r"got x_train, y_train"),
        ({"x": X, "y": Y[:-1]}, r"as many labels y; got x uint8 \(40, 5, 4, 3\) and 39 labels"),
        ({"x": X, "y": np.eye(40)}, "as many labels"),
        ({"x": Y, "y": Y}, "shape"),
        ({"x": X.transpose(0, 3, 1, 2), "y": Y}, "channels last"),
        ({"x": X.astype(complex), "y": Y}, "numbers"),
        ({"x": X.astype(str), "y": Y}, "numbers"),
        ({"x": X, "y": Y, "names": ["only one"]}, r"integers in \[0, 0\]"),
        ({"x": X, "y": Y + 0.5, "names": list("abcd")}, "whole numbers"),
        ({"x": X, "y": np.array([{}] * 40)}, "readable"),
        ({"x": X[:0], "y": Y[:0]}, "of one observation or more"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, arrays, message):
    with pytest.raises(UserError, match=message):
        load(save(tmp_path / "bad.npz", **arrays))


def test_unknown_splits_are_refused(tmp_path):
    with pytest.raises(UserError, match="split must be one of train, test, all; got 'valid'"):
        load(save(tmp_path / "x.npz", x=X, y=Y), split="valid")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"hello" * 99])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "x.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"a readable \.npz"):
        load(path)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    path = save(tmp_path / "bomb.npz", x=np.zeros((1000, 100, 1000), np.uint8), y=np.zeros(1000))
    assert path.stat().st_size < 120_000
    with pytest.raises(UserError, match=r"x in .*bomb\.npz must be at most 100 times"):
        load(path)


def lying(path, shape, n_bytes):
    """Write a file whose x declares `shape` and holds `n_bytes`."""
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    member = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(n_bytes)
    save(path, y=Y)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x.npy", member)


@pytest.mark.parametrize("shape", [(40, 10**12), (40, -1), (2**62, 2**62), (40, 3)])
def test_a_header_that_lies_is_refused(tmp_path, shape):
    path = tmp_path / "lie.npz"
    lying(path, shape, 100)
    with pytest.raises(UserError, match="readable"):
        load(path)
    lying(path, (40, 3), 120)  # and the same file without the lie is fine
    assert len(load(path, split="all")) == 40


def test_fuzz(tmp_path):
    path = tmp_path / "fuzz.npz"
    np.savez(path, x=X[:8], y=Y[:8])
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        bad = bytearray(good)
        for place in rng.integers(0, len(bad), 4):
            bad[place] = rng.integers(256)
        path.write_bytes(bytes(bad))
        try:
            assert len(load(path, split="all")) == 8
        except UserError:
            refused += 1
    assert refused > 100
