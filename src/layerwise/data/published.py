"""A published data set: its files, how they read, and what its labels mean.

The sets themselves are values of this class, one file a format: mnist.py, svhn.py, cifar.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from layerwise.data.dataset import DataSet
from layerwise.data.fetch import Remote, locate
from layerwise.data.npz import read_npz
from layerwise.data.split import PARTS
from layerwise.foundation.shapes import Array

Contents = tuple[Array, Sequence[Array]]
"""Pictures, and one array of codes for each label column."""


@dataclass(frozen=True)
class Published:
    """A data set that can be loaded by name.

    Parameters
    ----------
    name : what :func:`layerwise.data.load` calls it
    source : one line for people: what, how many, citation, licence
    class_names : label column -> what its integers mean; the first column is the class label
    files : part -> the files it needs
    read : what turns these files into the arrays of a split
    layouts : where torchvision puts the files below its `root`
    """

    name: str
    source: str
    class_names: Mapping[str, tuple[str, ...]]
    files: Mapping[str, tuple[Remote, ...]]
    read: Callable[[Sequence[Path], str], Contents]
    layouts: tuple[str, ...] = ()

    def load(self, split: str, data_dir: str | Path | None) -> DataSet:
        """Return one split, from disk or from the network."""
        remotes = dict.fromkeys(remote for part in PARTS[split] for remote in self.files[part])
        paths = locate(self.name, list(remotes), layouts=self.layouts, data_dir=data_dir)
        if paths[0].suffix == ".npz":
            column, names = next(iter(self.class_names.items()))
            return read_npz(
                paths[0], split=split, name=self.name, column=column, class_names=names,
                source=f"{self.source}. As found in {paths[0].name}",
            )  # fmt: skip
        observations, codes = self.read(paths, split)
        labels = dict(zip(self.class_names, codes, strict=True))
        return DataSet(self.name, observations, labels, self.class_names, self.source)
