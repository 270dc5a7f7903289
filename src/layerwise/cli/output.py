"""What commands print: tables for people, one JSON object for scripts."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def print_json(**content: Any) -> None:
    """Print one JSON object; NaN becomes null."""
    print(json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """Print a table on stdout; every column but the first is set right, empty ones left out."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    shown = [i for i in range(len(columns)) if i == 0 or any(row[i] for row in texts)]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for i in shown:
        table.add_column(columns[i], justify="right" if i else "left", overflow="fold")
    for row in texts:
        table.add_row(*(row[i] for i in shown))
    if title:
        print(title)
    width = None if sys.stdout.isatty() else 110
    Console(file=sys.stdout, width=width, markup=False, highlight=False).print(table)


def percent(value: float, spread: float = math.nan) -> str:
    """Return a fraction as percent, with its spread.

    Examples
    --------
    >>> percent(0.9371, 0.004), percent(0.5), percent(float("nan"))
    ('93.7 ± 0.4 %', '50.0 %', '')
    """
    if value is None or math.isnan(value):
        return ""
    around = "" if math.isnan(spread) else f" ± {100 * spread:.1f}"
    return f"{100 * value:.1f}{around} %"


def print_scores(summary: pd.DataFrame, title: str = "") -> None:
    """Print scores: one line per network, subset, checkpoint, layer and score."""
    rows = [
        (
            row["layer"] or "(network)", row["checkpoint"], row["subset"], row["score"],
            percent(row["value"], row["spread"]), percent(row["floor"]),
            percent(row["published"]),
        )
        for row in summary.to_dict("records")
    ]  # fmt: skip
    head = ("layer", "checkpoint", "subset", "score", "value", "shuffled", "published")
    print_table(head, rows, title)


def _plain(value: Any) -> Any:
    """Return what JSON can hold; numbers that are none, and what pandas calls missing, are null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value if isinstance(value, str | int | float | bool | None) else str(value)
