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

Contents = tuple[Array, Mapping[str, Array], Mapping[str, tuple[str, ...]]]
"""Observations, label columns, class names of the columns."""


@dataclass(frozen=True)
class Published:
    """A data set that can be loaded by name.

    Parameters
    ----------
    name : what :func:`layerwise.data.load` calls it
    source : one line for people: what, how many, citation, licence
    label : name of the class label's column
    class_names : what its integers mean; empty if the files say so
    files : part -> the files it needs
    read : what turns the files of a split into arrays
    layouts : where torchvision puts the files below its `root`
    """

    name: str
    source: str
    label: str
    class_names: tuple[str, ...]
    files: Mapping[str, tuple[Remote, ...]]
    read: Callable[[Sequence[Path], str], Contents]
    layouts: tuple[str, ...] = ()

    def load(self, split: str, data_dir: str | Path | None) -> DataSet:
        """Return one split, from disk or from the network."""
        remotes = dict.fromkeys(remote for part in PARTS[split] for remote in self.files[part])
        paths = locate(self.name, list(remotes), layouts=self.layouts, data_dir=data_dir)
        if paths[0].suffix == ".npz":
            return read_npz(
                paths[0], split=split, name=self.name, label=self.label,
                class_names=self.class_names, source=f"{self.source}. Read from {paths[0].name}",
            )  # fmt: skip
        observations, labels, class_names = self.read(paths, split)
        if self.class_names:
            class_names = {self.label: self.class_names}
        return DataSet(self.name, observations, labels, class_names, self.source)
