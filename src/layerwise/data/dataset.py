"""What every reader of this room returns: observations, their label columns, where they come from.

It holds the data as stored (uint8 pictures, channel last); :meth:`DataSet.inputs` makes what a
network takes. It leaves out augmentation and normalisation by mean and deviation, which belong to
the model that was trained with them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from layerwise.data.split import stratified_rows
from layerwise.foundation import checks
from layerwise.foundation.random import RandomState, generator
from layerwise.foundation.shapes import Array, Images


@dataclass(frozen=True, eq=False, repr=False)
class DataSet:
    """Observations with integer label columns.

    Parameters
    ----------
    name : short name, used in titles and file names
    observations : (n, h, w, c) uint8 pictures with c = 1 (grey) or 3 (RGB), or (n, ...) float32
    labels : label column name -> (n,) integers, each an index into `class_names`; the first column
        is the class label
    class_names : label column name -> what each integer means
    source : one line: what it is, how many there are, whom to cite, under which licence

    Raises
    ------
    InvalidValue
        If the shapes, dtypes, lengths or label codes do not fit together.

    Examples
    --------
    >>> pictures = np.zeros((2, 8, 8, 1), np.uint8)
    >>> cats = DataSet("cats", pictures, {"class": np.array([0, 1])}, {"class": ("cat", "dog")})
    >>> cats
    DataSet('cats', 2 observations of shape (8, 8, 1) uint8, labels: class)
    >>> cats.inputs().shape
    (2, 1, 8, 8)
    """

    name: str
    observations: Array
    labels: Mapping[str, Array]
    class_names: Mapping[str, tuple[str, ...]]
    source: str = ""

    def __post_init__(self) -> None:
        shape, dtype = self.observations.shape, self.observations.dtype
        picture_like = dtype == np.uint8 and len(shape) == 4 and shape[3] in (1, 3)
        if not (picture_like or (dtype == np.float32 and len(shape) >= 2)) or shape[0] == 0:
            raise checks.invalid(
                "DataSet", "observations", "(n, h, w, 1 or 3) uint8 or (n, ...) float32, n > 0",
                f"{dtype} of shape {shape}",
            )  # fmt: skip
        if list(self.labels) != list(self.class_names):
            raise checks.invalid(
                "DataSet", "class_names", f"given for the label columns {list(self.labels)}",
                list(self.class_names),
            )  # fmt: skip
        columns = {}
        for column, values in self.labels.items():
            codes = checks.labels("DataSet", values, len(self), f"labels[{column!r}]")
            n_classes = len(self.class_names[column])
            if codes.dtype.kind not in "iu" or (
                len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < n_classes
            ):
                raise checks.invalid(
                    "DataSet", f"labels[{column!r}]", f"integers in [0, {n_classes - 1}]",
                    f"{codes.dtype} values such as {codes[:5].tolist()}",
                )  # fmt: skip
            columns[column] = codes.astype(np.int64, copy=False)
        object.__setattr__(self, "labels", columns)

    def __len__(self) -> int:
        return len(self.observations)

    def __repr__(self) -> str:
        shape = tuple(self.observations.shape[1:])
        return (
            f"DataSet({self.name!r}, {len(self)} observations of shape {shape} "
            f"{self.observations.dtype}, labels: {', '.join(self.labels) or 'none'})"
        )

    @property
    def are_pictures(self) -> bool:
        """True if the observations can be shown."""
        return self.observations.dtype == np.uint8

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one network input: (c, h, w) for pictures, as stored for anything else."""
        shape = tuple(self.observations.shape[1:])
        return (shape[2], shape[0], shape[1]) if self.are_pictures else shape

    def inputs(self) -> Array:
        """Return what a network takes: (n, *input_shape) float32, pictures channel first in [0, 1].

        Pictures cost one new array of 4 bytes a value; features are returned as they are stored.
        """
        if not self.are_pictures:
            return self.observations
        scaled = np.empty((len(self), *self.input_shape), np.float32)
        np.divide(self.observations.transpose(0, 3, 1, 2), np.float32(255), out=scaled)
        return scaled

    def take(self, rows: Array | Sequence[int] | slice) -> DataSet:
        """Return the observations at `rows` (indices, a mask or a slice) in that order.

        Raises
        ------
        InvalidValue
            If a row does not exist, or a mask has another length.
        """
        try:
            picked = np.atleast_1d(np.arange(len(self))[rows])
        except IndexError as error:
            raise checks.invalid(
                "take",
                "rows",
                f"indices below {len(self)}, a mask of that length, or a slice",
                error,
            ) from None
        labels = {column: codes[picked] for column, codes in self.labels.items()}
        return replace(self, observations=self.observations[picked], labels=labels)

    def sample(self, n: int, *, random_state: RandomState = 0, stratify: bool = False) -> DataSet:
        """Return `n` observations drawn without replacement, in their stored order.

        Without `stratify`, a larger `n` with the same seed contains the smaller sample.

        Parameters
        ----------
        n : int in [1, len(self)]
        random_state : same seed, same rows
        stratify : keep the proportions of the first label column, to within one observation

        Raises
        ------
        InvalidValue
            If `n` exceeds the number of observations.

        Examples
        --------
        >>> pictures = np.zeros((9, 1, 1, 1), np.uint8)
        >>> thirds = DataSet("x", pictures, {"class": np.arange(9) % 3}, {"class": ("a", "b", "c")})
        >>> np.bincount(thirds.sample(6, stratify=True).labels["class"])
        array([2, 2, 2])
        """
        n = checks.integer("sample", "n", n, 1, len(self))
        rng = generator(random_state)
        if not stratify:
            return self.take(np.sort(rng.permutation(len(self))[:n]))
        if not self.labels:
            raise checks.invalid("sample", "stratify", "False for unlabelled data", stratify)
        return self.take(stratified_rows(next(iter(self.labels.values())), n, rng))

    def thumbnails(self, size: int = 64) -> Images | None:
        """Return small pictures to show, or None if the observations are not pictures.

        Pictures of at most `size` pixels a side come back as stored, not copied and not enlarged;
        larger ones are shrunk (area average) so that the longer side is `size`.
        """
        size = checks.integer("thumbnails", "size", size, 1)
        if not self.are_pictures:
            return None
        n, height, width, channels = self.observations.shape
        longest = max(height, width)
        if longest <= size:
            return self.observations
        from PIL import Image

        small = (max(1, round(width * size / longest)), max(1, round(height * size / longest)))
        shrunk = np.empty((n, small[1], small[0], channels), np.uint8)
        for row, picture in enumerate(self.observations):
            image = Image.fromarray(picture[:, :, 0] if channels == 1 else picture)
            pixels = np.asarray(image.resize(small, Image.Resampling.BOX))
            shrunk[row] = pixels.reshape(shrunk.shape[1:])
        return shrunk
