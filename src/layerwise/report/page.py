"""The report as one HTML file: it opens by double-click, offline, and without a script says all.

Same runs, same bytes: every date and number comes from the runs, none from the clock. The
sections are listed in :mod:`layerwise.report.sections`; this file only sets them in the page.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined

from layerwise.foundation import checks
from layerwise.foundation.version import VERSION
from layerwise.report import inline, reading
from layerwise.report.blocks import Figure, Frames, Studio
from layerwise.report.sections import sections
from layerwise.store.durable import write_atomically
from layerwise.studio.bundle import link
from layerwise.studio.data.about import title

if TYPE_CHECKING:
    from layerwise.store import Run


_FRAMES = files("layerwise.report") / "templates" / "frames.js"
_SECTION = re.compile(r'<section id="([^"]+)".*?</section>', re.S)
_SCRIPT = re.compile(r"<script\b.*?</script>", re.S)
_PURPOSES = re.compile(r'<script [^>]*id="studio-data" data-sizes="([^"]+)"')


def render(runs: Sequence[Run], *, full: bool = False, interactive: bool = True) -> str:
    """Return the report of one run, or of several that differ in their seed, as HTML.

    Numbers are means over the runs with their spread; maps and pictures are those of the first. The
    section "Explore" is the studio (:mod:`layerwise.studio`), its data packed into the page; the
    rest needs no script.

    Parameters
    ----------
    runs : recorded runs of one network on one data set
    full : pack everything that the studio can show; the page may become hundreds of MB
    interactive : without it there is no section "Explore" and the page holds no script

    Returns
    -------
    str
        A whole document without any address but ``data:`` and ``#``; usually below 5 MB.

    Raises
    ------
    InvalidValue
        If there is no run, or the runs are of different networks.
    """
    runs = reading.alike(runs)
    parts = sections(runs, full=full, interactive=interactive)
    blocks = [block for section in parts for block in section.blocks]
    studios = [block.embedded for block in blocks if isinstance(block, Studio)]
    scripts = [link.link() for _ in studios]
    if any(isinstance(block, Frames) for block in blocks):
        scripts.append(_FRAMES.read_text(encoding="utf-8"))
    figures = [block for block in blocks if isinstance(block, Figure)]
    return _environment().get_template("page.html.j2").render(
        title=title(runs[0]),
        facts=reading.facts(runs),
        version=VERSION,
        sections=parts,
        numbers={figure.id: number for number, figure in enumerate(figures, start=1)},
        policy=inline.policy(scripts),
        styles=[inline.style(link.style()) for _ in studios],
        studios=studios,
        scripts=[inline.script(text) for text in scripts],
    )  # fmt: skip


def write(
    runs: Sequence[Run],
    path: str | os.PathLike[str],
    *,
    full: bool = False,
    interactive: bool = True,
) -> Path:
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
    content = render(runs, full=full, interactive=interactive).encode(
        "utf-8", errors="xmlcharrefreplace"
    )
    write_atomically(target, content)
    return target


def sizes(html: str) -> dict[str, int]:
    """Return the bytes of a rendered page by section id, "page" being the rest.

    What the studio holds follows by purpose, "explore: code" being its script.

    Examples
    --------
    >>> sizes('<p>hello</p><section id="maps">0123</section>')
    {'page': 12, 'maps': 33}
    """
    found = {part[1]: _bytes(part[0]) for part in _SECTION.finditer(html)}
    scripts = sum(_bytes(text) for text in _SCRIPT.findall(html))
    if purposes := _PURPOSES.search(html):
        sizes = dict(item.split("=") for item in purposes[1].rstrip(";").split(";"))
        studio = {f"explore: {name}": int(size) for name, size in sizes.items()}
        found |= {**studio, "explore: code": scripts - sum(studio.values())}
    return {"page": _bytes(html) - sum(found.values()), **found}


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", errors="replace"))


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("layerwise.report"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["data_uri"] = inline.data_uri
    environment.filters["pixels"] = inline.pixels
    environment.filters["script_json"] = inline.script_json
    return environment
