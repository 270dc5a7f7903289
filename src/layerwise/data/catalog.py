"""The list of data sets that have a name, and the one function that loads any data."""

from __future__ import annotations

from pathlib import Path

from layerwise.data.cifar import CIFAR10, CIFAR100
from layerwise.data.dataset import DataSet
from layerwise.data.digits import load_digits
from layerwise.data.faces import load_faces
from layerwise.data.images import read_images
from layerwise.data.listed import SEPARATORS, read_listed
from layerwise.data.mnist import FASHION_MNIST, MNIST
from layerwise.data.npz import read_npz
from layerwise.data.split import PARTS
from layerwise.data.svhn import SVHN
from layerwise.data.toy import CLASSES, load_toy
from layerwise.foundation import checks

PUBLISHED = {each.name: each for each in (MNIST, FASHION_MNIST, SVHN, CIFAR10, CIFAR100)}
NAMES = ("digits", "faces", *PUBLISHED, *CLASSES)
"""What :func:`load` knows by name; digits, faces and the drawings in the plane need no file."""


def load(
    name_or_path: str | Path,
    *,
    split: str = "test",
    data_dir: str | Path | None = None,
    size: int | tuple[int, int] | None = None,
) -> DataSet:
    """Return one split of a data set, by name or from your own file or folder.

    Parameters
    ----------
    name_or_path : one of :data:`NAMES`; or a .npz file (:func:`~layerwise.data.read_npz`); or a
        folder with one folder of pictures a class (:func:`~layerwise.data.read_images`); or a
        table .csv or .tsv of pictures (:func:`~layerwise.data.read_listed`). For a folder that has
        the name of a data set write "./digits".
    split : "train", "test", or "all", which is train, then test
    data_dir : where to look first for the files of a named set: a folder that holds it under its
        name (or as torchvision stores it), or the set's own folder. Looked through next: the folder
        that the environment variable LAYERWISE_DATA names, then the user's cache, into which the
        files are downloaded as a last resort.
    size : side of a square, or (height, width), to which your own pictures are scaled and cropped;
        other data have a size of their own

    Returns
    -------
    DataSet
        A .npz beside or instead of the published files, named after the set (`cifar10_small.npz`),
        stands for them.

    Raises
    ------
    NotFound
        If there is no such data set.
    InvalidValue
        If files are missing and cannot be downloaded, or are not what they should be.

    Notes
    -----
    A download is checked by SHA-256 before it is used and resumes where it was interrupted. Loading
    MNIST's 60,000 pictures takes about half a second.

    Examples
    --------
    >>> load("digits")
    DataSet('digits', 599 observations of shape (8, 8, 1) uint8, labels: digit)
    """
    checks.choice("load", "split", split, list(PARTS))
    path = Path(name_or_path).expanduser()
    named = isinstance(name_or_path, str) and name_or_path in NAMES
    if not named and path.is_dir():
        return read_images(path, split=split, size=size)
    if not named and path.is_file() and path.suffix.lower() in SEPARATORS:
        return read_listed(path, split=split, size=size)
    if size is not None:
        raise checks.invalid("load", "size", "left out for data that are no pictures of your own",
                             size)  # fmt: skip
    if name_or_path == "digits":
        return load_digits(split)
    if name_or_path == "faces":
        return load_faces(split)
    if name_or_path in CLASSES:
        return load_toy(str(name_or_path), split)
    if named:
        return PUBLISHED[str(name_or_path)].load(split, data_dir)
    if path.is_file():
        return read_npz(path, split=split)
    if isinstance(name_or_path, Path) or len(path.parts) > 1 or path.suffix:
        raise checks.invalid(
            "load", "name_or_path", "a .npz, table or folder that exists", f"'{path}'"
        )
    raise checks.not_found("data set", name_or_path, "layerwise", NAMES)
