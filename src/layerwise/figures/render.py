"""Figures to bytes: the same figure gives the same bytes, on every day and in every folder.

Files carry no date, no version and no random ids, so a report that is built again is unchanged
unless a picture is.
"""

from __future__ import annotations

import io
import os
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text

from layerwise.foundation import checks

METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""What each format would add by itself, switched off."""


def to_png(figure: Figure, *, dpi: float = 144) -> bytes:
    r"""Return the figure as a PNG; 144 dots an inch are sharp on a 900 pixel page.

    Examples
    --------
    >>> to_png(Figure())[:4]
    b'\x89PNG'
    """
    return _render(figure, "png", dpi)


def to_svg(figure: Figure) -> str:
    """Return the figure as SVG text; layers of many points stand in it as one picture."""
    return _render(figure, "svg", dpi=200).decode()


def save(figure: Figure, path: str | os.PathLike[str], *, dpi: float = 144) -> Path:
    """Write the figure as .png, .svg or .pdf and return the path.

    Raises
    ------
    InvalidValue
        If the name ends in anything else, or the file cannot be written.
    """
    target = writable(path)
    data = _render(figure, target.suffix.lower().lstrip("."), dpi)
    try:
        target.write_bytes(data)
    except OSError as error:
        raise checks.InvalidValue(f"save: {target} cannot be written: {error.strerror}.") from error
    return target


def writable(path: str | os.PathLike[str]) -> Path:
    """Return the path of a figure, before anything long is computed for it.

    Raises
    ------
    InvalidValue
        If its name does not end in .png, .svg or .pdf, or its folder does not exist.
    """
    target = Path(path)
    if target.suffix.lower().lstrip(".") not in METADATA:
        raise checks.invalid("save", "path", "a name ending in .png, .svg or .pdf", target.name)
    if target.is_dir() or not target.parent.is_dir():
        raise checks.invalid("save", "path", "a file in a folder that exists", str(target))
    return target


def _render(figure: Figure, format: str, dpi: float) -> bytes:
    buffer = io.BytesIO()
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # a class may be called "$x$": names are names, not formulas
    with matplotlib.rc_context({"svg.hashsalt": "layerwise"}):
        figure.savefig(buffer, format=format, dpi=dpi, metadata=METADATA[format])
    return buffer.getvalue()
