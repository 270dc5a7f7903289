"""What may stand inside the one file besides text: pictures, scripts and their data.

The page makes no request, so pictures are data URIs, and a script runs only if the hash of its
exact text stands in the page's content security policy.

References
----------
Content Security Policy Level 3, https://www.w3.org/TR/CSP3/; HTML Living Standard, section 4.12.1.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from markupsafe import Markup

from layerwise.foundation import checks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 200
"""Figures are at most 9 inches wide, so 900 pixels on the page at 2 dots a pixel."""

_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def script_json(value: object) -> Markup:
    r"""Return `value` as JSON that is safe inside a ``<script>`` element.

    ``<``, ``>``, ``&`` and the two line separators of JavaScript are escaped, so no name can close
    the element; NaN and infinities, which JSON lacks, become null. Arrays become lists.

    Examples
    --------
    >>> print(script_json({"name": "</script>", "hit": [0.5, float("nan")]}))
    {"name":"\u003c/script\u003e","hit":[0.5,null]}
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def script(source: str) -> Markup:
    """Return `source` as the browser will read it: what :func:`policy` hashes and the page holds.

    Raises
    ------
    InvalidValue
        If the text would end its element early (``</script``) or open a comment (``<!--``).
    """
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    for mark in ("</script", "<!--"):
        if mark in text.lower():
            raise checks.invalid(
                "render", "scripts", f"free of {mark!r}", repr(mark), r"Write '\x3c' for '<'."
            )
    return Markup(text)


def style(sheet: str) -> Markup:
    """Return a style sheet of ours as it stands in the page."""
    if "</style" in sheet.lower():
        raise checks.invalid("render", "style", "free of '</style'", "one that ends its element")
    return Markup(sheet)


def policy(scripts: Sequence[str] = ()) -> str:
    """Return the content security policy that lets exactly these scripts run and nothing load.

    A script may show pictures and sounds that it unpacks itself (``blob:``).

    Examples
    --------
    >>> policy().split("; ")[0]
    "default-src 'none'"
    >>> "script-src" in policy(), "'sha256-" in policy(["go()"])
    (False, True)
    """
    unpacked = " blob:" if scripts else ""
    rules = [
        "default-src 'none'", f"img-src data:{unpacked}", "style-src 'unsafe-inline'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip
    if scripts:
        digests = (hashlib.sha256(script(text).encode()).digest() for text in scripts)
        hashes = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
        rules += [f"media-src data:{unpacked}", f"script-src {hashes}"]
    return "; ".join(rules)


def data_uri(png: bytes) -> str:
    """Return a PNG as the address of an ``<img>``."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def pixels(png: bytes) -> tuple[int, int]:
    """Return (width, height) of a PNG."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return image.size


def smaller(png: bytes) -> bytes:
    """Return the picture with a palette of 256 colours if that is smaller, else as it is.

    Plots have few colours, so nothing is lost to the eye and the file shrinks two- to fourfold.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        paper = Image.new("RGB", image.size, "white")
        paper.paste(image, mask=image.getchannel("A") if "A" in image.getbands() else None)
        packed = io.BytesIO()
        few = paper.quantize(255, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        # The octree averages white with its neighbours, so paper gets a colour of its own.
        indices = np.array(few)
        indices[(np.asarray(paper) == 255).all(axis=2)] = 255
        colors = np.full((256, 3), 255)
        known = np.array(few.getpalette()).reshape(-1, 3)[:255]
        colors[: len(known)] = known
        few = Image.fromarray(indices)
        few.putpalette(colors.ravel().tolist())
        few.save(packed, "PNG", optimize=True)
    return min(png, packed.getvalue(), key=len)


def embedded(figure: Figure) -> bytes:
    """Return a figure as the bytes to embed: twice its size on the page, few colours."""
    from layerwise import figures

    with warnings.catch_warnings():
        # A name in a script that the font lacks is drawn as boxes; the text of the page has it.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        return smaller(figures.to_png(figure, dpi=DPI))
