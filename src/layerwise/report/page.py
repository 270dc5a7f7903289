"""The report as one HTML file: it opens by double-click, offline, and without a script says all.

Same runs, same bytes: every date and number comes from the runs, none from the clock. The
sections are listed in :mod:`layerwise.report.sections`; this file only sets them in the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from layerwise.foundation import checks
from layerwise.foundation.version import VERSION
from layerwise.report import inline, reading
from layerwise.report.blocks import Figure
from layerwise.report.sections import SECTIONS
from layerwise.store.durable import write_atomically

if TYPE_CHECKING:
    from layerwise.store import Run


def render(
    runs: Sequence[Run],
    *,
    scripts: Sequence[str] = (),
    data: Mapping[str, object] | None = None,
) -> str:
    """Return the report of one run, or of several that differ in their seed, as HTML.

    Numbers are means over the runs with their spread; maps and pictures are those of the first.

    Parameters
    ----------
    runs : recorded runs of one network on one data set
    scripts : JavaScript to inline; each is allowed by its SHA-256 in the page's security policy
    data : for those scripts, by name: ``<script type="application/json" id="data-NAME">``

    Returns
    -------
    str
        A whole document without any address but ``data:`` and ``#``; usually 1 to 3 MB.

    Raises
    ------
    InvalidValue
        If there is no run, the runs are of different networks, or a script would end its element.
    """
    runs = reading.alike(runs)
    sections = [section for make in SECTIONS if (section := make(runs)) is not None]
    figures = [
        block for section in sections for block in section.blocks if isinstance(block, Figure)
    ]
    return _environment().get_template("page.html.j2").render(
        title=reading.title(runs),
        facts=reading.facts(runs),
        version=VERSION,
        sections=sections,
        numbers={figure.id: number for number, figure in enumerate(figures, start=1)},
        policy=inline.policy(scripts),
        scripts=[inline.script(text) for text in scripts],
        data={name: inline.script_json(value) for name, value in (data or {}).items()},
    )  # fmt: skip


def write(runs: Sequence[Run], path: str | os.PathLike[str]) -> Path:
    """Write the report of :func:`render` to `path` and return the path.

    The file appears whole or not at all.

    Raises
    ------
    InvalidValue
        If `path` is a folder or its folder does not exist; see also :func:`render`.
    """
    target = Path(path)
    if target.is_dir() or not target.parent.is_dir():
        raise checks.invalid(
            "write", "path", "a file in an existing folder", f"'{target}'",
            "Give a file name such as report.html.",
        )  # fmt: skip
    # A name may hold a lone surrogate, which UTF-8 cannot; as a reference it is inert text.
    content = render(runs).encode("utf-8", errors="xmlcharrefreplace")
    write_atomically(target, content)
    return target


def sizes(html: str) -> dict[str, int]:
    """Return the bytes of a rendered page by section id, "page" being the rest.

    Examples
    --------
    >>> sizes('<p>hello</p><section id="maps">0123</section>')
    {'page': 12, 'maps': 33}
    """
    start, *parts = re.split(r'<section id="([^"]+)"', html)
    found = {"page": len(start.encode("utf-8", errors="replace"))}
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        found[name] = len(f'<section id="{name}"{body}'.encode("utf-8", errors="replace"))
    return found


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("layerwise.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["data_uri"] = inline.data_uri
    environment.filters["pixels"] = inline.pixels
    return environment
