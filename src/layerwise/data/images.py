"""Your own pictures: a folder with one folder a class, optionally below `train` and `test`.

Pictures from strangers can be bombs, so nothing is decoded before its declared size is known.
The alpha channel is dropped, as torchvision's ImageFolder does; of an animation the first frame
counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerwise.data.dataset import DataSet
from layerwise.data.split import PARTS, seeded_split
from layerwise.foundation import checks, progress
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = {
    "BMP": {".bmp"}, "GIF": {".gif"}, "JPEG": {".jpg", ".jpeg"}, "PNG": {".png"},
    "PPM": {".pgm", ".ppm"}, "TIFF": {".tif", ".tiff"}, "WEBP": {".webp"},
}  # fmt: skip
"""Formats that are read, with their endings; a file with another ending is passed over."""

MAX_PIXELS = 32_000_000
"""Pixels of one picture: above every camera of the data sets, far below what fills the memory."""

MAX_BYTES = 8 * 2**30
"""Bytes of all the pictures of a split together."""

_GREY = ("1", "L", "LA", "La", "I;16", "I;16B", "I;16L", "I;16N")


@dataclass(frozen=True)
class Header:
    """What is known of a picture before it is decoded; sides as it is to be seen."""

    grey: bool
    height: int
    width: int


def read_images(
    folder: str | Path, *, split: str = "test", size: int | tuple[int, int] | None = None
) -> DataSet:
    """Return one split of the pictures in `folder`, all brought to one size.

    Each picture is scaled to cover the size and cropped around its centre, never squashed.

    Parameters
    ----------
    folder : holds one folder a class, named after it; or `train` and `test`, which do. Without
        these, a fixed, stratified draw of one fifth is for testing.
    split : "train", "test" or "all"
    size : side of a square, or (height, width); by default that of the first picture, in the order
        of names

    Returns
    -------
    DataSet
        Grey if all pictures of both splits are, else RGB; classes in the order of names.

    Raises
    ------
    InvalidValue
        If there are no pictures, one is broken or above 32 million pixels, or all together would
        fill over 8 GiB.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("cat", "dog"):
    ...         (Path(folder) / name).mkdir()
    ...         Image.new("RGB", (32, 24)).save(Path(folder) / name / "1.png")
    ...     read_images(folder, split="all").observations.shape
    (2, 24, 32, 3)
    """
    folder = Path(folder)
    checks.choice("load", "split", split, list(PARTS))
    parts = PARTS["all"] if all((folder / part).is_dir() for part in PARTS["all"]) else (".",)
    pictures = {part: _pictures(folder / part) for part in parts}
    for part, found in pictures.items():
        if not found:
            raise checks.invalid(
                "load", str(folder / part), "a folder with one folder of pictures a class",
                "no pictures one folder down", f"Endings read: {' '.join(_endings())}.",
            )  # fmt: skip

    headers = [header(path) for found in pictures.values() for path, _ in found]
    names = tuple(sorted({name for found in pictures.values() for _, name in found}))
    if len(parts) == 2:
        chosen = [entry for part in PARTS[split] for entry in pictures[part]]
    else:
        labels = np.array([names.index(name) for _, name in pictures["."]])
        chosen = [pictures["."][row] for row in seeded_split(labels, split, Fraction(1, 5))]

    observations = decoded([path for path, _ in chosen], headers, size, folder.name)
    codes = np.array([names.index(name) for _, name in chosen])
    source = f"{folder.name}: {len(chosen):,} pictures of {len(names)} classes"
    return DataSet(folder.name, observations, {"class": codes}, {"class": names}, source)


def decoded(
    paths: Sequence[Path],
    headers: Sequence[Header],
    size: int | tuple[int, int] | None,
    title: str,
) -> Array:
    """Return pictures (n, height, width, 1 or 3) uint8, scaled to cover the size and cropped.

    Parameters
    ----------
    paths : the pictures wanted
    headers : of all pictures of the data set, of every split; grey if all of them are
    size : side of a square, (height, width), or None for that of the first header
    title : what is read, for the progress bar
    """
    default = (headers[0].height, headers[0].width) if size is None else (size, size)
    sides = size if isinstance(size, tuple) and len(size) == 2 else default
    height, width = (checks.integer("load", "size", side, 1) for side in sides)
    channels = 1 if all(one.grey for one in headers) else 3
    n_bytes = len(paths) * height * width * channels
    if n_bytes > MAX_BYTES:
        raise checks.invalid(
            "load", "size", f"small enough for {len(paths):,} pictures to fill at most 8 GiB",
            f"{height} x {width}, {n_bytes / 2**30:.0f} GiB", "Give a size, for example size=64.",
        )  # fmt: skip
    observations = np.empty((len(paths), height, width, channels), np.uint8)
    with progress.bar(f"reading {title}", len(paths), "pictures") as advance:
        for row, path in enumerate(paths):
            observations[row] = _decode(path, height, width, channels)
            advance(1)
    return observations


def _endings() -> list[str]:
    return sorted(ending for endings in FORMATS.values() for ending in endings)


def _pictures(folder: Path) -> list[tuple[Path, str]]:
    """Return (path, class name) of every picture below the class folders, in the order of names."""
    endings = set(_endings())
    return [
        (path, top.name)
        for top in sorted(folder.glob("*"))
        if top.is_dir() and not top.name.startswith(".")
        for path in sorted(top.rglob("*"))
        if path.suffix.lower() in endings and not path.name.startswith(".") and path.is_file()
    ]


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """Yield the picture, not yet decoded; whatever is wrong with it becomes one sentence."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on odd metadata, which is of no concern here
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=list(FORMATS)) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise Image.DecompressionBombError(f"{image.width} x {image.height}")
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        limit = f"a picture of at most {MAX_PIXELS:,} pixels"
        raise checks.invalid("load", str(path), limit, error) from None
    except checks.UserError:
        raise
    except Exception as error:  # Pillow raises whatever a broken file leads it to
        raise checks.invalid("load", str(path), "a picture", f"{error!r}") from error


def header(path: Path) -> Header:
    """Return what the file declares, after a look at its first bytes only."""
    with _opened(path) as image:
        if image.mode in ("I", "F"):
            raise checks.invalid(
                "load", str(path), "of 8 or 16 bits a channel", f"mode {image.mode}"
            )
        sides = (image.width, image.height)
        turned = image.getexif().get(0x0112, 1) >= 5  # orientations that swap the sides
        width, height = reversed(sides) if turned else sides
        return Header(image.mode in _GREY, height, width)


def _decode(path: Path, height: int, width: int, channels: int) -> Array:
    """Return (height, width, channels) uint8: turned upright, scaled to cover, cropped."""
    from PIL import Image, ImageOps

    with _opened(path) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode.startswith("I;16"):
            image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
        if image.mode == "P":  # its transparency may be bytes, which only RGBA takes
            image = image.convert("RGBA")
        image = image.convert("L" if channels == 1 else "RGB")
        fitted = ImageOps.fit(image, (width, height), Image.Resampling.LANCZOS)
        return np.asarray(fitted).reshape(height, width, channels)
