"""Data sets in one .npz file: `x` and `y`, or `x_train`, `y_train`, `x_test`, `y_test`.

`names` (one text a class) is optional. Read without pickle, and not before each member's header
and declared size have been checked: a .npz from a stranger may lie.
"""

from __future__ import annotations

import lzma
import math
import zipfile
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from layerwise.data.dataset import DataSet
from layerwise.data.sizes import refuse_bomb
from layerwise.data.split import PARTS, join, seeded_split
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError,
    KeyError, TypeError, IndexError, MemoryError,
)  # fmt: skip
"""What zipfile and numpy raise on a broken file (RuntimeError: an encrypted member)."""


def read_npz(
    path: str | Path,
    *,
    split: str = "test",
    name: str | None = None,
    column: str = "class",
    class_names: tuple[str, ...] = (),
    source: str | None = None,
) -> DataSet:
    """Return one split of the data set in a .npz file.

    Parameters
    ----------
    path : a file with `x_train`, `y_train`, `x_test`, `y_test` (its own split is kept), or with `x`
        and `y` (a fixed, stratified draw of one fifth is for testing)
    split : "train", "test" or "all"
    name : of the data set; by default the file's
    column : name of the label column
    class_names : names of the classes 0, 1, ... if the file has no `names`. With neither, each
        distinct label is a class and its own name.
    source : one line on where the data come from

    Returns
    -------
    DataSet
        uint8 `x` of shape (n, h, w) or (n, h, w, 1 or 3) are pictures; any other numbers become
        float32 features of the shape they have.

    Raises
    ------
    InvalidValue
        If the file is broken, lacks a key, is a decompression bomb, or `x` and `y` do not fit.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mine.npz"
    ...     np.savez_compressed(path, x=np.zeros((10, 3)), y=["a", "b"] * 5)
    ...     read_npz(path, split="train")
    DataSet('mine', 8 observations of shape (3,) float32, labels: class)
    """
    path = Path(path)
    checks.choice("load", "split", split, list(PARTS))
    try:
        with zipfile.ZipFile(path) as archive:
            keys = [entry[:-4] for entry in archive.namelist() if entry.endswith(".npy")]
            if official := {"x_train", "y_train", "x_test", "y_test"} <= set(keys):
                x = join([_member(archive, path, f"x_{part}") for part in PARTS[split]])
                y = [_flat(_member(archive, path, f"y_{part}")) for part in PARTS["all"]]
            elif {"x", "y"} <= set(keys):
                x, y = _member(archive, path, "x"), [_flat(_member(archive, path, "y"))]
            else:
                raise checks.invalid(
                    "load", str(path), "a .npz with x and y, or x_train, y_train, x_test, y_test",
                    ", ".join(keys) or "no arrays",
                )  # fmt: skip
            if "names" in keys:
                class_names = tuple(str(text) for text in _member(archive, path, "names"))
            # Both parts are coded at once, so that train and test agree on what a code means.
            codes, class_names = _coded(join(y), class_names)
    except checks.UserError:
        raise
    except BROKEN as error:
        raise checks.invalid("load", str(path), "a readable .npz", repr(error)) from error

    if official:
        first, last = {"train": (0, len(y[0])), "test": (len(y[0]), None), "all": (0, None)}[split]
        codes = codes[first:last]
    if x.ndim < 2 or x.dtype.kind not in "fiub" or codes.shape != x.shape[:1]:
        raise checks.invalid(
            "load", str(path), "numbers x of shape (n, ...) with as many labels y",
            f"x {x.dtype} {x.shape} and {len(codes)} labels",
        )  # fmt: skip
    if not official:
        rows = seeded_split(codes, split, Fraction(1, 5))
        x, codes = x[rows], codes[rows]
    name = name or path.stem
    source = source or f"{name}: {len(x):,} observations from {path.name}"
    return DataSet(name, _observations(x, path), {column: codes}, {column: class_names}, source)


def _member(archive: zipfile.ZipFile, path: Path, key: str) -> Array:
    """Return one array, if the file holds as many bytes as its header says."""
    entry = archive.getinfo(f"{key}.npy")
    refuse_bomb(f"{key} in {path}", entry.file_size, entry.compress_size)
    with archive.open(entry) as member:
        read_header = {
            (1, 0): npy.read_array_header_1_0,
            (2, 0): npy.read_array_header_2_0,
        }[npy.read_magic(member)]
        shape, _, dtype = read_header(member)
        if math.prod(shape) * dtype.itemsize != entry.file_size - member.tell():
            raise ValueError(f"{key} declares {dtype} {shape}, and the file holds something else")
    with archive.open(entry) as member:
        array: Array = npy.read_array(member, allow_pickle=False)
    return array


def _flat(labels: Array) -> Array:
    """Return labels as a row; keras writes a column."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _coded(labels: Array, class_names: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """Return integer codes and their names: those given, or else the distinct labels themselves."""
    if class_names:
        codes = labels.astype(np.int64)
        if labels.dtype.kind not in "iuf" or (codes != labels).any():
            raise ValueError(f"with class names, labels must be whole numbers, not {labels.dtype}")
        return codes, class_names
    distinct, codes = np.unique(labels, return_inverse=True)
    return codes, tuple(str(label) for label in distinct)


def _observations(x: Array, path: Path) -> Array:
    """Return uint8 pictures, channel last, or float32 features."""
    if x.dtype != np.uint8 or x.ndim not in (3, 4):
        return x.astype(np.float32, copy=False)
    pictures = x if x.ndim == 4 else x[..., None]
    if pictures.shape[3] not in (1, 3):
        raise checks.invalid(
            "load", str(path), "uint8 pictures (n, h, w) or (n, h, w, 1 or 3)", f"shape {x.shape}",
            "Put the channels last; for features that are no pictures, store float32.",
        )  # fmt: skip
    return pictures
