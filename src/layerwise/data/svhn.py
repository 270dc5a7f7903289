"""SVHN, cropped digits: two MATLAB files of 32x32 colour pictures.

SHA-256 and sizes: tensorflow/datasets, url_checksums/svhn_cropped.txt. The `extra` part is left
out: it is 1.3 GB and easier than the rest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from layerwise.data.digits import DIGITS
from layerwise.data.fetch import Remote
from layerwise.data.published import Contents, Published
from layerwise.data.sizes import refuse_bomb
from layerwise.data.split import join
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array


def _read(paths: Sequence[Path], split: str) -> Contents:
    pictures, labels = zip(*(_read_mat(path) for path in paths), strict=True)
    return join(pictures), (join(labels),)


def _read_mat(path: Path) -> tuple[Array, Array]:
    """Return (n, 32, 32, 3) pictures and (n,) digits; the file's label 10 is the digit 0."""
    from scipy.io import loadmat, whosmat

    requirement = "SVHN's cropped digits (X: 32, 32, 3, n; y: n, 1)"
    try:
        shapes = {variable: shape for variable, shape, _ in whosmat(path)}
        refuse_bomb(path.name, sum(map(math.prod, shapes.values())), path.stat().st_size)
        variables = loadmat(path, variable_names=["X", "y"])
        x, y = variables["X"], variables["y"].ravel()
    except checks.UserError:
        raise
    except Exception as error:  # scipy raises whatever a broken file leads it to
        raise checks.invalid("load", str(path), requirement, repr(error)) from error
    if x.dtype != np.uint8 or x.ndim != 4 or x.shape[2:] != (3, len(y)) or y.dtype.kind not in "iu":
        raise checks.invalid(
            "load", str(path), requirement, f"X {x.dtype} {x.shape}, y {y.dtype} {y.shape}"
        )
    return np.ascontiguousarray(x.transpose(3, 0, 1, 2)), np.where(y == 10, 0, y)


_BASE = "http://ufldl.stanford.edu/housenumbers"
SVHN = Published(
    name="svhn",
    source="SVHN: 73,257 train and 26,032 test house-number digits, 32x32 RGB; Netzer, Wang, "
    "Coates, Bissacco, Wu and Ng 2011; non-commercial use only",
    class_names={"digit": DIGITS},
    files={
        "train": (
            Remote(
                f"{_BASE}/train_32x32.mat", 182_040_794,
                "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
            ),
        ),
        "test": (
            Remote(
                f"{_BASE}/test_32x32.mat", 64_275_384,
                "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
            ),
        ),
    },
    read=_read,
)  # fmt: skip
