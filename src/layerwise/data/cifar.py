"""CIFAR-10 and CIFAR-100: archives of pickled batches, 32x32 colour pictures.

The .tar.gz is read as it is, or unpacked as torchvision leaves it. SHA-256: keras,
datasets/cifar10.py and cifar100.py. Class names: the archives' own `meta` files.
"""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from layerwise.data.fetch import Remote
from layerwise.data.pickles import byte_array, read_plain
from layerwise.data.published import Contents, Published
from layerwise.data.split import PARTS, join
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

MAX_BATCH = 2**28
"""Bytes read of one batch; the largest, CIFAR-100's train, has 155 MB."""


def _read(
    paths: Sequence[Path],
    split: str,
    *,
    batches: Mapping[str, Sequence[str]],
    columns: Sequence[bytes],
) -> Contents:
    """Read the batches of a split from the one archive, or from its unpacked folder."""
    (path,) = paths
    wanted = [batch for part in PARTS[split] for batch in batches[part]]
    try:
        found = dict(_contents(path, wanted))
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise checks.invalid("load", str(path), "a complete .tar.gz archive", repr(error)) from None
    missing = [batch for batch in wanted if batch not in found]
    if missing:
        raise checks.invalid("load", str(path), "complete", f"no {', '.join(missing)} in it")
    read = [_read_batch(f"{batch} in {path}", found.pop(batch), columns) for batch in wanted]
    pictures = np.ascontiguousarray(join([pictures for pictures, _ in read]))
    return pictures, [join(codes) for codes in zip(*(labels for _, labels in read), strict=True)]


def _contents(path: Path, wanted: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the batches that are there with their bytes."""
    if path.is_dir():
        yield from ((name, (path / name).read_bytes()) for name in wanted if (path / name).exists())
        return
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            batch = member.name.rpartition("/")[2]
            if batch in wanted and member.isfile() and (file := archive.extractfile(member)):
                yield batch, file.read(MAX_BATCH)


def _read_batch(
    what: str, content: bytes, columns: Sequence[bytes]
) -> tuple[Array, Sequence[Array]]:
    """Return (n, 32, 32, 3) pictures and a (n,) array of codes for each column."""
    try:
        batch = read_plain(content)
        pictures = byte_array(batch[b"data"]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return pictures, [np.array(batch[column], np.int64) for column in columns]
    except Exception as error:  # a malformed pickle raises whatever it leads to
        raise checks.invalid("load", what, "a batch of CIFAR", repr(error)) from error


def _file(name: str, size: int, sha256: str, unpacked: str) -> Mapping[str, tuple[Remote, ...]]:
    """Return the one archive that holds both parts."""
    remote = Remote(f"https://www.cs.toronto.edu/~kriz/{name}", size, sha256, unpacked)
    return {"train": (remote,), "test": (remote,)}


CLASSES_10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
CIFAR10 = Published(
    name="cifar10",
    source="CIFAR-10: 50,000 train and 10,000 test photographs of 10 classes, 32x32 RGB; "
    "Krizhevsky 2009; no licence stated",
    class_names={"class": CLASSES_10},
    files=_file(
        "cifar-10-python.tar.gz", 170_498_071,
        "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
        "cifar-10-batches-py",
    ),
    read=partial(
        _read,
        batches={"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]},
        columns=[b"labels"],
    ),
)  # fmt: skip

SUPERCLASSES_100 = (
    "aquatic mammals", "fish", "flowers", "food containers", "fruit and vegetables",
    "household electrical devices", "household furniture", "insects", "large carnivores",
    "large man-made outdoor things", "large natural outdoor scenes",
    "large omnivores and herbivores", "medium mammals", "non-insect invertebrates", "people",
    "reptiles", "small mammals", "trees", "vehicles 1", "vehicles 2",
)  # fmt: skip
_CLASSES_100 = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup
dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower
leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid
otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
"""
CLASSES_100 = tuple(name.replace("_", " ") for name in _CLASSES_100.split())
CIFAR100 = Published(
    name="cifar100",
    source="CIFAR-100: 50,000 train and 10,000 test photographs of 100 classes in 20 superclasses, "
    "32x32 RGB; Krizhevsky 2009; no licence stated",
    class_names={"class": CLASSES_100, "superclass": SUPERCLASSES_100},
    files=_file(
        "cifar-100-python.tar.gz", 169_001_437,
        "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        "cifar-100-python",
    ),
    read=partial(
        _read,
        batches={"train": ["train"], "test": ["test"]},
        columns=[b"fine_labels", b"coarse_labels"],
    ),
)  # fmt: skip
