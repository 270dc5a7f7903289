"""Rows of the data that a command asks about: what a network takes, their pictures, their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerwise.cli.inputs import load_data
from layerwise.foundation.checks import integer

if TYPE_CHECKING:
    from layerwise.foundation.shapes import Array
    from layerwise.store import Run


@dataclass(frozen=True, eq=False)
class Observed:
    """Some observations.

    Attributes
    ----------
    rows : their numbers in the data
    batch : what a network takes
    names : what each is, with its labels: "mnist test 7 (digit 9)"
    pictures : (n, height, width, 1 or 3) uint8, or None
    signals : (n, n_channels, length), or None
    fingerprint : of the data
    """

    rows: Sequence[int]
    batch: Any
    names: list[str]
    pictures: Array | None
    signals: Array | None
    fingerprint: str

    @classmethod
    def of(
        cls, command: str, data: str, split: str, data_dir: Path | None, rows: Sequence[int]
    ) -> Observed:
        """Return rows of the data named on the command line.

        Raises
        ------
        UserError
            If there are no such data, or no such row.
        """
        import torch

        from layerwise.network.values import first_tensor
        from layerwise.recording.pictures import thumbnails
        from layerwise.recording.source import as_source
        from layerwise.store.media import LARGEST

        source = as_source(load_data(data, split, data_dir, None, 0))
        for row in rows:
            integer(command, "--observations", row, 0, len(source) - 1)
        # Functions and folders have no splits to speak of; data sets by name do.
        called = Path(data).name if ":" in data or Path(data).exists() else f"{data} {split}"
        parts, names = [], []
        for row in rows:
            part, label = next(source.batches([(row, row + 1)]))
            parts.append(part)
            columns = source.labels if label is None else {"label": {row: label[0]}}
            known = [
                f"{column} {words[int(values[row])] if words else values[row]}"
                for column, values in columns.items()
                for words in [source.class_names.get(column)]
            ]
            names.append(f"{called} {row}" + (f" ({', '.join(known)})" if known else ""))
        batch = _joined(parts, torch.cat)
        first = first_tensor(batch)
        signals = first.float().numpy() if first.ndim == 3 and first.is_floating_point() else None
        return cls(rows, batch, names, thumbnails(first, LARGEST), signals, source.fingerprint())

    def rows_in(self, run: Run) -> list[int] | None:
        """Return the row numbers in a run that recorded these very data, else None."""
        return list(self.rows) if run.fingerprint.get("data") == self.fingerprint else None


def _joined(parts: Sequence[Any], cat: Any) -> Any:
    """Return batches of one observation as one batch, in whatever nesting."""
    first = parts[0]
    if isinstance(first, dict):
        return {key: _joined([part[key] for part in parts], cat) for key in first}
    if isinstance(first, tuple):
        return tuple(_joined(several, cat) for several in zip(*parts, strict=True))
    return cat(list(parts))
