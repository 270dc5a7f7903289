"""CIFAR: round trip through archives as Python 2 wrote them; hostile and broken ones."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile

import numpy as np
import pytest

from layerwise.data import load
from layerwise.data.cifar import CLASSES_10, CLASSES_100, SUPERCLASSES_100
from layerwise.foundation.checks import UserError

N = 6


def pixels(seed):
    return np.random.default_rng(seed).integers(0, 256, (N, 3072), np.uint8)


def _text(value):
    return b"U" + bytes([len(value)]) + value


def python2_batch(data, **labels):
    """Return what cPickle.dump(batch, f, 2) writes in Python 2, opcode by opcode."""
    columns = b"".join(
        _text(name.encode()) + b"](" + b"".join(b"K" + bytes([v]) for v in values) + b"e"
        for name, values in labels.items()
    )
    n, d = data.shape
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        + b"(K\x01"
        + (b"M" + struct.pack("<H", n) + b"M" + struct.pack("<H", d) + b"\x86")
        + b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        + b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        + b"\x89T"
        + struct.pack("<I", data.size)
        + data.tobytes()
        + b"tb"
    )
    return b"\x80\x02}(" + columns + _text(b"data") + array + b"u."


def archive(path, folder, batches):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


LABELS = [0, 9, 3, 3, 1, 2]
BATCHES_10 = {
    name: python2_batch(pixels(seed), labels=LABELS)
    for seed, name in enumerate(["test_batch", *(f"data_batch_{i}" for i in range(5, 0, -1))])
}
BATCHES_100 = {
    part: python2_batch(
        pixels(seed), coarse_labels=[4, 1, 14, 8, 0, 19], fine_labels=[0, 1, 2, 3, 4, 99]
    )
    for seed, part in enumerate(["test", "train"])
}


def test_the_hand_written_pickle_is_a_pickle():
    batch = pickle.loads(BATCHES_10["test_batch"], encoding="bytes")
    np.testing.assert_array_equal(batch[b"data"], pixels(0))
    assert batch[b"labels"] == LABELS


@pytest.fixture(params=["archive", "unpacked"])
def folder(request, tmp_path):
    """Return a data folder with both sets, as downloaded or as torchvision leaves them."""
    for top, name, batches in [
        ("cifar-10-batches-py", "cifar-10-python.tar.gz", BATCHES_10),
        ("cifar-100-python", "cifar-100-python.tar.gz", BATCHES_100),
    ]:
        if request.param == "archive":
            archive(tmp_path / name, top, batches)
        else:
            (tmp_path / top).mkdir()
            for batch, content in batches.items():
                (tmp_path / top / batch).write_bytes(content)
    return tmp_path


def as_pictures(data):
    """Return (n, 32, 32, 3) by the description: 1024 red, then green, then blue, row by row."""
    pictures = np.empty((len(data), 32, 32, 3), np.uint8)
    for channel in range(3):
        for row in range(32):
            start = channel * 1024 + row * 32
            pictures[:, row, :, channel] = data[:, start : start + 32]
    return pictures


def test_cifar10_reads_its_batches_in_order(folder):
    test = load("cifar10", data_dir=folder)
    np.testing.assert_array_equal(test.observations, as_pictures(pixels(0)))
    assert test.labels["class"].tolist() == LABELS
    assert test.class_names["class"][3] == "cat"
    train = load("cifar10", split="train", data_dir=folder)
    in_order = np.concatenate([pixels(seed) for seed in (5, 4, 3, 2, 1)])
    np.testing.assert_array_equal(train.observations, as_pictures(in_order))
    assert len(load("cifar10", split="all", data_dir=folder)) == 6 * N


def test_cifar100_has_classes_and_superclasses(folder):
    train = load("cifar100", split="train", data_dir=folder)
    np.testing.assert_array_equal(train.observations, as_pictures(pixels(1)))
    assert list(train.labels) == ["class", "superclass"]
    named = [
        (train.class_names["class"][a], train.class_names["superclass"][b])
        for a, b in zip(train.labels["class"], train.labels["superclass"], strict=True)
    ]
    assert named[0] == ("apple", "fruit and vegetables")
    assert named[4] == ("beaver", "aquatic mammals")
    assert named[5][0] == "worm"


def test_the_names_are_complete_and_in_alphabetical_order():
    for names, n in [(CLASSES_10, 10), (CLASSES_100, 100), (SUPERCLASSES_100, 20)]:
        assert len(set(names)) == n
        assert list(names) == sorted(names)


class Evil:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return (os.system, (self.command,))


def test_an_evil_batch_runs_nothing(tmp_path):
    canary = tmp_path / "canary"
    evil = pickle.dumps({b"data": Evil(f"touch {canary}"), b"labels": LABELS}, protocol=2)
    archive(tmp_path / "cifar-10-python.tar.gz", "cifar-10-batches-py", {"test_batch": evil})
    with pytest.raises(UserError, match=r"names posix\.system|names nt\.system"):
        load("cifar10", data_dir=tmp_path)
    assert not canary.exists()


@pytest.mark.parametrize(
    "batch",
    [
        b"",
        BATCHES_10["test_batch"][:-300],
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": 1, b"labels": LABELS}),
        pickle.dumps({b"data": np.zeros((N, 3072), np.uint8), b"other": LABELS}, 2),
        pickle.dumps({b"data": np.zeros((N, 3072)), b"labels": LABELS}, 2),
        python2_batch(pixels(0)[:, :3000], labels=LABELS),
        python2_batch(pixels(0), labels=LABELS[:-1]),
        python2_batch(pixels(0), labels=[10] * N),
    ],
    ids=["empty", "cut", "list", "number", "keys", "float", "sides", "lengths", "codes"],
)
def test_broken_batches_are_refused(tmp_path, batch):
    archive(tmp_path / "cifar-10-python.tar.gz", "cifar-10-batches-py", {"test_batch": batch})
    with pytest.raises(UserError):
        load("cifar10", data_dir=tmp_path)


def test_fuzz(tmp_path):
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    good = BATCHES_10["test_batch"]
    program = [*range(160), *range(len(good) - 12, len(good))]  # all but the pixels
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(150):
        bad = bytearray(good)
        for place in rng.choice(program, 2):
            bad[place] = rng.integers(256)
        (folder / "test_batch").write_bytes(bad)
        try:
            assert len(load("cifar10", data_dir=tmp_path)) == N
        except UserError:
            refused += 1
    assert refused > 75


def test_an_archive_without_the_batch_is_refused(tmp_path):
    archive(tmp_path / "cifar-10-python.tar.gz", "cifar-10-batches-py", {"readme.html": b"hi"})
    with pytest.raises(UserError, match="no test_batch in it"):
        load("cifar10", data_dir=tmp_path)


@pytest.mark.parametrize("keep", [0, 10, 2000])
def test_a_cut_archive_is_refused(tmp_path, keep):
    path = tmp_path / "cifar-10-python.tar.gz"
    archive(path, "cifar-10-batches-py", BATCHES_10)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match=r"complete \.tar\.gz"):
        load("cifar10", data_dir=tmp_path)


def test_a_link_in_the_archive_is_not_followed(tmp_path):
    with tarfile.open(tmp_path / "cifar-10-python.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("cifar-10-batches-py/test_batch")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(UserError, match="no test_batch in it"):
        load("cifar10", data_dir=tmp_path)


@pytest.mark.needs_data
def test_the_real_subset(shared_data):
    train, test = (load("cifar10", split=s, data_dir=shared_data) for s in ("train", "test"))
    assert np.bincount(train.labels["class"]).tolist() == [2000] * 10
    assert np.bincount(test.labels["class"]).tolist() == [500] * 10
    assert train.class_names["class"] == CLASSES_10
