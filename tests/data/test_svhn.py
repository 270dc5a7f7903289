"""SVHN: round trip through MATLAB files, the real subset, nothing but UserError on broken ones."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from layerwise.data import load
from layerwise.foundation.checks import UserError

PICTURES = np.random.default_rng(0).integers(0, 256, (11, 32, 32, 3), np.uint8)
LABELS = np.array([10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], np.uint8)  # MATLAB's 10 is the digit 0


def write(path, compress=True, **changed):
    variables = {"X": PICTURES.transpose(1, 2, 3, 0), "y": LABELS[:, None]} | changed
    savemat(path, variables, do_compression=compress)


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize(("split", "copies"), [("train", 1), ("test", 1), ("all", 2)])
def test_round_trip(tmp_path, split, copies, compress):
    for part in ("train", "test"):
        write(tmp_path / f"{part}_32x32.mat", compress)
    loaded = load("svhn", split=split, data_dir=tmp_path)
    np.testing.assert_array_equal(loaded.observations, np.concatenate([PICTURES] * copies))
    np.testing.assert_array_equal(loaded.labels["digit"], [*range(10), 0] * copies)
    assert loaded.observations.flags.c_contiguous


@pytest.mark.parametrize(
    "changed",
    [
        {"X": PICTURES.transpose(1, 2, 3, 0).astype(float)},
        {"X": PICTURES},
        {"y": LABELS[:-1, None]},
        {"y": "eleven"},
        {"y": np.full(11, 11)},
        {"X": {"a": 1}},
    ],
    ids=["float", "order", "length", "text", "label 11", "struct"],
)
def test_other_variables_are_refused(tmp_path, changed):
    write(tmp_path / "test_32x32.mat", **changed)
    with pytest.raises(UserError):
        load("svhn", data_dir=tmp_path)


def test_missing_variables_are_refused(tmp_path):
    savemat(tmp_path / "test_32x32.mat", {"Z": 1})
    with pytest.raises(UserError, match="SVHN's cropped digits"):
        load("svhn", data_dir=tmp_path)


def test_a_bomb_is_refused(tmp_path):
    zeros = np.zeros((32, 32, 3, 8000), np.uint8)
    write(tmp_path / "test_32x32.mat", X=zeros, y=np.ones((8000, 1)))
    with pytest.raises(UserError, match="decompression bomb"):
        load("svhn", data_dir=tmp_path)


@pytest.mark.parametrize("compress", [True, False])
def test_fuzz(tmp_path, compress):
    path = tmp_path / "test_32x32.mat"
    write(path, compress)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        bad = bytearray(good)
        for place in rng.integers(0, 400, 3):
            bad[place] = rng.integers(256)
        path.write_bytes(bytes(bad[: rng.integers(100, len(bad))]))
        with pytest.raises(UserError):
            load("svhn", data_dir=tmp_path)
        refused += 1
    assert refused == 60


@pytest.mark.needs_data
def test_the_real_subset(shared_data):
    train, test = (load("svhn", split=split, data_dir=shared_data) for split in ("train", "test"))
    assert (len(train), len(test)) == (4434, 1165)
    shares = np.bincount(train.labels["digit"]) / len(train)
    assert shares.argmax() == 1
    assert shares[[1, 9]] == pytest.approx([0.20, 0.06], abs=0.005)
    assert "svhn_crops_32x32.npz" in train.source
