"""Your own pictures: a table (.csv or .tsv) that names a file and its class in each row.

For pictures that do not lie in one folder a class, and for classes that have numbers of their own,
such as those of ImageNet. Left out: several labels a picture, boxes, masks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from layerwise.data.dataset import DataSet
from layerwise.data.images import decoded, header
from layerwise.data.split import PARTS
from layerwise.foundation import checks
from layerwise.foundation.shapes import Array

if TYPE_CHECKING:
    import pandas as pd

SEPARATORS = {".csv": ",", ".tsv": "\t"}
"""Endings of tables that are read, and what parts their columns."""

MOST_CLASSES = 100_000
"""Above every data set of pictures; a larger number is no class, but a slip or an attack."""


def read_listed(
    table: str | Path, *, split: str = "test", size: int | tuple[int, int] | None = None
) -> DataSet:
    r"""Return the pictures that a table lists, all brought to one size.

    Parameters
    ----------
    table : first column: the file, relative to the table; second column: its class, by number from
        0 (as the network counts its outputs) or by name. A column `class_name` names numbers; of
        synonyms parted by commas, as ImageNet's, the first that no other class has. A column
        `split` says "train" or "test"; without it every picture is for testing.
        Classes without a picture, which a network may still answer, are named by a table
        `*_classes.csv` or `.tsv` in the same folder, if there is one: its first column has the
        name of this table's second, and it has a column `class_name`.
    split : "train", "test" or "all"
    size : side of a square, or (height, width): each picture is scaled to cover it and cropped
        around its centre; by default that of the first picture

    Returns
    -------
    DataSet
        The label column has the name of the table's second column.

    Raises
    ------
    InvalidValue
        If the table, a number or a picture is not what it should be.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (32, 24)).save(Path(folder) / "tom.png")
    ...     table = Path(folder) / "mine.csv"
    ...     _ = table.write_text("file,class,class_name\ntom.png,281,tabby cat\n")
    ...     cats = read_listed(table, size=16)
    >>> cats, cats.class_names["class"][281]
    (DataSet('mine', 1 observations of shape (16, 16, 3) uint8, labels: class), 'tabby cat')
    """
    import pandas as pd

    path = Path(table)
    checks.choice("load", "split", split, list(PARTS))
    rows = _read(path)
    if len(rows.columns) < 2 or rows.empty:
        raise checks.invalid(
            "load", str(path), "a table with a file and its class in each row",
            f"{len(rows)} rows of the columns {', '.join(map(str, rows.columns))}",
            "The first line names the columns.",
        )  # fmt: skip
    files, column = (str(name) for name in rows.columns[:2])
    codes, names = _coded(path, rows[column], rows.get("class_name"), _others(path, column))
    part = rows.get("split", pd.Series("test", index=rows.index))
    chosen = np.flatnonzero(part.isin(PARTS[split]))
    if not len(chosen):
        raise checks.invalid("load", f"the {split} split", "of one picture or more",
                             f"none in {path.name}",
                             "A column 'split' may say train or test.")  # fmt: skip
    paths = [path.parent / name for name in rows[files]]
    headers = [header(one) for one in paths]
    observations = decoded([paths[row] for row in chosen], headers, size, path.name)
    source = f"{path.stem}: {len(chosen):,} pictures listed in {path.name}"
    return DataSet(path.stem, observations, {column: codes[chosen]}, {column: names}, source)


def _read(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(path, sep=SEPARATORS[path.suffix.lower()], dtype=str, na_filter=False)
    except (OSError, KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise checks.invalid("load", str(path), "a table .csv or .tsv", repr(error)) from error


def _others(path: Path, column: str) -> dict[int, str]:
    """Return the names of all classes, from a table of them beside that of the pictures."""
    for beside in sorted(path.parent.glob("*_classes.*")):
        if beside.suffix.lower() in SEPARATORS and beside != path:
            rows = _read(beside)
            if "class_name" in rows and rows.columns[0] == column and _are_numbers(rows[column]):
                return dict(zip(_numbers(beside, rows[column]), rows["class_name"], strict=True))
    return {}


def _coded(
    path: Path, classes: pd.Series[str], given: pd.Series[str] | None, others: Mapping[int, str]
) -> tuple[Array, tuple[str, ...]]:
    """Return class numbers and names: the table's own numbers, or names in sorted order."""
    if not _are_numbers(classes):
        names = tuple(sorted(set(classes)))
        return np.array([names.index(text) for text in classes]), names
    codes = _numbers(path, classes)
    own = {} if given is None else dict(zip(codes, given, strict=True))
    known = _short({**others, **own})
    n_classes = 1 + max([*codes, *known])
    return np.array(codes), tuple(known.get(code, str(code)) for code in range(n_classes))


def _are_numbers(classes: pd.Series[str]) -> bool:
    return all(text.isdecimal() and text.isascii() for text in classes)


def _numbers(path: Path, classes: pd.Series[str]) -> list[int]:
    longest = max(classes, key=len)
    if len(longest) > 6 or max(map(int, classes)) >= MOST_CLASSES:
        raise checks.invalid("load", str(path), f"class numbers below {MOST_CLASSES:,}", longest)
    return [int(text) for text in classes]


def _short(names: Mapping[int, str]) -> dict[int, str]:
    """Return the first synonym of every class that no other class has, or the whole name.

    Examples
    --------
    >>> _short({134: "crane", 517: "crane", 0: "tench, Tinca tinca", 638: "maillot, tank suit",
    ...         639: "maillot"})
    {134: 'crane', 517: 'crane', 0: 'tench', 638: 'tank suit', 639: 'maillot'}
    """
    several = {number: name.split(", ") for number, name in names.items()}
    count = Counter(one for synonyms in several.values() for one in set(synonyms))
    return {
        number: next((one for one in synonyms if count[one] == 1), names[number])
        for number, synonyms in several.items()
    }
