"""MNIST and Fashion-MNIST: round trip through files the test writes, and the real set."""

from __future__ import annotations

import gzip
import hashlib
import struct

import numpy as np
import pytest

from layerwise.data import load
from layerwise.data.mnist import FASHION_MNIST, MNIST
from layerwise.foundation.checks import UserError

RNG = np.random.default_rng(0)
PICTURES = {
    "train": RNG.integers(0, 256, (30, 28, 28), np.uint8),
    "t10k": np.ones((5, 28, 28), "u1"),
}
DIGITS = {"train": np.arange(30, dtype=np.uint8) % 10, "t10k": np.arange(5, dtype=np.uint8)}


def write(folder, *, packed=True, sides=(28, 28), labels=DIGITS):
    """Write the four files, from the format's description."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train", "t10k"):
        n = len(PICTURES[part])
        for name, header, values in [
            (f"{part}-images-idx3-ubyte", struct.pack(">4I", 0x803, n, *sides), PICTURES[part]),
            (
                f"{part}-labels-idx1-ubyte",
                struct.pack(">2I", 0x801, len(labels[part])),
                labels[part],
            ),
        ]:
            content = header + values.tobytes()
            path = folder / (f"{name}.gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize(
    ("split", "parts"), [("train", ["train"]), ("test", ["t10k"]), ("all", ["train", "t10k"])]
)
def test_round_trip(tmp_path, name, split, parts, packed):
    write(tmp_path / name, packed=packed)
    loaded = load(name, split=split, data_dir=tmp_path)
    expected = np.concatenate([PICTURES[part] for part in parts])
    np.testing.assert_array_equal(loaded.observations[..., 0], expected)
    (column,) = loaded.labels
    assert column == ("digit" if name == "mnist" else "class")
    np.testing.assert_array_equal(loaded.labels[column], np.concatenate([DIGITS[p] for p in parts]))
    assert len(loaded.class_names[column]) == 10
    assert loaded.input_shape == (1, 28, 28)


def test_files_of_different_lengths_are_refused(tmp_path):
    write(tmp_path / "mnist", labels={part: DIGITS[part][:-1] for part in DIGITS})
    with pytest.raises(UserError, match=r"one for each of the labels.*\(5, 28, 28\).*\(4,\)"):
        load("mnist", data_dir=tmp_path)


def test_the_two_sets_have_other_files():
    hashes = [r.sha256 for s in (MNIST, FASHION_MNIST) for f in s.files.values() for r in f]
    assert len(set(hashes)) == 8
    assert {len(bytes.fromhex(digest)) for digest in hashes} == {32}


@pytest.mark.needs_data
def test_the_real_set(shared_data):
    train, test = (load("mnist", split=split, data_dir=shared_data) for split in ("train", "test"))
    assert (len(train), len(test)) == (60_000, 10_000)
    assert np.bincount(train.labels["digit"]).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert np.bincount(test.labels["digit"]).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


@pytest.mark.needs_data
def test_the_hashes_are_of_the_original_files(shared_data):
    # The train pictures there were packed anew, so three of four can be checked.
    remotes = [remote for files in MNIST.files.values() for remote in files]
    for remote in remotes[1:]:
        content = (shared_data / "mnist" / remote.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == remote.sha256
        assert len(content) == remote.size
