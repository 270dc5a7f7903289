"""Observations that a user names on the command line, to ask a live network about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.cli.inputs import load_data
from layerwise.foundation.checks import InvalidValue, integer
from layerwise.foundation.random import generator

if TYPE_CHECKING:
    from layerwise.foundation.shapes import Array
    from layerwise.recording.source import Source
    from layerwise.store import Run


@dataclass(frozen=True, eq=False)
class Chosen:
    """Some rows of the data.

    Attributes
    ----------
    rows : their numbers
    inputs : what a network takes of them
    names : "mnist test 7 (digit 9)"
    classes : (n,) int, by the first label column; None if there is none of integers
    class_names : what the integers mean; empty if nobody says
    pictures : (n, height, width, 1 or 3) uint8, or None if they are none
    signals : (n, n_channels, length), or None if they are none
    fingerprint : of the data
    """

    rows: tuple[int, ...]
    inputs: Any
    names: tuple[str, ...]
    classes: Array | None
    class_names: tuple[str, ...]
    pictures: Array | None
    signals: Array | None
    fingerprint: str

    @classmethod
    def of(
        cls, command: str, data: str, split: str, data_dir: Path | None,
        rows: Sequence[int] = (), n: int | None = None, seed: int = 0,
    ) -> Chosen:  # fmt: skip
        """Return rows of the data named on the command line, or a seeded sample of `n` of them."""
        import numpy as np

        from layerwise.network.values import first_tensor
        from layerwise.recording.pictures import thumbnails
        from layerwise.recording.source import as_source
        from layerwise.store.media import LARGEST

        if rows and n is not None:
            raise InvalidValue(f"{command}: --observation and -n must not be given both.")
        source = as_source(load_data(data, split, data_dir, None, seed))
        if n is not None:
            n = min(integer(command, "-n", n, 1), len(source))
            rows = np.sort(generator(seed).permutation(len(source))[:n]).tolist()
        rows = [integer(command, "--observation", row, 0, len(source) - 1) for row in rows or [0]]
        items = list(source.batches([(row, row + 1) for row in rows]))
        inputs = _together([batch for batch, _ in items])
        label, values = next(iter(source.labels.items()), ("", None))
        if values is not None:
            values = np.asarray(values)[rows]
        elif all(found is not None for _, found in items):
            label, values = "label", np.concatenate([found for _, found in items])
        known = tuple(map(str, source.class_names.get(label) or ()))
        whole = values is not None and values.dtype.kind in "iu"
        first = first_tensor(inputs)
        is_signal = first.ndim == 3 and first.is_floating_point()
        return cls(
            tuple(rows), inputs, _names(source, label, values, rows, name_of(data, split)),
            values if whole else None, known, thumbnails(first, LARGEST),
            first.float().numpy() if is_signal else None, source.fingerprint(),
        )  # fmt: skip

    def words(self, most: int) -> list[str]:
        """Return what classes 0 to `most` are called: numbers where the data have no names."""
        n_classes = max(most + 1, len(self.class_names))
        return [class_word(self.class_names, number) for number in range(n_classes)]

    def rows_in(self, run: Run) -> list[int] | None:
        """Return the row numbers in a run that recorded these very data, else None."""
        return list(self.rows) if run.fingerprint.get("data") == self.fingerprint else None


def name_of(data: str, split: str) -> str:
    """Return what data are called: those by name have splits, functions and folders have none.

    Examples
    --------
    >>> name_of("mnist", "test"), name_of("mine.py:waves", "test")
    ('mnist test', 'mine.py:waves')
    """
    return f"{data} {split}" if is_named(data) else Path(data).name


def is_named(data: str) -> bool:
    """Return whether data are named like a data set of ours, which has splits."""
    return ":" not in data and not Path(data).exists()


def class_word(names: Sequence[str] | None, value: Any) -> str:
    """Return the name of a class, or its number if the data have no name for it.

    Examples
    --------
    >>> class_word(["cat", "dog"], 1), class_word(["cat", "dog"], -1), class_word(None, 0.5)
    ('dog', '-1', '0.5')
    """
    known = names and isinstance(value, int) and 0 <= value < len(names)
    return str(names[value]) if names and known else str(value)


def number_or_word(text: str) -> str | float:
    """Return what covers or fills: a number in the network's own scale, or a word.

    Examples
    --------
    >>> number_or_word("0.5"), number_or_word("grey")
    (0.5, 'grey')
    """
    try:
        return float(text)
    except ValueError:
        return text


def _names(
    source: Source, label: str, values: Array | None, rows: Sequence[int], name: str
) -> tuple[str, ...]:
    """Return what each row is, with all that its labels say: "mnist test 7 (digit 9)"."""
    columns = {key: column[rows] for key, column in source.labels.items()}
    if not columns and values is not None:
        columns = {label: values}
    words = {}
    for key, column in columns.items():
        known = source.class_names.get(key)
        words[key] = [f"{key} {class_word(known, value)}" for value in column.tolist()]
    said = [", ".join(each) for each in zip(*words.values(), strict=True)] or [""] * len(rows)
    return tuple(
        f"{name} {row} ({one})" if one else f"{name} {row}"
        for row, one in zip(rows, said, strict=True)
    )


def _together(batches: Sequence[Any]) -> Any:
    """Return batches of one observation each as one, in whatever nesting."""
    import torch

    first = batches[0]
    if isinstance(first, dict):
        return {key: _together([batch[key] for batch in batches]) for key in first}
    if isinstance(first, tuple):
        return tuple(_together(parts) for parts in zip(*batches, strict=True))
    if len({batch.shape for batch in batches}) > 1:
        raise InvalidValue("--observation must name inputs of one size. Ask about one at a time.")
    return torch.cat(list(batches))
