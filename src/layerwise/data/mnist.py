"""MNIST and Fashion-MNIST: four IDX files each, of the same names and shapes.

SHA-256 and sizes: tensorflow/datasets, url_checksums/mnist.txt and fashion_mnist.txt; three of
MNIST's were also computed from the original files.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from layerwise.data.digits import DIGITS
from layerwise.data.fetch import Remote
from layerwise.data.idx import read_idx
from layerwise.data.published import Contents, Published
from layerwise.data.split import join
from layerwise.foundation import checks

GARMENTS = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip


def _read(paths: Sequence[Path], split: str) -> Contents:
    """Read pairs of files: pictures, labels, pictures, labels."""
    pictures = [read_idx(path) for path in paths[::2]]
    labels = [read_idx(path) for path in paths[1::2]]
    for path, x, y in zip(paths[::2], pictures, labels, strict=True):
        if x.ndim != 3 or x.dtype != "u1" or y.shape != x.shape[:1]:
            raise checks.invalid(
                "load", str(path), "(n, h, w) uint8 pictures, one for each of the labels beside it",
                f"{x.dtype} of shape {x.shape} and labels of shape {y.shape}",
            )  # fmt: skip
    return join(pictures)[..., None], (join(labels),)


def _file(base: str, name: str, size: int, sha256: str) -> Remote:
    return Remote(f"{base}/{name}.gz", size, sha256, unpacked=name)


_MNIST = "https://storage.googleapis.com/cvdf-datasets/mnist"
MNIST = Published(
    name="mnist",
    source="MNIST: 60,000 train and 10,000 test handwritten digits, 28x28 grey; "
    "LeCun, Bottou, Bengio and Haffner 1998; CC BY-SA 3.0",
    class_names={"digit": DIGITS},
    files={
        "train": (
            _file(
                _MNIST, "train-images-idx3-ubyte", 9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            _file(
                _MNIST, "train-labels-idx1-ubyte", 28_881,
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
        ),
        "test": (
            _file(
                _MNIST, "t10k-images-idx3-ubyte", 1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            _file(
                _MNIST, "t10k-labels-idx1-ubyte", 4_542,
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    },
    read=_read,
    layouts=("MNIST/raw",),
)  # fmt: skip

_FASHION = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"
FASHION_MNIST = Published(
    name="fashion-mnist",
    source="Fashion-MNIST: 60,000 train and 10,000 test pictures of clothing, 28x28 grey; "
    "Xiao, Rasul and Vollgraf 2017; MIT",
    class_names={"class": GARMENTS},
    files={
        "train": (
            _file(
                _FASHION, "train-images-idx3-ubyte", 26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            _file(
                _FASHION, "train-labels-idx1-ubyte", 29_515,
                "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            ),
        ),
        "test": (
            _file(
                _FASHION, "t10k-images-idx3-ubyte", 4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            _file(
                _FASHION, "t10k-labels-idx1-ubyte", 5_148,
                "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            ),
        ),
    },
    read=_read,
    layouts=("FashionMNIST/raw",),
)  # fmt: skip
