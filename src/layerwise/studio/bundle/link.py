"""Our own JavaScript as one text, for pages that may load nothing: a report, a notebook.

A page opened from a file cannot import modules (browsers forbid it), and a notebook takes one text.
So the modules are joined, each in a function scope of its own, what it imports before it. This is
no bundler: it knows the fixed import and export forms that our files are written in and refuses all
others, so what it does not understand never reaches a page. Names stay as they are; only comments
that have their lines to themselves are left out.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from layerwise.foundation import checks

STYLES = tuple(f"style/{name}.css" for name in ("studio", "page", "map", "views", "scatter"))
"""The style sheets of the page, in order; their rules hold under ``.layerwise-studio`` only."""

FORMS = ("script", "module")

_COMMENT = re.compile(r"^[ \t]*(?:/\*(?:(?!\*/).)*\*/[ \t]*|//[^\n]*)\n", re.M | re.S)
_INNER_COMMENT = re.compile(r"/\*(?:(?!\*/).)*\*/", re.S)
_IMPORT = re.compile(r'^import \{([\w$,\s]*)\} from "(\.\.?/[\w./-]+)";$', re.M)
_EXPORT = re.compile(
    r"^export (?=(?:async function|function|class|const) ([A-Za-z_$][\w$]*))", re.M
)
_OTHER = re.compile(
    r"^(?:import|export|await)\b[^\n]*|\bimport[ \t]*(?:\(|\.[ \t]*meta)[^\n]*", re.M
)
_NAME = re.compile(r"[A-Za-z_$][\w$]*")


@dataclass(frozen=True)
class Module:
    """One file: its text without imports and exports, and what stood there instead.

    Attributes
    ----------
    imports : (path, names) of each import, the path from the root of all modules
    exports : names
    body : what is left
    """

    imports: tuple[tuple[str, tuple[str, ...]], ...]
    exports: tuple[str, ...]
    body: str


def link(
    entry: str = "embedded.js", *, form: str = "script", folder: Traversable | None = None
) -> str:
    r"""Return a module and everything it imports as one text.

    Parameters
    ----------
    entry : path of the module in the folder
    form : "script" (a classic script, which runs in a page without any loading) or "module" (an ES
        module whose default export holds what the entry exports, as anywidget takes it)
    folder : where the modules are; by default those of the studio, which the package holds

    Returns
    -------
    str

    Raises
    ------
    NotFound
        If a module does not exist, or does not export what is imported from it.
    InvalidValue
        If modules import each other in a circle, or one has an import or export of another form
        than ``import { a, b } from "./x.js";`` and ``export function|async function|class|const``.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "one.js").write_text("export const one = 1;")
    >>> _ = (folder / "main.js").write_text('import { one } from "./one.js";\nalert(one);')
    >>> print(link("main.js", folder=folder))
    (() => {
    "use strict";
    const module_0_ = (() => {
    const one = 1;
    return { one };
    })();
    const { one } = module_0_;
    alert(one);
    })();
    """
    checks.choice("link", "form", form, FORMS)
    modules = _ordered(entry, folder or _static())
    numbers = {path: f"module_{number}_" for number, path in enumerate(modules)}
    *parts, last = [
        "\n".join(
            [f"const {{ {', '.join(names)} }} = {numbers[path]};" for path, names in one.imports]
            + [one.body.strip("\n")]
        )
        for one in modules.values()
    ]
    lines = ["(() => {", '"use strict";'] if form == "script" else []
    for path, part in zip(modules, parts, strict=False):
        exports = f"return {{ {', '.join(modules[path].exports)} }};"
        lines += [f"const {numbers[path]} = (() => {{", part, exports, "})();"]
    if form == "script":
        lines += [last, "})();", ""]
    else:
        lines += [last, f"export default {{ {', '.join(modules[entry].exports)} }};", ""]
    return "\n".join(lines)


def style() -> str:
    """Return the style sheets of the studio as one text."""
    return "\n".join(
        _COMMENT.sub("", _static().joinpath(name).read_text(encoding="utf-8")) for name in STYLES
    )


def parse(text: str, path: str) -> Module:
    r"""Return a module taken apart; `path` says where it is, from the root of all modules.

    Examples
    --------
    >>> parse('import { h } from "../dom.js";\nexport const big = 9;', "views/a.js")
    Module(imports=(('dom.js', ('h',)),), exports=('big',), body='\nconst big = 9;')
    """
    text = _COMMENT.sub("", text.replace("\r\n", "\n") + "\n")
    imports = tuple(
        (
            posixpath.normpath(posixpath.join(posixpath.dirname(path), found[2])),
            tuple(_names(found[1], path)),
        )
        for found in _IMPORT.finditer(text)
    )
    body = _IMPORT.sub("", text)
    exports = tuple(_EXPORT.findall(body))
    body = _EXPORT.sub("", body)
    if other := _OTHER.search(_INNER_COMMENT.sub("", body)):
        raise checks.invalid(
            "link", path, 'written with `import { a } from "./x.js";` and `export function|async '
            "function|class|const name` only", f"`{other[0].strip()[:80]}`",
        )  # fmt: skip
    return Module(imports, exports, body.rstrip("\n"))


def _names(inside: str, path: str) -> list[str]:
    names = [name.strip() for name in inside.split(",") if name.strip()]
    for name in names:
        if not _NAME.fullmatch(name):
            raise checks.invalid(
                "link", path, "free of renamed imports", f"`{name}`", "Import the name as it is."
            )
    return names


def _ordered(entry: str, folder: Traversable) -> dict[str, Module]:
    """Return the entry and all it needs by path, each after those that it imports."""
    found: dict[str, Module] = {}

    def visit(path: str, way: tuple[str, ...]) -> None:
        if path in way:
            raise checks.invalid(
                "link", "modules", "free of circles", " > ".join((*way[way.index(path) :], path)),
                "Move what both need to a third module.",
            )  # fmt: skip
        if path in found:
            return
        module = parse(_read(folder, path), path)
        for needed, names in module.imports:
            visit(needed, (*way, path))
            for name in names:
                if name not in found[needed].exports:
                    raise checks.not_found("export", name, needed, found[needed].exports)
        found[path] = module

    visit(entry, ())
    return found


def _read(folder: Traversable, path: str) -> str:
    file = folder.joinpath(path)
    if path.startswith("..") or not file.is_file():
        known = [one.name for one in folder.iterdir() if one.name.endswith(".js")]
        raise checks.not_found("module", path, "the studio", sorted(known))
    return file.read_text(encoding="utf-8")


def _static() -> Traversable:
    return files("layerwise.studio").joinpath("static")
