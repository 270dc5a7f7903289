"""The page's modules: no way from a name to markup, small files, and their own tests under node."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import layerwise.studio

STATIC = Path(layerwise.studio.__file__).parent / "static"
MODULES = sorted(STATIC.rglob("*.js"))
TESTS = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))
MARKUP = re.compile(
    r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|DOMParser"
    r"|createContextualFragment|srcdoc|setTimeout\(\s*[\"'`])"
)
LONGEST = 250
"""Lines of a module; one idea each."""

ROOMS = {
    "data": set(),
    "state": {"data"},
    "facts": {"data", "state"},
    "looks": {"data", "state"},
    "scatter": set(),
    "widgets": {"data", "state", "facts", "looks"},
    "views": {"data", "state", "facts", "looks", "scatter", "widgets"},
}
"""The folders of the page, and which others each may use."""

IMPORT = re.compile(r'^import \{([\w\s,]+)\} from "([^"]+)";$', re.M)
EXPORT = re.compile(r"^export (?:async function|function|class|const) (\w+)", re.M)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
STYLED = re.compile(r"\.([a-z][\w-]*)")


def ids(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_no_name_can_become_markup_or_code(module: Path) -> None:
    assert not MARKUP.search(module.read_text())


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_a_module_says_what_it_is_for_and_is_short(module: Path) -> None:
    text = module.read_text()
    assert text.startswith("/**\n * ")
    assert len(text.splitlines()) <= LONGEST


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_nothing_is_loaded_from_elsewhere(module: Path) -> None:
    addresses = set(re.findall(r"https?://[^\s\"'`)]+", module.read_text()))
    assert addresses <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_uses_only_those_below_it(room: str) -> None:
    used = {
        (module.parent / path).resolve().relative_to(STATIC.resolve()).parts[0]
        for module in (STATIC / room).glob("*.js")
        for _, path in IMPORT.findall(module.read_text())
    }
    assert used <= ROOMS[room] | {room}


def test_every_module_has_a_room() -> None:
    found = {module.parent.name for module in MODULES if module.parent != STATIC}
    assert found == set(ROOMS)


@pytest.mark.parametrize("module", MODULES, ids=ids)
def test_a_module_uses_what_it_imports(module: Path) -> None:
    text = COMMENT.sub("", module.read_text())
    names = [name.strip() for inside, _ in IMPORT.findall(text) for name in inside.split(",")]
    rest = IMPORT.sub("", text)
    assert [name for name in names if name and not re.search(rf"\b{name}\b", rest)] == []


def test_nothing_is_exported_for_nobody() -> None:
    texts = [path.read_text() for path in (*MODULES, *TESTS)]
    exported = {name for module in MODULES for name in EXPORT.findall(module.read_text())}
    used = {name for name in exported if sum(bool(re.search(rf"\b{name}\b", t)) for t in texts) > 1}
    assert exported - used <= {"WidgetSource", "render"}  # what a notebook takes


def test_every_style_has_an_element() -> None:
    rules = "".join(path.read_text() for path in (STATIC / "style").glob("*.css"))
    heads = re.sub(r"\{[^{}]*\}", " ", COMMENT.sub("", rules))
    texts = "".join(path.read_text() for path in (*MODULES, STATIC / "index.html"))
    words = set(re.findall(r"[a-z][\w-]*", texts))
    assert set(STYLED.findall(heads)) <= words


@pytest.mark.skipif(shutil.which("node") is None, reason="no node on this machine")
@pytest.mark.parametrize("test", TESTS, ids=ids)
def test_under_node(test: Path) -> None:
    done = subprocess.run(
        ["node", "--test", str(test)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
